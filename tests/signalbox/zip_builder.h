// Makes zips for tests, also such as no tool would make.
#pragma once

#include <sys/stat.h>
#include <zip.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace signalbox::testing {

struct ZipEntry {
  std::string name;
  std::string text;
  std::uint32_t mode = S_IFREG | 0644;  // 0: made on a system that has none
};

inline std::string zip_of(const std::vector<ZipEntry>& entries) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const target = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_t* const archive = zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &error);
  if (archive == nullptr) throw std::runtime_error("no zip");
  zip_source_keep(target);
  for (const auto& entry : entries) {
    zip_source_t* const source =
        zip_source_buffer(archive, entry.text.data(), entry.text.size(), 0);
    const zip_int64_t index = zip_file_add(archive, entry.name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) throw std::runtime_error(zip_strerror(archive));
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
    const auto system = entry.mode == 0 ? ZIP_OPSYS_DOS : ZIP_OPSYS_UNIX;
    zip_file_set_external_attributes(archive, static_cast<zip_uint64_t>(index), 0, system,
                                     entry.mode << 16);
  }
  if (zip_close(archive) != 0) throw std::runtime_error(zip_strerror(archive));
  zip_stat_t status;
  zip_source_stat(target, &status);
  std::string bytes(status.size, '\0');
  zip_source_open(target);
  zip_source_read(target, bytes.data(), bytes.size());
  zip_source_close(target);
  zip_source_free(target);
  return bytes;
}

// Every `from` of the bytes is a `to` of the same length: names that libzip would not write.
inline std::string patched(std::string bytes, const std::string& from, const std::string& to) {
  for (auto at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at + 1)) {
    bytes.replace(at, from.size(), to);
  }
  return bytes;
}

}  // namespace signalbox::testing
