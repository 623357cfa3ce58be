// The data directory as a directory: made private, owned by one process, and what lies in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signalbox::storage {

// Errors are texts that name the path, empty when there is none.

// "cannot open /data/WATERMARK: Permission denied", from errno.
std::string failed_to(std::string_view what, const std::string& path);

// Makes the directory (0700) when it is missing and takes access by others away when it is there.
// Refuses one that holds other files than a store's.
// A change is told in notes.
std::string prepare_directory(const std::string& directory, std::vector<std::string>& notes);

// Makes names created in, or renamed into, the directory durable.
std::string sync_directory(const std::string& directory);

// Held by the one process that may write the directory; processes that only read share it.
class DirectoryLock {
 public:
  static constexpr const char* file_name = "signalbox.lock";
  enum class Kind { exclusive, shared };

  DirectoryLock() = default;
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  ~DirectoryLock();

  struct Failure {
    std::string error;
    bool in_use = false;  // by another process
  };
  Failure take(const std::string& directory, Kind kind);

 private:
  int file_ = -1;
};

// The files of a database, by name, each list sorted.
struct DataFiles {
  bool has_current = false;
  bool has_watermark = false;
  std::vector<std::string> wals;
  std::vector<std::string> tables;

  // CURRENT alone may be missing: creation was cut short before it held anything.
  bool hold_data() const { return has_watermark || !wals.empty() || !tables.empty(); }
};
std::string list_data_files(const std::string& directory, DataFiles& files);

// Names and sizes for messages: "000012.log (4096 bytes), 000015.log (0 bytes)".
std::string describe_files(const std::string& directory, const std::vector<std::string>& names);

}  // namespace signalbox::storage
