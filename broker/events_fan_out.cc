// Wide fan-out: an event with more deliveries than one batch should carry becomes a durable task,
// expanded in slices. Each slice and the cursor that says so are one atomic part of a batch, so
// every delivery is made exactly once, over restarts too.
#include <algorithm>

#include "broker/broker.h"
#include "broker/events_records.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::size_t slice_messages_max = 256;
constexpr std::size_t slice_bytes_max = 4u << 20;
// Tasks are held in memory until done; events that would need more are throttled.
constexpr std::size_t waiting_bytes_max = 64u << 20;

}  // namespace

bool Broker::start_fan_out(const Bus& bus, const AcceptedEvent& event,
                           const std::vector<Delivery>& deliveries, Context& ctx) {
  FanOutTask task;
  task.bus_id = bus.id;
  task.event_id = event.id;
  task.json = event.json;
  task.md5_of_json = event.md5_of_json;
  task.trace_header = event.trace_header;
  task.accepted_ms = event.accepted_ms;
  task.was_forwarded = event.was_forwarded;
  task.deliveries.reserve(deliveries.size());
  for (const auto& delivery : deliveries) {
    task.deliveries.emplace_back(delivery.rule->id, delivery.target->config.id);
  }
  const std::size_t bytes = task.memory_bytes();
  // An event from another bus is never refused: the one it came from is accepted already.
  const bool is_too_much = !buses_.tasks.empty() && buses_.task_bytes + bytes > waiting_bytes_max;
  if (is_too_much && !event.was_forwarded) return false;
  task.id = next_id();
  task.commit = open_commit_;
  task.decided = ctx.now;
  put_next_ids(ctx);
  ctx.batch.put(keys::fan_out_task(task.id), encode_fan_out_task(task));
  buses_.task_bytes += bytes;
  buses_.tasks_to_publish.push_back(task.id);
  buses_.tasks.emplace(task.id, std::move(task));
  return true;
}

void Broker::published_buses(storage::CommitNumber number) {
  auto& waiting = buses_.tasks_to_publish;
  while (!waiting.empty()) {
    const FanOutTask& task = buses_.tasks.at(waiting.front());
    if (task.commit > number) return;
    deadlines_.set(DeadlineKind::fan_out, task.id, task.decided);
    waiting.pop_front();
  }
}

void Broker::expand_fan_out(std::uint64_t task_id, Context& ctx) {
  const auto at = buses_.tasks.find(task_id);
  if (at == buses_.tasks.end()) return;
  FanOutTask& task = at->second;
  deliver_slice(task, ctx);
  if (task.position == task.deliveries.size()) {
    end_fan_out(task, ctx);
    return;
  }
  ctx.batch.put(keys::fan_out_cursor(task.id), encode_fan_out_cursor(task.position));
  // One slice per commit group: a fan-out shares the disk with everybody else.
  task.commit = open_commit_;
  task.decided = ctx.now;
  buses_.tasks_to_publish.push_back(task.id);
}

void Broker::deliver_slice(FanOutTask& task, Context& ctx) {
  const auto bus = buses_.by_id.find(task.bus_id);
  const AcceptedEvent event = task.event();
  FanOutBudget budget{slice_messages_max, slice_bytes_max};
  while (task.position < task.deliveries.size() && budget.messages > 0 && budget.bytes > 0) {
    const auto& [rule_id, target_id] = task.deliveries[task.position++];
    // Rules and targets taken away since the event was accepted get nothing more.
    if (bus == buses_.by_id.end()) continue;
    const auto rule = bus->second->rules_by_id.find(rule_id);
    if (rule == bus->second->rules_by_id.end()) continue;
    const auto target = rule->second->targets.find(target_id);
    if (target == rule->second->targets.end()) continue;
    if (!is_deliverable(target->second)) continue;
    const Outgoing outgoing = plan_delivery({rule->second, &target->second}, event, ctx);
    budget.bytes -= std::min(budget.bytes, outgoing.body(event).size());
    --budget.messages;
    deliver(outgoing, event, budget, ctx);
  }
}

void Broker::end_fan_out(const FanOutTask& task, Context& ctx) {
  ctx.batch.erase(keys::fan_out_task(task.id));
  ctx.batch.erase(keys::fan_out_cursor(task.id));
  buses_.task_bytes -= task.memory_bytes();
  buses_.tasks.erase(task.id);
}

}  // namespace signalbox::broker
