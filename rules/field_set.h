// A set of small numbers: the first 64 in place, since more are rare.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace signalbox::rules {

class FieldSet {
 public:
  void insert(std::uint32_t number) {
    if (number >= 64 && more_.size() < number / 64) more_.resize(number / 64);
    word(number / 64) |= std::uint64_t{1} << (number % 64);
  }
  void insert(const FieldSet& other) {
    if (more_.size() < other.more_.size()) more_.resize(other.more_.size());
    for (std::size_t i = 0; i < other.word_count(); ++i) word(i) |= other.word(i);
  }

  bool contains(std::uint32_t number) const {
    const std::size_t at = number / 64;
    return at < word_count() && (word(at) >> (number % 64) & 1) != 0;
  }
  bool contains_all(const FieldSet& other) const {
    for (std::size_t i = 0; i < other.word_count(); ++i) {
      if ((other.word(i) & ~(i < word_count() ? word(i) : 0)) != 0) return false;
    }
    return true;
  }
  bool intersects(const FieldSet& other) const {
    for (std::size_t i = 0; i < std::min(word_count(), other.word_count()); ++i) {
      if ((word(i) & other.word(i)) != 0) return true;
    }
    return false;
  }
  std::size_t size() const {
    std::size_t size = 0;
    for (std::size_t i = 0; i < word_count(); ++i) {
      size += static_cast<std::size_t>(std::popcount(word(i)));
    }
    return size;
  }
  // The least number in it, or `otherwise`.
  std::uint32_t first(std::uint32_t otherwise) const {
    for (std::size_t i = 0; i < word_count(); ++i) {
      if (word(i) != 0) return static_cast<std::uint32_t>(i * 64) + std::countr_zero(word(i));
    }
    return otherwise;
  }

 private:
  std::size_t word_count() const { return 1 + more_.size(); }
  std::uint64_t word(std::size_t at) const { return at == 0 ? low_ : more_[at - 1]; }
  std::uint64_t& word(std::size_t at) { return at == 0 ? low_ : more_[at - 1]; }

  std::uint64_t low_ = 0;
  std::vector<std::uint64_t> more_;
};

}  // namespace signalbox::rules
