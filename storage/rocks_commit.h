// Internal to RocksStore: the queue of waiting batches and the thread that writes them in groups.
#pragma once

#include <rocksdb/write_batch.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "storage/rocks_health.h"
#include "storage/rocks_open.h"
#include "storage/rocks_store.h"

namespace signalbox::storage {

// The public functions may be called from any thread. Starts with its first member function call to
// start(); the destructor writes what waits and closes the database's books.
class CommitThread {
 public:
  CommitThread(const RocksStore::Options& options, rocksdb::Env& environment, Database& database,
               Health& health);
  ~CommitThread();

  void commit(Batch batch, Durability durability, Store::Completion done);
  bool has_room() const;
  RocksStore::Stats stats() const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Waiting {
    Batch batch;
    Durability durability;
    Store::Completion done;
  };

  void run();
  bool take_group();
  void complete_group(Outcome outcome);
  Outcome write_group();
  Outcome write_and_sync(bool synced);
  bool sync_wal();
  void advance_mark();
  std::optional<Clock::time_point> next_sync() const;
  void sync_what_is_due();
  bool low_on_space();
  void close();

  const RocksStore::Options& options_;
  rocksdb::Env& environment_;
  Database& database_;
  Health& health_;

  mutable std::mutex mutex_;  // guards from here
  std::condition_variable wake_;
  std::deque<Waiting> waiting_;
  std::size_t queued_bytes_ = 0;  // waiting or being written
  bool stopping_ = false;
  RocksStore::Stats stats_;  // to here

  // The rest belongs to the thread.
  std::vector<Waiting> group_;
  std::size_t group_bytes_ = 0;
  rocksdb::WriteBatch rocks_group_;
  RocksStore::Stats progress_;  // copied to stats_ after each group
  std::optional<Clock::time_point> unsynced_since_;
  std::optional<Clock::time_point> mark_unsynced_since_;

  std::thread thread_;  // last: everything above is there when it starts
};

}  // namespace signalbox::storage
