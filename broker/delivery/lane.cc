#include "broker/delivery/lane.h"

#include "broker/record.h"

namespace signalbox::broker {

namespace {
constexpr std::uint8_t delivery_format = 1;
constexpr std::uint8_t progress_format = 1;
}  // namespace

std::string encode_delivery(const DeliveryRecord& delivery) {
  RecordWriter record;
  record.u8(delivery_format).id(delivery.event_id);
  record.i64(delivery.accepted_ms).i64(delivery.created_ms).bytes(delivery.trace_header);
  record.bytes(delivery.md5_of_json).raw(delivery.json);
  return record.take();
}

bool decode_delivery(std::string_view bytes, DeliveryRecord& delivery) {
  RecordReader record(bytes);
  if (record.u8() != delivery_format) return false;
  delivery.event_id = record.id();
  delivery.accepted_ms = record.i64();
  delivery.created_ms = record.i64();
  delivery.trace_header = record.bytes();
  delivery.md5_of_json = record.bytes();
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
