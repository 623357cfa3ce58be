#include "signalbox/workers/function_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace signalbox::workers {

namespace {

namespace fs = std::filesystem;

// A folder that is gone with its owner, unless it got another name.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const fs::path& parent) {
    std::string pattern = (parent / ".new-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string problem_with(const fs::path& path, int error) {
  return fmt::format("The folder {} of unpacked code cannot be written: {}.", path.string(),
                     std::strerror(error));
}

// Base64 has a character that a file name must not have.
std::string file_name(std::string_view code_sha256) {
  std::string text;
  for (const char c : code_sha256) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (c != '=') text += plain ? c : (c == '+' ? '-' : '_');
  }
  return text;
}

}  // namespace

fs::path FunctionCode::path_of(std::uint64_t function_id, std::string_view code_sha256) const {
  return directory_ / fmt::format("{}-{}", function_id, file_name(code_sha256));
}

std::string FunctionCode::open() {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) return problem_with(directory_, error.value());
  fs::permissions(directory_, fs::perms::owner_all, error);
  std::vector<fs::path> left;
  for (fs::directory_iterator at(directory_, error), end; !error && at != end;
       at.increment(error)) {
    left.push_back(at->path());
  }
  for (const auto& path : left) {
    if (!error) fs::remove_all(path, error);
  }
  return error ? problem_with(directory_, error.value()) : std::string();
}

std::optional<fs::path> FunctionCode::find(std::uint64_t function_id,
                                           std::string_view code_sha256) const {
  std::error_code ignored;
  auto path = path_of(function_id, code_sha256);
  if (!fs::is_directory(path, ignored)) return std::nullopt;
  return path;
}

FunctionCode::Folder FunctionCode::unpack(std::uint64_t function_id, std::string_view code_sha256,
                                          std::string_view zip) {
  if (auto ready = find(function_id, code_sha256)) return {*std::move(ready), {}};
  const TemporaryFolder folder(directory_);
  if (folder.path().empty()) return {{}, problem_with(directory_, errno)};
  const auto unpacked = folder.path() / "code";
  std::error_code error;
  fs::create_directory(unpacked, error);
  if (error) return {{}, problem_with(unpacked, error.value())};
  if (auto problem = unpack_zip(zip, unpacked, limits_); !problem.empty()) return {{}, problem};
  auto path = path_of(function_id, code_sha256);
  if (std::rename(unpacked.c_str(), path.c_str()) == 0) return {std::move(path), {}};
  const int reason = errno;
  if (find(function_id, code_sha256)) return {std::move(path), {}};
  return {{}, problem_with(path, reason)};
}

std::string FunctionCode::keep_only(std::uint64_t function_id,
                                    std::span<const std::string> code_sha256s) {
  const std::string prefix = fmt::format("{}-", function_id);
  std::vector<fs::path> unused;
  std::error_code error;
  for (fs::directory_iterator at(directory_, error), end; !error && at != end;
       at.increment(error)) {
    const bool is_used = std::any_of(
        code_sha256s.begin(), code_sha256s.end(),
        [&](const std::string& sha256) { return path_of(function_id, sha256) == at->path(); });
    if (at->path().filename().string().starts_with(prefix) && !is_used) {
      unused.push_back(at->path());
    }
  }
  if (error) return problem_with(directory_, error.value());
  for (const auto& path : unused) {
    if (auto problem = remove(path); !problem.empty()) return problem;
  }
  return {};
}

// Under another name first: half of a folder is never found.
std::string FunctionCode::remove(const fs::path& folder) {
  const TemporaryFolder grave(directory_);
  if (grave.path().empty()) return problem_with(directory_, errno);
  const auto moved = grave.path() / "code";
  if (std::rename(folder.c_str(), moved.c_str()) != 0 && errno != ENOENT) {
    return problem_with(folder, errno);
  }
  return {};
}

}  // namespace signalbox::workers
