// A schema made ready to check events: what its keywords demand, with references resolved. Built
// once (schema_compiler.h), then immutable and shared by all threads.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace signalbox::broker::schemas {

enum class Format : std::uint8_t { none, date_time, date, email, hostname, ipv4, ipv6, uri, uuid };

// The kinds of values, as bits: a type of a schema is any of them.
namespace kind {
constexpr std::uint8_t null = 1;
constexpr std::uint8_t boolean = 2;
constexpr std::uint8_t integer = 4;  // a number without a fraction
constexpr std::uint8_t number = 8;   // any number
constexpr std::uint8_t string = 16;
constexpr std::uint8_t array = 32;
constexpr std::uint8_t object = 64;
constexpr std::uint8_t any = 127;
}  // namespace kind

struct Node;
using Pattern = std::shared_ptr<const re2::RE2>;

// Holds every integer of 64 bits and every double, exactly.
using Number = long double;

struct Bound {
  Number value = 0;
  bool is_exclusive = false;
};

struct Property {
  std::string name;
  const Node* node = nullptr;  // null: it is only required
  int required_index = -1;     // its place among those that are; -1: it may be absent
};

struct PatternProperty {
  Pattern pattern;
  const Node* node = nullptr;
};

// An object that has the member must also have those, or be valid by the schema.
struct Dependency {
  std::string name;
  std::vector<std::string> names;
  const Node* node = nullptr;  // may be null
};

struct Node {
  std::string place;                // in the document, as a JSON pointer: "/properties/total"
  const Node* reference = nullptr;  // set: nothing else counts
  std::uint8_t kinds = kind::any;

  std::optional<Bound> minimum;
  std::optional<Bound> maximum;
  std::optional<Number> multiple_of;

  std::uint64_t length_min = 0;  // in characters
  std::optional<std::uint64_t> length_max;
  Pattern pattern;
  std::string pattern_text;
  Format format = Format::none;

  const Node* items = nullptr;       // of all elements
  bool has_tuple = false;            // then these instead:
  std::vector<const Node*> tuple;    // of the first elements, one each
  const Node* more_items = nullptr;  // of those past the tuple; null: anything
  bool allows_more_items = true;
  std::uint64_t items_min = 0;
  std::optional<std::uint64_t> items_max;
  bool items_are_unique = false;

  std::vector<Property> properties;  // sorted by name
  std::size_t required_count = 0;
  std::vector<PatternProperty> pattern_properties;
  const Node* additional = nullptr;  // of all other members; null: anything
  bool allows_additional = true;
  std::uint64_t properties_min = 0;
  std::optional<std::uint64_t> properties_max;
  std::vector<Dependency> dependencies;

  // enum; both empty: any
  std::set<std::string, std::less<>> one_of_strings;
  std::vector<boost::json::value> one_of_values;  // that are no strings
  std::size_t one_of_cost = 1;                    // steps to compare with all of those
  std::vector<const Node*> all_of;
  std::vector<const Node*> any_of;
  std::vector<const Node*> one_of;
  const Node* none_of = nullptr;  // not
};

// What a schema of the registry says of events.
struct CompiledSchema {
  const Node* root = nullptr;
  // It describes the whole event, not only its detail.
  bool is_of_envelope = false;
  // Of which events, when it says so itself.
  std::optional<std::string> source;
  std::optional<std::string> detail_type;

  std::vector<std::unique_ptr<Node>> nodes;
};

}  // namespace signalbox::broker::schemas
