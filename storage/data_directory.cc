#include "storage/data_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "storage/watermark.h"

namespace signalbox::storage {

namespace fs = std::filesystem;

namespace {

constexpr mode_t others = 077;

bool is_numbered(std::string_view name, std::string_view extension) {
  if (!name.ends_with(extension)) return false;
  name.remove_suffix(extension.size());
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
}

// Empty, or with something in it that a store leaves: never someone's home or /tmp, whose access
// and contents are not ours to change. lost+found is what a fresh file system has.
bool may_be_store(const std::string& directory) {
  bool is_empty = true;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const auto name = at->path().filename().string();
    if (name == "lost+found") continue;
    is_empty = false;
    const bool is_ours = name == DirectoryLock::file_name || name == Watermark::file_name ||
                         name == "CURRENT" || name.starts_with("MANIFEST-") ||
                         is_numbered(name, ".log") || is_numbered(name, ".sst");
    if (is_ours) return true;
  }
  return is_empty;
}

}  // namespace

std::string failed_to(std::string_view what, const std::string& path) {
  return fmt::format("cannot {} {}: {}", what, path, std::generic_category().message(errno));
}

std::string prepare_directory(const std::string& directory, std::vector<std::string>& notes) {
  const auto parent = fs::path(directory).parent_path();
  std::error_code error;
  if (!parent.empty()) fs::create_directories(parent, error);
  if (error) return fmt::format("cannot make {}: {}", parent.string(), error.message());
  if (::mkdir(directory.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return failed_to("make the data directory", directory);

  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return failed_to("look at", directory);
  if (!S_ISDIR(status.st_mode)) return fmt::format("{} is not a directory", directory);
  if (!may_be_store(directory)) {
    return fmt::format(
        "{} holds files that are not a Signalbox store; choose an empty or a new "
        "directory with --data-dir",
        directory);
  }
  const auto mode = status.st_mode & 07777;
  if ((mode & others) == 0) return {};
  if (::chmod(directory.c_str(), mode & ~others) != 0) {
    return failed_to("take the access of others away from the data directory", directory) +
           "; it holds messages and secrets, so give it to this user with mode 0700";
  }
  notes.push_back(fmt::format("data directory {} was open to others (mode {:04o}); now {:04o}",
                              directory, mode, mode & ~others));
  return {};
}

std::string sync_directory(const std::string& directory) {
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return failed_to("open", directory);
  const bool synced = ::fsync(file) == 0;
  auto error = synced ? std::string() : failed_to("sync", directory);
  ::close(file);
  return error;
}

DirectoryLock::~DirectoryLock() {
  if (file_ >= 0) ::close(file_);
}

DirectoryLock::Failure DirectoryLock::take(const std::string& directory, Kind kind) {
  const auto path = directory + "/" + file_name;
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0) {
    // A reader of a file system mounted read-only: nobody else can write there either.
    if (kind == Kind::shared && errno == EROFS) return {};
    return {failed_to("open", path)};
  }
  // flock and not fcntl: it also holds between two stores of one process.
  if (::flock(file_, (kind == Kind::exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0) {
    if (kind == Kind::shared) return {};
    const auto owner = fmt::format("{}\n", ::getpid());
    if (::ftruncate(file_, 0) == 0) (void)!::pwrite(file_, owner.data(), owner.size(), 0);
    return {};
  }
  if (errno != EWOULDBLOCK) return {failed_to("lock", path)};
  char owner[32];
  const auto size = ::pread(file_, owner, sizeof owner, 0);
  const int digits = size > 1 ? static_cast<int>(size) - 1 : 0;
  return {
      fmt::format("data directory {} is in use by another process{}; stop it, or choose another "
                  "directory with --data-dir",
                  directory, digits > 0 ? " (pid " + std::string(owner, digits) + ")" : ""),
      true};
}

std::string list_data_files(const std::string& directory, DataFiles& files) {
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const auto name = at->path().filename().string();
    if (name == "CURRENT") files.has_current = true;
    if (name == Watermark::file_name) files.has_watermark = true;
    if (is_numbered(name, ".log")) files.wals.push_back(name);
    if (is_numbered(name, ".sst")) files.tables.push_back(name);
  }
  std::sort(files.wals.begin(), files.wals.end());
  std::sort(files.tables.begin(), files.tables.end());
  return error ? fmt::format("cannot list {}: {}", directory, error.message()) : std::string();
}

std::string describe_files(const std::string& directory, const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  std::vector<std::string> described;
  for (const auto& name : names) {
    std::error_code error;
    const auto size = fs::file_size(fs::path(directory) / name, error);
    described.push_back(error ? name + " (unreadable)" : fmt::format("{} ({} bytes)", name, size));
  }
  return fmt::format("{}", fmt::join(described, ", "));
}

}  // namespace signalbox::storage
