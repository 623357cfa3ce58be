// The bytes of a stored record: fixed-width little-endian numbers and length-prefixed texts,
// written and read in the same order. Each record starts with a u8 format version of its own; its
// reader refuses one it does not know. Plain values, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "broker/ids.h"

namespace signalbox::broker {

class RecordWriter {
 public:
  RecordWriter& u8(std::uint8_t value) { return number(value); }
  RecordWriter& u16(std::uint16_t value) { return number(value); }
  RecordWriter& u32(std::uint32_t value) { return number(value); }
  RecordWriter& u64(std::uint64_t value) { return number(value); }
  RecordWriter& i64(std::int64_t value) { return number(static_cast<std::uint64_t>(value)); }
  // A length (u32) and the bytes. Texts of 4 GiB and more never get this far.
  RecordWriter& bytes(std::string_view text);
  // The bytes alone: their length is fixed or they are the rest of the record.
  RecordWriter& raw(std::string_view text);
  RecordWriter& id(const IdBytes& id);
  RecordWriter& optional(const std::optional<std::string>& text);
  RecordWriter& optional(const std::optional<std::int64_t>& value);
  RecordWriter& map(const std::map<std::string, std::string>& texts);

  std::size_t size() const { return text_.size(); }
  const std::string& view() const { return text_; }
  std::string take() { return std::move(text_); }

 private:
  template <class Number>
  RecordWriter& number(Number value) {
    char bytes[sizeof(Number)];
    for (std::size_t i = 0; i < sizeof(Number); ++i) bytes[i] = static_cast<char>(value >> (8 * i));
    text_.append(bytes, sizeof(Number));
    return *this;
  }

  std::string text_;
};

// Never throws: once a read runs past the end, failed() is true and this and every later read gives
// zero or empty. Views point into the record, which must outlive them.
class RecordReader {
 public:
  explicit RecordReader(std::string_view record) : rest_(record) {}

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::int64_t i64() { return static_cast<std::int64_t>(number<std::uint64_t>()); }
  std::string_view bytes() { return raw(u32()); }
  std::string_view raw(std::size_t size);
  IdBytes id();
  std::optional<std::string> optional();
  std::optional<std::int64_t> optional_i64();
  std::map<std::string, std::string> map();

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  // Everything not read yet.
  std::string_view rest() const { return rest_; }

 private:
  template <class Number>
  Number number() {
    const std::string_view bytes = raw(sizeof(Number));
    if (bytes.size() != sizeof(Number)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return static_cast<Number>(value);
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace signalbox::broker
