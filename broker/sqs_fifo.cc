// Receiving from a FIFO queue: a group at a time, in order, while nothing else of it is in flight.
#include "broker/broker.h"
#include "broker/ready_lane.h"
#include "broker/receive_plan.h"

namespace signalbox::broker {

void Broker::plan_group(Queue& queue, GroupIndex group, std::size_t count_max, Context& ctx,
                        ReceivePlan& plan) {
  for (const auto& entry : queue.groups->group(group).returned) {
    if (plan.is_full(count_max) || !plan_entry(queue, entry, ctx, plan)) return;
  }
  for (const auto& entry : queue.groups->group(group).fresh) {
    const bool is_visible = queue.fifo == nullptr || is_due(entry, queue.settings.delay, ctx.now);
    if (plan.is_full(count_max) || !is_visible || !plan_entry(queue, entry, ctx, plan)) return;
  }
}

void Broker::plan_fifo(Queue& queue, std::size_t count_max, Context& ctx, ReceivePlan& plan) {
  const MessageGroups& groups = *queue.groups;
  for (const auto& [sequence, group] : groups.available_returned()) {
    if (plan.is_full(count_max)) return;
    plan_group(queue, group, count_max, ctx, plan);
  }
  for (const auto& [sequence, group] : groups.available_fresh()) {
    if (plan.is_full(count_max)) return;
    // The next ones were sent later still.
    if (!is_due(groups.group(group).fresh.front(), queue.settings.delay, ctx.now)) return;
    plan_group(queue, group, count_max, ctx, plan);
  }
}

// For those who wait: the next message becomes visible without anything being published.
void Broker::arm_fifo_delay(Queue& queue, Context& ctx) {
  const auto& available = queue.groups->available_fresh();
  if (available.empty()) return;
  const auto& next = queue.groups->group(available.begin()->second).fresh.front();
  if (is_due(next, queue.settings.delay, ctx.now)) return;
  deadlines_.set(DeadlineKind::fifo_delay, queue.id, from_ms(next.sent_ms) + queue.settings.delay);
}

std::optional<std::vector<HandedOut>> Broker::receive_again(
    Queue& queue, const std::optional<std::string>& attempt_id, Duration visibility, Context& ctx) {
  if (queue.fifo == nullptr || !attempt_id) return std::nullopt;
  const auto* attempt = queue.fifo->attempts.find(*attempt_id, ctx.now);
  if (attempt == nullptr) return std::nullopt;
  const auto slot_of = [](const HandedOut& handed) {
    return Slot(handed.ref.lane, handed.ref.sequence);
  };
  for (const auto& handed : attempt->handed_out) {
    const auto lease = queue.leases.find(slot_of(handed));
    const bool is_unchanged = handed.ref.generation == queue.generation &&
                              lease != queue.leases.end() && lease->second.in_flight &&
                              lease->second.receive_number == handed.receive_number;
    if (!is_unchanged) return std::nullopt;
  }
  auto handed_out = attempt->handed_out;
  for (const auto& handed : handed_out) {
    const Slot slot = slot_of(handed);
    hide_until(queue, slot, queue.leases.at(slot), to_ms(ctx.now) + visibility.count(), ctx);
  }
  return handed_out;
}

// How many were sent when, of those that are delayed still: to within a part of the delay.
std::string Broker::load_recent_sends(const storage::View& view, Queue& queue, Context& ctx) {
  constexpr std::int64_t parts = 16;
  const Duration delay = queue.settings.delay;
  if (delay == Duration::zero() || queue.ready_total == 0) return {};
  ReadyLane lane{queue.id, queue.generation, queue.load_from, queue.next_sequence};
  for (std::int64_t part = 0; part <= parts; ++part) {
    const Time until = ctx.now - delay + delay * part / parts;
    const auto first = first_sent_after(view, lane, until);
    if (!first) return "the disk failed while reading delayed messages";
    const std::uint64_t count = *first - lane.first_sequence;
    if (part > 0 && count > 0) queue.fifo->recent_sends.add(to_ms(until), count);
    lane.first_sequence = *first;
  }
  return {};
}

std::uint64_t Broker::delayed_count(const Queue& queue, Context& ctx) const {
  if (queue.fifo == nullptr) return queue.delayed_total;
  const auto since_ms = to_ms(ctx.now - queue.settings.delay);
  return queue.settings.delay == Duration::zero() ? 0
                                                  : queue.fifo->recent_sends.count_since(since_ms);
}

}  // namespace signalbox::broker
