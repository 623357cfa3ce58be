// Collects the outcomes of commits and lets a test wait for them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace signalbox::storage::testing {

inline Batch put(std::string_view key, std::string_view value) {
  Batch batch;
  batch.put(key, value);
  return batch;
}

class Recorder {
 public:
  using Ended = std::pair<std::string, Outcome>;

  // A completion that records its name and outcome.
  Store::Completion as(std::string name) {
    return [this, name = std::move(name)](Outcome outcome) {
      // Notified under the lock: the waiter may destroy the recorder as soon as it has it.
      const std::lock_guard lock(mutex_);
      ended_.emplace_back(name, outcome);
      changed_.notify_all();
    };
  }

  // Waits for count outcomes, all there have been so far; throws nothing, a test sees what is
  // missing.
  std::vector<Ended> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [&] { return ended_.size() >= count; });
    return ended_;
  }

  std::vector<Ended> ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Ended> ended_;
};

// Commits and waits for the outcome.
inline Outcome commit_and_wait(Store& store, Batch batch,
                               Durability durability = Durability::synced) {
  Recorder recorder;
  store.commit(std::move(batch), durability, recorder.as("only"));
  const auto ended = recorder.wait_for(1);
  return ended.empty() ? throw std::runtime_error("no outcome within 30 s") : ended[0].second;
}

inline std::string value_of(const Store& store, std::string_view key) {
  std::string value;
  switch (store.get(key, ReadTier::disk, value)) {
    case ReadStatus::found: return value;
    case ReadStatus::absent: return "(absent)";
    case ReadStatus::not_cached: return "(not cached)";
    case ReadStatus::failed: return "(failed)";
  }
  return "(invalid)";
}

inline std::vector<std::string> keys_of(const View& view, std::string_view first,
                                        std::string_view past_last, Direction direction,
                                        std::size_t count_max = 1000) {
  std::vector<std::string> keys;
  const bool scanned = view.scan(first, past_last, direction, [&](auto key, auto) {
    keys.emplace_back(key);
    return keys.size() < count_max;
  });
  if (!scanned) keys.emplace_back("(failed)");
  return keys;
}

}  // namespace signalbox::storage::testing
