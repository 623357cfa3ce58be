// Power-cut simulator, loaded into a process with LD_PRELOAD.
//
// On SIGUSR2 the process dies as if its machine had lost power: of everything below PCUT_ROOT only
// what was synced is sure to be left, and anything else may be there, be gone or be damaged:
//   - bytes behind a file's synced length: cut off (at that length or somewhere behind it) or, in
//     half of the cuts, the length stays and each unsynced page is kept, zeroed or turned to
//     garbage;
//   - bytes overwritten inside the synced length: old, new, or mixed by 512-byte sector;
//   - files created, renamed or removed and directories made: undone, newest first, back to a
//   random
//     point behind the last directory fsync. Half of the cuts hold that a file's own fsync commits
//     the names made before it too (as ext4's journal does), half that only a directory fsync does.
// Files are known by inode, so one closed without fsync and the switch to a new log are cut as
// well. Before cutting, every thread is stopped at the door of write, sync and send calls, and
// those under way are waited for: no reply leaves after the moment of the cut.
//
// Out of reach: writes through mmap and io_uring, and stdio streams (calls inside the C library).
//
// Environment: PCUT_ROOT (absolute; required), PCUT_STASH (a directory on the same file system, not
// below it, for files whose removal may be undone; required), PCUT_REPORT (file: what was cut),
// PCUT_SEED (repeats a cut's choices), PCUT_MODE (truncate or damage, not either at random).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { fd_max = 65536, bucket_count = 1024, page_bytes = 4096, sector_bytes = 512 };
enum { freeze_wait_ms = 5000, cut_exit_status = 137 };

#define REAL(name)                                                  \
  ({                                                                \
    static __typeof__(&name) real_;                                 \
    if (!real_) real_ = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
    real_;                                                          \
  })

// ---- state: below state_lock unless atomic or set once at load ----

// What a write or truncation inside the synced length replaced. Newest first in its list.
struct Undo {
  struct Undo* next;
  uint64_t number;
  off_t offset;
  size_t size;
  unsigned char bytes[];
};

struct Node {
  struct Node* next;
  dev_t device;
  ino_t inode;
  off_t synced_bytes;
  bool shrunk;    // truncated below synced_bytes since the last sync
  int shadow_fd;  // our own, so that the file can be cut after it was closed or renamed
  struct Undo* undos;
};

enum OpKind { op_create, op_mkdir, op_rename, op_unlink };
struct DirOp {
  enum OpKind kind;
  char* path;
  char* to;     // op_rename
  char* stash;  // a second link to what op_unlink removed or op_rename replaced
};

enum FdKind { fd_unknown, fd_other, fd_tracked };

static const char* root;
static const char* stash_dir;
static size_t root_size;
static pthread_mutex_t state_lock = PTHREAD_MUTEX_INITIALIZER;
static struct Node* buckets[bucket_count];
static struct DirOp* ops;
static size_t op_count, op_capacity;
// Ops are numbered from 0; ops[0] is number first_op. File syncs cover those below file_synced_op.
static uint64_t first_op, file_synced_op;
static uint64_t last_number, stash_number;
static _Atomic unsigned char fd_kinds[fd_max];
static atomic_int frozen, active;
static sem_t cut_wanted;

// Every wrapped call that could change the disk or be seen from outside stands between enter and
// leave. Once frozen, nobody passes.
static void enter(void) {
  atomic_fetch_add(&active, 1);
  if (!atomic_load(&frozen)) return;
  atomic_fetch_sub(&active, 1);
  for (;;) pause();
}
static void leave(void) {
  const int saved = errno;
  atomic_fetch_sub(&active, 1);
  errno = saved;
}

// ---- files ----

static bool under_root(const char* path) {
  return root && strncmp(path, root, root_size) == 0 && path[root_size] == '/';
}

static bool fd_path(int fd, char path[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, PATH_MAX - 1);
  if (size < 0) return false;
  path[size] = 0;
  return true;
}

static struct Node** find_slot(const struct stat* status) {
  struct Node** slot = &buckets[(status->st_ino ^ status->st_dev) % bucket_count];
  while (*slot && ((*slot)->inode != status->st_ino || (*slot)->device != status->st_dev))
    slot = &(*slot)->next;
  return slot;
}

// The node of a regular file below the root; made on its first write, when its length counts as
// synced: a new file's is 0, and an old one was left by an earlier process.
static struct Node* node_of(int fd, const struct stat* status) {
  struct Node** slot = find_slot(status);
  if (*slot) return *slot;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  struct Node* node = calloc(1, sizeof *node);
  node->device = status->st_dev;
  node->inode = status->st_ino;
  node->synced_bytes = status->st_size;
  node->shadow_fd = REAL(open)(link, O_RDWR | O_CLOEXEC);
  return *slot = node;
}

// True for a descriptor of a regular file below the root; fills status.
static bool tracked(int fd, struct stat* status) {
  if (!root || fd < 0 || fd >= fd_max || fd_kinds[fd] == fd_other) return false;
  if (fstat(fd, status) != 0) return false;
  if (fd_kinds[fd] == fd_tracked) return S_ISREG(status->st_mode);
  char path[PATH_MAX];
  const bool ours = S_ISREG(status->st_mode) && fd_path(fd, path) && under_root(path);
  fd_kinds[fd] = ours ? fd_tracked : fd_other;
  return ours;
}

static void forget_fd(int fd) {
  if (fd >= 0 && fd < fd_max) fd_kinds[fd] = fd_unknown;
}

static void drop_undos(struct Node* node, uint64_t up_to) {
  struct Undo** slot = &node->undos;
  while (*slot && (*slot)->number > up_to) slot = &(*slot)->next;
  while (*slot) {
    struct Undo* gone = *slot;
    *slot = gone->next;
    free(gone);
  }
}

// Keeps what is about to be replaced in [offset, past) as far as it is synced.
static void save_old_bytes(int fd, struct Node* node, off_t offset, off_t past) {
  if (past > node->synced_bytes) past = node->synced_bytes;
  if (offset >= past) return;
  struct Undo* undo = malloc(sizeof *undo + (size_t)(past - offset));
  const int source = node->shadow_fd >= 0 ? node->shadow_fd : fd;
  const ssize_t size = pread(source, undo->bytes, (size_t)(past - offset), offset);
  if (size <= 0) {
    free(undo);
    return;
  }
  undo->number = ++last_number;
  undo->offset = offset;
  undo->size = (size_t)size;
  undo->next = node->undos;
  node->undos = undo;
}

static void before_write(int fd, off_t offset, size_t size) {
  struct stat status;
  if (!tracked(fd, &status)) return;
  if (offset < 0) {
    const bool append = fcntl(fd, F_GETFL) & O_APPEND;
    offset = append ? status.st_size : lseek(fd, 0, SEEK_CUR);
  }
  pthread_mutex_lock(&state_lock);
  save_old_bytes(fd, node_of(fd, &status), offset, offset + (off_t)size);
  pthread_mutex_unlock(&state_lock);
}

static void before_truncate(int fd, off_t size) {
  struct stat status;
  if (!tracked(fd, &status)) return;
  pthread_mutex_lock(&state_lock);
  struct Node* node = node_of(fd, &status);
  if (size < node->synced_bytes) {
    save_old_bytes(fd, node, size, node->synced_bytes);
    node->shrunk = true;
  }
  pthread_mutex_unlock(&state_lock);
}

// ---- syncs ----

struct SyncPoint {
  bool file, directory;
  struct stat status;
  uint64_t number;   // covers the undos up to it
  uint64_t past_op;  // and the names before it
};

static void free_op(struct DirOp* op) {
  if (op->stash) REAL(unlink)(op->stash);
  free(op->path);
  free(op->to);
  free(op->stash);
}

// A sync covers what was there when it began, not what others wrote meanwhile.
static struct SyncPoint begin_sync(int fd) {
  struct SyncPoint point = {0};
  char path[PATH_MAX];
  point.file = tracked(fd, &point.status);
  if (!point.file && root && fstat(fd, &point.status) == 0 && S_ISDIR(point.status.st_mode)) {
    point.directory = fd_path(fd, path) && (under_root(path) || strcmp(path, root) == 0);
  }
  pthread_mutex_lock(&state_lock);
  point.number = last_number;
  point.past_op = first_op + op_count;
  pthread_mutex_unlock(&state_lock);
  return point;
}

// One that was still under way when the power went counts as not done: nobody was told of it.
static void end_sync(int fd, const struct SyncPoint* point) {
  if (atomic_load(&frozen)) return;
  pthread_mutex_lock(&state_lock);
  if (point->file) {
    struct Node* node = node_of(fd, &point->status);
    if (node->shrunk || point->status.st_size > node->synced_bytes) {
      node->synced_bytes = point->status.st_size;
    }
    node->shrunk = false;
    drop_undos(node, point->number);
    if (point->past_op > file_synced_op) file_synced_op = point->past_op;
  }
  // Another directory's sync may have covered as much since this one began.
  if (point->directory && point->past_op > first_op) {
    const size_t done = (size_t)(point->past_op - first_op);
    for (size_t i = 0; i < done; ++i) free_op(&ops[i]);
    memmove(ops, ops + done, (op_count - done) * sizeof *ops);
    op_count -= done;
    first_op = point->past_op;
  }
  pthread_mutex_unlock(&state_lock);
}

// ---- names ----

// The absolute path of (dir_fd, path) with its directory resolved; false when not below the root.
static bool resolve(int dir_fd, const char* path, char out[PATH_MAX]) {
  if (!root || !path || !*path) return false;
  char joined[2 * PATH_MAX], directory[PATH_MAX];
  if (path[0] == '/') {
    snprintf(joined, sizeof joined, "%s", path);
  } else {
    const bool known =
        dir_fd == AT_FDCWD ? getcwd(directory, PATH_MAX) != NULL : fd_path(dir_fd, directory);
    if (!known) return false;
    snprintf(joined, sizeof joined, "%s/%s", directory, path);
  }
  char* slash = strrchr(joined, '/');
  while (slash > joined && slash[1] == 0) {
    *slash = 0;
    slash = strrchr(joined, '/');
  }
  *slash = 0;
  if (!realpath(*joined ? joined : "/", directory)) return false;
  return snprintf(out, PATH_MAX, "%s/%s", directory, slash + 1) < PATH_MAX && under_root(out);
}

static void record(enum OpKind kind, const char* path, const char* to, char* stash) {
  pthread_mutex_lock(&state_lock);
  if (op_count == op_capacity) {
    op_capacity = op_capacity ? 2 * op_capacity : 64;
    ops = realloc(ops, op_capacity * sizeof *ops);
  }
  ops[op_count++] = (struct DirOp){kind, strdup(path), to ? strdup(to) : NULL, stash};
  pthread_mutex_unlock(&state_lock);
}

// A second link to path, so that its removal can be undone. NULL when there is nothing to keep.
static char* put_in_stash(const char* path) {
  pthread_mutex_lock(&state_lock);
  const uint64_t number = ++stash_number;
  pthread_mutex_unlock(&state_lock);
  char* stash = NULL;
  if (asprintf(&stash, "%s/%d-%llu", stash_dir, getpid(), (unsigned long long)number) < 0)
    return NULL;
  if (REAL(link)(path, stash) == 0) return stash;
  free(stash);
  return NULL;
}

static void discard(char* stash) {
  if (!stash) return;
  REAL(unlink)(stash);
  free(stash);
}

// ---- the cut ----

static uint64_t random_state;
static uint64_t random_below(uint64_t bound) {
  uint64_t z = random_state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (z ^ (z >> 31)) % bound;
}

struct Tally {
  unsigned files, overwrites, names;
  unsigned long long tail_bytes;
};

static void undo_overwrites(struct Node* node, struct Tally* tally) {
  const uint64_t choice = random_below(4);  // 0: all new; 1: mixed by sector; else all old
  for (const struct Undo* undo = node->undos; undo; undo = undo->next) {
    ++tally->overwrites;
    for (size_t at = 0; at < undo->size;) {
      const off_t offset = undo->offset + (off_t)at;
      size_t size = sector_bytes - (size_t)(offset % sector_bytes);
      if (size > undo->size - at) size = undo->size - at;
      if (choice > 1 || (choice == 1 && random_below(2))) {
        if (REAL(pwrite)(node->shadow_fd, undo->bytes + at, size, offset) < 0) return;
      }
      at += size;
    }
  }
}

static void damage_tail(int fd, off_t from, off_t past) {
  unsigned char page[page_bytes];
  while (from < past) {
    size_t size = page_bytes - (size_t)(from % page_bytes);
    if ((off_t)size > past - from) size = (size_t)(past - from);
    const uint64_t choice = random_below(3);
    memset(page, 0, sizeof page);
    if (choice == 1) {
      for (size_t i = 0; i < size; ++i) page[i] = (unsigned char)random_below(256);
    }
    if (choice < 2 && REAL(pwrite)(fd, page, size, from) < 0) return;
    from += (off_t)size;
  }
}

static void cut_file(struct Node* node, bool damage, struct Tally* tally) {
  struct stat status;
  if (node->shadow_fd < 0 || fstat(node->shadow_fd, &status) != 0) return;
  undo_overwrites(node, tally);
  const off_t unsynced = status.st_size - node->synced_bytes;
  if (unsynced <= 0) return;
  ++tally->files;
  tally->tail_bytes += (unsigned long long)unsynced;
  off_t kept = 0;
  if (damage || random_below(2)) kept = (off_t)random_below((uint64_t)unsynced + 1);
  if (REAL(ftruncate)(node->shadow_fd, node->synced_bytes + kept) != 0) return;
  if (damage) damage_tail(node->shadow_fd, node->synced_bytes, node->synced_bytes + kept);
}

static void undo_name(const struct DirOp* op) {
  switch (op->kind) {
    case op_create: REAL(unlink)(op->path); break;
    case op_mkdir: REAL(rmdir)(op->path); break;
    case op_rename:
      REAL(rename)(op->to, op->path);
      if (op->stash) REAL(rename)(op->stash, op->to);
      break;
    case op_unlink:
      if (op->stash) REAL(rename)(op->stash, op->path);
      break;
  }
}

static void write_report(uint64_t seed, bool damage, bool by_file_sync, const struct Tally* tally) {
  const char* path = getenv("PCUT_REPORT");
  const int fd = path ? REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  if (fd < 0) return;
  char text[256];
  const int size = snprintf(text, sizeof text,
                            "seed=%llu mode=%s names=%s cut_files=%u cut_bytes=%llu overwrites=%u "
                            "undone_names=%u\n",
                            (unsigned long long)seed, damage ? "damage" : "truncate",
                            by_file_sync ? "file-sync" : "directory-sync", tally->files,
                            tally->tail_bytes, tally->overwrites, tally->names);
  (void)!REAL(write)(fd, text, (size_t)size);
}

static void cut(void) {
  atomic_store(&frozen, 1);
  const struct timespec one_ms = {.tv_nsec = 1000000};
  for (int i = 0; i < freeze_wait_ms && atomic_load(&active) > 0; ++i) nanosleep(&one_ms, NULL);

  const char* given = getenv("PCUT_SEED");
  uint64_t seed = given ? strtoull(given, NULL, 10) : 0;
  if (!given && getrandom(&seed, sizeof seed, 0) != sizeof seed) seed = (uint64_t)time(NULL);
  random_state = seed;
  const char* mode = getenv("PCUT_MODE");
  const bool either = random_below(2), by_file_sync = random_below(2);
  const bool damage = mode ? strcmp(mode, "damage") == 0 : either;

  struct Tally tally = {0};
  for (size_t i = 0; i < bucket_count; ++i) {
    for (struct Node* node = buckets[i]; node; node = node->next) cut_file(node, damage, &tally);
  }
  size_t kept = by_file_sync && file_synced_op > first_op ? (size_t)(file_synced_op - first_op) : 0;
  if (kept < op_count && random_below(2)) kept += random_below(op_count - kept + 1);
  for (size_t i = op_count; i > kept; --i, ++tally.names) undo_name(&ops[i - 1]);
  write_report(seed, damage, by_file_sync, &tally);
  _exit(cut_exit_status);
}

static void on_signal(int number) {
  (void)number;
  sem_post(&cut_wanted);
}

static void* wait_for_cut(void* unused) {
  (void)unused;
  while (sem_wait(&cut_wanted) != 0) {
  }
  cut();
  return NULL;
}

__attribute__((constructor)) static void start(void) {
  const char* wanted = getenv("PCUT_ROOT");
  stash_dir = getenv("PCUT_STASH");
  if (!wanted || !stash_dir) return;
  root_size = strlen(wanted);
  root = wanted;
  sem_init(&cut_wanted, 0, 0);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  pthread_create(&thread, NULL, wait_for_cut, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  signal(SIGUSR2, on_signal);
}

#include "pcut_calls.inc"
