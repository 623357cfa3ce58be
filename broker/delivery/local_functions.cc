// From a matched rule to a function: one of its events, in the batch of the event. What follows,
// tries and where failures go, is the function's own (broker/functions/event_invocations.h).
#include "broker/broker.h"
#include "broker/events_input.h"
#include "broker/functions/functions.h"

namespace signalbox::broker {

std::optional<DeliveryFailure> Broker::plan_function_delivery(Outgoing& outgoing,
                                                              const AcceptedEvent& event) {
  outgoing.function = services_.functions->find_by_arn(outgoing.delivery.target->config.arn);
  if (outgoing.function == nullptr) {
    ++buses_.counters.undelivered_missing;
    return DeliveryFailure{"NO_RESOURCE", "The specified function does not exist."};
  }
  if (outgoing.delivery.target->input == nullptr) return std::nullopt;
  outgoing.rendered = render_input(outgoing.delivery, event);
  if (outgoing.rendered) return std::nullopt;
  ++buses_.counters.undelivered_input;
  return DeliveryFailure{"INVALID_JSON", "The target's input made no valid JSON."};
}

void Broker::invoke_function(const functions::Function& function, const std::string& arn,
                             std::string payload, std::string trace_header, Context& ctx) {
  services_.functions->events().accept(function,
                                       {format_uuid(ctx.ids.uuid()), std::move(payload),
                                        std::move(trace_header), functions::qualifier_of(arn)},
                                       ctx);
}

}  // namespace signalbox::broker
