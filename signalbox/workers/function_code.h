// The code of functions, unpacked: a folder for each function and each code it has or had.
//
//   DIRECTORY/FUNCTION_ID-SHA256        ready: it appears by a rename, whole
//   DIRECTORY/.new-XXXXXX               being unpacked, or being removed
//
// Nothing here is kept over a restart: zips are, in the store. Files are not synced, and a power
// cut may leave a folder with half of its bytes. Thread safe; blocks on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "signalbox/workers/unpack_zip.h"

namespace signalbox::workers {

class FunctionCode {
 public:
  explicit FunctionCode(std::filesystem::path directory, ZipLimits limits = {})
      : directory_(std::move(directory)), limits_(limits) {}

  // Makes the directory, and removes what an earlier run left in it. Before anything else, once.
  std::string open();

  struct Folder {
    std::filesystem::path path;
    std::string problem;  // set: there is no path
  };
  // code_sha256 in base64, as the service's CodeSha256. Does nothing when it is there already; of
  // two that unpack the same at the same time the first one's is used.
  Folder unpack(std::uint64_t function_id, std::string_view code_sha256, std::string_view zip);
  std::optional<std::filesystem::path> find(std::uint64_t function_id,
                                            std::string_view code_sha256) const;
  // Removes every other code of that function: of none, all. Workers that run in one of those
  // should be gone.
  std::string keep_only(std::uint64_t function_id, std::span<const std::string> code_sha256s);

 private:
  std::filesystem::path path_of(std::uint64_t function_id, std::string_view code_sha256) const;
  std::string remove(const std::filesystem::path& folder);

  const std::filesystem::path directory_;
  const ZipLimits limits_;
};

}  // namespace signalbox::workers
