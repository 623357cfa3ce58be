// The due horizon: the next delayed messages of all queues, the rest is read from disk in order.
// Core thread only. Bounded: a million delayed messages cost as much memory as a few thousand.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

namespace signalbox::broker {

// A delayed message and when it becomes visible; ordered as its key on disk is.
struct DueEntry {
  std::int64_t due_ms = 0;
  std::uint64_t queue_id = 0;
  std::uint32_t generation = 0;
  std::uint64_t sequence = 0;
  std::int64_t sent_ms = 0;  // not part of the order; the value on disk
  std::uint64_t commit = 0;  // not part of the order: fired only once that batch is durable

  auto order() const { return std::tie(due_ms, queue_id, generation, sequence); }
  bool operator<(const DueEntry& other) const { return order() < other.order(); }
};

class Delays {
 public:
  explicit Delays(std::size_t count_max) : count_max_(count_max) {}

  // An entry that the open batch writes to disk.
  void add(const DueEntry& entry);
  // The earliest entry, null when none is known in memory.
  const DueEntry* first() const { return known_.empty() ? nullptr : &*known_.begin(); }
  void pop_first() { known_.erase(known_.begin()); }

  // True when memory runs low and the disk has more. The caller reads from load_from() and hands
  // the rows to loaded(); entries added meanwhile are not lost.
  bool wants_load() const { return !loading_ && !complete_ && known_.size() <= count_max_ / 4; }
  const DueEntry& load_from() const { return unknown_from_; }
  std::size_t count_max() const { return count_max_; }
  void load_started() { loading_ = true; }
  void loaded(const std::vector<DueEntry>& rows, bool reached_end);
  // The next add or fire asks again.
  void load_failed() { loading_ = false; }

  // After a restart: everything is on disk, nothing known.
  void reset_to_disk();
  std::size_t known_count() const { return known_.size(); }

 private:
  void trim();

  const std::size_t count_max_;
  std::set<DueEntry> known_;  // all entries below unknown_from_
  DueEntry unknown_from_;     // meaningless when complete_
  bool complete_ = true;      // the disk holds nothing that is not known
  bool loading_ = false;
  std::vector<DueEntry> added_while_loading_;  // at or past unknown_from_
};

}  // namespace signalbox::broker
