// Writes JSON: what the services send is small and its shape is known, so a string is enough.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shop {

// A JSON string with its quotes. The text is UTF-8.
std::string json_text(std::string_view text);
std::string json_array(const std::vector<std::string>& elements);

class JsonObject {
 public:
  JsonObject& text(std::string_view key, std::string_view value);
  JsonObject& number(std::string_view key, std::int64_t value);
  // The value is JSON already.
  JsonObject& json(std::string_view key, std::string_view value);
  std::string str() const { return members_ + "}"; }

 private:
  std::string members_ = "{";
};

}  // namespace shop
