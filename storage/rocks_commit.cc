#include "storage/rocks_commit.h"

#include <fmt/format.h>
#include <pthread.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <utility>

#include "storage/rocks_wal.h"

namespace signalbox::storage {

namespace {

// An empty batch waits too: it must count, or empty ones could queue up without bound.
constexpr std::size_t waiting_overhead_bytes = 64;

// A group of this size gains nothing from more batches, and its buffers are kept for the next one.
constexpr std::size_t group_bytes_max = 4 << 20;

// How long the watermark file may stay unsynced. Losing the last second of it in a power cut only
// weakens the check of the next open: it asks for less.
constexpr std::chrono::seconds mark_sync_interval{1};

std::size_t bytes_of(const Batch& batch) { return batch.size_bytes() + waiting_overhead_bytes; }

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

void translate(const Batch& batch, rocksdb::WriteBatch& group) {
  batch.for_each([&group](const Batch::Op& op) {
    switch (op.kind) {
      case Batch::Kind::put: group.Put(slice(op.key), slice(op.value)); break;
      case Batch::Kind::erase: group.Delete(slice(op.key)); break;
      case Batch::Kind::erase_range:
        // RocksDB fails the whole group for a range that ends before it starts.
        if (op.key < op.value) group.DeleteRange(slice(op.key), slice(op.value));
        break;
    }
  });
}

}  // namespace

CommitThread::CommitThread(const RocksStore::Options& options, rocksdb::Env& environment,
                           Database& database, Health& health)
    : options_(options), environment_(environment), database_(database), health_(health) {
  progress_.commit_number = database_.commit_number;
  progress_.durable_number = database_.commit_number;
  stats_ = progress_;
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "commit");
}

CommitThread::~CommitThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  close();
}

void CommitThread::commit(Batch batch, Durability durability, Store::Completion done) {
  {
    const std::lock_guard lock(mutex_);
    queued_bytes_ += bytes_of(batch);
    waiting_.push_back({std::move(batch), durability, std::move(done)});
  }
  wake_.notify_one();
}

bool CommitThread::has_room() const {
  const std::lock_guard lock(mutex_);
  return queued_bytes_ < options_.queue_bytes_max;
}

RocksStore::Stats CommitThread::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void CommitThread::run() {
  while (take_group()) {
    complete_group(write_group());
    sync_what_is_due();
  }
}

// Waits for batches and moves them to group_. False when the store stops and none are left.
bool CommitThread::take_group() {
  std::unique_lock lock(mutex_);
  while (waiting_.empty() && !stopping_) {
    const auto due = next_sync();
    if (!due) {
      wake_.wait(lock);
    } else if (wake_.wait_until(lock, *due) == std::cv_status::timeout) {
      lock.unlock();
      sync_what_is_due();
      lock.lock();
    }
  }
  group_bytes_ = 0;
  while (!waiting_.empty() && group_bytes_ < group_bytes_max) {
    group_bytes_ += bytes_of(waiting_.front().batch);
    group_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return !group_.empty();
}

void CommitThread::complete_group(Outcome outcome) {
  if (outcome == Outcome::committed) progress_.batches += group_.size();
  {
    const std::lock_guard lock(mutex_);
    queued_bytes_ -= group_bytes_;
    stats_ = progress_;
  }
  for (auto& waiting : group_) {
    if (waiting.done) waiting.done(outcome);
  }
  group_.clear();
}

// The outcome is the whole group's, empty batches included: what they waited for shares it.
Outcome CommitThread::write_group() {
  if (options_.read_only || health_.kind() != FailureKind::none) return Outcome::unavailable;
  bool synced = false;
  bool writes = false;
  for (const auto& waiting : group_) {
    synced = synced || waiting.durability == Durability::synced;
    writes = writes || !waiting.batch.empty();
  }
  if (writes) {
    if (low_on_space()) return Outcome::full;
    return write_and_sync(synced);
  }
  // What an empty batch waits for may have been written without a sync before.
  if (synced && unsynced_since_ && !sync_wal()) return Outcome::unknown;
  return Outcome::committed;
}

Outcome CommitThread::write_and_sync(bool synced) {
  rocks_group_.Clear();
  put_group_number(rocks_group_, progress_.commit_number + 1);
  for (const auto& waiting : group_) translate(waiting.batch, rocks_group_);
  const auto group_size = rocks_group_.GetDataSize();
  rocksdb::WriteOptions options;
  options.sync = synced;
  const auto status = database_.db->Write(options, &rocks_group_);
  if (group_size > 2 * group_bytes_max) rocks_group_ = rocksdb::WriteBatch();
  if (!status.ok()) {
    // Some of it may have reached the log: only opening again will tell.
    health_.stop(failure_kind(status), "cannot write: " + status.ToString());
    return Outcome::unknown;
  }
  ++progress_.commit_number;
  ++progress_.groups;
  progress_.group_bytes += group_size;
  if (synced) {
    ++progress_.syncs;
    advance_mark();
  } else if (!unsynced_since_) {
    unsynced_since_ = Clock::now();
  }
  return Outcome::committed;
}

bool CommitThread::sync_wal() {
  const auto status = database_.db->SyncWAL();
  if (!status.ok()) {
    health_.stop(failure_kind(status), "cannot sync: " + status.ToString());
    return false;
  }
  ++progress_.syncs;
  advance_mark();
  return true;
}

// After a sync of the log, before anybody hears of it: whoever was told is covered by the mark.
void CommitThread::advance_mark() {
  unsynced_since_.reset();
  progress_.durable_number = progress_.commit_number;
  const auto error = database_.watermark.advance(progress_.durable_number);
  // This group is on disk all the same; the disk that refused the mark gets no other.
  if (!error.empty()) health_.stop(FailureKind::io_error, error);
  if (!mark_unsynced_since_) mark_unsynced_since_ = Clock::now();
}

std::optional<CommitThread::Clock::time_point> CommitThread::next_sync() const {
  std::optional<Clock::time_point> due;
  if (health_.kind() != FailureKind::none) return due;
  if (mark_unsynced_since_) due = *mark_unsynced_since_ + mark_sync_interval;
  if (unsynced_since_ && options_.sync_interval.count() > 0) {
    const auto wal_due = *unsynced_since_ + options_.sync_interval;
    due = due ? std::min(*due, wal_due) : wal_due;
  }
  return due;
}

void CommitThread::sync_what_is_due() {
  const auto due = next_sync();
  if (!due) return;
  const auto now = Clock::now();
  if (now < *due) return;
  if (unsynced_since_ && options_.sync_interval.count() > 0 &&
      now >= *unsynced_since_ + options_.sync_interval) {
    sync_wal();
    const std::lock_guard lock(mutex_);
    stats_ = progress_;
  }
  if (mark_unsynced_since_ && now >= *mark_unsynced_since_ + mark_sync_interval) {
    const auto error = database_.watermark.sync();
    if (!error.empty()) health_.stop(FailureKind::io_error, error);
    mark_unsynced_since_.reset();
  }
}

bool CommitThread::low_on_space() {
  if (options_.free_bytes_min == 0) return false;
  const auto free = free_bytes(environment_, options_.directory);
  if (!free || *free >= options_.free_bytes_min) return false;
  health_.stop(FailureKind::no_space,
               fmt::format("no space: {} has {} bytes free, {} are kept for what is already there",
                           options_.directory, *free, options_.free_bytes_min));
  return true;
}

void CommitThread::close() {
  if (options_.read_only || health_.kind() != FailureKind::none) return;
  if (unsynced_since_ && !sync_wal()) return;
  // Leaves the next start nothing to replay. When it fails the log still holds everything.
  if (progress_.groups > 0) database_.db->Flush(rocksdb::FlushOptions()).PermitUncheckedError();
  const auto error = database_.watermark.sync();
  if (!error.empty()) health_.stop(FailureKind::io_error, error);
}

}  // namespace signalbox::storage
