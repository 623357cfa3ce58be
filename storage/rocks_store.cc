#include "storage/rocks_store.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/utilities/checkpoint.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "storage/rocks_commit.h"
#include "storage/rocks_health.h"
#include "storage/rocks_open.h"

namespace signalbox::storage {

namespace fs = std::filesystem;

namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view_of(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

ReadStatus read(rocksdb::DB& db, Health& health, const rocksdb::ReadOptions& options,
                std::string_view key, std::string& value) {
  const auto status = db.Get(options, slice(key), &value);
  if (status.ok()) return ReadStatus::found;
  if (status.IsNotFound()) return ReadStatus::absent;
  if (status.IsIncomplete()) return ReadStatus::not_cached;
  health.read_failed(status);
  return ReadStatus::failed;
}

class RocksView final : public View {
 public:
  RocksView(rocksdb::DB& db, Health& health)
      : db_(db), health_(health), snapshot_(db.GetSnapshot()) {}
  ~RocksView() override { db_.ReleaseSnapshot(snapshot_); }
  RocksView(const RocksView&) = delete;
  RocksView& operator=(const RocksView&) = delete;

  ReadStatus get(std::string_view key, std::string& value) const override {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    return read(db_, health_, options, key, value);
  }

  bool scan(std::string_view first, std::string_view past_last, Direction direction,
            const Visit& visit) const override {
    if (first >= past_last) return true;
    const auto lower = slice(first);
    const auto upper = slice(past_last);
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    options.iterate_lower_bound = &lower;
    options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> at(db_.NewIterator(options));
    if (direction == Direction::forward) {
      at->Seek(lower);
      while (at->Valid() && visit(view_of(at->key()), view_of(at->value()))) at->Next();
    } else {
      at->SeekToLast();
      while (at->Valid() && visit(view_of(at->key()), view_of(at->value()))) at->Prev();
    }
    const auto status = at->status();
    if (!status.ok()) health_.read_failed(status);
    return status.ok();
  }

 private:
  rocksdb::DB& db_;
  Health& health_;
  const rocksdb::Snapshot* const snapshot_;
};

}  // namespace

class RocksStore::Impl {
 public:
  Impl(Options wanted, rocksdb::Env& where) : options(std::move(wanted)), environment(where) {}

  OpenError open() {
    auto error =
        open_database(options, environment, std::make_shared<BackgroundErrors>(health), database);
    if (!error) commits.emplace(options, environment, database, *health);
    return error;
  }

  const Options options;
  rocksdb::Env& environment;
  const std::shared_ptr<Health> health = std::make_shared<Health>();
  Database database;
  std::optional<CommitThread> commits;  // destroyed first: it still writes
};

RocksStore::RocksStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RocksStore::~RocksStore() = default;

RocksStore::Opened RocksStore::open(Options options) {
  return open(std::move(options), *rocksdb::Env::Default());
}

RocksStore::Opened RocksStore::open(Options options, rocksdb::Env& environment) {
  auto impl = std::make_unique<Impl>(std::move(options), environment);
  auto error = impl->open();
  if (error) return {nullptr, error.failure, std::move(error.text)};
  return {std::unique_ptr<RocksStore>(new RocksStore(std::move(impl))), OpenFailure::none, {}};
}

void RocksStore::commit(Batch batch, Durability durability, Completion done) {
  impl_->commits->commit(std::move(batch), durability, std::move(done));
}

bool RocksStore::has_room() const { return impl_->commits->has_room(); }

std::unique_ptr<View> RocksStore::view() const {
  return std::make_unique<RocksView>(*impl_->database.db, *impl_->health);
}

ReadStatus RocksStore::get(std::string_view key, ReadTier tier, std::string& value) const {
  rocksdb::ReadOptions options;
  options.read_tier = tier == ReadTier::memory ? rocksdb::kBlockCacheTier : rocksdb::kReadAllTier;
  return read(*impl_->database.db, *impl_->health, options, key, value);
}

// Made in a private directory beside the wanted one and renamed when it is whole: what is there
// under its name can be opened, and was never open to others.
std::string RocksStore::checkpoint(const std::string& directory) {
  std::error_code error;
  if (fs::exists(directory, error)) return fmt::format("{} exists already", directory);
  const auto private_directory = directory + ".part";
  fs::remove_all(private_directory, error);
  std::vector<std::string> notes;
  auto failure = prepare_directory(private_directory, notes);
  if (!failure.empty()) return failure;

  // All that is durable now is in the copy; it may hold more.
  const auto durable_number = stats().durable_number;
  const auto copy = private_directory + "/data";
  rocksdb::Checkpoint* made = nullptr;
  auto status = rocksdb::Checkpoint::Create(impl_->database.db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(copy);
  if (!status.ok()) return fmt::format("cannot copy to {}: {}", directory, status.ToString());

  failure = prepare_directory(copy, notes);
  if (failure.empty()) failure = Watermark::reset(copy, durable_number);
  if (!failure.empty()) return failure;
  fs::rename(copy, directory, error);
  if (error) return fmt::format("cannot rename {} to {}: {}", copy, directory, error.message());
  fs::remove(private_directory, error);
  const auto parent = fs::path(directory).parent_path();
  return sync_directory(parent.empty() ? "." : parent.string());
}

std::string RocksStore::last_error() const {
  auto error = impl_->health->error();
  if (error.empty() && impl_->options.read_only) return "the store was opened to be read only";
  return error;
}

FailureKind RocksStore::failure() const { return impl_->health->kind(); }

const std::vector<std::string>& RocksStore::open_notes() const { return impl_->database.notes; }

RocksStore::Stats RocksStore::stats() const { return impl_->commits->stats(); }

}  // namespace signalbox::storage

#ifdef __SANITIZE_THREAD__
// Distributions build RocksDB without ThreadSanitizer, which then misses the atomics that publish
// what it copies between threads. Here, so that every program with a RocksStore has it.
extern "C" const char* __tsan_default_suppressions() { return "race:librocksdb.so\n"; }
#endif
