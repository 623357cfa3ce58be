// Schemas and values as texts, for tests without a broker.
#pragma once

#include <simdjson.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <variant>

#include "broker/schemas/schema_compiler.h"
#include "broker/schemas/validator.h"

namespace signalbox::broker::schemas::test {

inline std::shared_ptr<const CompiledSchema> compiled(
    const std::string& content, SchemaType type = SchemaType::json_schema_draft_4) {
  auto made = compile_schema(content, type);
  if (const auto* problem = std::get_if<SchemaProblem>(&made)) FAIL(problem->text());
  return std::get<std::shared_ptr<const CompiledSchema>>(made);
}

// What is wrong with the schema; empty: nothing.
inline std::string problem_with(const std::string& content,
                                SchemaType type = SchemaType::json_schema_draft_4) {
  const auto made = compile_schema(content, type);
  const auto* problem = std::get_if<SchemaProblem>(&made);
  return problem == nullptr ? "" : problem->text();
}

// "path reason", or empty: the value is valid.
inline std::string violation(const CompiledSchema& schema, const std::string& json) {
  simdjson::dom::parser parser;
  const auto found = find_violation(*schema.root, parser.parse(json).value());
  return found ? found->path + " " + found->reason : "";
}

inline std::string violation(const std::string& schema, const std::string& json) {
  return violation(*compiled(schema), json);
}

}  // namespace signalbox::broker::schemas::test
