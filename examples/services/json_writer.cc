#include "examples/services/json_writer.h"

#include <fmt/format.h>

#include <iterator>

namespace shop {

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string json_array(const std::vector<std::string>& elements) {
  return fmt::format("[{}]", fmt::join(elements, ","));
}

JsonObject& JsonObject::json(std::string_view key, std::string_view value) {
  fmt::format_to(std::back_inserter(members_), "{}{}:{}", members_.size() > 1 ? "," : "",
                 json_text(key), value);
  return *this;
}

JsonObject& JsonObject::text(std::string_view key, std::string_view value) {
  return json(key, json_text(value));
}

JsonObject& JsonObject::number(std::string_view key, std::int64_t value) {
  return json(key, std::to_string(value));
}

}  // namespace shop
