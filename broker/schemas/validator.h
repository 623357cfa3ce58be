// Checks JSON against a compiled schema. Pure functions, any thread; costs no allocation as long as
// the value is valid.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>

#include "broker/schemas/schema_node.h"

namespace signalbox::broker::schemas {

// Where a value breaks its schema, and how.
struct Violation {
  std::string path;    // "$.items[2].price"; "$" is the value itself
  std::string reason;  // "is required but missing"
};

// Nothing: the value is valid. A schema that asks for more than steps_max steps is broken off, and
// that is a violation: alternatives within alternatives can take time without end.
constexpr std::size_t steps_max = 500'000;
std::optional<Violation> find_violation(const Node& schema, simdjson::dom::element value);
// The same, without saying where.
bool is_valid(const Node& schema, simdjson::dom::element value);

}  // namespace signalbox::broker::schemas
