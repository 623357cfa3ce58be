// What a rule asks of one path, in few bytes: a block of tests that are read one after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/engine/event_value.h"
#include "rules/engine/shared_memory.h"
#include "rules/pattern_model.h"

namespace signalbox::rules::engine {

struct Condition {
  BlockHeader* program;  // null: on the free list
  NodeId node;
  std::uint32_t use_count;  // by clauses
  std::uint32_t hash;       // of path and program
  float weak_share;         // how many values it seems to let through when no key finds them
  bool exists;              // any value will do
  bool absent;              // no value will do, too
  bool is_marked;           // met if and only if a key of its own was found
};

// The tests of a field's array as bytes; equal arrays have equal bytes.
std::string encode_tests(const FieldPattern& pattern);

// A block with those bytes, and the plan of their keys behind them.
BlockHeader* new_program(SharedMemory& memory, std::string_view tests,
                         const std::vector<std::uint32_t>& plan);
inline std::string_view tests_of(const BlockHeader* program) {
  return {reinterpret_cast<const char*>(program + 1), program->count};
}

// Whether the value is one the tests want.
bool holds(std::string_view tests, EventValue& value);

// How varied the values of a path seem, from what its rules ask.
struct PathVariety {
  std::uint32_t condition_count = 0;
  std::uint32_t use_count = 0;  // of those conditions, by clauses
  double number_min = 0;
  double number_max = 0;
};
void note_numbers(std::string_view tests, PathVariety& variety);

// How many wildcards each four bytes of text occur in, roughly: the rarest find a wildcard best.
class GramCounts {
 public:
  void change(NodeId node, std::string_view tests, int by);
  std::uint32_t count(NodeId node, std::string_view gram) const;

 private:
  std::vector<std::uint32_t> counts_;  // by hash; empty until there are wildcards
};

// Some tests can be found in more than one way. The choice is made once, when the condition is
// made, and kept as a number for each of them.
std::vector<std::uint32_t> plan_keys(NodeId node, std::string_view tests,
                                     const PathVariety& variety, const GramCounts& grams);

// A key under which the values that pass a test are found.
struct FoundBy {
  KeyKind kind;
  std::uint32_t parameter;
  std::string_view bytes;
  bool certain;  // whoever has the key passes
  double share;  // a guess at how many of the values have it, 0 to 1
};

// Calls visit for each of the keys that together find every value the program wants. False, maybe
// after some calls, when only the presence of a value does. Shares are by variety, keys are not.
bool each_key(const BlockHeader* program, const PathVariety& variety,
              const std::function<void(const FoundBy&)>& visit);

// The place of a double among all doubles.
std::uint64_t number_order(double number);

}  // namespace signalbox::rules::engine
