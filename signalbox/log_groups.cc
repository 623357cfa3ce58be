#include "signalbox/log_groups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "broker/events_envelope.h"
#include "broker/md5.h"

namespace signalbox {

namespace {

class File {
 public:
  explicit File(const std::filesystem::path& path)
      : fd_(open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return fd_ >= 0; }
  bool sync() const { return fdatasync(fd_) == 0; }
  // Whether a crash left a line without its end.
  bool is_cut() const {
    struct stat status {};
    char last = '\n';
    if (fstat(fd_, &status) != 0 || status.st_size == 0) return false;
    return pread(fd_, &last, 1, status.st_size - 1) == 1 && last != '\n';
  }
  bool write_all(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = write(fd_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

 private:
  const int fd_;
};

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
         c == '_' || c == '.' || c == '#';
}

// File systems take 255 bytes. Of what is longer the end is replaced by the MD5 of all of it.
constexpr std::size_t file_name_max = 240;

std::string shortened(std::string text) {
  if (text.size() <= file_name_max) return text;
  const std::string md5 = broker::hex(broker::md5_of(text));
  text.resize(file_name_max - md5.size() - 1);
  return text + "~" + md5;
}

// Never "." or "..", never with a slash: names come from ARNs, and those from anywhere.
std::string file_name(std::string_view name) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool hides = i == 0 && name[i] == '.';
    if (is_plain(name[i]) && !hides) {
      text += name[i];
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(name[i]));
    }
  }
  return shortened(std::move(text));
}

std::string problem_with(const std::filesystem::path& path, int error) {
  return fmt::format("The log group's file {} cannot be written: {}.", path.string(),
                     std::strerror(error));
}

}  // namespace

std::filesystem::path LogGroups::path_of(const broker::LogGroup& group) const {
  return directory_ / file_name(group.account) / file_name(group.region) /
         (file_name(group.name) + ".jsonl");
}

std::string LogGroups::append(const broker::LogGroup& group, std::span<const broker::LogLine> lines,
                              Sync sync) const {
  const auto path = path_of(group);
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return problem_with(path, error.value());
  const File file(path);
  if (!file.is_open()) return problem_with(path, errno);
  std::string text = file.is_cut() ? "\n" : "";
  for (const auto& line : lines) {
    text += fmt::format(R"({{"timestamp":{},"message":)", line.timestamp_ms);
    broker::append_json_string(text, line.message);
    text += "}\n";
  }
  if (!file.write_all(text) || (sync == Sync::yes && !file.sync())) {
    return problem_with(path, errno);
  }
  return {};
}

}  // namespace signalbox
