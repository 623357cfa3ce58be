// Array consistency: the fields of a pattern must all be found without taking two different
// elements of the same array. `{"a":{"b":[1],"c":[2]}}` does not match `{"a":[{"b":1},{"c":2}]}`.
//
// The fields are taken in the order of the pattern's paths. After each, every set of array elements
// that the fields so far may have been found in is known. Elements of arrays in which no later
// field has anything are forgotten, so that the sets stay few.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "rules/event_fields.h"

namespace signalbox::rules {

class ArrayConsistency {
 public:
  using Membership = EventFields::Membership;  // sorted by array

  explicit ArrayConsistency(std::uint32_t array_count)
      : first_use_(array_count, std::numeric_limits<std::int64_t>::max()),
        last_use_(array_count, -1) {}

  // The next field of the pattern: the leaves with a value it wants, all leaves at its path, and
  // whether it is also content with none that agrees with the elements taken so far.
  void add(std::vector<Membership> matching, std::vector<Membership> present, bool absent);

  // Whether all fields can be found together.
  bool holds();

 private:
  struct Step {
    std::vector<Membership> matching;  // sorted, no two the same, once reduced
    std::vector<Membership> present;   // only for absent
    bool absent;
  };

  void note_use(const std::vector<Membership>& memberships, std::int64_t step);
  void reduce(std::vector<Membership>& memberships, std::int64_t step) const;
  Membership join(const Membership& taken, const Membership& added, std::int64_t step) const;

  std::vector<Step> steps_;
  // By array: the first and last step with a leaf in it.
  std::vector<std::int64_t> first_use_;
  std::vector<std::int64_t> last_use_;
};

}  // namespace signalbox::rules
