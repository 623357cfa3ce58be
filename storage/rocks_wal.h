// Internal to RocksStore: what the write-ahead log holds, seen while RocksDB replays it.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace signalbox::storage {

// Every group begins with the put of its number, so that a replay can tell whether one is missing
// between two others: RocksDB itself takes a log that ends early for one that ended there, and goes
// on with the next file.
void put_group_number(rocksdb::WriteBatch& group, std::uint64_t number);
std::optional<std::uint64_t> group_number(const rocksdb::WriteBatch& group);

// Follows the group numbers of a replay.
class GroupFilter final : public rocksdb::WalFilter {
 public:
  // Applies nothing: what a store would recover is known before anything on disk is changed.
  static GroupFilter looking() { return GroupFilter(std::nullopt); }
  // Applies the groups up to that number and stops the replay there.
  static GroupFilter applying(std::uint64_t last_number) { return GroupFilter(last_number); }

  struct Gap {
    std::uint64_t after = 0;   // the last number before it
    std::uint64_t before = 0;  // the first number behind it
    std::string file;
  };

  // The ends of the unbroken run of groups that starts the log; nullopt when there is none. A log
  // goes on where the tables end, or overlaps them.
  std::optional<std::uint64_t> first() const { return first_; }
  std::optional<std::uint64_t> last() const { return last_; }
  const std::string& first_file() const { return first_file_; }
  const std::string& last_file() const { return last_file_; }
  // Where that run breaks, when groups follow it whose numbers do not.
  const std::optional<Gap>& gap() const { return gap_; }
  // A file with a record that is no group; empty when there is none.
  const std::string& foreign_file() const { return foreign_file_; }

  const char* Name() const override { return "signalbox.GroupFilter"; }
  WalProcessingOption LogRecordFound(unsigned long long log_number,
                                     const std::string& log_file_name,
                                     const rocksdb::WriteBatch& batch,
                                     rocksdb::WriteBatch* new_batch, bool* batch_changed) override;

 private:
  explicit GroupFilter(std::optional<std::uint64_t> apply_until) : apply_until_(apply_until) {}

  const std::optional<std::uint64_t> apply_until_;
  std::optional<std::uint64_t> first_;
  std::optional<std::uint64_t> last_;
  std::optional<Gap> gap_;
  std::string first_file_;
  std::string last_file_;
  std::string foreign_file_;
};

// Keeps the warnings of a replay in memory: they name the files and the bytes that were dropped,
// and a directory that is only looked at gets no log file written into it.
class WarningLog final : public rocksdb::Logger {
 public:
  WarningLog() : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override;
  void LogHeader(const char*, va_list) override {}
  // At most a few, the first ones.
  std::vector<std::string> lines() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace signalbox::storage
