// What a bus checks its events against: the schemas of a registry, by the source and detail-type
// that they are of. What the service itself has not: docs/schemas.md. Immutable, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "broker/api/fields.h"
#include "broker/schemas/schema_node.h"

namespace signalbox::broker::schemas {

enum class Validation : std::uint8_t { off, warn, reject };
std::optional<Validation> parse_validation(std::string_view text);

// The tags of a bus that ask for it.
constexpr std::string_view validation_tag = "signalbox:validation";
constexpr std::string_view validation_registry_tag = "signalbox:validation-registry";

// What is wrong with a tag of a bus, when it is one of Signalbox's own.
std::optional<std::string> problem_of_bus_tag(std::string_view key, std::string_view value);

// What a schema learned from events of that source and detail-type is called: "source@detail-type"
// when that is a name, else with the words of the detail-type run together: "source@OrderCreated".
std::string discovered_name(std::string_view source, std::string_view detail_type);
// "order.created" and "Order created" make "OrderCreated".
std::string words_together(std::string_view text);

struct CheckedSchema {
  std::string name;
  std::uint64_t version = 0;
  std::shared_ptr<const CompiledSchema> compiled;
};

class SchemaIndex {
 public:
  SchemaIndex(std::string registry) : registry_(std::move(registry)) {}
  void add(CheckedSchema schema);

  // The schema of events of that kind, or null: one that says so itself; else one of the name
  // "source@detail-type" or just "detail-type".
  const CheckedSchema* find(std::string_view source, std::string_view detail_type) const;
  const std::string& registry() const { return registry_; }

 private:
  using Kind = std::pair<std::string, std::string>;
  std::string registry_;
  std::map<Kind, CheckedSchema, std::less<>> by_kind_;
  std::map<std::string, CheckedSchema, std::less<>> by_name_;
};

struct Enforcement {
  Validation mode = Validation::off;
  std::shared_ptr<const SchemaIndex> schemas;

  // What is wrong with an event, with the failing path and the schema's name; nothing when it is
  // valid or there is no schema of its kind. detail and envelope are compact JSON.
  std::optional<std::string> find_problem(std::string_view source, std::string_view detail_type,
                                          std::string_view detail, std::string_view envelope) const;
};

}  // namespace signalbox::broker::schemas
