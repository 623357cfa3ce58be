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

// One way through a rule that has to be tried when a key is met.
struct Posting {
  std::uint32_t clause;  // index of the Clause
  std::uint32_t guard;   // the condition to check first, or no_condition
};
constexpr std::uint32_t no_condition = 0xFFFFFFFF;

struct IndexKey {
  NodeId node = root_node;
  KeyKind kind = KeyKind::always;
  std::uint32_t parameter = 0;
  std::string_view bytes;

  std::uint64_t hash() const { return hash_bytes(bytes, seed(node, kind, parameter)); }
  static std::uint64_t seed(NodeId node, KeyKind kind, std::uint32_t parameter) {
    return (std::uint64_t{node} << 32 | parameter) * 0xA0761D6478BD642F +
           static_cast<std::uint64_t>(kind) * 0xE7037ED1A0B428DB;
  }
};

// The postings of one key; a block, with the key's bytes behind the postings.
struct IndexEntry {
  BlockHeader header;  // counts the postings
  std::uint64_t hash;
  NodeId node;
  std::uint32_t parameter;
  std::uint32_t capacity;  // of postings
  std::uint32_t key_bytes;
  KeyKind kind;
  Posting postings[1];

  std::string_view key() const {
    return {reinterpret_cast<const char*>(postings + capacity), key_bytes};
  }
  bool is_of(const IndexKey& wanted) const {
    return kind == wanted.kind && node == wanted.node && parameter == wanted.parameter &&
           key() == wanted.bytes;
  }
};

class IndexTable {
 public:
  explicit IndexTable(SharedMemory& memory);

  std::size_t entry_count() const { return entry_count_; }
  const IndexEntry* find(const IndexKey& key) const;

  // The steps of find() apart, so that a reader can start many and let the memory answer meanwhile.
  const void* page_of(std::uint64_t hash) const { return page(hash); }
  void prefetch(const void* page, std::uint64_t hash) const {
    __builtin_prefetch(&static_cast<const Page*>(page)->slots[slot(hash) & mask(page)]);
  }
  // The first entry that may be the key's: its hash agrees in part. next: where to go on.
  const IndexEntry* candidate(const void* page, std::uint64_t hash, std::size_t& next) const;

  // For the set. Returns true when the key is new (or, for remove, gone).
  bool add(SharedMemory& memory, const IndexKey& key, Posting posting);
  bool remove(SharedMemory& memory, const IndexKey& key, std::uint32_t clause);
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
    Page* pages[1];
  };

  static std::size_t slot(std::uint64_t hash) { return hash >> 16; }
  static std::uint64_t mask(const void* page) { return static_cast<const Page*>(page)->mask; }
  std::size_t page_index(std::uint64_t hash) const {
    return depth_ == 0 ? 0 : hash >> (64 - depth_);
  }
  const Page* page(std::uint64_t hash) const { return directory_->pages[page_index(hash)]; }

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
  std::size_t entry_count_ = 0;
};

}  // namespace signalbox::rules::engine
