// The few things rules/ needs to know about characters and UTF-8. Texts are checked before; on
// bytes that are not UTF-8 these give some answer without reading outside the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::rules {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The value of a hex digit, or -1.
inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The bytes of the character that starts at offset, at least 1 and never past the end.
inline std::size_t utf8_length(std::string_view text, std::size_t offset) {
  const auto lead = static_cast<unsigned char>(text[offset]);
  const std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return length < text.size() - offset ? length : text.size() - offset;
}

inline std::uint32_t utf8_decode(std::string_view text, std::size_t offset) {
  const std::size_t length = utf8_length(text, offset);
  const auto lead = static_cast<unsigned char>(text[offset]);
  std::uint32_t code_point = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    code_point = (code_point << 6) | (static_cast<unsigned char>(text[offset + i]) & 0x3FU);
  }
  return code_point;
}

inline void utf8_append(std::string& out, std::uint32_t code_point) {
  const auto tail = [&](int shift) {
    out += static_cast<char>(0x80 | ((code_point >> shift) & 0x3F));
  };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | (code_point >> 6));
    tail(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | (code_point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (code_point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// How many UTF-16 units the text has: the service counts columns in them.
inline std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xC0) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

// Orders as UTF-16 units do, which is how the service's matcher sorts the paths of fields:
// characters outside the basic plane come before U+E000 and up.
inline bool utf16_less(std::string_view a, std::string_view b) {
  const std::size_t shared = a.size() < b.size() ? a.size() : b.size();
  for (std::size_t i = 0; i < shared; ++i) {
    const auto x = static_cast<unsigned char>(a[i]);
    const auto y = static_cast<unsigned char>(b[i]);
    if (x != y) {
      const bool x_high = x >= 0xF0;
      const bool y_high = y >= 0xF0;
      if (x_high != y_high && (x >= 0xEE && y >= 0xEE)) {
        return x_high;
      }
      return x < y;
    }
  }
  return a.size() < b.size();
}

}  // namespace signalbox::rules
