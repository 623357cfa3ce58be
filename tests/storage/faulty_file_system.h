// Stands between RocksDB and the disk: fails the k-th call that changes something, blocks syncs,
// and cuts the power: everything written and not synced is gone.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace signalbox::storage::testing {

// What happens to calls, shared by the file system and its open files. Callable from any thread.
class Faults {
 public:
  enum class Kind { no_space, io_error };

  // The k-th changing call from now, counted from 1, and every later one fails.
  void fail_from_call(std::uint64_t k, Kind kind);
  // Only syncs fail, from now on.
  void fail_syncs(Kind kind);
  // Only the making of table files fails, from now on.
  void fail_table_files(Kind kind);
  std::uint64_t call_count() const;  // since fail_from_call, or since the beginning

  // Holds every sync of a write-ahead log until unblocked.
  void block_wal_syncs(bool blocked);
  // Whether a sync waits; for tests that need the commit thread to be inside one.
  void wait_until_blocked();

  // The free space the file system claims to have.
  void claim_free_bytes(std::optional<std::uint64_t> free);
  std::optional<std::uint64_t> claimed_free_bytes() const;

  // For the files.
  rocksdb::IOStatus before_change(bool is_sync);
  rocksdb::IOStatus before_creation(const std::string& path);
  void before_wal_sync();
  void synced(const std::string& path, std::uint64_t size);
  void renamed(const std::string& from, const std::string& to);
  void forgotten(const std::string& path);

  // Cuts every file back to what was synced of it.
  void cut_power();
  // The same in a copy of a directory whose store still runs.
  void cut_power_in_copy(const std::string& directory, const std::string& copy);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t call_count_ = 0;
  std::optional<std::uint64_t> fail_from_;
  std::optional<Kind> failing_syncs_;
  std::optional<Kind> failing_tables_;
  Kind kind_ = Kind::io_error;
  bool blocked_ = false;
  bool waiting_ = false;
  std::optional<std::uint64_t> free_;
  std::map<std::string, std::uint64_t> synced_sizes_;
};

class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyFileSystem(std::shared_ptr<Faults> faults)
      : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()), faults_(std::move(faults)) {}

  const char* Name() const override { return "FaultyFileSystem"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 std::uint64_t* free, rocksdb::IODebugContext* context) override;

 private:
  const std::shared_ptr<Faults> faults_;
};

// An environment over that file system, and the faults to steer it by.
struct FaultyDisk {
  std::shared_ptr<Faults> faults = std::make_shared<Faults>();
  std::unique_ptr<rocksdb::Env> environment =
      rocksdb::NewCompositeEnv(std::make_shared<FaultyFileSystem>(faults));
};

}  // namespace signalbox::storage::testing
