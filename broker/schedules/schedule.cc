#include "broker/schedules/schedule.h"

#include "broker/record.h"
#include "broker/record_fields.h"

namespace signalbox::broker {

namespace {
constexpr std::uint8_t group_format = 1;
constexpr std::uint8_t schedule_format = 1;
}  // namespace

const std::string& Schedule::zone_name() const {
  static const std::string utc = "UTC";
  const auto& given = config.schedule_expression_timezone;
  return given ? *given : utc;
}

Duration Schedule::window() const {
  return std::chrono::minutes(config.flexible_time_window.maximum_window_in_minutes.value_or(0));
}

std::string encode_group(const ScheduleGroup& group) {
  RecordWriter record;
  record.u8(group_format).u32(group.world->id).bytes(group.name).bytes(group.client_token);
  record.map(group.tags).i64(group.created_ms).i64(group.modified_ms);
  return record.take();
}

bool decode_group(std::string_view bytes, ScheduleGroup& group, std::uint32_t& world_id) {
  RecordReader record(bytes);
  if (record.u8() != group_format) return false;
  world_id = record.u32();
  group.name = record.bytes();
  group.client_token = record.bytes();
  group.tags = record.map();
  group.created_ms = record.i64();
  group.modified_ms = record.i64();
  return !record.failed() && record.at_end();
}

std::string encode_schedule(const Schedule& schedule) {
  RecordWriter record;
  record.u8(schedule_format).bytes(schedule.client_token).u64(schedule.lane_id);
  record.i64(schedule.created_ms).i64(schedule.modified_ms).i64(schedule.anchor_ms);
  record.optional(schedule.scheduled_ms).i64(schedule.due_ms);
  write_fields(record, schedule.config);
  return record.take();
}

bool decode_schedule(std::string_view bytes, Schedule& schedule) {
  RecordReader record(bytes);
  if (record.u8() != schedule_format) return false;
  schedule.client_token = record.bytes();
  schedule.lane_id = record.u64();
  schedule.created_ms = record.i64();
  schedule.modified_ms = record.i64();
  schedule.anchor_ms = record.i64();
  schedule.scheduled_ms = record.optional_i64();
  schedule.due_ms = record.i64();
  return read_fields(record, schedule.config) && record.at_end();
}

}  // namespace signalbox::broker
