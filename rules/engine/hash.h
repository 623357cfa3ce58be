// The hash that every index of the engine uses.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace signalbox::rules::engine {

inline std::uint64_t load_8(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, 8);
  return word;
}

inline std::uint64_t load_4(const char* at) {
  std::uint32_t word = 0;
  std::memcpy(&word, at, 4);
  return word;
}

// The first 8 bytes, or all when there are fewer, and no others.
inline std::uint64_t load_up_to_8(const char* at, std::size_t size) {
  if (size >= 8) return load_8(at);
  if (size >= 4) return load_4(at) | load_4(at + size - 4) << (8 * (size - 4));
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
  }
  return word;
}

// The same, reading 8 bytes at once where they end before `end`.
inline std::uint64_t load_up_to_8(const char* at, std::size_t size, const char* end) {
  if (end - at < 8) return load_up_to_8(at, size);
  return size >= 8 ? load_8(at) : load_8(at) & ((std::uint64_t{1} << (8 * size)) - 1);
}

// Whether any byte of the word is that one.
inline bool has_byte(std::uint64_t word, char byte) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  const std::uint64_t zero_if_equal = word ^ ones * static_cast<unsigned char>(byte);
  return ((zero_if_equal - ones) & ~zero_if_equal & ones << 7) != 0;
}

// Both halves of the product: every bit of the inputs moves every bit of the result.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Short texts are compared so often that a call would cost more than the comparison.
inline bool equal_bytes(const char* a, const char* b, std::size_t size) {
  if (size < 8) return load_up_to_8(a, size) == load_up_to_8(b, size);
  for (std::size_t at = 0; at + 8 < size; at += 8) {
    if (load_8(a + at) != load_8(b + at)) return false;
  }
  return load_8(a + size - 8) == load_8(b + size - 8);
}

inline bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && equal_bytes(a.data(), b.data(), a.size());
}

inline std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
  constexpr std::uint64_t odd_1 = 0x9E3779B97F4A7C15;
  constexpr std::uint64_t odd_2 = 0xD6E8FEB86659FD93;
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t state = seed ^ odd_2;
  for (; left > 16; at += 16, left -= 16) {
    state = mix(load_8(at) ^ odd_1, load_8(at + 8) ^ state);
  }
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (left >= 8) {
    a = load_8(at);
    b = load_8(at + left - 8);
  } else {
    a = load_up_to_8(at, left);
  }
  return mix(odd_1 ^ bytes.size(), mix(a ^ odd_1, b ^ state));
}

}  // namespace signalbox::rules::engine
