// Go: one struct a record, for encoding/json. What may be absent or null is a pointer.
#include <fmt/format.h>

#include "broker/schemas/bindings/bindings.h"
#include "broker/schemas/bindings/names.h"

namespace signalbox::broker::schemas {

namespace {

const std::set<std::string_view> reserved;  // all of Go's own begin in lower case

std::string type_text(const Type& type) {
  const std::string pointer = type.is_nullable ? "*" : "";
  switch (type.kind) {
    case TypeKind::anything: return "interface{}";
    case TypeKind::boolean: return pointer + "bool";
    case TypeKind::integer: return pointer + "int64";
    case TypeKind::number: return pointer + "float64";
    case TypeKind::string: return pointer + "string";
    case TypeKind::list: return "[]" + type_text(*type.element);
    case TypeKind::map: return "map[string]" + type_text(*type.element);
    case TypeKind::record: break;
  }
  return pointer + type.name;
}

std::string field_text(const RecordField& field, const std::string& name) {
  Type type = field.type;
  type.is_nullable = type.is_nullable || !field.is_required;
  const bool fits_a_tag = field.name.find_first_of("\"`,\\") == std::string::npos;
  // encoding/json has no word for such a name.
  if (!fits_a_tag) return {};
  return fmt::format("\t{} {} `json:\"{}{}\"`\n", name, type_text(type), field.name,
                     field.is_required ? "" : ",omitempty");
}

}  // namespace

SourceFiles go_of(const TypeModel& model) {
  std::string text = fmt::format("// {}\npackage schema\n", generated_by);
  for (const auto& record : model.records) {
    text += fmt::format("\ntype {} struct {{\n", record.name);
    FieldNames names(reserved);
    for (const auto& field : record.fields) {
      text += field_text(field, names.next(pascal_case(field.name)));
    }
    text += "}\n";
  }
  return {{fmt::format("schema/{}.go", snake_case(model.root)), std::move(text)}};
}

}  // namespace signalbox::broker::schemas
