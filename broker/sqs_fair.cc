// Fair queues: on a standard queue a message group names a tenant, and one tenant's backlog does
// not hold up the others. Nothing is dropped or throttled: the noisy come last. As documented of
// the service; what counts as recent, and how little time counts at all, is our choice.
#include <algorithm>
#include <set>

#include "broker/broker.h"
#include "broker/receive_plan.h"

namespace signalbox::broker {

namespace {

using Group = MessageGroups::Group;

constexpr std::uint64_t noisy_share = 10;  // more than a tenth
constexpr std::uint32_t noisy_in_flight_min = 30;
constexpr std::chrono::minutes quiet_after{5};  // without a message sent
// Below it nobody's time is worth a look, or the first message handled would make its tenant noisy.
constexpr std::chrono::seconds processing_min{30};

bool is_noisy(const Queue& queue, const Group& tenant, Time now) {
  if (tenant.id.empty() || from_ms(tenant.last_sent_ms) + quiet_after <= now) return false;
  if (tenant.in_flight >= noisy_in_flight_min &&
      tenant.in_flight * noisy_share > queue.in_flight_count) {
    return true;
  }
  const Duration all = queue.processing.sum(now);
  return all >= processing_min && tenant.processing.sum(now) * noisy_share > all;
}

// Walks the messages of one sort of all quiet tenants, oldest first. Changes nothing.
class OldestFirst {
 public:
  using Listing = MessageGroups::Listing;
  OldestFirst(const MessageGroups& groups, const Listing& listing, MessageGroups::Line Group::*line)
      : groups_(groups), line_(line), at_(listing.begin()), end_(listing.end()) {}

  // Null at the end. is_skipped is asked once for each tenant.
  template <class Skip>
  const WindowEntry* next(const Skip& is_skipped) {
    while (at_ != end_ && is_skipped(at_->second)) ++at_;
    if (at_ != end_ && (ahead_.empty() || at_->first < ahead_.begin()->sequence)) {
      const GroupIndex tenant = at_->second;
      ++at_;
      return take({0, tenant, 0});
    }
    if (ahead_.empty()) return nullptr;
    const Place place = *ahead_.begin();
    ahead_.erase(ahead_.begin());
    return take(place);
  }

 private:
  struct Place {
    std::uint64_t sequence;
    GroupIndex tenant;
    std::size_t offset;
    auto operator<=>(const Place&) const = default;
  };
  const WindowEntry* take(const Place& place) {
    const auto& line = groups_.group(place.tenant).*line_;
    const auto entry = line.begin() + static_cast<std::ptrdiff_t>(place.offset);
    if (place.offset + 1 < line.size()) {
      ahead_.insert({MessageGroups::age_of(*(entry + 1)), place.tenant, place.offset + 1});
    }
    return &*entry;
  }

  const MessageGroups& groups_;
  MessageGroups::Line Group::*const line_;
  Listing::const_iterator at_;
  const Listing::const_iterator end_;
  std::set<Place> ahead_;  // the second and later ones of tenants met
};

}  // namespace

void Broker::use_groups(Queue& queue) {
  if (queue.groups != nullptr) return;
  const bool is_fifo = queue.fifo != nullptr;
  queue.groups = std::make_unique<MessageGroups>(is_fifo ? MessageGroups::Kind::fifo
                                                         : MessageGroups::Kind::tenants);
  if (is_fifo) return;
  const GroupIndex none = queue.groups->use("");
  for (auto& [slot, lease] : queue.leases) {
    lease.group = none;
    if (lease.in_flight) {
      queue.groups->lock(none);
    } else {
      queue.groups->add_returned(returned_entry(slot, lease));
    }
  }
  queue.returned.clear();
  for (WindowEntry entry : queue.window) {
    entry.group = none;
    queue.groups->add_fresh(entry);
  }
  queue.window.clear();
  queue.groups->release(none);
}

void Broker::plan_fair(Queue& queue, std::size_t count_max, Context& ctx, ReceivePlan& plan) {
  const MessageGroups& groups = *queue.groups;
  std::set<std::pair<std::uint32_t, GroupIndex>> noisy;  // the fewest in flight first
  const auto is_skipped = [&](GroupIndex at) {
    const Group& tenant = groups.group(at);
    if (!is_noisy(queue, tenant, ctx.now)) return false;
    noisy.emplace(tenant.in_flight, at);
    return true;
  };
  // What is not durable yet stays, and what is behind it was sent later still.
  OldestFirst returned(groups, groups.available_returned(), &Group::returned);
  while (!plan.is_full(count_max)) {
    const WindowEntry* entry = returned.next(is_skipped);
    if (entry == nullptr || !plan_entry(queue, *entry, ctx, plan)) break;
  }
  OldestFirst fresh(groups, groups.available_fresh(), &Group::fresh);
  while (!plan.is_full(count_max)) {
    const WindowEntry* entry = fresh.next(is_skipped);
    if (entry == nullptr || !plan_entry(queue, *entry, ctx, plan)) break;
  }
  if (noisy.empty() || plan.is_full(count_max)) return;
  // A quiet tenant's message may be behind the backlog.
  plan.looks_further = plan.steps.empty() && can_look_further(queue);
  if (plan.looks_further) return;
  for (const auto& [in_flight, at] : noisy) plan_group(queue, at, count_max, ctx, plan);
}

}  // namespace signalbox::broker
