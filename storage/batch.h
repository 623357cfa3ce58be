// A batch of writes that becomes durable whole or not at all.
// Owned by one thread at a time; moved, never shared. Keys and values are raw bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace signalbox::storage {

class Batch {
 public:
  enum class Kind : std::uint8_t { put, erase, erase_range };

  // key and value point into the batch; for erase_range key is the first key and value the
  // first key past the range.
  struct Op {
    Kind kind;
    std::string_view key;
    std::string_view value;
  };

  void put(std::string_view key, std::string_view value) { put(key, {value}); }

  // The parts are stored one behind the other: a header built on one thread and a body received on
  // another need not be joined first.
  void put(std::string_view key, std::initializer_list<std::string_view> value_parts);
  void erase(std::string_view key);
  void erase_range(std::string_view first, std::string_view past_last);

  // Adds the other batch's writes behind this one's.
  void append(const Batch& other);
  void clear();

  bool empty() const { return count_ == 0; }
  std::size_t count() const { return count_; }
  std::size_t size_bytes() const { return bytes_.size(); }

  // Calls visit(Op) for each write, in the order they were added.
  template <class Visit>
  void for_each(Visit&& visit) const {
    std::size_t at = 0;
    while (at < bytes_.size()) visit(read(at));
  }

 private:
  Op read(std::size_t& at) const;
  void append_head(Kind kind, std::size_t key_bytes, std::size_t value_bytes);

  std::string bytes_;  // kind u8, key length u32, value length u32, key, value; repeated
  std::size_t count_ = 0;
};

}  // namespace signalbox::storage
