// From a schema's text to what checks events. Refuses, and says where: text that is not a schema of
// its type, references that leave the document (nothing is ever fetched), lead nowhere, or go round
// without end, and patterns that cannot be matched in linear time. Pure functions, any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "broker/schemas/schema_node.h"

namespace signalbox::broker::schemas {

enum class SchemaType : std::uint8_t { open_api_3, json_schema_draft_4 };

std::string_view name_of(SchemaType type);  // "OpenApi3"
std::optional<SchemaType> parse_schema_type(std::string_view name);

struct SchemaProblem {
  std::string place;  // a JSON pointer, "" for the whole document
  std::string reason;

  // "/properties/total/type: ..."
  std::string text() const;
};

using Compiled = std::variant<std::shared_ptr<const CompiledSchema>, SchemaProblem>;
Compiled compile_schema(std::string_view content, SchemaType type);

}  // namespace signalbox::broker::schemas
