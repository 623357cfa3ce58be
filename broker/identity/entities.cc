#include "broker/identity/entities.h"

#include <algorithm>

#include "broker/record_fields.h"

namespace signalbox::broker::identity {

namespace {

constexpr std::uint8_t role_format = 1;
constexpr std::uint8_t policy_format = 1;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool LessIgnoringCase::operator()(std::string_view left, std::string_view right) const {
  return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(),
                                      [](char a, char b) { return lower(a) < lower(b); });
}

std::string encode(const Role& role) {
  RecordWriter record;
  record.u8(role_format).bytes(role.account);
  write_fields(record, role.shown);
  record.map(role.tags).map(role.inline_policies).map(role.attached);
  return record.take();
}

bool decode(std::string_view bytes, Role& role) {
  RecordReader record(bytes);
  if (record.u8() != role_format) return false;
  role.account = record.bytes();
  if (!read_fields(record, role.shown)) return false;
  role.tags = record.map();
  role.inline_policies = record.map();
  role.attached = record.map();
  return !record.failed() && record.at_end();
}

std::string encode(const Policy& policy) {
  RecordWriter record;
  record.u8(policy_format).bytes(policy.account);
  write_fields(record, policy.shown);
  record.map(policy.tags).u64(policy.default_version).u64(policy.last_version);
  record.u32(static_cast<std::uint32_t>(policy.versions.size()));
  for (const auto& [number, version] : policy.versions) {
    record.u64(number).i64(version.created_ms).bytes(version.document);
  }
  return record.take();
}

bool decode(std::string_view bytes, Policy& policy) {
  RecordReader record(bytes);
  if (record.u8() != policy_format) return false;
  policy.account = record.bytes();
  if (!read_fields(record, policy.shown)) return false;
  policy.tags = record.map();
  policy.default_version = record.u64();
  policy.last_version = record.u64();
  const std::uint32_t count = record.u32();
  for (std::uint32_t i = 0; i < count && !record.failed(); ++i) {
    PolicyVersion& version = policy.versions[record.u64()];
    version.created_ms = record.i64();
    version.document = record.bytes();
  }
  return !record.failed() && record.at_end() && policy.versions.contains(policy.default_version);
}

}  // namespace signalbox::broker::identity
