#include "broker/functions/records.h"

#include "broker/record_fields.h"

namespace signalbox::broker::functions {

namespace {

constexpr std::uint8_t format_without_concurrency = 1;
constexpr std::uint8_t format_without_names = 2;  // and with nothing but tags and concurrency
constexpr std::uint8_t function_format = 3;
constexpr std::uint8_t alias_format = 1;

}  // namespace

std::string encode(const FunctionRecord& record) {
  RecordWriter writer;
  writer.u8(function_format).u32(record.world_id);
  write_fields(writer, record);
  return writer.take();
}

std::optional<FunctionRecord> decode_function(std::string_view bytes) {
  RecordReader reader(bytes);
  FunctionRecord record;
  const std::uint8_t format = reader.u8();
  record.world_id = reader.u32();
  bool is_read = false;
  if (format == function_format) {
    is_read = read_fields(reader, record);
  } else if (format == format_without_names || format == format_without_concurrency) {
    record.tags = reader.map();
    if (format == format_without_names) record.reserved_concurrency = reader.optional_i64();
    is_read = read_fields(reader, record.config);
  }
  if (!is_read || !record.config.function_name) return std::nullopt;
  return record;
}

std::string encode(const AliasRecord& record) {
  RecordWriter writer;
  writer.u8(alias_format);
  write_fields(writer, record);
  return writer.take();
}

std::optional<AliasRecord> decode_alias(std::string_view bytes) {
  RecordReader reader(bytes);
  AliasRecord record;
  const bool is_read = reader.u8() == alias_format && read_fields(reader, record);
  if (!is_read || !record.config.name || !record.config.function_version) return std::nullopt;
  return record;
}

}  // namespace signalbox::broker::functions
