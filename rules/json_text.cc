#include "rules/json_text.h"

#include <cstdint>

#include "rules/utf8.h"

namespace signalbox::rules {

namespace {

bool read_hex4(std::string_view text, std::size_t& at, std::uint32_t& unit) {
  unit = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    const int digit = at < text.size() ? hex_digit(text[at]) : -1;
    if (digit < 0) return false;
    unit = unit * 16 + static_cast<std::uint32_t>(digit);
  }
  return true;
}

bool append_unicode_escape(std::string_view text, std::size_t& at, std::string& out) {
  std::uint32_t unit = 0;
  if (!read_hex4(text, at, unit)) return false;
  if (unit >= 0xD800 && unit < 0xDC00 && text.substr(at, 2) == "\\u") {
    const std::size_t second = at;
    at += 2;
    std::uint32_t low = 0;
    if (!read_hex4(text, at, low)) return false;
    if (low >= 0xDC00 && low < 0xE000) {
      utf8_append(out, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
      return true;
    }
    at = second;
  }
  if (unit >= 0xD800 && unit < 0xE000) {
    out += '?';
  } else {
    utf8_append(out, unit);
  }
  return true;
}

}  // namespace

bool append_json_escape(std::string_view text, std::size_t& at, std::string& out) {
  const char c = at < text.size() ? text[at] : '\0';
  ++at;
  switch (c) {
    case '"':
    case '\\':
    case '/': out += c; return true;
    case 'b': out += '\b'; return true;
    case 'f': out += '\f'; return true;
    case 'n': out += '\n'; return true;
    case 'r': out += '\r'; return true;
    case 't': out += '\t'; return true;
    case 'u': return append_unicode_escape(text, at, out);
    default: return false;
  }
}

bool unescape_json(std::string_view between_quotes, std::string& out) {
  for (std::size_t at = 0; at < between_quotes.size();) {
    const std::size_t backslash = between_quotes.find('\\', at);
    out += between_quotes.substr(at, backslash - at);
    if (backslash == std::string_view::npos) return true;
    at = backslash + 1;
    if (!append_json_escape(between_quotes, at, out)) return false;
  }
  return true;
}

}  // namespace signalbox::rules
