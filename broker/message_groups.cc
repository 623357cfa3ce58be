#include "broker/message_groups.h"

#include <algorithm>

namespace signalbox::broker {

void MessageGroups::Line::insert_in_order(const WindowEntry& entry) {
  const auto place = std::upper_bound(begin(), end(), entry.body.sequence(),
                                      [](std::uint64_t sequence, const WindowEntry& other) {
                                        return sequence < other.body.sequence();
                                      });
  entries_.insert(place, entry);
}

void MessageGroups::Line::pop_front() {
  ++first_;
  if (empty()) {
    entries_ = {};
    first_ = 0;
  } else if (first_ > 32 && 2 * first_ > entries_.size()) {
    entries_.erase(entries_.begin(), begin());
    first_ = 0;
  }
}

bool MessageGroups::Line::erase(Slot body) {
  const auto is_it = [&](const WindowEntry& entry) { return entry.body == body; };
  const auto at = std::find_if(begin(), end(), is_it);
  if (at == end()) return false;
  if (at == begin()) {
    pop_front();
  } else {
    entries_.erase(at);
  }
  return true;
}

GroupIndex MessageGroups::use(std::string_view id) {
  if (const auto known = by_id_.find(id); known != by_id_.end()) return known->second;
  GroupIndex index = 0;
  if (free_.empty()) {
    groups_.emplace_back();
    index = static_cast<GroupIndex>(groups_.size());
  } else {
    index = free_.back();
    free_.pop_back();
  }
  at(index) = {};
  at(index).id = id;
  by_id_[at(index).id] = index;
  return index;
}

void MessageGroups::add_fresh(const WindowEntry& entry) {
  Group& group = at(entry.group);
  group.fresh.push_back(entry);
  group.last_sent_ms = std::max(group.last_sent_ms, entry.sent_ms);
  ++fresh_count_;
  list_again(entry.group);
}

void MessageGroups::add_returned(const WindowEntry& entry) {
  at(entry.group).returned.insert_in_order(entry);
  list_again(entry.group);
}

void MessageGroups::pop_returned(GroupIndex index) {
  at(index).returned.pop_front();
  list_again(index);
}

void MessageGroups::pop_fresh(GroupIndex index) {
  at(index).fresh.pop_front();
  --fresh_count_;
  list_again(index);
}

bool MessageGroups::erase_returned(GroupIndex index, Slot body) {
  if (!at(index).returned.erase(body)) return false;
  list_again(index);
  return true;
}

bool MessageGroups::erase_fresh(Slot body) {
  for (const auto& [id, index] : by_id_) {
    if (!at(index).fresh.erase(body)) continue;
    --fresh_count_;
    list_again(index);
    release(index);
    return true;
  }
  return false;
}

void MessageGroups::lock(GroupIndex index) {
  ++at(index).in_flight;
  list_again(index);
}

void MessageGroups::unlock(GroupIndex index) {
  --at(index).in_flight;
  list_again(index);
}

void MessageGroups::add_processing(GroupIndex index, Duration took, Time now) {
  at(index).processing.add(took, now);
}

void MessageGroups::release(GroupIndex index) {
  Group& group = at(index);
  const bool is_empty = group.returned.empty() && group.fresh.empty() && !group.is_locked();
  const auto known = by_id_.find(group.id);
  if (!is_empty || known == by_id_.end() || known->second != index) return;
  by_id_.erase(known);
  group.id = {};
  free_.push_back(index);
}

const WindowEntry* MessageGroups::oldest_fresh() const {
  return oldest_.empty() ? nullptr : &group(oldest_.begin()->second).fresh.front();
}

void MessageGroups::list_again(GroupIndex index) {
  Group& group = at(index);
  const std::uint64_t returned =
      group.returned.empty() ? 0 : group.returned.front().body.sequence();
  const std::uint64_t fresh = group.fresh.empty() ? 0 : group.fresh.front().sequence;
  const bool is_fifo = kind_ == Kind::fifo;
  const bool is_locked = is_fifo && group.is_locked();
  const bool is_behind = is_fifo && returned != 0;
  list_under(returned_, group.listed_returned, is_locked ? 0 : returned, index);
  list_under(fresh_, group.listed_fresh, is_locked || is_behind ? 0 : fresh, index);
  list_under(oldest_, group.listed_oldest, fresh, index);
}

void MessageGroups::list_under(Listing& listing, std::uint64_t& listed, std::uint64_t now,
                               GroupIndex index) {
  if (listed == now) return;
  if (listed != 0) listing.erase(listed);
  if (now != 0) listing.emplace(now, index);
  listed = now;
}

}  // namespace signalbox::broker
