#include "broker/fifo_groups.h"

#include <algorithm>

namespace signalbox::broker {

void FifoGroups::Line::insert_in_order(const WindowEntry& entry) {
  const auto place = std::upper_bound(begin(), end(), entry.body.sequence(),
                                      [](std::uint64_t sequence, const WindowEntry& other) {
                                        return sequence < other.body.sequence();
                                      });
  entries_.insert(place, entry);
}

void FifoGroups::Line::pop_front() {
  ++first_;
  if (empty()) {
    entries_ = {};
    first_ = 0;
  } else if (first_ > 32 && 2 * first_ > entries_.size()) {
    entries_.erase(entries_.begin(), begin());
    first_ = 0;
  }
}

GroupIndex FifoGroups::use(std::string_view id) {
  if (const auto known = by_id_.find(id); known != by_id_.end()) return known->second;
  GroupIndex index = 0;
  if (free_.empty()) {
    groups_.emplace_back();
    index = static_cast<GroupIndex>(groups_.size());
  } else {
    index = free_.back();
    free_.pop_back();
  }
  at(index) = {.id = std::string(id), .returned = {}, .fresh = {}};
  by_id_[at(index).id] = index;
  return index;
}

void FifoGroups::add_fresh(const WindowEntry& entry) {
  at(entry.group).fresh.push_back(entry);
  ++fresh_count_;
  list_again(entry.group);
}

void FifoGroups::add_returned(const WindowEntry& entry) {
  at(entry.group).returned.insert_in_order(entry);
  list_again(entry.group);
}

void FifoGroups::pop_front(GroupIndex index) {
  if (at(index).returned.empty()) return pop_fresh(index);
  at(index).returned.pop_front();
  list_again(index);
}

void FifoGroups::pop_fresh(GroupIndex index) {
  at(index).fresh.pop_front();
  --fresh_count_;
  list_again(index);
}

void FifoGroups::lock(GroupIndex index) {
  ++at(index).in_flight;
  list_again(index);
}

void FifoGroups::unlock(GroupIndex index) {
  --at(index).in_flight;
  list_again(index);
}

void FifoGroups::release(GroupIndex index) {
  Group& group = at(index);
  const bool is_empty = group.returned.empty() && group.fresh.empty() && !group.is_locked();
  const auto known = by_id_.find(group.id);
  if (!is_empty || known == by_id_.end() || known->second != index) return;
  by_id_.erase(known);
  group.id = {};
  free_.push_back(index);
}

const WindowEntry* FifoGroups::oldest_fresh() const {
  return oldest_.empty() ? nullptr : &group(oldest_.begin()->second).fresh.front();
}

void FifoGroups::clear() { *this = {}; }

void FifoGroups::list_again(GroupIndex index) {
  Group& group = at(index);
  const std::uint64_t returned =
      group.returned.empty() ? 0 : group.returned.front().body.sequence();
  const std::uint64_t fresh = group.fresh.empty() ? 0 : group.fresh.front().sequence;
  list_under(returned_, group.listed_returned, group.is_locked() ? 0 : returned, index);
  list_under(fresh_, group.listed_fresh, group.is_locked() || returned != 0 ? 0 : fresh, index);
  list_under(oldest_, group.listed_oldest, fresh, index);
}

void FifoGroups::list_under(Listing& listing, std::uint64_t& listed, std::uint64_t now,
                            GroupIndex index) {
  if (listed == now) return;
  if (listed != 0) listing.erase(listed);
  if (now != 0) listing.emplace(now, index);
  listed = now;
}

}  // namespace signalbox::broker
