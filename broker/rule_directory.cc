#include "broker/rule_directory.h"

#include <unordered_map>
#include <utility>

namespace signalbox::broker {

namespace {

// A thread that has seen more buses than this forgets them and starts over.
constexpr std::size_t cached_buses_max = 4096;

std::uint64_t next_directory_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

void build_key(std::string& key, std::string_view account, std::string_view region,
               std::string_view bus) {
  key.clear();
  key.append(account).append("/").append(region).append("/").append(bus);
}

}  // namespace

// What one thread knows of one directory.
struct RuleDirectory::Cache {
  struct Known {
    std::shared_ptr<Slot> slot;
    Entry entry;
  };
  std::uint64_t directory_id = 0;
  std::unordered_map<std::string, Known> buses;
  std::string key;  // scratch, so that a lookup does not allocate
  Entry none;
};

RuleDirectory::RuleDirectory() : id_(next_directory_id()) {}

std::shared_ptr<RuleDirectory::Slot> RuleDirectory::find_slot(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto at = slots_.find(key);
  return at == slots_.end() ? nullptr : at->second;
}

const RuleDirectory::Entry& RuleDirectory::find(std::string_view account, std::string_view region,
                                                std::string_view bus) const {
  thread_local Cache cache;
  if (cache.directory_id != id_ || cache.buses.size() > cached_buses_max) {
    cache.buses.clear();
    cache.directory_id = id_;
  }
  build_key(cache.key, account, region, bus);
  auto at = cache.buses.find(cache.key);
  if (at != cache.buses.end()) {
    const std::uint64_t version = at->second.slot->version.load(std::memory_order_acquire);
    if (version == 0) {
      cache.buses.erase(at);
      at = cache.buses.end();
    } else if (version == at->second.entry.version) {
      return at->second.entry;
    }
  }
  if (at == cache.buses.end()) {
    auto slot = find_slot(cache.key);
    if (!slot) return cache.none;
    at = cache.buses.emplace(cache.key, Cache::Known{std::move(slot), {}}).first;
  }
  Cache::Known& known = at->second;
  Entry replaced = std::move(known.entry);  // freed after the lock is: a snapshot may be large
  const std::lock_guard lock(known.slot->mutex);
  known.entry = known.slot->entry;
  return known.entry;
}

void RuleDirectory::publish(std::string_view account, std::string_view region, std::string_view bus,
                            Entry entry) {
  std::string key;
  build_key(key, account, region, bus);
  std::shared_ptr<Slot> slot;
  {
    const std::lock_guard lock(mutex_);
    auto& place = slots_[std::move(key)];
    if (!place) place = std::make_shared<Slot>();
    slot = place;
  }
  const std::uint64_t version = entry.version;
  const std::lock_guard lock(slot->mutex);
  std::swap(slot->entry, entry);  // what is replaced is freed with the parameter, after the lock
  slot->version.store(version, std::memory_order_release);
}

void RuleDirectory::remove(std::string_view account, std::string_view region,
                           std::string_view bus) {
  std::string key;
  build_key(key, account, region, bus);
  const std::lock_guard lock(mutex_);
  const auto at = slots_.find(key);
  if (at == slots_.end()) return;
  at->second->version.store(0, std::memory_order_release);
  slots_.erase(at);
}

void RuleDirectory::clear() {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, slot] : slots_) slot->version.store(0, std::memory_order_release);
  slots_.clear();
}

}  // namespace signalbox::broker
