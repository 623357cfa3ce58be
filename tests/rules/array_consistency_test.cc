#include "rules/array_consistency.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace signalbox::rules {
namespace {

constexpr std::uint32_t none = ArrayElement::none;

struct Value {
  std::uint32_t element;
  bool is_wanted;
};
struct Field {
  bool may_be_absent;
  std::vector<Value> values;
};
struct Case {
  std::vector<ArrayElement> elements;
  std::uint32_t array_count = 0;
  std::vector<Field> fields;
};

bool holds(ArrayConsistency& consistency, const Case& given) {
  consistency.start(given.elements, given.array_count);
  for (const Field& field : given.fields) {
    consistency.add_field(field.may_be_absent);
    for (const Value& value : field.values) consistency.add_value(value.element, value.is_wanted);
  }
  return consistency.holds();
}

using Taken = std::map<std::uint32_t, std::uint32_t>;  // elements by array

// The elements taken with those on the way to one more; false when two are of one array.
bool take(const Case& given, std::uint32_t element, Taken& taken) {
  for (; element != none; element = given.elements[element].parent) {
    const auto [at, is_new] = taken.emplace(given.elements[element].array, element);
    if (!is_new && at->second != element) return false;
  }
  return true;
}

// Every way to find every field, tried one by one.
bool holds_by_trying(const Case& given, std::size_t at, const Taken& taken) {
  if (at == given.fields.size()) return true;
  const Field& field = given.fields[at];
  bool is_left_out = field.may_be_absent;
  for (const Value& value : field.values) {
    Taken more = taken;
    const bool agrees = take(given, value.element, more);
    is_left_out = is_left_out && !agrees;
    if (agrees && value.is_wanted && holds_by_trying(given, at + 1, more)) return true;
  }
  return is_left_out && holds_by_trying(given, at + 1, taken);
}

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  std::uint32_t up_to(std::uint32_t most) {
    return static_cast<std::uint32_t>(random_() % (most + 1));
  }
  bool once_in(std::uint32_t times) { return random_() % times == 0; }

 private:
  std::mt19937 random_;
};

void add_arrays(Case& out, Dice& dice, std::uint32_t parent, unsigned depth, std::uint32_t most) {
  const std::uint32_t arrays = dice.up_to(most);
  for (std::uint32_t i = 0; i < arrays; ++i) {
    const std::uint32_t array = out.array_count++;
    const std::uint32_t elements = 1 + dice.up_to(2);
    for (std::uint32_t index = 0; index < elements; ++index) {
      const auto element = static_cast<std::uint32_t>(out.elements.size());
      out.elements.push_back({parent, array, index});
      if (depth > 0) add_arrays(out, dice, element, depth - 1, most);
    }
  }
}

Case random_case(Dice& dice) {
  Case out;
  while (out.elements.empty()) add_arrays(out, dice, none, dice.up_to(2), 1 + dice.up_to(1));
  const std::uint32_t fields = 1 + dice.up_to(4);
  const auto last = static_cast<std::uint32_t>(out.elements.size() - 1);
  for (std::uint32_t i = 0; i < fields; ++i) {
    Field field{dice.once_in(2), {}};
    const std::uint32_t values = dice.up_to(4);
    const bool any_wanted = !field.may_be_absent || dice.once_in(2);
    for (std::uint32_t v = 0; v < values; ++v) {
      const std::uint32_t element = dice.once_in(20) ? none : dice.up_to(last);
      field.values.push_back({element, any_wanted && !dice.once_in(4)});
    }
    out.fields.push_back(field);
  }
  return out;
}

std::string shown(const Case& given) {
  std::string out;
  for (std::size_t i = 0; i < given.elements.size(); ++i) {
    const ArrayElement& element = given.elements[i];
    out += "element " + std::to_string(i) + " of array " + std::to_string(element.array) + " in " +
           (element.parent == none ? "the event" : std::to_string(element.parent)) + "\n";
  }
  for (const Field& field : given.fields) {
    out += field.may_be_absent ? "field or absence:" : "field:";
    for (const Value& value : field.values) {
      out += std::string(value.is_wanted ? " +" : " -") +
             (value.element == none ? "outside" : std::to_string(value.element));
    }
    out += "\n";
  }
  return out;
}

TEST_CASE("fields hold together exactly when some way to take elements finds them all") {
  ArrayConsistency consistency;
  std::size_t held = 0;
  constexpr std::uint32_t case_count = 60'000;
  for (std::uint32_t seed = 0; seed < case_count; ++seed) {
    Dice dice(seed);
    const Case given = random_case(dice);
    const bool expected = holds_by_trying(given, 0, {});
    held += expected ? 1 : 0;
    if (holds(consistency, given) != expected) {
      FAIL("seed " << seed << ", expected " << expected << "\n" << shown(given));
    }
  }
  // Neither answer is rare.
  CHECK(held > case_count / 10);
  CHECK(held < case_count - case_count / 10);
}

// Two fields, the second of them in few elements, of an array of objects in an element.
Case in_one_array(std::vector<Value> many, std::vector<Value> few) {
  Case out{.elements = {{none, 0, 0}, {0, 1, 0}, {0, 1, 1}, {0, 1, 2}}, .array_count = 2};
  out.fields = {{false, std::move(many)}, {false, std::move(few)}};
  return out;
}

TEST_CASE("fields of one array hold together when one element has them all") {
  ArrayConsistency consistency;
  // Of each answer, the next must not see a trace.
  for (int round = 0; round < 2; ++round) {
    CHECK(holds(consistency, in_one_array({{1, true}, {2, true}, {3, true}}, {{2, true}})));
    CHECK_FALSE(holds(consistency, in_one_array({{1, true}, {3, true}}, {{2, true}})));
  }
  // A value that is not wanted does not find its field, nor do two of one field find both.
  CHECK_FALSE(holds(consistency, in_one_array({{1, true}, {2, false}}, {{2, true}})));
  CHECK_FALSE(holds(consistency, in_one_array({{1, true}, {1, true}}, {{2, true}, {2, true}})));
  // What stands around the array goes with all of its elements, and so does the rest of the event.
  CHECK(holds(consistency, in_one_array({{0, true}}, {{2, true}})));
  CHECK(holds(consistency, in_one_array({{none, true}}, {{2, true}})));
  Case three = in_one_array({{1, true}, {2, true}}, {{2, true}, {3, true}});
  three.fields.push_back({false, {{1, true}, {3, true}}});
  CHECK_FALSE(holds(consistency, three));
  three.fields[2].values.push_back({2, true});
  CHECK(holds(consistency, three));
}

// Fields that are each in every one of `count` arrays, in elements of their own.
Case apart_in_many_arrays(std::uint32_t field_count, std::uint32_t count) {
  Case out;
  out.fields.resize(field_count);
  for (; out.array_count < count; ++out.array_count) {
    for (std::uint32_t field = 0; field < field_count; ++field) {
      out.fields[field].values.push_back({static_cast<std::uint32_t>(out.elements.size()), true});
      out.elements.push_back({none, out.array_count, field});
    }
  }
  return out;
}

TEST_CASE("more fields than arrays that have one each do not hold together, as many do") {
  ArrayConsistency consistency;
  for (const std::uint32_t fields : {2U, 5U, 8U}) {
    CHECK_FALSE(holds(consistency, apart_in_many_arrays(fields, fields - 1)));
    CHECK(holds(consistency, apart_in_many_arrays(fields, fields)));
    CHECK(holds(consistency, apart_in_many_arrays(fields, 30'000)));
  }
}

// The search for these doubles with every field, to weeks for 40, unless it is bounded.
TEST_CASE("forty fields that compete for arrays are decided, and found where any order does") {
  ArrayConsistency consistency;
  CHECK_FALSE(holds(consistency, apart_in_many_arrays(40, 39)));
  CHECK(holds(consistency, apart_in_many_arrays(40, 40)));
  CHECK(holds(consistency, apart_in_many_arrays(40, 1'000)));
  Case optional = apart_in_many_arrays(40, 39);
  for (Field& field : optional.fields) field.may_be_absent = true;
  CHECK(holds(consistency, optional));
  // Two more that exclude each other, so that every try fails.
  for (const std::uint32_t index : {0U, 1U}) {
    const auto element = static_cast<std::uint32_t>(optional.elements.size());
    optional.elements.push_back({none, optional.array_count, index});
    optional.fields.push_back({false, {{element, true}}});
  }
  ++optional.array_count;
  CHECK_FALSE(holds(consistency, optional));
}

TEST_CASE("a hundred fields that two arrays have are found in either") {
  Case both;
  both.array_count = 2;
  both.elements = {{none, 0, 0}, {none, 1, 0}, {none, 1, 1}};
  for (int i = 0; i < 100; ++i) both.fields.push_back({false, {{0, true}, {1, true}}});
  ArrayConsistency consistency;
  CHECK(holds(consistency, both));
  both.fields[70].values = {{2, true}};
  CHECK(holds(consistency, both));
  both.fields[90].values = {{1, true}};
  CHECK_FALSE(holds(consistency, both));
}

}  // namespace
}  // namespace signalbox::rules
