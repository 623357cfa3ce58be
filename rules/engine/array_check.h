// Whether the conditions of a clause are met together where an event has arrays: without taking two
// elements of one array.
//
// Where a condition is met is found out once an event, as a set of elements. Mostly the rest is to
// compare sets: all fields stand in one array, or in arrays inside each other, of which each
// element has one of a kind. Or not even that: the values that led to the clause say in which few
// elements its other conditions have to be met. Anything else ArrayConsistency decides.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rules/array_consistency.h"
#include "rules/engine/array_kinds.h"
#include "rules/engine/element_sets.h"
#include "rules/engine/event_walker.h"
#include "rules/engine/rule_index.h"

namespace signalbox::rules::engine {

// Keep one per thread: its memory is reused.
class ArrayCheck {
 public:
  // Both stay as they are until the next start().
  void start(const RuleIndexView& index, EventWalker& event);

  enum class Answer : std::uint8_t {
    together,
    not_there,  // the values found do not tell, others may
    never,
  };
  // Each condition is met somewhere, one at least inside arrays. found: the values with one of the
  // keys that lead to the clause, or no_value when that key is not of single values.
  Answer ask(const Clause& clause, std::span<const std::uint32_t> found);

 private:
  static constexpr std::uint32_t none = ArrayElement::none;

  // Where the values at a path stand, whether they are wanted or not.
  struct Path {
    std::uint32_t round;  // that found out
    std::uint32_t array;  // one that has some of them
    std::uint32_t first_element;
    std::uint32_t last_element;
    std::uint32_t value_count;
    bool is_outside;     // some are outside of arrays
    bool is_in_many;     // arrays
    bool is_mixed;       // the arrays are of several kinds
    std::uint32_t kind;  // none until asked for
    bool has_elements;
    ElementSet elements;  // until asked for
  };
  struct Met {
    std::uint32_t round;
    bool is_outside;  // with a value outside of arrays
    ElementSet elements;
  };
  // What the clause asks for inside arrays.
  struct Field {
    std::uint32_t condition;
    NodeId node;
    bool may_be_absent;
    std::uint32_t kind;   // of the arrays it stands in
    ElementSet wanted;    // elements where its condition is met
    ElementSet elements;  // where it has any value, when it may be absent
  };

  void forget();
  void list_fields(const Clause& clause);
  template <class Visit>
  void each_value(NodeId node, Visit visit);
  Path& path(NodeId node);
  const ElementSet& elements_of(NodeId node);
  const Met& met(std::uint32_t condition);
  bool are_in_one_array();
  bool are_in_kinds();
  std::uint32_t kind_of(NodeId node);
  bool may_start_from(const Clause& clause, std::span<const std::uint32_t> found);
  void find_elements(std::uint32_t except);
  void start_from(const Clause& clause, std::span<const std::uint32_t> found);
  bool one_element_has_all() const;
  bool kinds_have_all();
  bool kind_has_all(std::uint32_t kind, std::uint32_t outer);
  bool is_consistent();

  const RuleIndexView* index_ = nullptr;
  EventWalker* event_ = nullptr;
  // Of what was found out about this event; another when it was forgotten.
  std::uint32_t round_ = 0;
  ElementSets sets_;
  std::vector<Path> paths_;    // by node
  std::vector<Met> met_;       // by condition
  std::vector<Field> fields_;  // of the clause at hand, in the order of their paths
  bool has_kinds_ = false;
  ArrayKinds kinds_;
  ArrayConsistency consistency_;
};

}  // namespace signalbox::rules::engine
