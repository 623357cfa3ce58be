#include "signalbox/store_keeper.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>

#include "broker/ids.h"
#include "storage/keys.h"

namespace signalbox {

namespace {

constexpr std::string_view handle_key_name = "receipt-handle";
// Opening needs twice what the store keeps free (RocksStore::Options::free_bytes_min).
constexpr std::uint64_t free_bytes_to_open = 2 * storage::RocksStore::Options{}.free_bytes_min;

storage::Outcome commit_and_wait(storage::Store& store, storage::Batch batch) {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<storage::Outcome> result;
  store.commit(std::move(batch), storage::Durability::synced, [&](storage::Outcome outcome) {
    const std::lock_guard lock(mutex);
    result = outcome;
    done.notify_one();
  });
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return result.has_value(); });
  return *result;
}

// The key that seals receipt handles: made at the first start, the same ever after.
std::string load_handle_key(storage::Store& store, broker::HandleKey& key) {
  const auto name = storage::keys::secret(handle_key_name);
  std::string value;
  const auto status = store.get(name, storage::ReadTier::disk, value);
  if (status == storage::ReadStatus::found && value.size() == key.size()) {
    std::memcpy(key.data(), value.data(), key.size());
    return {};
  }
  if (status != storage::ReadStatus::absent) return "The receipt handle key cannot be read.";
  broker::RandomIds random;
  for (std::size_t i = 0; i < key.size(); i += 8) {
    const std::uint64_t bits = random.random_bits();
    std::memcpy(key.data() + i, &bits, 8);
  }
  storage::Batch batch;
  batch.put(name, std::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
  const auto outcome = commit_and_wait(store, std::move(batch));
  if (outcome == storage::Outcome::committed) return {};
  return fmt::format("The receipt handle key cannot be stored: {}.", store.last_error());
}

}  // namespace

storage::RocksStore::Options StoreKeeper::options() const {
  storage::RocksStore::Options options;
  options.directory = settings_.data_dir;
  options.salvage = settings_.salvage;
  options.queue_bytes_max = settings_.commit_queue_bytes;
  options.wal_bytes_max = settings_.wal_bytes_max;
  options.block_cache_bytes = settings_.block_cache_bytes;
  if (settings_.durability == DurabilityMode::interval) {
    options.sync_interval = settings_.durability_interval;
  }
  return options;
}

StoreKeeper::Opened StoreKeeper::open() {
  auto result = storage::RocksStore::open(options());
  Opened opened;
  if (result.store == nullptr) {
    opened.error = std::move(result.error);
    return opened;
  }
  std::shared_ptr<storage::RocksStore> store = std::move(result.store);
  opened.notes = store->open_notes();
  opened.error = load_handle_key(*store, opened.handle_key);
  if (!opened.error.empty()) return opened;
  opened.store = store;
  const std::lock_guard lock(mutex_);
  store_ = std::move(store);
  return opened;
}

std::shared_ptr<storage::Store> StoreKeeper::open_read_only() {
  auto reading = options();
  reading.read_only = true;
  return storage::RocksStore::open(std::move(reading)).store;
}

StoreKeeper::Failure StoreKeeper::let_go() {
  std::shared_ptr<storage::RocksStore> store;
  {
    const std::lock_guard lock(mutex_);
    store.swap(store_);
  }
  if (store == nullptr) return {};
  return {store->failure(), store->last_error()};
}

std::shared_ptr<storage::Store> StoreKeeper::store() const {
  const std::lock_guard lock(mutex_);
  return store_;
}

bool StoreKeeper::has_space() const {
  struct statvfs file_system {};
  if (statvfs(settings_.data_dir.c_str(), &file_system) != 0) return false;
  return file_system.f_bavail * file_system.f_frsize >= free_bytes_to_open;
}

storage::RocksStore::Stats StoreKeeper::stats() const {
  const std::lock_guard lock(mutex_);
  return store_ == nullptr ? storage::RocksStore::Stats{} : store_->stats();
}

}  // namespace signalbox
