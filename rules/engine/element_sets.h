// Sets of array elements of one event, a bit for each element between the first and the last.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "rules/reuse.h"

namespace signalbox::rules::engine {

// Words of 64 elements each, in one place for all sets.
struct ElementSet {
  std::uint32_t first_word = 0;
  std::uint32_t end_word = 0;
  std::size_t offset = 0;  // of the first word among those of all sets
};

class ElementSets {
 public:
  static constexpr unsigned word_bits = 64;

  void clear() { reuse(words_); }
  // So many words are in use; truncate() takes back those that came later.
  std::size_t size() const { return words_.size(); }
  void truncate(std::size_t size) { words_.resize(size); }

  // An empty set with room for the elements from first to last.
  ElementSet make(std::uint32_t first, std::uint32_t last) {
    const ElementSet set{first / word_bits, last / word_bits + 1, words_.size()};
    words_.resize(words_.size() + set.end_word - set.first_word);
    return set;
  }
  // All elements of some words.
  ElementSet make_full(std::uint32_t first_word, std::uint32_t end_word) {
    const ElementSet set{first_word, end_word, words_.size()};
    words_.resize(words_.size() + end_word - first_word, ~std::uint64_t{0});
    return set;
  }
  void insert(const ElementSet& set, std::uint32_t element) {
    words_[set.offset + element / word_bits - set.first_word] |= bit(element);
  }
  bool has(const ElementSet& set, std::uint32_t element) const {
    return (word(set, element / word_bits) & bit(element)) != 0;
  }
  // Empty where the set has no room.
  std::uint64_t word(const ElementSet& set, std::uint32_t at) const {
    return at < set.first_word || at >= set.end_word ? 0 : words_[set.offset + at - set.first_word];
  }

  bool has_any(const ElementSet& set) const {
    for (std::uint32_t at = set.first_word; at < set.end_word; ++at) {
      if (word(set, at) != 0) return true;
    }
    return false;
  }
  // Leaves in the set what is in word_at(at), too.
  template <class WordAt>
  void keep(const ElementSet& set, WordAt word_at) {
    for (std::uint32_t at = set.first_word; at < set.end_word; ++at) {
      words_[set.offset + at - set.first_word] &= word_at(at);
    }
  }
  template <class Visit>
  void each(const ElementSet& set, Visit visit) const {
    for (std::uint32_t at = set.first_word; at < set.end_word; ++at) {
      for (std::uint64_t left = word(set, at); left != 0; left &= left - 1) {
        visit(at * word_bits + static_cast<std::uint32_t>(std::countr_zero(left)));
      }
    }
  }

 private:
  static std::uint64_t bit(std::uint32_t element) {
    return std::uint64_t{1} << (element % word_bits);
  }

  std::vector<std::uint64_t> words_;
};

}  // namespace signalbox::rules::engine
