#include "broker/delivery/lane.h"

#include "broker/record.h"

namespace signalbox::broker {

namespace {
constexpr std::uint8_t delivery_format = 1;
constexpr std::uint8_t invocation_format = 2;  // the same, with a schedule's invocation
constexpr std::uint8_t progress_format = 1;

void write_invocation(RecordWriter& record, const ScheduleInvocation& invocation) {
  record.bytes(invocation.account).bytes(invocation.schedule_arn).bytes(invocation.target_arn);
  record.bytes(invocation.scheduled_time).bytes(invocation.execution_id);
  record.optional(invocation.age_s_max).optional(invocation.retries_max);
  record.optional(invocation.dead_letter_arn);
}

ScheduleInvocation read_invocation(RecordReader& record) {
  ScheduleInvocation invocation;
  invocation.account = record.bytes();
  invocation.schedule_arn = record.bytes();
  invocation.target_arn = record.bytes();
  invocation.scheduled_time = record.bytes();
  invocation.execution_id = record.bytes();
  invocation.age_s_max = record.optional_i64();
  invocation.retries_max = record.optional_i64();
  invocation.dead_letter_arn = record.optional();
  return invocation;
}

}  // namespace

std::string encode_delivery(const DeliveryRecord& delivery) {
  RecordWriter record;
  record.u8(delivery.invocation ? invocation_format : delivery_format).id(delivery.event_id);
  record.i64(delivery.accepted_ms).i64(delivery.created_ms).bytes(delivery.trace_header);
  record.bytes(delivery.md5_of_json);
  if (delivery.invocation) write_invocation(record, *delivery.invocation);
  record.raw(delivery.json);
  return record.take();
}

bool decode_delivery(std::string_view bytes, DeliveryRecord& delivery) {
  RecordReader record(bytes);
  const std::uint8_t format = record.u8();
  if (format != delivery_format && format != invocation_format) return false;
  delivery.event_id = record.id();
  delivery.accepted_ms = record.i64();
  delivery.created_ms = record.i64();
  delivery.trace_header = record.bytes();
  delivery.md5_of_json = record.bytes();
  if (format == invocation_format) delivery.invocation = read_invocation(record);
  delivery.json = record.rest();
  return !record.failed();
}

std::string encode_progress(const DeliveryProgress& progress) {
  RecordWriter record;
  record.u8(progress_format).u32(progress.attempts);
  record.bytes(progress.last_failure.code).bytes(progress.last_failure.message);
  return record.take();
}

bool decode_progress(std::string_view bytes, DeliveryProgress& progress) {
  RecordReader record(bytes);
  if (record.u8() != progress_format) return false;
  progress.attempts = record.u32();
  progress.last_failure.code = record.bytes();
  progress.last_failure.message = record.bytes();
  return !record.failed() && record.at_end();
}

}  // namespace signalbox::broker
