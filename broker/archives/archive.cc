#include "broker/archives/archive.h"

#include <algorithm>

#include "broker/bus.h"
#include "broker/record.h"

namespace signalbox::broker {

namespace {

constexpr std::uint8_t archive_format = 1;
// What a clock of milliseconds can add: three thousand years are forever, too.
constexpr std::int64_t retention_days_counted = 1'000'000;

}  // namespace

LogLimits Archive::log_limits() const {
  LogLimits limits;
  limits.bytes_max = std::numeric_limits<std::uint64_t>::max();
  limits.retention =
      retention_days == 0
          ? LogLimits::forever
          : Duration(std::chrono::days(std::min(retention_days, retention_days_counted)));
  return limits;
}

std::string Archive::arn() const { return bus->world->arn("events", "archive/" + name); }

std::string encode_archive(const Archive& archive) {
  RecordWriter record;
  record.u8(archive_format).u64(archive.bus->id).bytes(archive.name);
  record.optional(archive.description).optional(archive.event_pattern);
  record.optional(archive.kms_key_identifier).i64(archive.retention_days).i64(archive.created_ms);
  return record.take();
}

bool decode_archive(std::string_view bytes, Archive& archive, std::uint64_t& bus_id) {
  RecordReader record(bytes);
  if (record.u8() != archive_format) return false;
  bus_id = record.u64();
  archive.name = record.bytes();
  archive.description = record.optional();
  archive.event_pattern = record.optional();
  archive.kms_key_identifier = record.optional();
  archive.retention_days = record.i64();
  archive.created_ms = record.i64();
  return !record.failed() && record.at_end();
}

}  // namespace signalbox::broker
