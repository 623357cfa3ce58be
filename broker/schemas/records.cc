#include "broker/schemas/records.h"

#include <algorithm>

#include "broker/record.h"

namespace signalbox::broker::schemas {

namespace {
constexpr std::uint8_t registry_format = 1;
constexpr std::uint8_t schema_format = 1;
constexpr std::uint8_t discoverer_format = 1;
}  // namespace

std::string encode(const Registry& registry) {
  RecordWriter record;
  record.u8(registry_format).u32(registry.world->id).bytes(registry.name);
  record.optional(registry.description).map(registry.tags);
  record.optional(registry.policy).u64(registry.policy_revision);
  return record.take();
}

bool decode(std::string_view bytes, Registry& registry, std::uint32_t& world_id) {
  RecordReader record(bytes);
  if (record.u8() != registry_format) return false;
  world_id = record.u32();
  registry.name = record.bytes();
  registry.description = record.optional();
  registry.tags = record.map();
  registry.policy = record.optional();
  registry.policy_revision = record.u64();
  return !record.failed() && record.at_end();
}

std::string encode(const Schema& schema) {
  RecordWriter record;
  record.u8(schema_format).bytes(schema.name).optional(schema.description).map(schema.tags);
  record.i64(schema.modified_ms).u64(schema.last_version);
  record.u32(static_cast<std::uint32_t>(schema.versions.size()));
  for (const auto& [number, version] : schema.versions) {
    record.u64(number).bytes(name_of(version.type)).i64(version.created_ms);
    record.bytes({reinterpret_cast<const char*>(version.digest.data()), version.digest.size()});
    record.u32(static_cast<std::uint32_t>(version.bindings.size()));
    for (const auto& [language, created_ms] : version.bindings) {
      record.bytes(language).i64(created_ms);
    }
  }
  return record.take();
}

bool decode(std::string_view bytes, Schema& schema) {
  RecordReader record(bytes);
  if (record.u8() != schema_format) return false;
  schema.name = record.bytes();
  schema.description = record.optional();
  schema.tags = record.map();
  schema.modified_ms = record.i64();
  schema.last_version = record.u64();
  const std::uint32_t version_count = record.u32();
  for (std::uint32_t i = 0; i < version_count && !record.failed(); ++i) {
    SchemaVersion& version = schema.versions[record.u64()];
    const auto type = parse_schema_type(record.bytes());
    version.created_ms = record.i64();
    const auto digest = record.bytes();
    if (!type || digest.size() != version.digest.size()) return false;
    version.type = *type;
    std::copy(digest.begin(), digest.end(), version.digest.begin());
    const std::uint32_t binding_count = record.u32();
    for (std::uint32_t b = 0; b < binding_count && !record.failed(); ++b) {
      const auto language = record.bytes();
      version.bindings[std::string(language)] = record.i64();
    }
  }
  return !record.failed() && record.at_end() && !schema.versions.empty();
}

std::string encode(const Discoverer& discoverer) {
  RecordWriter record;
  record.u8(discoverer_format).u32(discoverer.world->id).bytes(discoverer.id);
  record.bytes(discoverer.source_arn).optional(discoverer.description);
  record.u8(discoverer.is_started ? 1 : 0).u8(discoverer.cross_account ? 1 : 0);
  record.map(discoverer.tags);
  return record.take();
}

bool decode(std::string_view bytes, Discoverer& discoverer, std::uint32_t& world_id) {
  RecordReader record(bytes);
  if (record.u8() != discoverer_format) return false;
  world_id = record.u32();
  discoverer.id = record.bytes();
  discoverer.source_arn = record.bytes();
  discoverer.description = record.optional();
  discoverer.is_started = record.u8() != 0;
  discoverer.cross_account = record.u8() != 0;
  discoverer.tags = record.map();
  return !record.failed() && record.at_end();
}

}  // namespace signalbox::broker::schemas
