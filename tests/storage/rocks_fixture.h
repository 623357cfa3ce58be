// Opening stores on disk, taking pictures of their directories and damaging them.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "storage/rocks_store.h"
#include "tests/storage/recorder.h"
#include "tests/storage/temp_dir.h"

namespace signalbox::storage::testing {

inline RocksStore::Options in_directory(const std::string& directory) {
  RocksStore::Options options;
  options.directory = directory;
  return options;
}

// Opens or fails the test.
inline std::unique_ptr<RocksStore> open_store(const RocksStore::Options& options) {
  auto opened = RocksStore::open(options);
  INFO(opened.error);
  REQUIRE(opened.store);
  return std::move(opened.store);
}

// Names and sizes of what is in a directory.
inline std::map<std::string, std::uintmax_t> outline(const std::string& directory) {
  std::map<std::string, std::uintmax_t> sizes;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::error_code gone;
    sizes[entry.path().filename().string()] = std::filesystem::file_size(entry.path(), gone);
  }
  return sizes;
}

// The directory as kill -9 would leave it: what the open store has handed to the system. A kill is
// one moment and a copy is not: it is taken again when RocksDB changed files meanwhile.
inline void copy_as_killed(const std::string& from, const std::string& to) {
  for (bool whole = false; !whole;) {
    std::error_code gone;
    std::filesystem::remove_all(to);
    const auto before = outline(from);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive, gone);
    whole = !gone && outline(from) == before;
  }
}

inline std::vector<std::string> files_ending(const std::string& directory, const std::string& end) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().string().ends_with(end)) paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

inline std::string newest_wal(const std::string& directory) {
  const auto wals = files_ending(directory, ".log");
  REQUIRE_FALSE(wals.empty());
  return wals.back();
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline void flip_byte(const std::string& path, std::size_t at) {
  auto bytes = read_file(path);
  REQUIRE(at < bytes.size());
  bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
  write_file(path, bytes);
}

// Every file but the lock, by name: two equal pictures are an untouched directory.
inline std::map<std::string, std::string> picture(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const auto name = entry.path().filename().string();
    if (name != "signalbox.lock") files[name] = read_file(entry.path().string());
  }
  return files;
}

// Commits count records "key-N" of 1 KiB, one group each.
inline void commit_records(Store& store, int first, int count,
                           Durability durability = Durability::synced) {
  for (int i = first; i < first + count; ++i) {
    const auto outcome = commit_and_wait(
        store, put("key-" + std::to_string(i), std::string(1024, static_cast<char>('a' + i % 26))),
        durability);
    REQUIRE(outcome == Outcome::committed);
  }
}

inline int count_records(const Store& store) {
  return static_cast<int>(
      keys_of(*store.view(), "key-", "key.", Direction::forward, 1000000).size());
}

inline bool mentions(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

inline std::string joined(const std::vector<std::string>& notes) {
  std::string text;
  for (const auto& note : notes) text += note + "\n";
  return text;
}

}  // namespace signalbox::storage::testing
