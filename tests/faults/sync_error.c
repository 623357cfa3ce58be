// A disk whose syncs fail, loaded into a process with LD_PRELOAD: while the file SYNC_ERROR_WHEN
// exists, every fsync and fdatasync returns EIO without reaching the kernel.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_disk_bad(void) {
  const char* when = getenv("SYNC_ERROR_WHEN");
  return when && access(when, F_OK) == 0;
}

static int sync_or_fail(int (*sync)(int), int fd) {
  if (!is_disk_bad()) return sync(fd);
  errno = EIO;
  return -1;
}

int fsync(int fd) { return sync_or_fail((int (*)(int))dlsym(RTLD_NEXT, "fsync"), fd); }

int fdatasync(int fd) { return sync_or_fail((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"), fd); }
