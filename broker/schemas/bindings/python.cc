// Python: one dataclass a record, with the ways from and to the JSON's dictionaries.
#include <fmt/format.h>

#include "broker/schemas/bindings/bindings.h"
#include "broker/schemas/bindings/names.h"

namespace signalbox::broker::schemas {

namespace {

const std::set<std::string_view> reserved{
    "False",   "None",     "True",     "and",    "as",        "assert",  "async",  "await",
    "break",   "class",    "continue", "def",    "del",       "elif",    "else",   "except",
    "finally", "for",      "from",     "global", "if",        "import",  "in",     "is",
    "lambda",  "nonlocal", "not",      "or",     "pass",      "raise",   "return", "try",
    "while",   "with",     "yield",    "self",   "from_dict", "to_dict", "value",  "out"};

std::string type_text(const Type& type) {
  std::string text;
  switch (type.kind) {
    case TypeKind::anything: return "Any";
    case TypeKind::boolean: text = "bool"; break;
    case TypeKind::integer: text = "int"; break;
    case TypeKind::number: text = "float"; break;
    case TypeKind::string: text = "str"; break;
    case TypeKind::list: text = fmt::format("List[{}]", type_text(*type.element)); break;
    case TypeKind::map: text = fmt::format("Dict[str, {}]", type_text(*type.element)); break;
    case TypeKind::record: text = type.name; break;
  }
  return type.is_nullable ? fmt::format("Optional[{}]", text) : text;
}

bool holds_records(const Type& type) {
  return type.kind == TypeKind::record || (type.element != nullptr && holds_records(*type.element));
}

enum class Direction { from_dict, to_dict };

// The expression that converts another one; depth tells nested comprehensions apart.
std::string converted(const Type& type, const std::string& from, Direction direction,
                      int depth = 0) {
  if (!holds_records(type)) return from;
  std::string text;
  const std::string each = fmt::format("each{}", depth);
  if (type.kind == TypeKind::list) {
    text = fmt::format("[{} for {} in {}]", converted(*type.element, each, direction, depth + 1),
                       each, from);
  } else if (type.kind == TypeKind::map) {
    text = fmt::format("{{key{0}: {1} for key{0}, {2} in {3}.items()}}", depth,
                       converted(*type.element, each, direction, depth + 1), each, from);
  } else if (direction == Direction::from_dict) {
    text = fmt::format("{}.from_dict({})", type.name, from);
  } else {
    text = from + ".to_dict()";
  }
  return type.is_nullable ? fmt::format("None if {} is None else {}", from, text) : text;
}

struct NamedField {
  const RecordField* field;
  std::string name;
};

// Those that may be absent come last: a dataclass wants it so.
std::vector<NamedField> named_fields(const RecordType& record) {
  FieldNames names(reserved);
  std::vector<NamedField> fields;
  for (const bool is_required : {true, false}) {
    for (const auto& field : record.fields) {
      if (field.is_required != is_required) continue;
      fields.push_back({&field, names.next(snake_case(field.name))});
    }
  }
  return fields;
}

std::string field_text(const NamedField& each) {
  const Type& type = each.field->type;
  if (each.field->is_required) return fmt::format("    {}: {}\n", each.name, type_text(type));
  Type optional = type;
  optional.is_nullable = true;
  return fmt::format("    {}: {} = None\n", each.name, type_text(optional));
}

std::string record_text(const RecordType& record) {
  const auto fields = named_fields(record);
  std::string text = fmt::format("\n\n@dataclass\nclass {}:\n", record.name);
  for (const auto& each : fields) text += field_text(each);
  if (!fields.empty()) text += "\n";
  text += fmt::format("    @staticmethod\n    def from_dict(value: Dict[str, Any]) -> {}:\n",
                      record.name);
  text += fmt::format("        return {}(", record.name);
  for (const auto& [field, name] : fields) {
    const std::string key = quoted(field->name);
    if (field->is_required) {
      text +=
          fmt::format("\n            {}={},", name,
                      converted(field->type, fmt::format("value[{}]", key), Direction::from_dict));
      continue;
    }
    Type optional = field->type;
    optional.is_nullable = true;
    text +=
        fmt::format("\n            {}={},", name,
                    converted(optional, fmt::format("value.get({})", key), Direction::from_dict));
  }
  text += ")\n\n    def to_dict(self) -> Dict[str, Any]:\n        out: Dict[str, Any] = {}\n";
  for (const auto& [field, name] : fields) {
    const std::string self = "self." + name;
    Type type = field->type;
    std::string indent = "        ";
    if (!field->is_required) {
      type.is_nullable = false;
      text += fmt::format("{}if {} is not None:\n", indent, self);
      indent += "    ";
    }
    text += fmt::format("{}out[{}] = {}\n", indent, quoted(field->name),
                        converted(type, self, Direction::to_dict));
  }
  return text + "        return out\n";
}

}  // namespace

SourceFiles python_of(const TypeModel& model) {
  std::string text = fmt::format(
      "\"\"\"{}\"\"\"\n\nfrom __future__ import annotations\n\nfrom dataclasses import dataclass\n"
      "from typing import Any, Dict, List, Optional\n",
      generated_by);
  std::string exports;
  for (const auto& record : model.records) {
    text += record_text(record);
    exports += fmt::format("    {},\n", record.name);
  }
  const std::string module = FieldNames(reserved).next(snake_case(model.root));
  return {{"schema/__init__.py", fmt::format("from .{} import (\n{})\n", module, exports)},
          {fmt::format("schema/{}.py", module), std::move(text)}};
}

}  // namespace signalbox::broker::schemas
