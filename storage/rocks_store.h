// The store on disk: RocksDB behind one commit thread. No RocksDB type leaves rocks_*.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/store.h"

namespace rocksdb {
class Env;
}

namespace signalbox::storage {

// Why a store stopped accepting commits.
enum class FailureKind : std::uint8_t {
  none,
  no_space,  // opening again works once there is room
  io_error,  // the disk failed: trust nothing, exit
};

// Why a store could not be opened.
enum class OpenFailure : std::uint8_t {
  none,
  bad_directory,  // cannot be made, read or kept from others
  in_use,         // by another process
  newer_format,   // written by a newer version
  damaged,        // a file is missing or spoiled
  data_missing,   // acknowledged data is not there; salvage accepts the loss
  no_space,
  io_error,
};

// Group commit: one thread takes every batch that waits, writes them as one atomic group, syncs
// once when any of them asked for it, advances the watermark, and then runs their completions in
// order.
//
// Fail stop: the first failed write or sync is the last. Its group ends with Outcome::unknown (full
// when free space ran low before anything was written), every later commit with unavailable; reads
// go on. Opening again means destroying the store and calling open().
//
// commit, has_room, view, get, checkpoint and the accessors may be called from any thread. The
// destructor writes what waits, runs its completions and closes; no other call may run by then and
// no view may be left.
class RocksStore final : public Store {
 public:
  struct Options {
    std::string directory;
    bool read_only = false;  // changes nothing on disk; commits end with Outcome::unavailable
    bool salvage = false;    // opens although acknowledged data is missing, and forgets it
    bool verify_checksums = false;  // reads every table block at open, however long that takes

    std::size_t queue_bytes_max = 64 << 20;  // has_room() is false beyond it
    // How often buffered commits are synced while there are any; 0 leaves it to the system.
    std::chrono::milliseconds sync_interval{0};
    // Commits end with Outcome::full when the file system has less free; opening needs twice as
    // much. Keeps room for what RocksDB writes on its own. 0 turns it off.
    std::uint64_t free_bytes_min = 8 << 20;

    // Memory is taken as it is needed, up to these.
    std::size_t write_buffer_bytes = 8 << 20;
    std::size_t block_cache_bytes = 64 << 20;
    std::uint64_t wal_bytes_max = 64 << 20;  // bounds what a start replays
    int open_files_max = 256;
  };

  // Either a store, or why there is none: what, where and what to do.
  struct Opened {
    std::unique_ptr<RocksStore> store;
    OpenFailure failure = OpenFailure::none;
    std::string error;
  };
  static Opened open(Options options);
  // For tests that stand between RocksDB and the disk. The environment must outlive the store.
  static Opened open(Options options, rocksdb::Env& environment);

  ~RocksStore() override;

  void commit(Batch batch, Durability durability, Completion done) override;
  bool has_room() const override;
  std::unique_ptr<View> view() const override;
  ReadStatus get(std::string_view key, ReadTier tier, std::string& value) const override;
  std::string checkpoint(const std::string& directory) override;
  // Also tells the last read error while the store still accepts commits.
  std::string last_error() const override;

  FailureKind failure() const;

  // What was noticed at open and is no reason to refuse: one sentence each, for the log.
  const std::vector<std::string>& open_notes() const;

  struct Stats {
    std::uint64_t batches = 0;         // committed, empty ones included
    std::uint64_t groups = 0;          // written, each one RocksDB write
    std::uint64_t group_bytes = 0;     // of those
    std::uint64_t syncs = 0;           // of the write-ahead log
    std::uint64_t commit_number = 0;   // of the last group written
    std::uint64_t durable_number = 0;  // of the last group known to be synced
  };
  Stats stats() const;

 private:
  class Impl;
  explicit RocksStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signalbox::storage
