// A store in memory, for tests: completes commits at once, or one by one when the test says so.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "storage/store.h"

namespace signalbox::storage {

// Callable from any thread; completions run inside commit() or pump(), outside the lock, so they
// may call the store again. A commit made by a completion completes after it, never inside it.
class MemoryStore final : public Store {
 public:
  using Contents = std::map<std::string, std::string, std::less<>>;

  enum class Completing : std::uint8_t {
    at_once,  // inside commit()
    by_pump,  // written and completed when pump() is called
  };

  struct Options {
    Completing completing = Completing::at_once;
    std::size_t queue_bytes_max = 64 << 20;
    Contents contents;  // what the store starts with: another one's contents() is a restart
  };

  MemoryStore() : MemoryStore(Options{}) {}
  explicit MemoryStore(Options options);

  void commit(Batch batch, Durability durability, Completion done) override;
  bool has_room() const override;
  std::unique_ptr<View> view() const override;
  ReadStatus get(std::string_view key, ReadTier tier, std::string& value) const override;
  std::string checkpoint(const std::string& directory) override;
  std::string last_error() const override { return {}; }

  // Writes and completes up to count waiting commits; returns how many it did.
  std::size_t pump(std::size_t count);
  std::size_t pump();  // all of them, those made by completions meanwhile included

  std::size_t waiting_count() const;
  std::size_t commit_count() const;  // commits called so far
  Contents contents() const;

  // Makes get() answer not_cached at ReadTier::memory, as if nothing were cached.
  void forget_cache(bool forgotten);

 private:
  struct Waiting {
    Batch batch;
    Completion done;
  };

  void write(const Batch& batch);

  const Completing completing_;
  const std::size_t queue_bytes_max_;

  mutable std::mutex mutex_;
  // Shared with the views: copied before a write while one holds it.
  std::shared_ptr<Contents> contents_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t commit_count_ = 0;
  bool pumping_ = false;
  bool cache_forgotten_ = false;
};

}  // namespace signalbox::storage
