// What stands at each path of an event, objects and arrays too: where values are found and where
// only something like them is. Beside EventFields, which knows values alone and is on the path of
// matching, this is for explaining.
//
// Reading is linear in the event. Nothing of the event's text is referred to afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/event_fields.h"

namespace signalbox::rules {

class EventOutline {
 public:
  static constexpr std::uint32_t none = EventFields::none;

  // All that stands at one path, be it in several array elements.
  struct Node {
    std::uint32_t parent;
    std::size_t path_length;
    PathHash hash;
    PathHash folded_hash;  // of the path as similar() compares it
    std::string name;
    bool has_object = false;
    bool has_array = false;
    bool has_string = false;
    bool has_other_value = false;
    bool has_json_string = false;  // one that holds an object

    bool has_value() const { return has_string || has_other_value; }
  };

  // Reads as far as the text is JSON; problem() says where it is none.
  explicit EventOutline(std::string_view event_json);

  // Why the text is no event: one sentence. Empty when it is one.
  const std::string& problem() const { return problem_; }

  // Null: nothing is there. Found by hash, then compared.
  const Node* find(std::string_view path) const;
  // One whose path differs from it in case, `-` and `_` only.
  const Node* similar(std::string_view path) const;
  // One with that last name.
  const Node* named(std::string_view name) const;
  // The names below, the first of them.
  std::vector<std::string_view> names_in(const Node& node, std::size_t count_max) const;

  std::string path_of(const Node& node) const;
  // Arrays are numbered as in EventFields. Empty for one it has not read.
  std::string array_path(std::uint32_t array) const;
  // Whether EventFields' numbers of elements are their positions: it counts objects and arrays.
  bool counts_all_elements(std::uint32_t array) const;

 private:
  struct Scope {
    bool is_array;
    std::uint32_t node;
    std::uint32_t array;
  };
  struct Array {
    std::uint32_t node;
    bool has_scalar;
  };

  void read(std::string_view event_json);
  std::uint32_t enter(std::uint32_t parent, const std::string& name);
  void note_value(std::uint32_t node, bool is_string, const std::string& text);
  bool has_path(const Node& node, std::string_view path) const;

  std::vector<Node> nodes_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_hash_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_folded_hash_;
  std::vector<Array> arrays_;
  std::string problem_;
};

}  // namespace signalbox::rules
