#include "broker/delivery/dead_letter.h"

#include <algorithm>

#include "broker/broker.h"
#include "broker/delivery/source.h"
#include "broker/md5.h"
#include "broker/message_record.h"
#include "broker/peek.h"

namespace signalbox::broker {

namespace {

// The longest beginning of that many bytes that does not end inside a character.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

void add_attribute(api::MessageAttributeMap& attributes, std::string_view name, std::string value) {
  if (value.empty()) return;
  auto& attribute = attributes[std::string(name)];
  attribute.data_type = "String";
  attribute.string_value = std::move(value);
}

}  // namespace

api::MessageAttributeMap dead_letter_attributes(const DeliverySource& source,
                                                const DeadLetter& letter) {
  api::MessageAttributeMap attributes;
  for (const auto& [name, value] : source.names) add_attribute(attributes, name, value);
  add_attribute(attributes, "TARGET_ARN", source.target_arn);
  add_attribute(attributes, "ERROR_CODE", letter.failure.code);
  add_attribute(attributes, "ERROR_MESSAGE", letter.failure.message);
  add_attribute(attributes, "EXHAUSTED_RETRY_CONDITION", std::string(letter.exhausted_condition));
  add_attribute(attributes, "RETRY_ATTEMPTS", std::to_string(letter.retry_attempts));
  return attributes;
}

DeliveryFailure cannot_be_invoked() {
  return {"INVALID_PARAMETER", "Targets of this kind cannot be invoked."};
}

void Broker::send_dead_letter(const DeliverySource& source, const AcceptedEvent& event,
                              const DeadLetter& letter, Context& ctx) {
  Queue* const queue =
      source.dead_letter_arn ? find_queue_by_arn(*source.dead_letter_arn) : nullptr;
  // Only a standard queue can be the dead-letter queue of a target.
  if (queue == nullptr || queue->fifo != nullptr) {
    ++buses_.counters.lost;
    return;
  }
  MessageRecord record;
  record.id = ctx.ids.uuid();
  record.sender_id = source.account;
  record.trace_header = event.trace_header;
  record.origin = source.origin;
  record.attributes = dead_letter_attributes(source, letter);
  std::string_view body = event.json;
  if (source.may_be_cut) {
    add_attribute(record.attributes, "IS_PAYLOAD_TRUNCATED", "false");
    const auto room = queue->settings.message_bytes_max - message_bytes({}, record.attributes);
    body = cut(body, static_cast<std::size_t>(std::max<std::int64_t>(room, 1)));
    if (body.size() < event.json.size()) {
      add_attribute(record.attributes, "IS_PAYLOAD_TRUNCATED", "true");
    }
    record.body_md5 = md5_of(body);
  } else {
    std::copy(event.md5_of_json.begin(), event.md5_of_json.end(), record.body_md5.begin());
  }
  const std::string head = encode_message_head(record);
  NewMessage message;
  message.head = head;
  message.body = body;
  enqueue(*queue, message, queue->settings.delay, ctx);
  ++buses_.counters.dead_letters;
  if (!source.delivery) return;
  note_invocation(*source.delivery, Step::invocation_dlq, event.id,
                  {.id = letter.invocation_id,
                   .attempts = letter.retry_attempts + 1,
                   .failure = &letter.failure},
                  ctx);
}

}  // namespace signalbox::broker
