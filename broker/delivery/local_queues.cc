// From a matched rule to a message in a queue, in the batch of the event: exactly once.
#include <fmt/format.h>

#include <algorithm>

#include "broker/archives/replay.h"
#include "broker/broker.h"
#include "broker/delivery/dead_letter.h"
#include "broker/delivery/source.h"
#include "broker/events_input.h"
#include "broker/md5.h"
#include "broker/message_record.h"

namespace signalbox::broker {

bool Broker::is_deliverable(const Target& target) {
  if (target.kind != TargetKind::other) return true;
  ++buses_.counters.undelivered_targets;
  return false;
}

std::vector<Delivery> Broker::deliveries_of(const Bus& bus,
                                            const std::vector<rules::RuleId>& matched,
                                            const Replay* replay) {
  std::vector<Delivery> deliveries;
  for (const rules::RuleId id : matched) {
    const auto at = bus.rules_by_id.find(id);
    if (at == bus.rules_by_id.end() || !at->second->matching()) continue;
    if (replay != nullptr && !replay->is_for(at->second->name)) continue;
    for (const auto& [target_id, target] : at->second->targets) {
      const bool has_dead_letters =
          target.config.dead_letter_config && target.config.dead_letter_config->arn;
      if (is_deliverable(target) || has_dead_letters) deliveries.push_back({at->second, &target});
    }
  }
  return deliveries;
}

std::optional<DeliveryFailure> Broker::plan_queue_delivery(Outgoing& outgoing,
                                                           const AcceptedEvent& event) {
  const auto& config = outgoing.delivery.target->config;
  Queue* const queue = find_queue_by_arn(config.arn);
  if (queue == nullptr) {
    ++buses_.counters.undelivered_missing;
    return DeliveryFailure{"NO_RESOURCE", "The specified queue does not exist."};
  }
  const bool has_group = config.sqs_parameters && config.sqs_parameters->message_group_id;
  if (queue->fifo != nullptr && !(has_group && queue->settings.content_based_deduplication)) {
    ++buses_.counters.undelivered_input;
    return DeliveryFailure{"INVALID_PARAMETER",
                           "A FIFO queue needs a message group id, and content-based "
                           "deduplication enabled."};
  }
  if (outgoing.delivery.target->input != nullptr) {
    outgoing.rendered = render_input(outgoing.delivery, event);
    if (!outgoing.rendered) {
      ++buses_.counters.undelivered_input;
      return DeliveryFailure{"INVALID_JSON", "The target's input made no valid JSON."};
    }
  }
  const auto bytes_max = static_cast<std::size_t>(queue->settings.message_bytes_max);
  if (outgoing.body(event).size() > bytes_max) {
    ++buses_.counters.undelivered_oversize;
    return DeliveryFailure{"INVALID_PARAMETER",
                           fmt::format("Message must be shorter than {} bytes.", bytes_max)};
  }
  outgoing.queue = queue;
  return std::nullopt;
}

Outgoing Broker::plan_delivery(const Delivery& delivery, const AcceptedEvent& event, Context& ctx) {
  Outgoing outgoing;
  outgoing.delivery = delivery;
  if (delivery.target->kind == TargetKind::sqs) {
    outgoing.failure = plan_queue_delivery(outgoing, event);
  } else if (delivery.target->kind == TargetKind::bus) {
    outgoing.failure = plan_forwarding(outgoing, event, ctx);
  } else if (delivery.target->kind == TargetKind::function) {
    outgoing.failure = plan_function_delivery(outgoing, event);
  } else if (delivery.target->kind == TargetKind::other) {
    outgoing.failure = cannot_be_invoked();
  }
  return outgoing;
}

void Broker::deliver(const Outgoing& outgoing, const AcceptedEvent& event, FanOutBudget& budget,
                     Context& ctx) {
  const bool is_here =
      outgoing.queue != nullptr || outgoing.bus != nullptr || outgoing.function != nullptr;
  if (!outgoing.failure && !is_here) {
    return start_delivery(outgoing.delivery, event, ctx);
  }
  const IdBytes invocation = note_in_batch(outgoing, event, ctx);
  if (outgoing.failure) {
    send_dead_letter(source_of(outgoing.delivery, event), event,
                     {*outgoing.failure, {}, 0, invocation}, ctx);
  } else if (outgoing.queue != nullptr) {
    deliver_to_queue(outgoing, event, ctx);
  } else if (outgoing.function != nullptr) {
    invoke_function(*outgoing.function, outgoing.delivery.target->config.arn,
                    std::string(outgoing.body(event)), std::string(event.trace_header), ctx);
    ++buses_.counters.deliveries;
  } else {
    forward(outgoing, event, budget, ctx);
  }
}

Origin origin_of(const Delivery& delivery, const AcceptedEvent& event) {
  Origin origin;
  origin.event_id = format_uuid(event.id);
  origin.bus_arn = delivery.rule->bus->arn();
  origin.rule_arn = delivery.rule->arn();
  origin.target_id = delivery.target->config.id;
  return origin;
}

void Broker::deliver_to_queue(const Outgoing& outgoing, const AcceptedEvent& event, Context& ctx) {
  const auto& [rule, target] = outgoing.delivery;
  Queue& queue = *outgoing.queue;
  MessageRecord record;
  record.id = ctx.ids.uuid();
  if (outgoing.rendered) {
    record.body_md5 = md5_of(*outgoing.rendered);
  } else {
    std::copy(event.md5_of_json.begin(), event.md5_of_json.end(), record.body_md5.begin());
  }
  record.sender_id = rule->bus->world->account;
  record.trace_header = event.trace_header;
  if (const auto& parameters = target->config.sqs_parameters) {
    record.group_id = parameters->message_group_id.value_or("");
  }
  record.origin = origin_of(outgoing.delivery, event);
  const std::string head = encode_message_head(record);
  NewMessage message;
  message.head = head;
  message.body = outgoing.body(event);
  message.group_id = record.group_id;
  if (queue.fifo != nullptr) {
    // Its id is in memory unless the broker was restarted less than five minutes ago.
    const auto digest =
        deduplication_digest(queue.fifo->deduplicates_by_group ? record.group_id : "",
                             content_deduplication_id(message.body));
    if (queue.fifo->deduplication.find(digest, to_ms(ctx.now)) != nullptr) return;
    const auto sequence = enqueue(queue, message, queue.settings.delay, ctx);
    remember_acceptance(queue, digest, {to_ms(ctx.now), record.id, sequence}, ctx);
  } else {
    enqueue(queue, message, queue.settings.delay, ctx);
  }
  ++buses_.counters.deliveries;
}

}  // namespace signalbox::broker
