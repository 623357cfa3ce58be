// TypeScript: one interface a record, with the names that the JSON has.
#include <fmt/format.h>

#include <algorithm>

#include "broker/events_envelope.h"
#include "broker/schemas/bindings/bindings.h"
#include "broker/schemas/bindings/names.h"

namespace signalbox::broker::schemas {

std::string quoted(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

namespace {

std::string type_text(const Type& type);

std::string bare_type_text(const Type& type) {
  switch (type.kind) {
    case TypeKind::anything: return "unknown";
    case TypeKind::boolean: return "boolean";
    case TypeKind::integer:
    case TypeKind::number: return "number";
    case TypeKind::string: return "string";
    case TypeKind::list: return fmt::format("Array<{}>", type_text(*type.element));
    case TypeKind::map: return fmt::format("Record<string, {}>", type_text(*type.element));
    case TypeKind::record: break;
  }
  return type.name;
}

std::string type_text(const Type& type) {
  return bare_type_text(type) + (type.is_nullable ? " | null" : "");
}

bool is_identifier(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

SourceFiles typescript_of(const TypeModel& model) {
  std::string text = fmt::format("// {}\n", generated_by);
  for (const auto& record : model.records) {
    text += fmt::format("\nexport interface {} {{\n", record.name);
    for (const auto& field : record.fields) {
      text +=
          fmt::format("  {}{}: {};\n", is_identifier(field.name) ? field.name : quoted(field.name),
                      field.is_required ? "" : "?", type_text(field.type));
    }
    text += "}\n";
  }
  return {{fmt::format("schema/{}.ts", model.root), std::move(text)}};
}

}  // namespace signalbox::broker::schemas
