#include "rules/engine/index_table.h"

#include <algorithm>
#include <cstddef>

namespace signalbox::rules::engine {

namespace {

constexpr std::size_t first_page_slots = 8;
// A page splits instead of growing past this: it is what a change copies.
constexpr std::size_t page_slots_max = 128;
// No directory grows past this; pages of keys that the hash cannot tell apart grow instead.
constexpr unsigned depth_max = 26;

std::size_t entry_bytes(std::size_t capacity, std::size_t key_bytes) {
  return offsetof(IndexEntry, postings) + capacity * sizeof(Posting) + key_bytes;
}

IndexEntry* new_entry(SharedMemory& memory, std::uint64_t space, std::string_view key,
                      std::uint64_t hash, std::size_t capacity) {
  auto* entry = reinterpret_cast<IndexEntry*>(
      memory.allocate(std::max(entry_bytes(capacity, key.size()), sizeof(IndexEntry))));
  entry->hash = hash;
  entry->space = space;
  entry->capacity = static_cast<std::uint32_t>(capacity);
  entry->key_bytes = static_cast<std::uint32_t>(key.size());
  std::copy(key.begin(), key.end(), reinterpret_cast<char*>(entry->postings + capacity));
  return entry;
}

// The same with room for so many postings; old stays as it is.
IndexEntry* remade(SharedMemory& memory, const IndexEntry& old, std::size_t capacity) {
  auto* entry = new_entry(memory, old.space, old.key(), old.hash, capacity);
  entry->header.count = old.header.count;
  entry->mark_count = old.mark_count;
  std::copy(old.postings, old.postings + old.header.count, entry->postings);
  return entry;
}

void insert(IndexEntry& entry, Posting posting) {
  Posting* const end = entry.postings + entry.header.count++;
  if (posting.guard != mark) {
    *end = posting;
    return;
  }
  Posting& first_clause = entry.postings[entry.mark_count++];
  *end = first_clause;
  first_clause = posting;
}

// The last of its kind takes the place of what goes.
void erase(IndexEntry& entry, Posting posting) {
  const bool is_mark = posting.guard == mark;
  Posting* const first = entry.postings + (is_mark ? 0 : entry.mark_count);
  Posting* const end = entry.postings + entry.header.count;
  Posting* at = std::find_if(first, end,
                             [&](const Posting& other) { return other.target == posting.target; });
  if (is_mark) {
    Posting* const last_mark = entry.postings + --entry.mark_count;
    *at = *last_mark;
    at = last_mark;
  }
  *at = *(end - 1);
  --entry.header.count;
}

}  // namespace

IndexTable::IndexTable(SharedMemory& memory) {
  directory_ = reinterpret_cast<Directory*>(memory.allocate(sizeof(Directory)));
  directory_->places[0] = place_for(new_page(memory, first_page_slots, 0));
}

IndexTable::Page* IndexTable::new_page(SharedMemory& memory, std::size_t slots,
                                       std::uint64_t depth) {
  auto* page =
      reinterpret_cast<Page*>(memory.allocate(sizeof(Page) + (slots - 1) * sizeof(std::uint64_t)));
  page->mask = slots - 1;
  page->depth = depth;
  return page;
}

void IndexTable::put(Page& page, std::uint64_t hash, std::uint64_t value) {
  std::size_t at = slot(hash);
  while (page.slots[at & page.mask] != 0) ++at;
  page.slots[at & page.mask] = value;
  ++page.header.count;
}

std::uint64_t* IndexTable::find_slot(Page& page, const IndexKey& key, std::uint64_t hash) {
  for (std::size_t at = slot(hash);; ++at) {
    std::uint64_t& value = page.slots[at & page.mask];
    if (value == 0) return nullptr;
    if (may_be(value, hash) && entry_of(value)->is_of(key)) return &value;
  }
}

void IndexTable::edit_directory(SharedMemory& memory) {
  if (memory.is_private(&directory_->header)) return;
  auto* copied = memory.copy(&directory_->header, directory_->header.size_bytes);
  memory.retire(&directory_->header);
  directory_ = reinterpret_cast<Directory*>(copied);
}

// Puts low and high in the places of old, the lower half of them and the upper.
void IndexTable::replace_page(const Page* old, std::uint64_t hash, Page* low, Page* high) {
  const std::size_t places = std::size_t{1} << (depth_ - old->depth);
  const std::size_t first = place_index(hash) & ~(places - 1);
  for (std::size_t i = 0; i < places; ++i) {
    directory_->places[first + i] = place_for(i < places / 2 ? low : high);
  }
}

IndexTable::Page& IndexTable::edit_page(SharedMemory& memory, std::uint64_t hash) {
  edit_directory(memory);
  Page* old = page(hash);
  if (memory.is_private(&old->header)) return *old;
  auto* copied = reinterpret_cast<Page*>(memory.copy(&old->header, old->header.size_bytes));
  replace_page(old, hash, copied, copied);
  memory.retire(&old->header);
  return *copied;
}

// One more entry keeps its page at most three quarters full.
void IndexTable::make_room(SharedMemory& memory, std::uint64_t hash) {
  for (;;) {
    const Page& full = *page(hash);
    const std::size_t slots = full.mask + 1;
    if (4 * (full.header.count + 1) <= 3 * slots) return;
    edit_directory(memory);
    if (slots < page_slots_max || full.depth == depth_max) {
      grow_page(memory, hash);
    } else {
      split_page(memory, hash);
    }
  }
}

void IndexTable::grow_page(SharedMemory& memory, std::uint64_t hash) {
  Page* old = page(hash);
  Page* grown = new_page(memory, 2 * (old->mask + 1), old->depth);
  for (std::size_t i = 0; i <= old->mask; ++i) {
    if (old->slots[i] != 0) put(*grown, entry_of(old->slots[i])->hash, old->slots[i]);
  }
  replace_page(old, hash, grown, grown);
  memory.retire(&old->header);
}

void IndexTable::split_page(SharedMemory& memory, std::uint64_t hash) {
  Page* old = page(hash);
  if (old->depth == depth_) {
    const std::size_t places = std::size_t{1} << depth_;
    auto* doubled = reinterpret_cast<Directory*>(
        memory.allocate(sizeof(BlockHeader) + 2 * places * sizeof(std::uint64_t)));
    for (std::size_t i = 0; i < 2 * places; ++i) doubled->places[i] = directory_->places[i / 2];
    memory.retire(&directory_->header);
    directory_ = doubled;
    ++depth_;
  }
  Page* low = new_page(memory, page_slots_max, old->depth + 1);
  Page* high = new_page(memory, page_slots_max, old->depth + 1);
  for (std::size_t i = 0; i <= old->mask; ++i) {
    if (old->slots[i] == 0) continue;
    const std::uint64_t entry_hash = entry_of(old->slots[i])->hash;
    put(entry_hash >> (63 - old->depth) & 1 ? *high : *low, entry_hash, old->slots[i]);
  }
  replace_page(old, hash, low, high);
  memory.retire(&old->header);
}

bool IndexTable::add(SharedMemory& memory, const IndexKey& key, Posting posting) {
  const std::uint64_t hash = key.hash();
  Page& page = edit_page(memory, hash);
  std::uint64_t* place = find_slot(page, key, hash);
  if (place == nullptr) {
    make_room(memory, hash);
    IndexEntry* entry = new_entry(memory, key.space(), key.bytes, hash, 1);
    insert(*entry, posting);
    put(edit_page(memory, hash), hash, slot_value(entry, hash));
    return true;
  }
  IndexEntry* entry = entry_of(*place);
  const bool is_full = entry->header.count == entry->capacity;
  if (is_full || !memory.is_private(&entry->header)) {
    const std::size_t more = std::max<std::size_t>(1, entry->capacity / 2);
    IndexEntry* made = remade(memory, *entry, entry->capacity + (is_full ? more : 0));
    memory.retire(&entry->header);
    *place = slot_value(made, hash);
    entry = made;
  }
  insert(*entry, posting);
  return false;
}

// Closes the gap, so that no search ends at it too early.
void IndexTable::erase_slot(Page& page, std::size_t gap) {
  --page.header.count;
  for (std::size_t at = gap + 1;; ++at) {
    const std::uint64_t value = page.slots[at & page.mask];
    if (value == 0) break;
    const std::size_t home = slot(entry_of(value)->hash) & page.mask;
    // May it move back as far as the gap? Only if its home is not between the gap and it.
    if (((at - home) & page.mask) >= ((at - gap) & page.mask)) {
      page.slots[gap & page.mask] = value;
      gap = at;
    }
  }
  page.slots[gap & page.mask] = 0;
}

bool IndexTable::remove(SharedMemory& memory, const IndexKey& key, Posting posting) {
  const std::uint64_t hash = key.hash();
  Page& page = edit_page(memory, hash);
  std::uint64_t* place = find_slot(page, key, hash);
  IndexEntry* entry = entry_of(*place);
  if (entry->header.count == 1) {
    erase_slot(page, static_cast<std::size_t>(place - page.slots));
    memory.retire(&entry->header);
    return true;
  }
  const bool is_sparse = 3 * entry->header.count < entry->capacity;
  if (is_sparse || !memory.is_private(&entry->header)) {
    const std::size_t capacity = is_sparse ? entry->capacity / 2 : entry->capacity;
    IndexEntry* made = remade(memory, *entry, capacity);
    memory.retire(&entry->header);
    *place = slot_value(made, hash);
    entry = made;
  }
  erase(*entry, posting);
  return false;
}

void IndexTable::retire_all(SharedMemory& memory) {
  const std::size_t places = std::size_t{1} << depth_;
  Page* last = nullptr;
  for (std::size_t i = 0; i < places; ++i) {
    Page* page = page_at(directory_->places[i]);
    if (page == last) continue;
    last = page;
    for (std::size_t slot = 0; slot <= page->mask; ++slot) {
      if (page->slots[slot] != 0) memory.retire(&entry_of(page->slots[slot])->header);
    }
    memory.retire(&page->header);
  }
  memory.retire(&directory_->header);
  directory_ = nullptr;
}

}  // namespace signalbox::rules::engine
