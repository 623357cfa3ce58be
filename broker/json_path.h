// The part of JSONPath that InputPath and InputPathsMap take, and the cutting of values out of
// JSON.
//
// Values are cut, never reprinted: numbers and escapes come out as they were written.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace signalbox::broker {

class JsonPath {
 public:
  enum class Syntax {
    dots,               // $, $.a.b-c, $.a[0]
    dots_and_brackets,  // also $['a'] and $["a"]
  };

  // Nothing for a text that is no such path: one without `$`, with wildcards, filters or `..`.
  static std::optional<JsonPath> parse(std::string_view text, Syntax syntax);

  // The text of the value in the JSON object `json`, which must be valid; empty when the path leads
  // nowhere. Of members with the same name the last counts.
  std::string_view find(std::string_view json) const;

 private:
  using Step = std::variant<std::string, std::size_t>;  // name of a member, index into an array
  std::vector<Step> steps_;
};

// Calls visit(name as written, with its quotes; value as written) for the members of the object
// `json`, which must be valid.
template <class Visit>
void each_member(std::string_view json, Visit visit);

// The text that the JSON string `quoted` stands for.
std::string decode_json_string(std::string_view quoted);

// --- implementation -----------------------------------------------------------------------------

// The offset behind the JSON value that starts at `start`.
std::size_t json_value_end(std::string_view json, std::size_t start);
// The offset of the first character from `start` on that is neither white space nor one of `,` and
// `:`.
std::size_t json_next(std::string_view json, std::size_t start);

template <class Visit>
void each_member(std::string_view json, Visit visit) {
  std::size_t at = json_next(json, 0);
  if (at == json.size() || json[at] != '{') {
    return;
  }
  for (at = json_next(json, at + 1); at < json.size() && json[at] == '"';) {
    const std::size_t name_end = json_value_end(json, at);
    const auto name = json.substr(at, name_end - at);
    at = json_next(json, name_end);
    const std::size_t value_end = json_value_end(json, at);
    visit(name, json.substr(at, value_end - at));
    at = json_next(json, value_end);
  }
}

}  // namespace signalbox::broker
