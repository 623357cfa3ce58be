// The message groups of a queue: what waits in each, in order, and which may be received from.
//
// A FIFO queue's group is locked while any of its messages is in flight. On a standard queue groups
// are tenants, who share its consumers. Messages that were received before and are visible again
// (they have leases) wait apart from those never received; of a FIFO group they all come first.
// Groups are known while something of theirs is here. Core thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/recent_time.h"
#include "broker/slot.h"

namespace signalbox::broker {

class MessageGroups {
 public:
  using Listing = std::map<std::uint64_t, GroupIndex>;
  enum class Kind : std::uint8_t { fifo, tenants };
  explicit MessageGroups(Kind kind) : kind_(kind) {}

  // Entries in order; taken from the front.
  class Line {
   public:
    bool empty() const { return first_ == entries_.size(); }
    std::size_t size() const { return entries_.size() - first_; }
    const WindowEntry& front() const { return entries_[first_]; }
    auto begin() const { return entries_.begin() + static_cast<std::ptrdiff_t>(first_); }
    auto end() const { return entries_.end(); }
    void push_back(const WindowEntry& entry) { entries_.push_back(entry); }
    void insert_in_order(const WindowEntry& entry);  // by the number of its body
    void pop_front();
    bool erase(Slot body);

   private:
    std::vector<WindowEntry> entries_;
    std::size_t first_ = 0;
  };
  struct Group {
    std::string id;
    Line returned;
    Line fresh;
    std::uint32_t in_flight = 0;
    std::int64_t last_sent_ms = 0;
    RecentTime processing;  // by consumers; tenants only
    // What the maps list it under; 0: not.
    std::uint64_t listed_returned = 0;
    std::uint64_t listed_fresh = 0;
    std::uint64_t listed_oldest = 0;
    bool is_locked() const { return in_flight > 0; }
  };

  // What the listings are in order of.
  static std::uint64_t age_of(const WindowEntry& entry) {
    return entry.sequence != 0 ? entry.sequence : entry.body.sequence();
  }

  // The empty id is that of messages without a group.
  GroupIndex use(std::string_view id);
  const Group& group(GroupIndex at) const { return groups_[at - 1]; }

  // entry.group says whose. Never received: behind all others of its group.
  void add_fresh(const WindowEntry& entry);
  void add_returned(const WindowEntry& entry);
  // Take the group's first message of either sort out.
  void pop_returned(GroupIndex at);
  void pop_fresh(GroupIndex at);
  // Whether the message was there.
  bool erase_returned(GroupIndex at, Slot body);
  bool erase_fresh(Slot body);  // looks through all groups: for the rare case
  // One more, or one less, is in flight.
  void lock(GroupIndex at);
  void unlock(GroupIndex at);
  // A consumer had a message of it for so long.
  void add_processing(GroupIndex at, Duration took, Time now);
  // Forgets the group when nothing of it is left.
  void release(GroupIndex at);

  // The oldest never received, whether its group is locked or not; null when there is none.
  const WindowEntry* oldest_fresh() const;
  std::size_t fresh_count() const { return fresh_count_; }

  // Groups that may be received from, by the age of their next message of either sort. Of a FIFO
  // queue a group is in one of them, and in none while it is locked.
  const Listing& available_returned() const { return returned_; }
  const Listing& available_fresh() const { return fresh_; }

 private:
  Group& at(GroupIndex index) { return groups_[index - 1]; }
  void list_again(GroupIndex index);
  static void list_under(Listing& listing, std::uint64_t& listed, std::uint64_t now,
                         GroupIndex index);

  Kind kind_;
  std::deque<Group> groups_;  // by index, less one
  std::vector<GroupIndex> free_;
  std::unordered_map<std::string_view, GroupIndex> by_id_;  // the keys are the groups' own ids
  Listing returned_;
  Listing fresh_;
  Listing oldest_;  // all groups with messages never received, by the oldest of them
  std::size_t fresh_count_ = 0;
};

}  // namespace signalbox::broker
