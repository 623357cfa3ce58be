#include "broker/events_records.h"

#include "broker/record.h"
#include "broker/record_fields.h"

namespace signalbox::broker {

namespace {

constexpr std::uint8_t bus_format_without_policy = 1;
constexpr std::uint8_t bus_format = 2;
constexpr std::uint8_t rule_format_without_schedule = 1;
constexpr std::uint8_t rule_format = 2;
constexpr std::uint8_t target_format_without_lane = 1;
constexpr std::uint8_t target_format_by_position = 2;
constexpr std::uint8_t target_format = 3;
constexpr std::uint8_t task_format_without_forwarding = 1;
constexpr std::uint8_t task_format = 2;
constexpr std::uint8_t cursor_format = 1;

api::StringList read_list(RecordReader& record) {
  api::StringList texts;
  const std::uint32_t count = record.u32();
  for (std::uint32_t i = 0; i < count && !record.failed(); ++i) {
    texts.emplace_back(record.bytes());
  }
  return texts;
}

// A member that is a struct: whether it was given, then its own members.
template <class Struct, class Write>
void write_struct(RecordWriter& record, const std::optional<Struct>& value, Write&& write) {
  record.u8(value ? 1 : 0);
  if (value) write(*value);
}

template <class Struct, class Read>
void read_struct(RecordReader& record, std::optional<Struct>& value, Read&& read) {
  if (record.u8() == 0) return;
  read(value.emplace());
}

void write_dead_letter(RecordWriter& record, const std::optional<api::DeadLetterConfig>& config) {
  write_struct(record, config, [&](const auto& given) { record.optional(given.arn); });
}

void read_dead_letter(RecordReader& record, std::optional<api::DeadLetterConfig>& config) {
  read_struct(record, config, [&](auto& given) { given.arn = record.optional(); });
}

bool complete(const RecordReader& record) { return !record.failed() && record.at_end(); }

// The members that targets had before their records had names in them.
void read_target_by_position(RecordReader& record, api::Target& target) {
  target.id = record.bytes();
  target.arn = record.bytes();
  target.role_arn = record.optional();
  target.input = record.optional();
  target.input_path = record.optional();
  read_struct(record, target.input_transformer, [&](auto& given) {
    given.input_paths_map = record.map();
    given.input_template = record.bytes();
  });
  read_struct(record, target.kinesis_parameters,
              [&](auto& given) { given.partition_key_path = record.bytes(); });
  read_struct(record, target.sqs_parameters,
              [&](auto& given) { given.message_group_id = record.optional(); });
  read_struct(record, target.http_parameters, [&](auto& given) {
    given.path_parameter_values = read_list(record);
    given.header_parameters = record.map();
    given.query_string_parameters = record.map();
  });
  read_dead_letter(record, target.dead_letter_config);
  read_struct(record, target.retry_policy, [&](auto& given) {
    given.maximum_retry_attempts = record.optional_i64();
    given.maximum_event_age_in_seconds = record.optional_i64();
  });
}

}  // namespace

std::string encode_bus(const Bus& bus) {
  RecordWriter record;
  record.u8(bus_format).u32(bus.world->id).bytes(bus.name);
  record.optional(bus.description).optional(bus.kms_key_identifier);
  write_dead_letter(record, bus.dead_letter_config);
  write_struct(record, bus.log_config, [&](const auto& given) {
    record.optional(given.include_detail).optional(given.level);
  });
  record.map(bus.tags).i64(bus.created_ms).i64(bus.modified_ms);
  record.bytes(bus.policy ? bus.policy->text() : std::string());
  return record.take();
}

bool decode_bus(std::string_view bytes, Bus& bus, std::uint32_t& world_id) {
  RecordReader record(bytes);
  const std::uint8_t format = record.u8();
  if (format != bus_format && format != bus_format_without_policy) return false;
  world_id = record.u32();
  bus.name = record.bytes();
  bus.description = record.optional();
  bus.kms_key_identifier = record.optional();
  read_dead_letter(record, bus.dead_letter_config);
  read_struct(record, bus.log_config, [&](auto& given) {
    given.include_detail = record.optional();
    given.level = record.optional();
  });
  bus.tags = record.map();
  bus.created_ms = record.i64();
  bus.modified_ms = record.i64();
  const std::string policy(format == bus_format ? record.bytes() : std::string_view());
  if (!policy.empty()) bus.policy = BusPolicy::read(policy);
  return complete(record);
}

std::string encode_rule(const Rule& rule) {
  RecordWriter record;
  record.u8(rule_format).bytes(rule.name);
  record.optional(rule.event_pattern).optional(rule.schedule_expression).bytes(rule.state);
  record.optional(rule.description).optional(rule.role_arn).map(rule.tags);
  record.i64(to_ms(rule.schedule_anchor));
  record.optional(rule.due ? std::optional(to_ms(*rule.due)) : std::nullopt);
  return record.take();
}

bool decode_rule(std::string_view bytes, Rule& rule) {
  RecordReader record(bytes);
  const std::uint8_t format = record.u8();
  if (format != rule_format && format != rule_format_without_schedule) return false;
  rule.name = record.bytes();
  rule.event_pattern = record.optional();
  rule.schedule_expression = record.optional();
  rule.state = record.bytes();
  rule.description = record.optional();
  rule.role_arn = record.optional();
  rule.tags = record.map();
  if (format == rule_format) {
    rule.schedule_anchor = from_ms(record.i64());
    if (const auto due_ms = record.optional_i64()) rule.due = from_ms(*due_ms);
  }
  return complete(record);
}

std::string encode_target(const api::Target& target, std::uint64_t lane_id) {
  RecordWriter record;
  record.u8(target_format).u64(lane_id);
  write_fields(record, target);
  return record.take();
}

bool decode_target(std::string_view bytes, api::Target& target, std::uint64_t& lane_id) {
  RecordReader record(bytes);
  const std::uint8_t format = record.u8();
  if (format == target_format_by_position || format == target_format_without_lane) {
    read_target_by_position(record, target);
    lane_id = format == target_format_by_position ? record.u64() : 0;
    return complete(record);
  }
  if (format != target_format) return false;
  lane_id = record.u64();
  return read_fields(record, target) && complete(record);
}

std::string encode_fan_out_task(const FanOutTask& task) {
  RecordWriter record;
  record.u8(task_format).u64(task.bus_id).id(task.event_id).i64(task.accepted_ms);
  record.bytes(task.json).bytes(task.md5_of_json).bytes(task.trace_header);
  record.u8(task.was_forwarded ? 1 : 0);
  record.u32(static_cast<std::uint32_t>(task.deliveries.size()));
  for (const auto& [rule_id, target_id] : task.deliveries) record.u64(rule_id).bytes(target_id);
  return record.take();
}

bool decode_fan_out_task(std::string_view bytes, FanOutTask& task) {
  RecordReader record(bytes);
  const std::uint8_t format = record.u8();
  if (format != task_format && format != task_format_without_forwarding) return false;
  task.bus_id = record.u64();
  task.event_id = record.id();
  task.accepted_ms = record.i64();
  task.json = record.bytes();
  task.md5_of_json = record.bytes();
  task.trace_header = record.bytes();
  task.was_forwarded = format == task_format && record.u8() != 0;
  const std::uint32_t count = record.u32();
  for (std::uint32_t i = 0; i < count && !record.failed(); ++i) {
    const rules::RuleId rule_id = record.u64();
    task.deliveries.emplace_back(rule_id, record.bytes());
  }
  return complete(record);
}

std::string encode_fan_out_cursor(std::uint64_t position) {
  return RecordWriter().u8(cursor_format).u64(position).take();
}

bool decode_fan_out_cursor(std::string_view bytes, std::size_t& position) {
  RecordReader record(bytes);
  if (record.u8() != cursor_format) return false;
  position = record.u64();
  return complete(record);
}

std::size_t FanOutTask::memory_bytes() const {
  // The list costs a pair and, for a long target id, its text.
  std::size_t bytes = sizeof(FanOutTask) + json.size();
  for (const auto& [rule_id, target_id] : deliveries) {
    bytes += sizeof(deliveries.front()) + target_id.size();
  }
  return bytes;
}

}  // namespace signalbox::broker
