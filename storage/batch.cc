#include "storage/batch.h"

#include <cstring>

namespace signalbox::storage {

namespace {
constexpr std::size_t head_bytes = 1 + 4 + 4;
}

void Batch::append_head(Kind kind, std::size_t key_bytes, std::size_t value_bytes) {
  char head[head_bytes];
  const auto key32 = static_cast<std::uint32_t>(key_bytes);
  const auto value32 = static_cast<std::uint32_t>(value_bytes);
  head[0] = static_cast<char>(kind);
  std::memcpy(head + 1, &key32, 4);
  std::memcpy(head + 5, &value32, 4);
  bytes_.append(head, head_bytes);
  ++count_;
}

void Batch::put(std::string_view key, std::initializer_list<std::string_view> value_parts) {
  std::size_t value_bytes = 0;
  for (const auto part : value_parts) value_bytes += part.size();
  append_head(Kind::put, key.size(), value_bytes);
  bytes_.append(key);
  for (const auto part : value_parts) bytes_.append(part);
}

void Batch::erase(std::string_view key) {
  append_head(Kind::erase, key.size(), 0);
  bytes_.append(key);
}

void Batch::erase_range(std::string_view first, std::string_view past_last) {
  append_head(Kind::erase_range, first.size(), past_last.size());
  bytes_.append(first);
  bytes_.append(past_last);
}

void Batch::append(const Batch& other) {
  bytes_.append(other.bytes_);
  count_ += other.count_;
}

void Batch::clear() {
  bytes_.clear();
  count_ = 0;
}

Batch::Op Batch::read(std::size_t& at) const {
  std::uint32_t key_bytes = 0;
  std::uint32_t value_bytes = 0;
  const char* head = bytes_.data() + at;
  std::memcpy(&key_bytes, head + 1, 4);
  std::memcpy(&value_bytes, head + 5, 4);
  const char* key = head + head_bytes;
  at += head_bytes + key_bytes + value_bytes;
  return {static_cast<Kind>(head[0]), {key, key_bytes}, {key + key_bytes, value_bytes}};
}

}  // namespace signalbox::storage
