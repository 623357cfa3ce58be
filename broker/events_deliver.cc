// From a matched rule to a message in a queue, in the batch of the event: exactly once.
#include <algorithm>

#include "broker/broker.h"
#include "broker/events_input.h"
#include "broker/md5.h"
#include "broker/message_record.h"

namespace signalbox::broker {

std::optional<Delivery> Broker::delivery_to(const Rule& rule, const Target& target) {
  if (target.kind != TargetKind::sqs) {
    ++buses_.counters.undelivered_targets;
    return std::nullopt;
  }
  Queue* const queue = find_queue_by_arn(target.config.arn);
  if (queue == nullptr) {
    ++buses_.counters.undelivered_missing;
    return std::nullopt;
  }
  return Delivery{&rule, &target, queue};
}

std::vector<Delivery> Broker::deliveries_of(const Bus& bus,
                                            const std::vector<rules::RuleId>& matched) {
  std::vector<Delivery> deliveries;
  for (const rules::RuleId id : matched) {
    const auto at = bus.rules_by_id.find(id);
    if (at == bus.rules_by_id.end() || !at->second->matching()) continue;
    for (const auto& [target_id, target] : at->second->targets) {
      if (const auto delivery = delivery_to(*at->second, target)) deliveries.push_back(*delivery);
    }
  }
  return deliveries;
}

std::optional<DeliveryBody> Broker::body_of(const Delivery& delivery, const AcceptedEvent& event) {
  DeliveryBody body;
  const auto& parameters = delivery.target->config.sqs_parameters;
  const bool has_group = parameters && parameters->message_group_id;
  if (delivery.queue->fifo != nullptr &&
      !(has_group && delivery.queue->settings.content_based_deduplication)) {
    ++buses_.counters.undelivered_input;
    return std::nullopt;
  }
  if (delivery.target->input != nullptr) {
    body.rendered = render_input(delivery, event);
    if (!body.rendered) {
      ++buses_.counters.undelivered_input;
      return std::nullopt;
    }
  }
  const std::size_t bytes = body.rendered ? body.rendered->size() : event.json.size();
  if (bytes > static_cast<std::size_t>(delivery.queue->settings.message_bytes_max)) {
    ++buses_.counters.undelivered_oversize;
    return std::nullopt;
  }
  return body;
}

void Broker::deliver(const Outgoing& outgoing, const AcceptedEvent& event, Context& ctx) {
  const auto& [rule, target, queue] = outgoing.delivery;
  MessageRecord record;
  record.id = ctx.ids.uuid();
  if (outgoing.body.rendered) {
    record.body_md5 = md5_of(*outgoing.body.rendered);
  } else {
    std::copy(event.md5_of_json.begin(), event.md5_of_json.end(), record.body_md5.begin());
  }
  record.sender_id = rule->bus->world->account;
  record.trace_header = event.trace_header;
  if (const auto& parameters = target->config.sqs_parameters) {
    record.group_id = parameters->message_group_id.value_or("");
  }
  record.origin.event_id = format_uuid(event.id);
  record.origin.bus_arn = rule->bus->arn();
  record.origin.rule_arn = rule->arn();
  record.origin.target_id = target->config.id;
  const std::string_view body = outgoing.body.rendered ? *outgoing.body.rendered : event.json;
  const std::string head = encode_message_head(record);
  NewMessage message;
  message.head = head;
  message.body = body;
  message.group_id = record.group_id;
  if (queue->fifo != nullptr) {
    // Its id is in memory unless the broker was restarted less than five minutes ago.
    const auto digest = deduplication_digest(
        queue->fifo->deduplicates_by_group ? record.group_id : "", content_deduplication_id(body));
    if (queue->fifo->deduplication.find(digest, to_ms(ctx.now)) != nullptr) return;
    const auto sequence = enqueue(*queue, message, queue->settings.delay, ctx);
    remember_acceptance(*queue, digest, {to_ms(ctx.now), record.id, sequence}, ctx);
  } else {
    enqueue(*queue, message, queue->settings.delay, ctx);
  }
  ++buses_.counters.deliveries;
}

}  // namespace signalbox::broker
