// A set of small numbers that stand for things, found by the things' hashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace signalbox::rules::engine {

class IdTable {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  // The number of that hash for which is_it(number) holds, or none.
  template <class IsIt>
  std::uint32_t find(std::uint32_t hash, IsIt is_it) const {
    if (slots_.empty()) return none;
    for (std::size_t at = hash;; ++at) {
      const Slot& slot = slots_[at & mask()];
      if (slot.id == none) return none;
      if (slot.hash == hash && is_it(slot.id)) return slot.id;
    }
  }

  void insert(std::uint32_t hash, std::uint32_t id) {
    if (4 * (count_ + 1) > 3 * slots_.size()) grow();
    put({hash, id});
    ++count_;
  }

  void erase(std::uint32_t hash, std::uint32_t id) {
    std::size_t gap = hash;
    while (slots_[gap & mask()].id != id) ++gap;
    for (std::size_t at = gap + 1; slots_[at & mask()].id != none; ++at) {
      const std::size_t home = slots_[at & mask()].hash;
      if (((at - home) & mask()) >= ((at - gap) & mask())) {
        slots_[gap & mask()] = slots_[at & mask()];
        gap = at;
      }
    }
    slots_[gap & mask()].id = none;
    --count_;
  }

  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t hash;
    std::uint32_t id;
  };

  std::size_t mask() const { return slots_.size() - 1; }
  void put(Slot slot) {
    std::size_t at = slot.hash;
    while (slots_[at & mask()].id != none) ++at;
    slots_[at & mask()] = slot;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : 2 * slots_.size(), Slot{0, none});
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.id != none) put(slot);
    }
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace signalbox::rules::engine
