// Wraps another store and fails or delays chosen commits, for tests of what rests on the outcomes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "storage/store.h"

namespace signalbox::storage {

// Commits are counted from 1, in the order commit() was called, empty ones included. After a failed
// commit every later one is refused with Outcome::unavailable: opening again is making a new
// FaultyStore over the same inner store. Callable from any thread; completions run where the inner
// store runs them, or inside release().
class FaultyStore final : public Store {
 public:
  explicit FaultyStore(std::shared_ptr<Store> inner, std::size_t held_bytes_max = 64 << 20)
      : inner_(std::move(inner)), held_bytes_max_(held_bytes_max) {}

  // Whether the writes of a failed commit are found after opening again: Outcome::unknown may be
  // either, and both must be survived.
  enum class Written : std::uint8_t { no, yes };

  // Commit number k will end with outcome. Set before it is made.
  void fail_commit(CommitNumber k, Outcome outcome, Written written);

  // Commit number k, and everything behind it, will be held until release().
  void delay_commit(CommitNumber k);
  void release();

  // Makes has_room() answer false, as if the queue were full.
  void refuse_room(bool refused);

  // Makes every read answer ReadStatus::failed; views made while it is set fail too.
  void fail_reads(bool failing);

  std::size_t commit_count() const;     // commits called so far
  std::size_t completed_count() const;  // completions run so far, whatever their outcome
  std::size_t held_count() const;

  void commit(Batch batch, Durability durability, Completion done) override;
  bool has_room() const override;
  std::unique_ptr<View> view() const override;
  ReadStatus get(std::string_view key, ReadTier tier, std::string& value) const override;
  std::string checkpoint(const std::string& directory) override;
  std::string last_error() const override;

 private:
  struct Fault {
    Outcome outcome;
    Written written;
  };
  struct Held {
    CommitNumber number;
    Batch batch;
    Durability durability;
    Completion done;
  };

  void forward_all();
  void forward(Held held, std::optional<Outcome> forced);
  std::optional<Outcome> forced_outcome(const Held& held, Written& written);

  const std::shared_ptr<Store> inner_;
  const std::size_t held_bytes_max_;

  mutable std::mutex mutex_;
  std::map<CommitNumber, Fault> faults_;
  std::optional<CommitNumber> delay_from_;
  std::deque<Held> held_;
  std::size_t held_bytes_ = 0;
  CommitNumber commit_count_ = 0;
  std::size_t completed_count_ = 0;
  bool forwarding_ = false;
  bool room_refused_ = false;
  bool reads_failing_ = false;
  std::string error_;
};

}  // namespace signalbox::storage
