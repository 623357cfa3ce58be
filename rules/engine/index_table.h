// Which rules may match, by what an event's values look like: a hash table from keys to postings.
//
// A table of pages, so that a change copies one page and the list of pages, not the table. Belongs
// to the thread of its set; a copy of the object is what a snapshot reads.
#pragma once

#include <cstdint>
#include <string_view>

#include "rules/engine/hash.h"
#include "rules/engine/name_tree.h"
#include "rules/engine/shared_memory.h"

namespace signalbox::rules::engine {

// What follows from a key that is met. A clause is to be tried; a condition, with the guard `mark`,
// is met.
struct Posting {
  std::uint32_t target;  // index of the clause or condition
  std::uint32_t guard;   // the condition to check before the clause, or no_condition
};
constexpr std::uint32_t no_condition = 0xFFFFFFFF;
constexpr std::uint32_t mark = 0xFFFFFFFE;
// Added to a guard: it is met if and only if one of its keys was found.
constexpr std::uint32_t by_keys = 0x80000000;

inline std::uint64_t hash_key(std::uint64_t space, std::string_view bytes) {
  return hash_bytes(bytes, space * 0xA0761D6478BD642F);
}

struct IndexKey {
  NodeId node = root_node;
  KeyKind kind = KeyKind::always;
  std::uint32_t parameter = 0;
  std::string_view bytes;

  std::uint64_t space() const { return key_space(node, kind, parameter); }
  std::uint64_t hash() const { return hash_key(space(), bytes); }
};

// The postings of one key; a block, with the key's bytes behind the postings.
struct IndexEntry {
  BlockHeader header;  // counts the postings
  std::uint64_t hash;
  std::uint64_t space;
  std::uint32_t capacity;  // of postings
  std::uint32_t key_bytes;
  std::uint32_t mark_count;  // of the postings, the first ones
  Posting postings[1];

  std::string_view key() const {
    return {reinterpret_cast<const char*>(postings + capacity), key_bytes};
  }
  bool is_of(const IndexKey& wanted) const {
    return space == wanted.space() && key() == wanted.bytes;
  }
};

class IndexTable {
 public:
  explicit IndexTable(SharedMemory& memory);

  // Finding an entry goes in steps, so that a reader can start many and let the memory answer
  // meanwhile.
  // A place is a page's address with the number of its slots above it, so that its slots are
  // reached without reading its header.
  std::uint64_t place_of(std::uint64_t hash) const { return directory_->places[place_index(hash)]; }
  static void prefetch(std::uint64_t place, std::uint64_t hash) {
    __builtin_prefetch(&page_at(place)->slots[slot(hash) & mask_at(place)]);
  }
  // The first entry that may be the key's: its hash agrees in part. next: where to go on.
  static const IndexEntry* candidate(std::uint64_t place, std::uint64_t hash, std::uint32_t& next) {
    const Page& page = *page_at(place);
    const std::uint64_t mask = mask_at(place);
    for (std::size_t at = slot(hash) + next;; ++at) {
      const std::uint64_t value = page.slots[at & mask];
      if (value == 0) return nullptr;
      ++next;
      if (may_be(value, hash)) return entry_of(value);
    }
  }

  // For the set. Returns true when the key is new (or, for remove, gone).
  bool add(SharedMemory& memory, const IndexKey& key, Posting posting);
  bool remove(SharedMemory& memory, const IndexKey& key, Posting posting);
  void retire_all(SharedMemory& memory);

 private:
  struct Page {
    BlockHeader header;   // counts the entries
    std::uint64_t mask;   // slots - 1
    std::uint64_t depth;  // bits of the hash that all its entries share
    std::uint64_t slots[1];
  };
  struct Directory {
    BlockHeader header;
    std::uint64_t places[1];
  };

  // A slot is an entry's address with 16 bits of the hash above it. User space addresses of the
  // processors this runs on have 48 bits at most.
  static constexpr unsigned address_bits = 48;
  static IndexEntry* entry_of(std::uint64_t slot) {
    return reinterpret_cast<IndexEntry*>(slot & ((std::uint64_t{1} << address_bits) - 1));
  }
  static bool may_be(std::uint64_t slot, std::uint64_t hash) {
    return slot >> address_bits == (hash & 0xFFFF);
  }
  static std::uint64_t slot_value(const IndexEntry* entry, std::uint64_t hash) {
    return reinterpret_cast<std::uint64_t>(entry) | hash << address_bits;
  }

  static std::size_t slot(std::uint64_t hash) { return hash >> 16; }
  static Page* page_at(std::uint64_t place) {
    return reinterpret_cast<Page*>(place & ((std::uint64_t{1} << address_bits) - 1));
  }
  static std::uint64_t mask_at(std::uint64_t place) {
    return (std::uint64_t{1} << (place >> address_bits)) - 1;
  }
  static std::uint64_t place_for(const Page* page) {
    return reinterpret_cast<std::uint64_t>(page) |
           static_cast<std::uint64_t>(__builtin_popcountll(page->mask)) << address_bits;
  }
  std::size_t place_index(std::uint64_t hash) const {
    return depth_ == 0 ? 0 : hash >> (64 - depth_);
  }
  Page* page(std::uint64_t hash) const { return page_at(place_of(hash)); }

  static Page* new_page(SharedMemory& memory, std::size_t slots, std::uint64_t depth);
  static void put(Page& page, std::uint64_t hash, std::uint64_t slot_value);
  Page& edit_page(SharedMemory& memory, std::uint64_t hash);
  void edit_directory(SharedMemory& memory);
  void replace_page(const Page* old, std::uint64_t hash, Page* low, Page* high);
  void make_room(SharedMemory& memory, std::uint64_t hash);
  void grow_page(SharedMemory& memory, std::uint64_t hash);
  void split_page(SharedMemory& memory, std::uint64_t hash);
  void erase_slot(Page& page, std::size_t at);
  std::uint64_t* find_slot(Page& page, const IndexKey& key, std::uint64_t hash);

  Directory* directory_ = nullptr;
  unsigned depth_ = 0;  // the directory has 2^depth_ places
};

}  // namespace signalbox::rules::engine
