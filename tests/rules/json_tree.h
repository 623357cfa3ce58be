// JSON as a tree that keeps what the rules care about: names given twice, the order of members, and
// numbers as they are written. Read and written by code of its own, so that a fault of rules/ in
// reading JSON shows as a difference.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::rules::reference {

struct Json {
  enum class Kind { object, array, string, number, literal };

  Kind kind = Kind::object;
  std::string text;                // a string's characters; a number or literal as written
  std::vector<std::string> names;  // of an object: one for each of the items
  std::vector<Json> items;
  // How render() spells it: 0 is plain, any other number stands for some mixture of whitespace and
  // escapes. A part of the tree, so that a case keeps its spelling while it is made smaller.
  std::uint32_t style = 0;

  bool is_container() const { return kind == Kind::object || kind == Kind::array; }
};

Json json_string(std::string_view text);
Json json_number(std::string_view text);
Json json_literal(std::string_view text);
Json json_array(std::vector<Json> items);
Json json_object(std::string_view name, Json value);
void add_member(Json& object, std::string_view name, Json value);

// The tree of a text that is JSON, UTF-8, and nests at most 1,000 levels. Half of a surrogate pair
// becomes a question mark, as it does for the service.
std::optional<Json> parse_json(std::string_view text);

std::string render(const Json& json);

// The text as UTF-16, the units in which the service sorts.
std::u16string to_utf16(std::string_view text);

// The characters of a text. The text is UTF-8.
std::vector<std::uint32_t> code_points(std::string_view text);
void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace signalbox::rules::reference
