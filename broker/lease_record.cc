#include "broker/lease_record.h"

#include "broker/record.h"

namespace signalbox::broker {

namespace {
constexpr std::uint8_t format_plain = 1;
constexpr std::uint8_t format_with_group = 2;
}  // namespace

std::string encode_lease(const Lease& lease, std::optional<std::string_view> group_id) {
  RecordWriter record;
  record.u8(group_id ? format_with_group : format_plain);
  record.u32(lease.receive_count).i64(lease.visible_at_ms);
  record.i64(lease.received_ms).i64(lease.first_received_ms).i64(lease.sent_ms);
  record.u64(lease.receive_number);
  if (group_id) record.bytes(*group_id);
  return record.take();
}

std::optional<StoredLease> read_lease(std::string_view value) {
  RecordReader record(value);
  const auto format = record.u8();
  if (format != format_plain && format != format_with_group) return std::nullopt;
  StoredLease stored;
  stored.lease.receive_count = record.u32();
  stored.lease.visible_at_ms = record.i64();
  stored.lease.received_ms = record.i64();
  stored.lease.first_received_ms = record.i64();
  stored.lease.sent_ms = record.i64();
  stored.lease.receive_number = record.u64();
  if (format == format_with_group) stored.group_id = record.bytes();
  if (record.failed()) return std::nullopt;
  return stored;
}

}  // namespace signalbox::broker
