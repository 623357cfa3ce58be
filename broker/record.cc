#include "broker/record.h"

#include <algorithm>

namespace signalbox::broker {

RecordWriter& RecordWriter::bytes(std::string_view text) {
  u32(static_cast<std::uint32_t>(text.size()));
  return raw(text);
}

RecordWriter& RecordWriter::raw(std::string_view text) {
  text_.append(text);
  return *this;
}

RecordWriter& RecordWriter::id(const IdBytes& id) {
  return raw({reinterpret_cast<const char*>(id.data()), id.size()});
}

RecordWriter& RecordWriter::optional(const std::optional<std::string>& text) {
  u8(text.has_value() ? 1 : 0);
  if (text) bytes(*text);
  return *this;
}

RecordWriter& RecordWriter::optional(const std::optional<std::int64_t>& value) {
  u8(value.has_value() ? 1 : 0);
  if (value) i64(*value);
  return *this;
}

RecordWriter& RecordWriter::map(const std::map<std::string, std::string>& texts) {
  u32(static_cast<std::uint32_t>(texts.size()));
  for (const auto& [key, value] : texts) bytes(key).bytes(value);
  return *this;
}

std::string_view RecordReader::raw(std::size_t size) {
  if (failed_ || size > rest_.size()) {
    failed_ = true;
    rest_ = {};
    return {};
  }
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

IdBytes RecordReader::id() {
  IdBytes id{};
  const std::string_view bytes = raw(id.size());
  std::copy(bytes.begin(), bytes.end(), id.begin());
  return id;
}

std::optional<std::string> RecordReader::optional() {
  if (u8() == 0) return std::nullopt;
  return std::string(bytes());
}

std::optional<std::int64_t> RecordReader::optional_i64() {
  if (u8() == 0) return std::nullopt;
  return i64();
}

std::map<std::string, std::string> RecordReader::map() {
  std::map<std::string, std::string> texts;
  const std::uint32_t count = u32();
  // A damaged count ends the loop at the end of the record, not after four billion rounds.
  for (std::uint32_t i = 0; i < count && !failed_; ++i) {
    std::string key(bytes());
    std::string value(bytes());
    if (!failed_) texts.emplace_hint(texts.end(), std::move(key), std::move(value));
  }
  return texts;
}

}  // namespace signalbox::broker
