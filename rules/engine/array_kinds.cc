#include "rules/engine/array_kinds.h"

#include "rules/reuse.h"

namespace signalbox::rules::engine {

void ArrayKinds::read(std::span<const ArrayElement> elements, std::span<const NodeId> nodes) {
  kinds_.clear();
  reuse(kind_of_);
  kind_of_.resize(nodes.size(), none);
  is_simple_ = false;
  for (std::uint32_t at = 0; at < elements.size(); ++at) {
    const ArrayElement& element = elements[at];
    std::uint32_t& kind = kind_of_[element.array];
    if (kind == none) {
      const auto parent = element.parent;
      const std::uint32_t outer =
          parent == ArrayElement::none ? none : kind_of_[elements[parent].array];
      kind = find_or_add(outer, nodes[element.array]);
      if (kind == kinds_max) return;
      Kind& found = kinds_[kind];
      // All of an element stands together, so two arrays of a kind in it follow each other.
      const bool is_first = found.last_array == none;
      if (!is_first && elements[found.last_element].parent == parent) return;
      if (is_first) found.first_element = at;
      found.last_array = element.array;
    }
    kinds_[kind].last_element = at;
  }
  is_simple_ = true;
}

// Returns kinds_max when there is no room for another.
std::uint32_t ArrayKinds::find_or_add(std::uint32_t outer, NodeId node) {
  const auto is_it = [&](const Kind& kind) { return kind.outer == outer && kind.node == node; };
  const auto count = static_cast<std::uint32_t>(kinds_.size());
  // Mostly the one that was found last.
  if (last_found_ < count && is_it(kinds_[last_found_])) return last_found_;
  for (last_found_ = 0; last_found_ < count; ++last_found_) {
    if (is_it(kinds_[last_found_])) return last_found_;
  }
  if (count < kinds_max) kinds_.push_back({outer, node, 0, 0, none});
  return count;
}

}  // namespace signalbox::rules::engine
