#include "signalbox/queue_editor.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace signalbox {

namespace {

std::string environment_or(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

// The setting is a command and may have options of its own, so a shell reads it.
int run_editor(const std::string& editor, const std::string& path) {
  const pid_t child = fork();
  if (child == 0) {
    const std::string command = editor + " \"$1\"";
    execl("/bin/sh", "sh", "-c", command.c_str(), "sh", path.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

bool EditedFile::is_possible() {
  return isatty(STDIN_FILENO) == 1 ||
         !environment_or("VISUAL", environment_or("EDITOR", "")).empty();
}

EditedFile::~EditedFile() {
  if (!path_.empty()) unlink(path_.c_str());
}

std::string EditedFile::keep() { return std::exchange(path_, {}); }

std::string EditedFile::edit(std::string& text) {
  std::string path = environment_or("TMPDIR", "/tmp") + "/signalbox-message-XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd < 0) return fmt::format("{}: {}.", path, std::strerror(errno));
  close(fd);
  path_ = path;
  std::ofstream(path_, std::ios::binary) << text;
  const std::string editor = environment_or("VISUAL", environment_or("EDITOR", "vi"));
  if (const int status = run_editor(editor, path_); status != 0) {
    return fmt::format(
        "the editor {} ended with status {}: nothing was changed. $EDITOR names "
        "another; --body and --file need none.",
        editor, status);
  }
  std::ifstream file(path_, std::ios::binary);
  if (!file) return fmt::format("{}: {}.", path_, std::strerror(errno));
  std::string edited{std::istreambuf_iterator<char>(file), {}};
  if (!text.ends_with('\n') && edited.ends_with('\n')) edited.pop_back();
  text = std::move(edited);
  return {};
}

}  // namespace signalbox
