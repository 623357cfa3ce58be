#include "storage/rocks_wal.h"

#include <array>
#include <cstdarg>
#include <cstdio>

#include "storage/keys.h"

namespace signalbox::storage {

namespace {

constexpr std::size_t warnings_max = 8;

// Reads the first write of a batch and stops there: a replay passes every record.
class FirstPut final : public rocksdb::WriteBatch::Handler {
 public:
  rocksdb::Status PutCF(std::uint32_t, const rocksdb::Slice& key,
                        const rocksdb::Slice& value) override {
    const std::string_view name(key.data(), key.size());
    if (name == keys::commit_number()) number = keys::decode_u64({value.data(), value.size()});
    return rocksdb::Status::Aborted();
  }
  rocksdb::Status DeleteCF(std::uint32_t, const rocksdb::Slice&) override {
    return rocksdb::Status::Aborted();
  }
  rocksdb::Status DeleteRangeCF(std::uint32_t, const rocksdb::Slice&,
                                const rocksdb::Slice&) override {
    return rocksdb::Status::Aborted();
  }
  std::optional<std::uint64_t> number;
};

}  // namespace

void put_group_number(rocksdb::WriteBatch& group, std::uint64_t number) {
  const auto key = keys::commit_number();
  group.Put(rocksdb::Slice(key.view().data(), key.view().size()), keys::encode_u64(number));
}

std::optional<std::uint64_t> group_number(const rocksdb::WriteBatch& group) {
  FirstPut first;
  group.Iterate(&first).PermitUncheckedError();
  return first.number;
}

rocksdb::WalFilter::WalProcessingOption GroupFilter::LogRecordFound(
    unsigned long long, const std::string& log_file_name, const rocksdb::WriteBatch& batch,
    rocksdb::WriteBatch*, bool*) {
  // After it dropped a torn tail, RocksDB begins the next log with an empty batch of its own.
  if (batch.Count() == 0) return WalProcessingOption::kContinueProcessing;
  const auto file = log_file_name.substr(log_file_name.rfind('/') + 1);
  const auto number = group_number(batch);
  if (apply_until_) {
    return number && *number <= *apply_until_ ? WalProcessingOption::kContinueProcessing
                                              : WalProcessingOption::kStopReplay;
  }
  if (!number) {
    if (foreign_file_.empty()) foreign_file_ = file;
  } else if (!last_) {
    first_ = number;
    first_file_ = file;
    last_ = number;
    last_file_ = file;
  } else if (!gap_ && *number == *last_ + 1) {
    last_ = number;
    last_file_ = file;
  } else if (!gap_) {
    gap_ = Gap{*last_, *number, file};
  }
  return WalProcessingOption::kIgnoreCurrentRecord;
}

void WarningLog::Logv(const char* format, va_list arguments) {
  std::array<char, 512> text;
  std::vsnprintf(text.data(), text.size(), format, arguments);
  const std::lock_guard lock(mutex_);
  if (lines_.size() < warnings_max) lines_.emplace_back(text.data());
}

std::vector<std::string> WarningLog::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

}  // namespace signalbox::storage
