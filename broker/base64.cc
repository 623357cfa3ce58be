#include "broker/base64.h"

#include <array>
#include <cstdint>

namespace signalbox::broker {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

std::uint32_t byte(char c) { return static_cast<unsigned char>(c); }

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  const std::size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + start;
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t word = byte(bytes[i]) << 16 | byte(bytes[i + 1]) << 8 | byte(bytes[i + 2]);
    *to++ = alphabet[word >> 18];
    *to++ = alphabet[word >> 12 & 63];
    *to++ = alphabet[word >> 6 & 63];
    *to++ = alphabet[word & 63];
  }
  if (i == bytes.size()) return;
  const bool two_left = i + 2 == bytes.size();
  const std::uint32_t word = byte(bytes[i]) << 16 | (two_left ? byte(bytes[i + 1]) << 8 : 0);
  *to++ = alphabet[word >> 18];
  *to++ = alphabet[word >> 12 & 63];
  *to++ = two_left ? alphabet[word >> 6 & 63] : '=';
  *to++ = '=';
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return std::string();
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string bytes(text.size() / 4 * 3, '\0');
  char* to = bytes.data();
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const bool is_padding = last && j >= 4 - padding;
      const std::uint8_t digit = is_padding ? 0 : digit_values[byte(text[i + j])];
      if (digit == no_digit) return std::nullopt;
      word = word << 6 | digit;
    }
    *to++ = static_cast<char>(word >> 16);
    *to++ = static_cast<char>(word >> 8);
    *to++ = static_cast<char>(word);
  }
  for (std::size_t i = bytes.size() - padding; i < bytes.size(); ++i) {
    if (bytes[i] != '\0') return std::nullopt;
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace signalbox::broker
