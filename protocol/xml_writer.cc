#include "protocol/xml_writer.h"

#include <array>
#include <cstddef>

namespace signalbox::protocol {

namespace {

constexpr std::array<bool, 256> is_special = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = c != '\t' && c != '\n';
  for (const char c : {'&', '<', '>', '"'}) table[static_cast<unsigned char>(c)] = true;
  table[0xef] = true;  // U+FFFE and U+FFFF start with it
  return table;
}();

constexpr std::string_view replacement = "\xef\xbf\xbd";

// Appends the special character text starts with; returns how many bytes it took.
std::size_t append_special(std::string& out, std::string_view text) {
  switch (text.front()) {
    case '&': out += "&amp;"; return 1;
    case '<': out += "&lt;"; return 1;
    case '>': out += "&gt;"; return 1;
    case '"': out += "&quot;"; return 1;
    case '\r': out += "&#xD;"; return 1;
    case '\xef':
      if (text.starts_with("\xef\xbf\xbe") || text.starts_with("\xef\xbf\xbf")) {
        out += replacement;
        return 3;
      }
      out += text.front();
      return 1;
    default: out += replacement; return 1;
  }
}

}  // namespace

void append_xml_text(std::string& out, std::string_view text) {
  std::size_t start = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    if (!is_special[static_cast<unsigned char>(text[i])]) {
      ++i;
      continue;
    }
    out += text.substr(start, i - start);
    i += append_special(out, text.substr(i));
    start = i;
  }
  out += text.substr(start);
}

void append_xml_open(std::string& out, std::string_view name) {
  out += '<';
  out += name;
  out += '>';
}

void append_xml_close(std::string& out, std::string_view name) {
  out += "</";
  out += name;
  out += '>';
}

void append_xml_element(std::string& out, std::string_view name, std::string_view text) {
  append_xml_open(out, name);
  append_xml_text(out, text);
  append_xml_close(out, name);
}

}  // namespace signalbox::protocol
