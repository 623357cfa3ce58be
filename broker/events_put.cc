// PutEvents on the core: which rules an event meets now, and its place in the log and the queues.
#include <algorithm>

#include "broker/broker.h"
#include "broker/bus_access.h"
#include "broker/events_arns.h"
#include "broker/schemas/schemas.h"

namespace signalbox::broker {

namespace {

// The rules that match the event as they are now, given those that matched when it was prepared.
std::vector<rules::RuleId> current_matches(Bus& bus, const PreparedEvent& event) {
  if (event.bus_version == bus.version) return event.matched;
  std::vector<rules::RuleId> matched;
  // Prepared before the oldest change remembered (or before the bus was known): match all rules
  // here. It holds up the core, which only a burst of more than rule_changes_max rule changes
  // between an event's preparation and its decision can bring about.
  if (event.bus_version < bus.changes_known_since) {
    bus.current_snapshot()->match(event.json, matched);
    std::sort(matched.begin(), matched.end());
    return matched;
  }
  std::vector<rules::RuleId> changed;
  for (auto change = bus.changes.rbegin();
       change != bus.changes.rend() && change->version > event.bus_version; ++change) {
    changed.push_back(change->rule_id);
  }
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  std::set_difference(event.matched.begin(), event.matched.end(), changed.begin(), changed.end(),
                      std::back_inserter(matched));
  for (const rules::RuleId id : changed) {
    const auto pattern = bus.pattern_of(id);
    if (pattern != nullptr && pattern->matches(event.json)) matched.push_back(id);
  }
  std::sort(matched.begin(), matched.end());
  return matched;
}

api::PutEventsResultEntry accepted(const PreparedEvent& event) {
  return {format_uuid(event.id), std::nullopt, std::nullopt};
}

api::PutEventsResultEntry refused(std::string code, std::string message) {
  return {std::nullopt, std::move(code), std::move(message)};
}

}  // namespace

Answer<api::PutEventsResponse> Broker::put_events(const api::PutEventsRequest& request,
                                                  Context& ctx) {
  SIGNALBOX_TRY(world_of(ctx.caller, ctx));
  api::PutEventsResponse response;
  response.entries.reserve(request.prepared.size());
  FanOutBudget budget{settings_.fan_out_messages_max, settings_.fan_out_bytes_max};
  for (const auto& prepared : request.prepared) {
    response.entries.push_back(put_event(prepared, budget, ctx));
    if (response.entries.back().error_code) ++response.failed_entry_count;
  }
  return response;
}

api::PutEventsResultEntry Broker::put_event(const PreparedEvent& prepared, FanOutBudget& budget,
                                            Context& ctx) {
  const BusPlace place{prepared.bus_account, prepared.bus_region, prepared.bus_name};
  const auto found = bus_at(place, ctx);
  if (!found) return refused("InternalFailure", found.error().message);
  Bus* const bus = found.value();
  // The service accepts an event for a bus that does not exist, and drops it.
  if (bus == nullptr) {
    if (prepared.failure) return refused(prepared.failure->code, prepared.failure->message);
    ++buses_.counters.events_to_missing_buses;
    return accepted(prepared);
  }
  if (prepared.failure && prepared.failure->code == schema_violation_code) {
    ++buses_.counters.schema_rejections;
  }
  auto failure = prepared.failure ? prepared.failure : refusal_of_event(*bus, ctx.caller.account);
  if (!failure) failure = accept_event(*bus, prepared, budget, ctx);
  if (!failure) return accepted(prepared);
  note_refusal(*bus, *failure, ctx);
  return refused(std::move(failure->code), std::move(failure->message));
}

std::optional<EntryFailure> Broker::accept_event(Bus& bus, const PreparedEvent& prepared,
                                                 FanOutBudget& budget, Context& ctx) {
  const AcceptedEvent event{prepared.id,           prepared.json,   prepared.md5_of_json,
                            prepared.trace_header, to_ms(ctx.wall), prepared.was_forwarded};
  const auto matched = current_matches(bus, prepared);
  const auto deliveries = deliveries_of(bus, matched, prepared.replay);
  note_event(bus, Step::event_receipt, event, ctx);
  if (prepared.schema_warning) note_violation(bus, event, *prepared.schema_warning, ctx);
  std::vector<Outgoing> outgoing;
  bool wide = deliveries.size() > budget.messages;
  for (std::size_t i = 0; i < deliveries.size() && !wide; ++i) {
    outgoing.push_back(plan_delivery(deliveries[i], event, ctx));
    const std::size_t bytes = outgoing.back().body(event).size();
    wide = bytes > budget.bytes;
    if (!wide) budget.bytes -= bytes;
  }
  if (wide) {
    if (!start_fan_out(bus, event, deliveries, ctx)) {
      return EntryFailure{"ThrottlingException", "Rate exceeded"};
    }
    note_matches(bus, matched, event, ctx);
  } else {
    note_matches(bus, matched, event, ctx);
    budget.messages -= deliveries.size();
    for (const auto& each : outgoing) deliver(each, event, budget, ctx);
  }
  append_to_log(bus, event, ctx);
  append_to_archives(bus, matched, event, ctx);
  if (bus.discoverer != nullptr) services_.schemas->learn(*bus.discoverer, event.json, ctx);
  ++buses_.counters.events_accepted;
  return std::nullopt;
}

LogLimits Broker::log_limits() const {
  return {settings_.bus_log_retention, settings_.bus_log_bytes_max};
}

void Broker::append_to_log(Bus& bus, const AcceptedEvent& event, Context& ctx) {
  const LogLimits limits = log_limits();
  if (limits.retention == Duration(0)) return;
  if (!bus.stored) store_bus(bus, ctx);
  bus.log.append(bus.id, {event.accepted_ms, event.id, event.json}, ctx.now, limits, ctx.batch);
  if (!std::exchange(bus.log_touched, true)) buses_.touched_logs.push_back(&bus);
  // Otherwise an entry is armed; it finds out by itself that the oldest segment has grown younger.
  if (bus.log.count() == 1 || bus.log.bytes() > limits.bytes_max) {
    deadlines_.set(DeadlineKind::bus_log, bus.id, *bus.log.expires_at(limits));
  }
}

}  // namespace signalbox::broker
