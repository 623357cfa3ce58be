// C++: one struct a record, without any library's JSON; each field says its name there.
#include <fmt/format.h>

#include "broker/schemas/bindings/bindings.h"
#include "broker/schemas/bindings/names.h"

namespace signalbox::broker::schemas {

namespace {

const std::set<std::string_view> reserved{"alignas",       "alignof",     "and",
                                          "and_eq",        "asm",         "auto",
                                          "bitand",        "bitor",       "bool",
                                          "break",         "case",        "catch",
                                          "char",          "char16_t",    "char32_t",
                                          "char8_t",       "class",       "co_await",
                                          "co_return",     "co_yield",    "compl",
                                          "concept",       "const",       "const_cast",
                                          "consteval",     "constexpr",   "constinit",
                                          "continue",      "decltype",    "default",
                                          "delete",        "do",          "double",
                                          "dynamic_cast",  "else",        "enum",
                                          "explicit",      "export",      "extern",
                                          "false",         "float",       "for",
                                          "friend",        "goto",        "if",
                                          "inline",        "int",         "long",
                                          "mutable",       "namespace",   "new",
                                          "noexcept",      "not",         "not_eq",
                                          "nullptr",       "operator",    "or",
                                          "or_eq",         "private",     "protected",
                                          "public",        "register",    "reinterpret_cast",
                                          "requires",      "return",      "short",
                                          "signed",        "sizeof",      "static",
                                          "static_assert", "static_cast", "struct",
                                          "switch",        "template",    "this",
                                          "thread_local",  "throw",       "true",
                                          "try",           "typedef",     "typeid",
                                          "typename",      "union",       "unsigned",
                                          "using",         "virtual",     "void",
                                          "volatile",      "wchar_t",     "while",
                                          "xor",           "xor_eq"};

using Names = std::set<std::string, std::less<>>;

// Of a record that comes later only a pointer can be held.
std::string type_text(const Type& type, const Names& complete) {
  std::string text;
  switch (type.kind) {
    case TypeKind::anything: return "std::string";
    case TypeKind::boolean: text = "bool"; break;
    case TypeKind::integer: text = "std::int64_t"; break;
    case TypeKind::number: text = "double"; break;
    case TypeKind::string: text = "std::string"; break;
    case TypeKind::list:
      text = fmt::format("std::vector<{}>", type_text(*type.element, complete));
      break;
    case TypeKind::map:
      text = fmt::format("std::map<std::string, {}>", type_text(*type.element, complete));
      break;
    case TypeKind::record:
      if (!complete.contains(type.name)) return fmt::format("std::shared_ptr<{}>", type.name);
      text = type.name;
      break;
  }
  return type.is_nullable ? fmt::format("std::optional<{}>", text) : text;
}

}  // namespace

SourceFiles cpp_of(const TypeModel& model) {
  std::string text = fmt::format(
      "// {}\n// What may be of any type is its JSON text.\n#pragma once\n\n#include <cstdint>\n"
      "#include <map>\n#include <memory>\n#include <optional>\n#include <string>\n"
      "#include <vector>\n\nnamespace schema {{\n\n",
      generated_by);
  for (const auto& record : model.records) text += fmt::format("struct {};\n", record.name);
  Names complete;
  for (const auto& record : model.records) {
    text += fmt::format("\nstruct {} {{\n", record.name);
    FieldNames names(reserved);
    for (const auto& field : record.fields) {
      Type type = field.type;
      type.is_nullable = type.is_nullable || !field.is_required;
      text += fmt::format("  {} {}{{}};  // {}\n", type_text(type, complete),
                          names.next(snake_case(field.name)), quoted(field.name));
    }
    text += "};\n";
    complete.insert(record.name);
  }
  text += "\n}  // namespace schema\n";
  return {{fmt::format("schema/{}.h", snake_case(model.root)), std::move(text)}};
}

}  // namespace signalbox::broker::schemas
