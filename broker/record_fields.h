// The stored form of a described struct: the members it has, each under its name on the wire. So a
// record stays readable when the model gains members, wherever it puts them. Pure functions.
#pragma once

#include <bit>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/fields.h"
#include "broker/record.h"

namespace signalbox::broker {

template <api::Described T>
void write_fields(RecordWriter& record, const T& value);
// False: damage, or a member that this program does not know.
template <api::Described T>
bool read_fields(RecordReader& record, T& value);

namespace stored {

inline void write(RecordWriter& record, const std::string& text) { record.raw(text); }
inline void write(RecordWriter& record, std::int64_t number) { record.i64(number); }
inline void write(RecordWriter& record, bool flag) { record.u8(flag ? 1 : 0); }
inline void write(RecordWriter& record, const api::Timestamp& time) { record.i64(time.ms); }
template <api::OptionalMember T>
void write(RecordWriter& record, const T& value);
template <class T>
void write(RecordWriter& record, const std::vector<T>& list);
inline void write(RecordWriter& record, const api::StringMap& map) { record.map(map); }
inline void write(RecordWriter& record, const std::map<std::string, double>& map) {
  record.u32(static_cast<std::uint32_t>(map.size()));
  for (const auto& [key, value] : map) record.bytes(key).u64(std::bit_cast<std::uint64_t>(value));
}
template <api::Described T>
void write(RecordWriter& record, const T& value) {
  write_fields(record, value);
}

// A value with its length before it.
template <class T>
void write_sized(RecordWriter& record, const T& value) {
  RecordWriter inner;
  write(inner, value);
  record.bytes(inner.view());
}

template <api::OptionalMember T>
void write(RecordWriter& record, const T& value) {
  write(record, *value);
}

template <class T>
void write(RecordWriter& record, const std::vector<T>& list) {
  record.u32(static_cast<std::uint32_t>(list.size()));
  for (const auto& each : list) write_sized(record, each);
}

inline void read(RecordReader& record, std::string& text) {
  text = record.raw(record.rest().size());
}
inline void read(RecordReader& record, std::int64_t& number) { number = record.i64(); }
inline void read(RecordReader& record, bool& flag) { flag = record.u8() != 0; }
inline void read(RecordReader& record, api::Timestamp& time) { time.ms = record.i64(); }
inline void read(RecordReader& record, api::StringMap& map) { map = record.map(); }
inline void read(RecordReader& record, std::map<std::string, double>& map) {
  const std::uint32_t count = record.u32();
  for (std::uint32_t i = 0; i < count && !record.failed(); ++i) {
    const std::string key(record.bytes());
    map[key] = std::bit_cast<double>(record.u64());
  }
}
template <class T>
bool read_whole(std::string_view bytes, T& value);
template <class T>
bool read_whole(std::string_view bytes, std::vector<T>& list);

template <api::OptionalMember T>
bool read_whole(std::string_view bytes, T& value) {
  return read_whole(bytes, value.emplace());
}

template <class T>
bool read_whole(std::string_view bytes, std::vector<T>& list) {
  RecordReader record(bytes);
  const std::uint32_t count = record.u32();
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto each = record.bytes();
    if (record.failed() || !read_whole(each, list.emplace_back())) return false;
  }
  return record.at_end();
}

template <class T>
bool read_whole(std::string_view bytes, T& value) {
  RecordReader record(bytes);
  if constexpr (api::Described<T>) {
    if (!read_fields(record, value)) return false;
  } else {
    read(record, value);
  }
  return !record.failed() && record.at_end();
}

template <class T>
bool is_given(const T&) {
  return true;
}
template <api::OptionalMember T>
bool is_given(const T& value) {
  return value.has_value();
}

}  // namespace stored

template <api::Described T>
void write_fields(RecordWriter& record, const T& value) {
  std::uint16_t count = 0;
  api::for_each_field<T>([&](const auto& field) {
    if (stored::is_given(value.*(field.member))) ++count;
  });
  record.u16(count);
  api::for_each_field<T>([&](const auto& field) {
    if (!stored::is_given(value.*(field.member))) return;
    record.bytes(field.name);
    stored::write_sized(record, value.*(field.member));
  });
}

template <api::Described T>
bool read_fields(RecordReader& record, T& value) {
  const std::uint16_t count = record.u16();
  for (std::uint16_t i = 0; i < count; ++i) {
    const auto name = record.bytes();
    const auto bytes = record.bytes();
    bool fine = false;
    api::for_each_field<T>([&](const auto& field) {
      if (field.name == name) fine = stored::read_whole(bytes, value.*(field.member));
    });
    if (record.failed() || !fine) return false;
  }
  return !record.failed();
}

}  // namespace signalbox::broker
