#include "broker/functions/mapping_batch.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/base64.h"
#include "broker/events_envelope.h"
#include "broker/finish.h"
#include "broker/message_record.h"
#include "broker/with_parsed.h"
#include "storage/keys.h"

namespace signalbox::broker::functions {

namespace {

void add_member(std::string& json, std::string_view name, std::string_view text) {
  if (json.back() != '{') json += ',';
  append_json_string(json, name);
  json += ':';
  append_json_string(json, text);
}

void add_raw(std::string& json, std::string_view name, std::string_view value) {
  if (json.back() != '{') json += ',';
  json.append("\"").append(name).append("\":").append(value);
}

std::string attributes_json(const api::StringMap& attributes) {
  std::string json = "{";
  for (const auto& [name, value] : attributes) add_member(json, name, value);
  return json + "}";
}

std::string message_attributes_json(const api::MessageAttributeMap& attributes) {
  std::string json = "{";
  for (const auto& [name, attribute] : attributes) {
    std::string value = "{";
    if (attribute.string_value) add_member(value, "stringValue", *attribute.string_value);
    if (attribute.binary_value) {
      std::string text;
      append_base64(text, attribute.binary_value->bytes);
      add_member(value, "binaryValue", text);
    }
    add_raw(value, "stringListValues", "[]");
    add_raw(value, "binaryListValues", "[]");
    add_member(value, "dataType", attribute.data_type);
    if (json.back() != '{') json += ',';
    append_json_string(json, name);
    json.append(":").append(value).append("}");
  }
  return json + "}";
}

// All that a record has, in the order in which the service writes it; body: JSON.
std::string record_json(const api::Message& message, std::string_view body,
                        const std::string& queue_arn, const std::string& region) {
  std::string json = "{";
  add_member(json, "messageId", message.message_id);
  add_member(json, "receiptHandle", message.receipt_handle);
  add_raw(json, "body", body);
  add_raw(json, "attributes", attributes_json(message.attributes.value_or(api::StringMap{})));
  add_raw(json, "messageAttributes",
          message_attributes_json(message.message_attributes.value_or(api::MessageAttributeMap{})));
  if (message.md5_of_message_attributes) {
    add_member(json, "md5OfMessageAttributes", *message.md5_of_message_attributes);
  }
  add_member(json, "md5OfBody", message.md5_of_body);
  add_member(json, "eventSource", "aws:sqs");
  add_member(json, "eventSourceARN", queue_arn);
  add_member(json, "awsRegion", region);
  return json + "}";
}

std::string json_text(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

// Filters look into a body that is JSON, and see any other as a text.
bool is_json_container(const std::string& body) {
  return with_parsed(body, [](simdjson::dom::element element) {
    return element.is_object() || element.is_array();
  });
}

const api::ReceiveMessageRequest& everything() {
  static const api::ReceiveMessageRequest request = [] {
    api::ReceiveMessageRequest wanted;
    wanted.message_system_attribute_names = {"All"};
    wanted.message_attribute_names = {"All"};
    return wanted;
  }();
  return request;
}

HandleKey read_handle_key(const storage::View& view) {
  HandleKey key{};
  std::string value;
  const bool found =
      view.get(storage::keys::secret("receipt-handle"), value) == storage::ReadStatus::found;
  if (found && value.size() == key.size()) std::copy(value.begin(), value.end(), key.begin());
  return key;
}

}  // namespace

BatchReading::BatchReading(std::vector<BatchMessage> received, Filters filters,
                           std::string queue_arn, std::string region)
    : received_(std::move(received)),
      filters_(std::move(filters)),
      queue_arn_(std::move(queue_arn)),
      region_(std::move(region)) {}

bool BatchReading::read(const storage::View& view) {
  passed.clear();
  filtered.clear();
  const HandleKey handle_key = read_handle_key(view);
  std::string value;
  for (const auto& received : received_) {
    const auto& ref = received.handed.ref;
    const auto status =
        view.get(storage::keys::message({ref.queue_id, ref.generation,
                                         static_cast<std::uint8_t>(ref.lane), ref.sequence}),
                 value);
    if (status == storage::ReadStatus::failed) return false;
    // Purged meanwhile.
    const auto stored = status == storage::ReadStatus::found ? read_message(value) : std::nullopt;
    if (!stored) continue;
    const api::Message message = message_of(*stored, received.handed, everything(), handle_key);
    BatchMessage made = received;
    made.id = stored->record.id;
    made.record = record_json(message, json_text(message.body), queue_arn_, region_);
    bool passes = filters_.empty();
    if (!passes) {
      const std::string shown = is_json_container(message.body)
                                    ? record_json(message, message.body, queue_arn_, region_)
                                    : made.record;
      passes = std::any_of(filters_.begin(), filters_.end(),
                           [&](const auto& filter) { return filter->matches(shown); });
    }
    if (!passes) made.record.clear();
    (passes ? passed : filtered).push_back(std::move(made));
  }
  return true;
}

std::string event_of(const std::vector<BatchMessage>& messages) {
  std::string json = R"({"Records":[)";
  for (const auto& message : messages) {
    if (json.back() != '[') json += ',';
    json += message.record;
  }
  return json + "]}";
}

namespace {

// Nothing, for the batch has failed whole: what is no response, an item without an id, or with one
// of no message of the batch.
std::optional<std::set<std::string>> reported(simdjson::dom::element answer,
                                              const std::set<std::string>& batch_ids) {
  std::set<std::string> failed;
  std::string_view text;
  if (answer.is_null() || (answer.get(text) == simdjson::SUCCESS && text.empty())) return failed;
  simdjson::dom::object object;
  if (answer.get(object) != simdjson::SUCCESS) return std::nullopt;
  simdjson::dom::element list;
  if (object["batchItemFailures"].get(list) != simdjson::SUCCESS || list.is_null()) return failed;
  simdjson::dom::array items;
  if (list.get(items) != simdjson::SUCCESS) return std::nullopt;
  for (const auto item : items) {
    std::string_view id;
    if (item["itemIdentifier"].get(id) != simdjson::SUCCESS || id.empty()) return std::nullopt;
    if (!batch_ids.contains(std::string(id))) return std::nullopt;
    failed.emplace(id);
  }
  return failed;
}

}  // namespace

std::optional<std::set<std::string>> failed_messages(const Outcome& outcome, bool is_partial,
                                                     const std::set<std::string>& batch_ids) {
  if (outcome.function_error || outcome.was_not_run) return std::nullopt;
  if (!is_partial || outcome.payload.empty()) return std::set<std::string>();
  std::optional<std::set<std::string>> failed;
  const bool is_json = with_parsed(outcome.payload, [&](simdjson::dom::element answer) {
    failed = reported(answer, batch_ids);
    return true;
  });
  return is_json ? failed : std::nullopt;
}

}  // namespace signalbox::broker::functions
