#include "broker/schemas/validator.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <bit>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <limits>
#include <set>

#include "broker/schemas/formats.h"
#include "broker/schemas/json_document.h"

namespace signalbox::broker::schemas {

namespace {

namespace json = boost::json;
using simdjson::dom::element;
using simdjson::dom::element_type;

std::uint8_t kind_of(element_type type) {
  switch (type) {
    case element_type::NULL_VALUE: return kind::null;
    case element_type::BOOL: return kind::boolean;
    case element_type::INT64:
    case element_type::UINT64: return kind::integer;
    case element_type::DOUBLE: return kind::number;
    case element_type::STRING: return kind::string;
    case element_type::ARRAY: return kind::array;
    case element_type::OBJECT: break;
  }
  return kind::object;
}

std::string names_of(std::uint8_t kinds) {
  constexpr std::pair<std::uint8_t, std::string_view> names[] = {
      {kind::string, "a string"},   {kind::number, "a number"},  {kind::integer, "an integer"},
      {kind::boolean, "a boolean"}, {kind::object, "an object"}, {kind::array, "an array"},
      {kind::null, "null"}};
  std::string text;
  for (const auto& [bit, name] : names) {
    if ((kinds & bit) == 0) continue;
    if (bit == kind::integer && (kinds & kind::number) != 0) continue;  // a number says both
    if (!text.empty()) text += " or ";
    text += name;
  }
  return text;
}

std::size_t length_in_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

Number number_of(element value) {
  std::int64_t integer = 0;
  if (value.get_int64().get(integer) == simdjson::SUCCESS) return static_cast<Number>(integer);
  std::uint64_t large = 0;
  if (value.get_uint64().get(large) == simdjson::SUCCESS) return static_cast<Number>(large);
  const simdjson::simdjson_result<double> number = value.get_double();
  return number.error() == simdjson::SUCCESS ? static_cast<Number>(number.value_unsafe()) : 0;
}

bool is_whole(Number number) { return std::floor(number) == number; }

// As it is written: an integer in full, anything else as the shortest text of its double.
std::string text_of(Number number) {
  return is_whole(number) && std::abs(number) < 2e19L
             ? fmt::format("{:.0f}", number)
             : fmt::format("{}", static_cast<double>(number));
}

// In the doubles of both: 0.3 is a multiple of 0.1, though its double is not. Of integers exactly.
bool is_multiple(Number number, Number of) {
  if (std::fmod(number, of) == 0) return true;
  if (is_whole(number) && is_whole(of)) return false;
  const Number nearest = std::round(number / of) * of;
  return std::abs(number - nearest) <= std::abs(number) * std::numeric_limits<double>::epsilon();
}

bool is_equal(element value, const json::value& wanted);

bool is_equal_array(element value, const json::array& wanted) {
  simdjson::dom::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS || list.size() != wanted.size())
    return false;
  std::size_t at = 0;
  for (const element each : list) {
    if (!is_equal(each, wanted[at++])) return false;
  }
  return true;
}

bool is_equal_object(element value, const json::object& wanted) {
  simdjson::dom::object members;
  if (value.get_object().get(members) != simdjson::SUCCESS) return false;
  if (members.size() != wanted.size()) return false;
  for (const auto& [key, each] : members) {
    const auto* other = wanted.if_contains({key.data(), key.size()});
    if (other == nullptr || !is_equal(each, *other)) return false;
  }
  return true;
}

bool is_equal(element value, const json::value& wanted) {
  switch (wanted.kind()) {
    case json::kind::null: return value.is_null();
    case json::kind::bool_: {
      bool flag = false;
      return value.get_bool().get(flag) == simdjson::SUCCESS && flag == wanted.get_bool();
    }
    case json::kind::string: {
      std::string_view text;
      return value.get_string().get(text) == simdjson::SUCCESS &&
             text == std::string_view(wanted.get_string().data(), wanted.get_string().size());
    }
    case json::kind::array: return is_equal_array(value, wanted.get_array());
    case json::kind::object: return is_equal_object(value, wanted.get_object());
    default: break;
  }
  return value.is_number() && number_of(value) == number_in(wanted);
}

// One check of one value. The walk returns false at the first violation.
class Walk {
 public:
  // violation: null when nobody wants to know where.
  explicit Walk(Violation* violation) : violation_(violation) {}

  bool check(const Node& node, element value);

 private:
  bool check_numbers(const Node& node, element value);
  bool check_string(const Node& node, std::string_view text);
  bool check_array(const Node& node, element value);
  bool check_unique(simdjson::dom::array list);
  std::string canonical(element value);
  bool check_object(const Node& node, element value);
  bool check_member(const Node& node, std::string_view name, element value, std::uint64_t* seen);
  bool check_required(const Node& node, const std::uint64_t* seen);
  bool check_dependencies(const Node& node, element value);
  bool check_enum(const Node& node, element value);
  bool check_combinations(const Node& node, element value);
  // False: there are no steps left.
  bool spend(std::size_t steps) {
    steps_left_ -= std::min(steps, steps_left_);
    return steps_left_ > 0 || fail("takes more than {} steps to check", steps_max);
  }
  bool has_match(const re2::RE2& pattern, std::string_view text) {
    // A match takes its time: as that many steps, and as many more for a long text.
    constexpr std::size_t steps_of_match = 10;
    constexpr std::size_t bytes_of_step = 16;
    return spend(steps_of_match + text.size() / bytes_of_step) &&
           re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
  }
  // Whether the value is valid by the other schema, and nothing else.
  bool would_pass(const Node& node, element value);

  template <class... Arguments>
  bool fail(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (violation_ != nullptr) {
      violation_->reason = fmt::format(format, std::forward<Arguments>(arguments)...);
    }
    return false;
  }
  // A violation below: the path grows to the front on the way up.
  bool fail_in_member(std::string_view name) {
    if (violation_ != nullptr) violation_->path.insert(0, fmt::format(".{}", name));
    return false;
  }
  bool fail_in_element(std::size_t index) {
    if (violation_ != nullptr) violation_->path.insert(0, fmt::format("[{}]", index));
    return false;
  }

  Violation* violation_;
  std::size_t steps_left_ = steps_max;
};

bool Walk::check(const Node& schema, element value) {
  if (!spend(1)) return false;
  const Node* at = &schema;
  while (at->reference != nullptr) at = at->reference;
  const Node& node = *at;
  const auto type = value.type();
  const std::uint8_t kind = kind_of(type);
  const bool is_integer = type == element_type::DOUBLE && (node.kinds & kind::number) == 0 &&
                          (node.kinds & kind::integer) != 0 && is_whole(number_of(value));
  if ((node.kinds & kind) == 0 && !is_integer) {
    return node.kinds == 0 ? fail("must not be there") : fail("must be {}", names_of(node.kinds));
  }
  const bool has_enum = !node.one_of_values.empty() || !node.one_of_strings.empty();
  if (has_enum && !check_enum(node, value)) return false;
  bool fine = true;
  if (kind == kind::object) {
    fine = check_object(node, value);
  } else if (kind == kind::array) {
    fine = check_array(node, value);
  } else if (kind == kind::string) {
    fine = check_string(node, std::string_view(value));
  } else if ((kind & (kind::integer | kind::number)) != 0) {
    fine = check_numbers(node, value);
  }
  return fine && check_combinations(node, value);
}

bool Walk::check_numbers(const Node& node, element value) {
  if (!node.minimum && !node.maximum && !node.multiple_of) return true;
  const Number number = number_of(value);
  if (node.minimum) {
    const auto& [bound, is_exclusive] = *node.minimum;
    if (is_exclusive && number <= bound) return fail("must be greater than {}", text_of(bound));
    if (number < bound) return fail("must be at least {}", text_of(bound));
  }
  if (node.maximum) {
    const auto& [bound, is_exclusive] = *node.maximum;
    if (is_exclusive && number >= bound) return fail("must be less than {}", text_of(bound));
    if (number > bound) return fail("must be at most {}", text_of(bound));
  }
  if (node.multiple_of && !is_multiple(number, *node.multiple_of)) {
    return fail("must be a multiple of {}", text_of(*node.multiple_of));
  }
  return true;
}

bool Walk::check_string(const Node& node, std::string_view text) {
  if (node.length_min > 0 || node.length_max) {
    const std::size_t length = length_in_characters(text);
    if (length < node.length_min) {
      return fail("must have at least {} characters", node.length_min);
    }
    if (node.length_max && length > *node.length_max) {
      return fail("must have at most {} characters", *node.length_max);
    }
  }
  if (node.pattern != nullptr && !has_match(*node.pattern, text)) {
    return spend(0) && fail("must match the pattern {}", node.pattern_text);
  }
  if (!has_format(text, node.format)) return fail("must be a {}", name_of(node.format));
  return true;
}

bool Walk::check_array(const Node& node, element value) {
  simdjson::dom::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS) return true;
  std::size_t index = 0;
  for (const element each : list) {
    const Node* schema = node.items;
    if (node.has_tuple) {
      schema = index < node.tuple.size() ? node.tuple[index] : node.more_items;
    }
    if (schema != nullptr && !check(*schema, each)) return fail_in_element(index);
    ++index;
  }
  if (index < node.items_min) return fail("must have at least {} elements", node.items_min);
  if (node.items_max && index > *node.items_max) {
    return fail("must have at most {} elements", *node.items_max);
  }
  if (node.has_tuple && !node.allows_more_items && index > node.tuple.size()) {
    return fail("must have at most {} elements", node.tuple.size());
  }
  return !node.items_are_unique || check_unique(list);
}

// Equal values have the same text: members in order, numbers however they were written. Empty:
// there are no steps left.
std::string Walk::canonical(element value) {
  if (!spend(1)) return {};
  simdjson::dom::object members;
  simdjson::dom::array list;
  if (value.get_object().get(members) == simdjson::SUCCESS) {
    std::set<std::string> parts;
    for (const auto& [key, each] : members) {
      parts.insert(fmt::format("{}:{}", key, canonical(each)));
    }
    return fmt::format("{{{}}}", fmt::join(parts, "\n"));
  }
  if (value.get_array().get(list) == simdjson::SUCCESS) {
    std::string text = "[";
    for (const element each : list) text += canonical(each) + ",";
    return text + "]";
  }
  if (value.is_number()) return text_of(number_of(value) + 0);  // -0 is 0
  return simdjson::minify(value);
}

bool Walk::check_unique(simdjson::dom::array list) {
  std::set<std::string> seen;
  for (const element each : list) {
    const bool is_new = seen.insert(canonical(each)).second;
    if (!spend(0)) return false;
    if (!is_new) return fail("must not have an element twice");
  }
  return true;
}

bool Walk::check_object(const Node& node, element value) {
  simdjson::dom::object members;
  if (value.get_object().get(members) != simdjson::SUCCESS) return true;
  constexpr std::size_t required_on_stack = 256;
  std::uint64_t on_stack[required_on_stack / 64] = {};
  std::vector<std::uint64_t> on_heap;
  std::uint64_t* seen = on_stack;
  if (node.required_count > required_on_stack) {
    on_heap.resize(node.required_count / 64 + 1);
    seen = on_heap.data();
  }
  std::size_t count = 0;
  for (const auto& [name, each] : members) {
    ++count;
    if (!check_member(node, name, each, seen)) return false;
  }
  if (node.required_count > 0 && !check_required(node, seen)) return false;
  if (count < node.properties_min) {
    return fail("must have at least {} members", node.properties_min);
  }
  if (node.properties_max && count > *node.properties_max) {
    return fail("must have at most {} members", *node.properties_max);
  }
  return node.dependencies.empty() || check_dependencies(node, value);
}

bool Walk::check_member(const Node& node, std::string_view name, element value,
                        std::uint64_t* seen) {
  const auto property = std::lower_bound(
      node.properties.begin(), node.properties.end(), name,
      [](const Property& each, std::string_view wanted) { return each.name < wanted; });
  bool is_known = false;
  if (property != node.properties.end() && property->name == name) {
    if (property->required_index >= 0) {
      seen[property->required_index / 64] |= 1ull << (property->required_index % 64);
    }
    if (property->node != nullptr) {
      is_known = true;
      if (!check(*property->node, value)) return fail_in_member(name);
    }
  }
  for (const auto& [pattern, schema] : node.pattern_properties) {
    if (!has_match(*pattern, name)) {
      if (!spend(0)) return false;
      continue;
    }
    is_known = true;
    if (!check(*schema, value)) return fail_in_member(name);
  }
  if (is_known) return true;
  if (!node.allows_additional) {
    fail("is not allowed");
    return fail_in_member(name);
  }
  return node.additional == nullptr || check(*node.additional, value) || fail_in_member(name);
}

bool Walk::check_required(const Node& node, const std::uint64_t* seen) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < node.required_count; i += 64) {
    count += static_cast<std::size_t>(std::popcount(seen[i / 64]));
  }
  if (count == node.required_count) return true;
  for (const auto& property : node.properties) {
    const int index = property.required_index;
    if (index < 0 || (seen[index / 64] >> (index % 64) & 1) != 0) continue;
    fail("is required but missing");
    return fail_in_member(property.name);
  }
  return true;
}

bool Walk::check_dependencies(const Node& node, element value) {
  simdjson::dom::object members;
  if (value.get_object().get(members) != simdjson::SUCCESS) return true;
  for (const auto& dependency : node.dependencies) {
    if (members.at_key(dependency.name).error() != simdjson::SUCCESS) continue;
    for (const auto& name : dependency.names) {
      if (members.at_key(name).error() == simdjson::SUCCESS) continue;
      fail("is required beside {} but missing", dependency.name);
      return fail_in_member(name);
    }
    if (dependency.node != nullptr && !check(*dependency.node, value)) return false;
  }
  return true;
}

bool Walk::check_enum(const Node& node, element value) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    if (node.one_of_strings.contains(text)) return true;
  } else {
    if (!spend(node.one_of_cost)) return false;
    for (const auto& wanted : node.one_of_values) {
      if (is_equal(value, wanted)) return true;
    }
  }
  if (violation_ == nullptr) return false;
  std::vector<std::string> texts;
  for (const auto& wanted : node.one_of_strings) {
    texts.push_back(json::serialize(json::value(to_json(wanted))));
  }
  for (const auto& wanted : node.one_of_values) texts.push_back(json::serialize(wanted));
  std::string all = fmt::format("{}", fmt::join(texts, ", "));
  constexpr std::size_t shown_max = 200;
  if (all.size() > shown_max) all = fmt::format("{} given values", texts.size());
  return fail("must be one of {}", all);
}

bool Walk::would_pass(const Node& node, element value) {
  Violation* const outer = std::exchange(violation_, nullptr);
  const bool passes = check(node, value);
  violation_ = outer;
  return passes;
}

bool Walk::check_combinations(const Node& node, element value) {
  for (const Node* const each : node.all_of) {
    if (!check(*each, value)) return false;
  }
  if (!node.any_of.empty()) {
    const bool passes = std::any_of(node.any_of.begin(), node.any_of.end(),
                                    [&](const Node* each) { return would_pass(*each, value); });
    if (!passes) return fail("matches none of the {} schemas of anyOf", node.any_of.size());
  }
  if (!node.one_of.empty()) {
    const auto count = std::count_if(node.one_of.begin(), node.one_of.end(),
                                     [&](const Node* each) { return would_pass(*each, value); });
    if (count != 1) return fail("matches {} schemas of oneOf, and must match one", count);
  }
  if (node.none_of != nullptr && would_pass(*node.none_of, value)) {
    return fail("matches the schema of not");
  }
  // What ran out inside of a not would otherwise pass.
  return spend(0);
}

}  // namespace

std::optional<Violation> find_violation(const Node& schema, element value) {
  // Most values are valid: the first walk builds no texts.
  if (is_valid(schema, value)) return std::nullopt;
  Violation violation;
  static_cast<void>(Walk(&violation).check(schema, value));
  violation.path.insert(0, "$");
  return violation;
}

bool is_valid(const Node& schema, element value) { return Walk(nullptr).check(schema, value); }

}  // namespace signalbox::broker::schemas
