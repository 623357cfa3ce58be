// One element of an array of an event, as a node of the tree that the event's arrays make.
#pragma once

#include <cstdint>

namespace signalbox::rules {

// Kept in a table in the order in which the event opens them: an element stands behind its parent,
// and the elements of one array with everything inside them stand together. Only elements that are
// objects or arrays are in it; a scalar belongs to whatever its array stands in.
struct ArrayElement {
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  std::uint32_t parent;  // the element that the array stands in, or none
  std::uint32_t array;   // numbered anew for each event
  std::uint32_t index;   // in the array
};

}  // namespace signalbox::rules
