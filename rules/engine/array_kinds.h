// Which arrays of an event are alike: found under the same names in elements that are alike.
// `{"items":[{"tags":[..]},{"tags":[..]}]}` has two kinds, `items` and `tags` in items.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rules/array_element.h"
#include "rules/engine/name_tree.h"

namespace signalbox::rules::engine {

class ArrayKinds {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  static constexpr std::uint32_t kinds_max = 64;

  // nodes: where the names lead to each array, by its number.
  void read(std::span<const ArrayElement> elements, std::span<const NodeId> nodes);

  // Whether no element has two arrays of a kind (it has when it repeats a name), so that taking an
  // element says which arrays inside there are; and there are not too many kinds.
  bool is_simple() const { return is_simple_; }
  // Of an array with elements.
  std::uint32_t kind_of(std::uint32_t array) const { return kind_of_[array]; }

  // A kind that stands in another has the greater number.
  std::uint32_t outer(std::uint32_t kind) const { return kinds_[kind].outer; }
  std::uint32_t first_element(std::uint32_t kind) const { return kinds_[kind].first_element; }
  std::uint32_t last_element(std::uint32_t kind) const { return kinds_[kind].last_element; }

 private:
  struct Kind {
    std::uint32_t outer;  // kind, or none
    NodeId node;
    std::uint32_t first_element;
    std::uint32_t last_element;
    std::uint32_t last_array;
  };

  std::uint32_t find_or_add(std::uint32_t outer, NodeId node);

  std::vector<Kind> kinds_;
  std::vector<std::uint32_t> kind_of_;  // by array
  std::uint32_t last_found_ = 0;
  bool is_simple_ = false;
};

}  // namespace signalbox::rules::engine
