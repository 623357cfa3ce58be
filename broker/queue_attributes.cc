#include "broker/queue_attributes.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

namespace signalbox::broker {

const AttributeRow attribute_rows[] = {
    {"ApproximateNumberOfMessages", AttributeKind::computed},
    {"ApproximateNumberOfMessagesDelayed", AttributeKind::computed},
    {"ApproximateNumberOfMessagesNotVisible", AttributeKind::computed},
    {"CreatedTimestamp", AttributeKind::computed},
    {"LastModifiedTimestamp", AttributeKind::computed},
    {"QueueArn", AttributeKind::computed},
    {"DelaySeconds", AttributeKind::number, 0, 900, "0"},
    {"MaximumMessageSize", AttributeKind::number, 1024, 1'048'576, "1048576"},
    {"MessageRetentionPeriod", AttributeKind::number, 60, 1'209'600, "345600"},
    {"ReceiveMessageWaitTimeSeconds", AttributeKind::number, 0, 20, "0"},
    {"VisibilityTimeout", AttributeKind::number, 0, 43'200, "30"},
    {"KmsMasterKeyId", AttributeKind::text},
    {"KmsDataKeyReusePeriodSeconds", AttributeKind::number, 60, 86'400},
    {"SqsManagedSseEnabled", AttributeKind::boolean, 0, 0, "true"},
    {"Policy", AttributeKind::policy},
    {"RedrivePolicy", AttributeKind::redrive},
    {"RedriveAllowPolicy", AttributeKind::redrive_allow},
    {"FifoQueue", AttributeKind::fifo, 0, 0, "true", "false"},
    {"ContentBasedDeduplication", AttributeKind::fifo, 0, 0, "false", "true"},
    {"DeduplicationScope", AttributeKind::fifo, 0, 0, "queue", "messageGroup"},
    {"FifoThroughputLimit", AttributeKind::fifo, 0, 0, "perQueue", "perMessageGroupId"},
};
const std::size_t attribute_row_count = std::size(attribute_rows);

const AttributeRow* find_attribute(std::string_view name) {
  for (const auto& row : attribute_rows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

namespace {

constexpr std::int64_t receive_count_max = 1000;

std::optional<std::int64_t> read_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error bad_attribute_value(std::string_view name) {
  return {ErrorCode::invalid_attribute_value,
          fmt::format("Invalid value for the parameter {}.", name)};
}

Error unknown_attribute(std::string_view name) {
  return {ErrorCode::invalid_attribute_name, fmt::format("Unknown Attribute {}.", name)};
}

Error bad_redrive(std::string_view text, std::string_view reason) {
  return {ErrorCode::invalid_parameter_value,
          fmt::format("Value {} for parameter RedrivePolicy is invalid. Reason: {}", text, reason)};
}

Status check_fifo_attribute(const AttributeRow& row, const std::string& text, QueueType type) {
  const auto name = row.name;
  if (type == QueueType::fifo) {
    if (name == "FifoQueue" && text == "false") {
      return Error{ErrorCode::invalid_attribute_value,
                   "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not "
                   "supported."};
    }
    if (text != row.default_text && text != row.other_text) return bad_attribute_value(name);
    return ok();
  }
  if (name == "FifoQueue" || name == "ContentBasedDeduplication") return unknown_attribute(name);
  return Error{ErrorCode::invalid_attribute_name,
               fmt::format("You can specify the {} only when FifoQueue is set to true.", name)};
}

Status check_redrive_allow(const std::string& text) {
  if (text.empty()) return ok();
  const auto refuse = [&](std::string_view reason) -> Error {
    return {ErrorCode::invalid_parameter_value,
            fmt::format("Value {} for parameter RedriveAllowPolicy is invalid. Reason: {}", text,
                        reason)};
  };
  simdjson::dom::parser parser;
  simdjson::dom::object policy;
  if (parser.parse(text).get(policy) != simdjson::SUCCESS) {
    return refuse("Redrive allow policy is not a valid JSON map.");
  }
  std::string_view permission;
  if (policy["redrivePermission"].get(permission) != simdjson::SUCCESS) {
    return refuse("Redrive allow policy does not contain mandatory attribute: redrivePermission.");
  }
  if (permission != "allowAll" && permission != "denyAll" && permission != "byQueue") {
    return refuse("Valid values for redrivePermission are allowAll, denyAll and byQueue.");
  }
  simdjson::dom::array sources;
  const bool has_sources = policy["sourceQueueArns"].get(sources) == simdjson::SUCCESS;
  if (has_sources != (permission == "byQueue")) {
    return refuse("sourceQueueArns must be given with redrivePermission byQueue, and only then.");
  }
  if (has_sources && sources.size() > 10) return refuse("At most 10 sourceQueueArns are allowed.");
  return ok();
}

Status check_one(const AttributeRow& row, const std::string& text, QueueType type) {
  switch (row.kind) {
    case AttributeKind::number: {
      const auto value = read_integer(text);
      if (!value || *value < row.min || *value > row.max) return bad_attribute_value(row.name);
      return ok();
    }
    case AttributeKind::boolean:
      if (text != "true" && text != "false") return bad_attribute_value(row.name);
      return ok();
    case AttributeKind::text: return ok();
    case AttributeKind::policy: {
      simdjson::dom::parser parser;
      simdjson::dom::object object;
      const bool is_good = text.empty() || parser.parse(text).get(object) == simdjson::SUCCESS;
      return is_good ? ok() : Status(bad_attribute_value(row.name));
    }
    case AttributeKind::redrive:
      if (!text.empty()) {
        SIGNALBOX_TRY(const auto policy, read_redrive_policy(text));
        static_cast<void>(policy);
      }
      return ok();
    case AttributeKind::redrive_allow: return check_redrive_allow(text);
    case AttributeKind::fifo: return check_fifo_attribute(row, text, type);
    case AttributeKind::computed: return unknown_attribute(row.name);
  }
  return ok();
}

std::optional<std::string> find_text(const api::StringMap& attributes, const char* name) {
  const auto at = attributes.find(name);
  if (at == attributes.end() || at->second.empty()) return std::nullopt;
  return at->second;
}

std::int64_t number_of(const api::StringMap& attributes, const char* name) {
  const auto text = find_text(attributes, name);
  return *read_integer(text ? std::string_view(*text) : find_attribute(name)->default_text);
}

}  // namespace

Result<RedrivePolicy> read_redrive_policy(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS) {
    return bad_redrive(text, "Redrive policy is not a valid JSON map.");
  }
  RedrivePolicy policy;
  std::string_view arn;
  simdjson::dom::element count;
  if (object["deadLetterTargetArn"].get(arn) != simdjson::SUCCESS || arn.empty()) {
    return bad_redrive(text,
                       "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.");
  }
  if (object["maxReceiveCount"].get(count) != simdjson::SUCCESS) {
    return bad_redrive(text,
                       "Redrive policy does not contain mandatory attribute: maxReceiveCount.");
  }
  // The service takes 5 and "5".
  std::int64_t number = 0;
  std::string_view digits;
  if (count.get(number) != simdjson::SUCCESS) {
    const auto parsed =
        count.get(digits) == simdjson::SUCCESS ? read_integer(digits) : std::nullopt;
    number = parsed.value_or(0);
  }
  if (number < 1 || number > receive_count_max) {
    return bad_redrive(text, fmt::format("Invalid value for maxReceiveCount: {}, valid values are "
                                         "from 1 to 1000 both inclusive.",
                                         simdjson::minify(count)));
  }
  policy.dead_letter_target_arn = arn;
  policy.max_receive_count = static_cast<std::uint32_t>(number);
  return policy;
}

Status check_attributes(const api::StringMap& given, QueueType type) {
  for (const auto& [name, text] : given) {
    const auto* row = find_attribute(name);
    if (row == nullptr) return unknown_attribute(name);
    SIGNALBOX_TRY(check_one(*row, text, type));
  }
  const auto kms = find_text(given, "KmsMasterKeyId");
  const auto managed = find_text(given, "SqsManagedSseEnabled");
  if (kms && managed && *managed == "true") {
    return Error{ErrorCode::invalid_attribute_name,
                 "You can use one type of server-side encryption (SSE) at one time. You can either "
                 "enable KMS SSE or SQS SSE."};
  }
  return ok();
}

bool allows_source(const api::StringMap& attributes, std::string_view source_arn) {
  const auto text = find_text(attributes, "RedriveAllowPolicy");
  if (!text) return true;
  simdjson::dom::parser parser;
  simdjson::dom::object policy;
  std::string_view permission;
  if (parser.parse(*text).get(policy) != simdjson::SUCCESS) return true;
  if (policy["redrivePermission"].get(permission) != simdjson::SUCCESS) return true;
  if (permission != "byQueue") return permission == "allowAll";
  simdjson::dom::array sources;
  if (policy["sourceQueueArns"].get(sources) != simdjson::SUCCESS) return false;
  for (const auto source : sources) {
    std::string_view arn;
    if (source.get(arn) == simdjson::SUCCESS && arn == source_arn) return true;
  }
  return false;
}

bool has_group_scope(const api::StringMap& attributes) {
  return find_text(attributes, "DeduplicationScope") == "messageGroup";
}

Status check_throughput_limit(const api::StringMap& set, const api::StringMap& given) {
  auto both = given;
  both.insert(set.begin(), set.end());
  const bool is_per_group = find_text(both, "FifoThroughputLimit") == "perMessageGroupId";
  if (!is_per_group || has_group_scope(both)) return ok();
  return Error{ErrorCode::invalid_attribute_value,
               "The perMessageGroupId value for FifoThroughputLimit is allowed only when the value "
               "for DeduplicationScope is messageGroup."};
}

std::optional<std::string> attribute_text(const Queue& queue, const AttributeRow& row) {
  const auto at = queue.attributes.find(std::string(row.name));
  if (at != queue.attributes.end()) return at->second;
  const bool has_kms = queue.attributes.contains("KmsMasterKeyId");
  if (row.name == "SqsManagedSseEnabled" && has_kms) return "false";
  if (row.name == "KmsDataKeyReusePeriodSeconds" && has_kms) return "300";
  if (row.default_text.empty()) return std::nullopt;
  return std::string(row.default_text);
}

QueueSettings settings_of(const api::StringMap& attributes) {
  QueueSettings settings;
  settings.delay = std::chrono::seconds(number_of(attributes, "DelaySeconds"));
  settings.message_bytes_max = number_of(attributes, "MaximumMessageSize");
  settings.retention = std::chrono::seconds(number_of(attributes, "MessageRetentionPeriod"));
  settings.receive_wait =
      std::chrono::seconds(number_of(attributes, "ReceiveMessageWaitTimeSeconds"));
  settings.visibility_timeout = std::chrono::seconds(number_of(attributes, "VisibilityTimeout"));
  settings.content_based_deduplication =
      find_text(attributes, "ContentBasedDeduplication") == "true";
  if (const auto text = find_text(attributes, "RedrivePolicy")) {
    auto policy = read_redrive_policy(*text);
    if (policy.has_value()) settings.redrive = std::move(policy).assume_value();
  }
  return settings;
}

}  // namespace signalbox::broker
