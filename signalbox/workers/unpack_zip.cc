#include "signalbox/workers/unpack_zip.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <zip.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "signalbox/workers/descriptor.h"

namespace signalbox::workers {

namespace {

constexpr std::size_t name_bytes_max = 1024;
constexpr std::size_t link_bytes_max = 1024;

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

// The parts of a name, without those that say nothing ("./a//b").
std::vector<std::string> parts_of(std::string_view name) {
  std::vector<std::string> parts;
  while (!name.empty()) {
    const auto end = name.find('/');
    const auto part = name.substr(0, end);
    if (!part.empty() && part != ".") parts.emplace_back(part);
    name.remove_prefix(end == std::string_view::npos ? name.size() : end + 1);
  }
  return parts;
}

std::string problem_with_name(std::string_view name) {
  if (name.empty() || name.size() > name_bytes_max) {
    return fmt::format("The zip has an entry whose name has {} bytes: 1 to {} are allowed.",
                       name.size(), name_bytes_max);
  }
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return "The zip has an entry with a control character in its name: rename it.";
    }
  }
  if (name.find('\\') != std::string_view::npos) {
    return fmt::format(
        "The zip's entry {} has a backslash in its name: make the zip with a tool that writes /.",
        name);
  }
  if (name.front() == '/') {
    return fmt::format("The zip's entry {} begins at the root: names must be relative.", name);
  }
  for (const auto& part : parts_of(name)) {
    if (part == "..") {
      return fmt::format("The zip's entry {} leaves its folder: a name must not contain ..", name);
    }
  }
  return {};
}

enum class Kind : std::uint8_t { file, folder, link, other };

struct Entry {
  zip_uint64_t index = 0;
  std::string name;
  std::vector<std::string> parts;
  Kind kind = Kind::file;
  bool executable = false;
};

struct Link {
  std::string name;
  std::vector<std::string> parts;
  std::string target;
};

class Unpacker {
 public:
  Unpacker(zip_t* archive, int root, const ZipLimits& limits)
      : archive_(archive), root_(root), limits_(limits) {}

  std::string run() {
    const zip_int64_t count = zip_get_num_entries(archive_, 0);
    // Also what an empty upload looks like.
    if (count == 0) return "The zip cannot be read: it has no files.";
    for (zip_int64_t i = 0; i < count; ++i) {
      Entry entry;
      entry.index = static_cast<zip_uint64_t>(i);
      if (auto problem = read_entry(entry); !problem.empty()) return problem;
      if (auto problem = unpack(entry); !problem.empty()) return problem;
    }
    for (const auto& link : links_) {
      if (auto problem = make(link); !problem.empty()) return problem;
    }
    for (const auto& link : links_) {
      if (auto problem = problem_with_end(link); !problem.empty()) return problem;
    }
    return {};
  }

 private:
  std::string read_entry(Entry& entry) const {
    const char* const name = zip_get_name(archive_, entry.index, ZIP_FL_ENC_GUESS);
    if (name == nullptr) return broken();
    entry.name = name;
    if (auto problem = problem_with_name(entry.name); !problem.empty()) return problem;
    entry.parts = parts_of(entry.name);
    if (entry.name.back() == '/' || entry.parts.empty()) {
      entry.kind = Kind::folder;
      return {};
    }
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    if (zip_file_get_external_attributes(archive_, entry.index, 0, &system, &attributes) != 0 ||
        (system != ZIP_OPSYS_UNIX && system != ZIP_OPSYS_OS_X)) {
      return {};
    }
    const mode_t mode = attributes >> 16;
    entry.executable = (mode & 0111) != 0;
    switch (mode & S_IFMT) {
      case 0:
      case S_IFREG: break;
      case S_IFDIR: entry.kind = Kind::folder; break;
      case S_IFLNK: entry.kind = Kind::link; break;
      default: entry.kind = Kind::other;
    }
    return {};
  }

  std::string unpack(const Entry& entry) {
    if (entry.kind == Kind::other) {
      return fmt::format("The zip's entry {} is neither a file nor a folder nor a link.",
                         entry.name);
    }
    if (entry.kind == Kind::folder) {
      Descriptor ignored;
      return enter(entry.name, entry.parts, ignored);
    }
    if (entry.kind == Kind::file) return write_file(entry);
    Link link{entry.name, entry.parts, {}};
    auto problem = read_all(entry, link_bytes_max, [&](std::string_view bytes) {
      link.target += bytes;
      return true;
    });
    links_.push_back(std::move(link));
    return problem.empty() ? count_one() : problem;
  }

  // Opens the folder of those parts, and makes what is missing of it.
  std::string enter(const std::string& name, std::span<const std::string> parts,
                    Descriptor& folder) {
    folder = Descriptor(fcntl(root_, F_DUPFD_CLOEXEC, 0));
    for (const auto& part : parts) {
      constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
      if (mkdirat(folder.get(), part.c_str(), 0755) == 0) {
        if (auto problem = count_one(); !problem.empty()) return problem;
      } else if (errno != EEXIST) {
        return cannot_write(name);
      }
      Descriptor next(openat(folder.get(), part.c_str(), flags));
      if (!next.is_open() && (errno == ENOTDIR || errno == ELOOP)) {
        return fmt::format("The zip's entry {} lies in one that is no folder.", name);
      }
      if (!next.is_open()) return cannot_write(name);
      folder = std::move(next);
    }
    return {};
  }

  std::string write_file(const Entry& entry) {
    if (auto problem = count_one(); !problem.empty()) return problem;
    const auto parents = std::span(entry.parts).first(entry.parts.size() - 1);
    Descriptor folder;
    if (auto problem = enter(entry.name, parents, folder); !problem.empty()) return problem;
    const Descriptor file(openat(folder.get(), entry.parts.back().c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                 entry.executable ? 0755 : 0644));
    if (!file.is_open()) return errno == EEXIST ? twice(entry.name) : cannot_write(entry.name);
    return read_all(entry, limits_.bytes_max, [&](std::string_view bytes) {
      while (!bytes.empty()) {
        const ssize_t written = write(file.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
      }
      return true;
    });
  }

  std::string read_all(const Entry& entry, std::uint64_t bytes_max, auto&& take) {
    const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive_, entry.index, 0));
    if (file == nullptr) return unreadable(entry.name, zip_strerror(archive_));
    std::array<char, 65536> buffer;
    std::uint64_t bytes = 0;
    for (;;) {
      const zip_int64_t count = zip_fread(file.get(), buffer.data(), buffer.size());
      if (count < 0) return unreadable(entry.name, zip_file_strerror(file.get()));
      if (count == 0) return {};
      bytes += static_cast<std::uint64_t>(count);
      bytes_ += static_cast<std::uint64_t>(count);
      if (bytes_ > limits_.bytes_max) {
        return fmt::format(
            "The zip holds more than {} bytes when it is unpacked, which is the "
            "limit.",
            limits_.bytes_max);
      }
      if (bytes > bytes_max) {
        return fmt::format("The zip's link {} is longer than {} bytes.", entry.name, bytes_max);
      }
      if (!take(std::string_view(buffer.data(), static_cast<std::size_t>(count)))) {
        return cannot_write(entry.name);
      }
    }
  }

  std::string make(const Link& link) {
    const auto parents = std::span(link.parts).first(link.parts.size() - 1);
    Descriptor folder;
    if (auto problem = enter(link.name, parents, folder); !problem.empty()) return problem;
    if (symlinkat(link.target.c_str(), folder.get(), link.parts.back().c_str()) == 0) return {};
    return errno == EEXIST ? twice(link.name) : cannot_write(link.name);
  }

  // Asked of the kernel, with every link in place: what the text of a link says is not where it
  // leads once another link is on the way.
  std::string problem_with_end(const Link& link) const {
    std::string path;
    for (const auto& part : link.parts) path += (path.empty() ? "" : "/") + part;
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    const Descriptor end(
        static_cast<int>(syscall(SYS_openat2, root_, path.c_str(), &how, sizeof how)));
    if (end.is_open()) return {};
    return fmt::format(
        "The zip's link {} does not end in the zip itself ({}): put a copy in its place.",
        link.name, errno == EXDEV ? "it leaves its folder" : std::strerror(errno));
  }

  std::string count_one() {
    if (++entries_ <= limits_.entries_max) return {};
    return fmt::format("The zip holds more than {} files and folders, which is the limit.",
                       limits_.entries_max);
  }

  std::string broken() const {
    return fmt::format("The zip cannot be read: {}.", zip_strerror(archive_));
  }
  static std::string unreadable(const std::string& name, const char* reason) {
    return fmt::format("The zip's entry {} cannot be read: {}.", name, reason);
  }
  static std::string twice(const std::string& name) {
    return fmt::format("The zip has two entries that are both {}.", name);
  }
  static std::string cannot_write(const std::string& name) {
    return fmt::format("The zip's entry {} cannot be written: {}.", name, std::strerror(errno));
  }

  zip_t* const archive_;
  const int root_;
  const ZipLimits limits_;
  std::uint64_t bytes_ = 0;
  std::size_t entries_ = 0;
  std::vector<Link> links_;
};

}  // namespace

std::string unpack_zip(std::string_view zip, const std::filesystem::path& folder,
                       const ZipLimits& limits) {
  const Descriptor root(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open()) {
    return fmt::format("The folder {} cannot be opened: {}.", folder.string(),
                       std::strerror(errno));
  }
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_buffer_create(zip.data(), zip.size(), 0, &error);
  const std::unique_ptr<zip_t, CloseArchive> archive(
      source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error));
  if (archive == nullptr) {
    const std::string reason = zip_error_strerror(&error);
    if (source != nullptr) zip_source_free(source);
    zip_error_fini(&error);
    return fmt::format("The zip cannot be read: {}.", reason);
  }
  return Unpacker(archive.get(), root.get(), limits).run();
}

}  // namespace signalbox::workers
