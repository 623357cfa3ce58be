// From a matched rule to another bus, in the batch of the event: exactly once. The other bus may
// be of another account or region. The service forwards an event once: whatever a rule forwarded
// stays on the bus it came to.
#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/bus_access.h"
#include "broker/events_arns.h"
#include "broker/events_envelope.h"
#include "broker/events_input.h"
#include "broker/md5.h"

namespace signalbox::broker {

namespace {

// Code and text as reported of a dead letter of the service, where the account was the same one.
DeliveryFailure forwarded_before(const AcceptedEvent& event, const World& from,
                                 const BusPlace& to) {
  const bool is_other_region = to.region != from.region && to.account == from.account;
  return {is_other_region ? "THIRD_REGION_HOP_DETECTED" : "THIRD_ACCOUNT_HOP_DETECTED",
          fmt::format("Event ingestion rejected for event {} because an event can be sent to an "
                      "event bus target only once. This event was previously delivered to an event "
                      "bus target.",
                      format_uuid(event.id))};
}

}  // namespace

std::optional<DeliveryFailure> Broker::plan_forwarding(Outgoing& outgoing,
                                                       const AcceptedEvent& event, Context& ctx) {
  const auto& [rule, target] = outgoing.delivery;
  const World& from = *rule->bus->world;
  const BusPlace to = parse_bus(target->config.arn, ctx.caller);
  if (event.was_forwarded) return forwarded_before(event, from, to);
  const auto found = bus_at(to, ctx);
  if (!found || found.value() == nullptr) {
    ++buses_.counters.undelivered_missing;
    return DeliveryFailure{"NO_RESOURCE", fmt::format("Event bus {} does not exist.", to.name)};
  }
  if (auto denied = refusal_of_event(*found.value(), from.account)) {
    return DeliveryFailure{"NO_PERMISSIONS", std::move(denied->message)};
  }
  if (target->input != nullptr) {
    outgoing.rendered = render_input(outgoing.delivery, event);
    if (!outgoing.rendered || !has_member(*outgoing.rendered, "detail")) {
      ++buses_.counters.undelivered_input;
      return DeliveryFailure{"INVALID_JSON", "The target's input made no event."};
    }
  }
  outgoing.bus = found.value();
  return std::nullopt;
}

void Broker::forward(const Outgoing& outgoing, const AcceptedEvent& event, FanOutBudget& budget,
                     Context& ctx) {
  PreparedEvent forwarded;
  forwarded.id = event.id;
  forwarded.json = outgoing.body(event);
  if (outgoing.rendered) {
    const Md5 digest = md5_of(forwarded.json);
    forwarded.md5_of_json.assign(digest.begin(), digest.end());
  } else {
    forwarded.md5_of_json = event.md5_of_json;
  }
  forwarded.trace_header = event.trace_header;
  forwarded.was_forwarded = true;
  accept_event(*outgoing.bus, forwarded, budget, ctx);
  ++buses_.counters.deliveries;
}

}  // namespace signalbox::broker
