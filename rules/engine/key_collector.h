// The keys of an event's values that some rule may be found by.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "rules/engine/event_walker.h"
#include "rules/engine/index_table.h"
#include "rules/engine/name_tree.h"

namespace signalbox::rules::engine {

// A key on its way to its index entry.
struct Lookup {
  std::uint64_t hash;
  std::uint64_t place;
  const IndexEntry* entry;
  union {
    const char* bytes;
    std::uint64_t word;  // the bytes themselves
  };
  std::uint64_t space;
  std::uint32_t size_bytes;
  std::uint32_t tried;  // entries so far
  std::uint32_t value;  // that has the key, or no_value
  bool is_word;

  std::string_view key() const {
    return {is_word ? reinterpret_cast<const char*>(&word) : bytes, size_bytes};
  }
  bool is_of(const IndexEntry& found) const {
    return found.hash == hash && found.space == space && equal(found.key(), key());
  }
};

// Keep one per thread: its memory is reused. Lookups live until the next collect(), and as long as
// what the walker found.
class KeyCollector {
 public:
  std::span<Lookup> collect(const NameTree& names, EventWalker& event);

 private:
  // An address, read once for all sizes of block it may lie in.
  struct Address {
    unsigned char bytes[16];
    std::uint8_t size_bytes;
    bool is_read;
  };

  void collect_value(EventValue& value, const NameTree::Node& node);
  void collect_text(const EventValue& value, const Probe& probe);
  void add_text(const Probe& probe, std::string_view bytes);
  Lookup& add_bytes(std::uint64_t space, std::string_view bytes);
  void grow();
  void add_word(const Probe& probe, std::uint64_t word, std::size_t size_bytes);
  void add_number(EventValue& value, const Probe& probe);
  void add_address(const EventValue& value, const Probe& probe);
  void add_grams(const EventValue& value, const Probe& probe);
  std::string_view folded(const EventValue& value);

  std::unique_ptr<Lookup[]> lookups_;
  std::size_t lookup_count_ = 0;
  std::size_t lookup_capacity_ = 0;
  std::string folded_;                        // values in lower case, one after the other
  const EventValue* folded_value_ = nullptr;  // the last of them
  std::uint32_t value_ = no_value;            // at hand
  Address address_{};                         // of that value
  std::deque<std::string> long_addresses_;
};

}  // namespace signalbox::rules::engine
