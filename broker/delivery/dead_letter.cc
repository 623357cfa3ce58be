#include "broker/delivery/dead_letter.h"

#include <algorithm>

#include "broker/broker.h"
#include "broker/message_record.h"

namespace signalbox::broker {

api::MessageAttributeMap dead_letter_attributes(const Delivery& delivery,
                                                const DeadLetter& letter) {
  api::MessageAttributeMap attributes;
  const auto add = [&](const char* name, std::string value) {
    if (value.empty()) return;
    auto& attribute = attributes[name];
    attribute.data_type = "String";
    attribute.string_value = std::move(value);
  };
  add("RULE_ARN", delivery.rule->arn());
  add("TARGET_ARN", delivery.target->config.arn);
  add("ERROR_CODE", letter.failure.code);
  add("ERROR_MESSAGE", letter.failure.message);
  add("EXHAUSTED_RETRY_CONDITION", std::string(letter.exhausted_condition));
  add("RETRY_ATTEMPTS", std::to_string(letter.retry_attempts));
  return attributes;
}

void Broker::send_dead_letter(const Delivery& delivery, const AcceptedEvent& event,
                              const DeadLetter& letter, Context& ctx) {
  const auto& config = delivery.target->config.dead_letter_config;
  Queue* const queue = config && config->arn ? find_queue_by_arn(*config->arn) : nullptr;
  // Only a standard queue can be the dead-letter queue of a target.
  if (queue == nullptr || queue->fifo != nullptr) return;
  MessageRecord record;
  record.id = ctx.ids.uuid();
  std::copy(event.md5_of_json.begin(), event.md5_of_json.end(), record.body_md5.begin());
  record.sender_id = delivery.rule->bus->world->account;
  record.trace_header = event.trace_header;
  record.origin = origin_of(delivery, event);
  record.attributes = dead_letter_attributes(delivery, letter);
  const std::string head = encode_message_head(record);
  NewMessage message;
  message.head = head;
  message.body = event.json;
  enqueue(*queue, message, queue->settings.delay, ctx);
  ++buses_.counters.dead_letters;
  note_invocation(delivery, Step::invocation_dlq, event.id,
                  {.id = letter.invocation_id,
                   .attempts = letter.retry_attempts + 1,
                   .failure = &letter.failure},
                  ctx);
}

}  // namespace signalbox::broker
