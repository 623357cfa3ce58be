// The due horizon: of entries kept on disk in the order in which they are due, the next few; the
// rest is read from there in order. Core thread only. Bounded: a million entries cost as much
// memory as a few thousand.
#pragma once

#include <cstddef>
#include <iterator>
#include <set>
#include <vector>

namespace signalbox::broker {

// Entry: ordered as its key on disk is; next() is the first possible entry behind it.
template <class Entry>
class DueHorizon {
 public:
  explicit DueHorizon(std::size_t count_max) : count_max_(count_max) {}

  // An entry that the open batch writes to disk.
  void add(const Entry& entry) {
    if (complete_ || entry < unknown_from_) {
      known_.insert(entry);
      trim();
      return;
    }
    // On disk only; a read under way may or may not see it, so it is merged when that ends.
    if (loading_) added_while_loading_.push_back(entry);
  }
  // The earliest entry, null when none is known in memory.
  const Entry* first() const { return known_.empty() ? nullptr : &*known_.begin(); }
  // Visits the known entries, earliest first, until visit(entry) answers false.
  template <class Visit>
  void visit(Visit&& visit) const {
    for (const auto& entry : known_) {
      if (!visit(entry)) return;
    }
  }
  void pop_first() { known_.erase(known_.begin()); }
  // An entry that the open batch erases from disk. A read under way may still bring it back:
  // whoever forgets entries before their time checks them when it comes.
  void forget(const Entry& entry) {
    known_.erase(entry);
    std::erase_if(added_while_loading_,
                  [&](const Entry& added) { return !(added < entry) && !(entry < added); });
  }

  // True when memory runs low and the disk has more. The caller reads from load_from() and hands
  // the rows to loaded(); entries added meanwhile are not lost.
  bool wants_load() const { return !loading_ && !complete_ && known_.size() <= count_max_ / 4; }
  const Entry& load_from() const { return unknown_from_; }
  std::size_t count_max() const { return count_max_; }
  void load_started() { loading_ = true; }
  void loaded(const std::vector<Entry>& rows, bool reached_end) {
    loading_ = false;
    known_.insert(rows.begin(), rows.end());
    complete_ = reached_end;
    // Everything up to and including the last row is known now.
    if (!reached_end && !rows.empty()) unknown_from_ = rows.back().next();
    for (const auto& entry : added_while_loading_) {
      if (complete_ || entry < unknown_from_) known_.insert(entry);
    }
    added_while_loading_.clear();
    trim();
  }
  // The next add or fire asks again.
  void load_failed() { loading_ = false; }

  // After a restart: everything is on disk, nothing known.
  void reset_to_disk() {
    known_.clear();
    added_while_loading_.clear();
    unknown_from_ = {};
    complete_ = false;
    loading_ = false;
  }
  std::size_t known_count() const { return known_.size(); }
  // Whether neither memory nor the disk has an entry.
  bool is_empty() const { return complete_ && known_.empty(); }

 private:
  void trim() {
    while (known_.size() > count_max_) {
      const auto last = std::prev(known_.end());
      unknown_from_ = *last;
      complete_ = false;
      // A read under way starts past this entry: it would be lost between the two.
      if (loading_) added_while_loading_.push_back(*last);
      known_.erase(last);
    }
  }

  const std::size_t count_max_;
  std::set<Entry> known_;  // all entries below unknown_from_
  Entry unknown_from_{};   // meaningless when complete_
  bool complete_ = true;   // the disk holds nothing that is not known
  bool loading_ = false;
  std::vector<Entry> added_while_loading_;  // at or past unknown_from_
};

}  // namespace signalbox::broker
