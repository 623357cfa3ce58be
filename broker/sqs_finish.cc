#include <fmt/format.h>

#include <algorithm>

#include "broker/deduplication.h"
#include "broker/finish.h"
#include "broker/md5.h"
#include "broker/message_record.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace {

// The two request members that name system attributes, the old one and the new one, count together.
class WantedAttributes {
 public:
  explicit WantedAttributes(const api::ReceiveMessageRequest& request)
      : old_(request.attribute_names), new_(request.message_system_attribute_names) {}
  bool any() const { return !old_.empty() || !new_.empty(); }
  bool wants(std::string_view name) const { return has(old_, name) || has(new_, name); }

 private:
  static bool has(const api::StringList& names, std::string_view name) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& each) { return each == name || each == "All"; });
  }
  const api::StringList& old_;
  const api::StringList& new_;
};

api::StringMap system_attributes(const StoredMessage& stored, const HandedOut& handed,
                                 const WantedAttributes& wanted) {
  const auto& record = stored.record;
  api::StringMap attributes;
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty() && wanted.wants(name)) attributes[name] = std::move(value);
  };
  add("SenderId", record.sender_id);
  add("SentTimestamp", fmt::to_string(record.shown_sent_ms.value_or(record.sent_ms)));
  add("ApproximateReceiveCount", fmt::to_string(handed.receive_count));
  add("ApproximateFirstReceiveTimestamp", fmt::to_string(handed.first_received_ms));
  add("MessageGroupId", record.group_id);
  if (handed.is_fifo) add("SequenceNumber", sequence_number_text(handed.ref.sequence));
  const bool is_by_content = handed.is_fifo && record.deduplication_id.empty();
  if (is_by_content && wanted.wants("MessageDeduplicationId")) {
    add("MessageDeduplicationId", content_deduplication_id(stored.body));
  } else {
    add("MessageDeduplicationId", record.deduplication_id);
  }
  add("AWSTraceHeader", record.trace_header);
  add("DeadLetterQueueSourceArn", record.dead_letter_source_arn);
  return attributes;
}

// "All" and ".*" name every attribute, "bar.*" those that begin with bar.
bool is_wanted(const std::string& name, const api::StringList& wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [&](std::string_view each) {
    if (each == "All" || each == ".*" || each == name) return true;
    if (!each.ends_with(".*")) return false;
    each.remove_suffix(2);
    return name.starts_with(each);
  });
}

}  // namespace

api::Message message_of(const StoredMessage& stored, const HandedOut& handed,
                        const api::ReceiveMessageRequest& request, const HandleKey& handle_key) {
  const auto& record = stored.record;
  api::Message message;
  message.message_id = format_uuid(record.id);
  message.receipt_handle = seal_handle({handed.ref, record.id, handed.receive_number}, handle_key);
  message.md5_of_body = hex(record.body_md5);
  message.body = stored.body;
  const WantedAttributes wanted(request);
  if (wanted.any()) {
    auto attributes = system_attributes(stored, handed, wanted);
    if (!attributes.empty()) message.attributes = std::move(attributes);
  }
  if (record.attributes.empty() || request.message_attribute_names.empty()) return message;
  api::MessageAttributeMap chosen;
  for (const auto& [name, value] : record.attributes) {
    if (is_wanted(name, request.message_attribute_names)) chosen[name] = value;
  }
  if (!chosen.empty()) {
    // Over the attributes returned, not over all of them: SDKs check it against what they got.
    message.md5_of_message_attributes = hex(md5_of(chosen));
    message.message_attributes = std::move(chosen);
  }
  return message;
}

Finished finish(api::ReceiveMessageResponse& response, const api::ReceiveMessageRequest& request,
                const FinishContext& context, std::uint64_t& left_out) {
  std::vector<api::Message> messages;
  std::uint64_t gone = 0;
  std::string value;
  for (const auto& handed : response.handed_out) {
    const auto& ref = handed.ref;
    const auto key = storage::keys::message(
        {ref.queue_id, ref.generation, static_cast<std::uint8_t>(ref.lane), ref.sequence});
    switch (context.store.get(key, context.tier, value)) {
      case storage::ReadStatus::not_cached: return Finished::needs_disk;
      case storage::ReadStatus::failed: return Finished::read_failed;
      case storage::ReadStatus::absent: ++gone; continue;
      case storage::ReadStatus::found: break;
    }
    const auto stored = read_message(value);
    if (!stored) return Finished::read_failed;
    messages.push_back(message_of(*stored, handed, request, context.handle_key));
  }
  left_out += gone;
  if (!messages.empty()) response.messages = std::move(messages);
  return Finished::done;
}

}  // namespace signalbox::broker
