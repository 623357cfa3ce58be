// Java: one class a record, for Jackson.
#include <fmt/format.h>

#include "broker/schemas/bindings/bindings.h"
#include "broker/schemas/bindings/names.h"

namespace signalbox::broker::schemas {

namespace {

const std::set<std::string_view> reserved{
    "abstract", "assert", "boolean",    "break",     "byte",       "case",      "catch",
    "char",     "class",  "const",      "continue",  "default",    "do",        "double",
    "else",     "enum",   "extends",    "final",     "finally",    "float",     "for",
    "goto",     "if",     "implements", "import",    "instanceof", "int",       "interface",
    "long",     "native", "new",        "package",   "private",    "protected", "public",
    "return",   "short",  "static",     "strictfp",  "super",      "switch",    "synchronized",
    "this",     "throw",  "throws",     "transient", "try",        "void",      "volatile",
    "while",    "true",   "false",      "null"};

std::string type_text(const Type& type) {
  switch (type.kind) {
    case TypeKind::anything: return "Object";
    case TypeKind::boolean: return "Boolean";
    case TypeKind::integer: return "Long";
    case TypeKind::number: return "Double";
    case TypeKind::string: return "String";
    case TypeKind::list: return fmt::format("List<{}>", type_text(*type.element));
    case TypeKind::map: return fmt::format("Map<String, {}>", type_text(*type.element));
    case TypeKind::record: break;
  }
  return type.name;
}

std::string class_text(const RecordType& record) {
  std::string text = fmt::format(
      "// {}\npackage schema;\n\nimport com.fasterxml.jackson.annotation.JsonInclude;\n"
      "import com.fasterxml.jackson.annotation.JsonProperty;\nimport java.util.List;\n"
      "import java.util.Map;\n\n@JsonInclude(JsonInclude.Include.NON_NULL)\npublic class {} {{\n",
      generated_by, record.name);
  FieldNames names(reserved);
  std::string methods;
  for (const auto& field : record.fields) {
    const std::string name = names.next(camel_case(field.name));
    const std::string type = type_text(field.type);
    std::string method = pascal_case(name);
    // Object has a getClass() of its own.
    if (method == "Class") method += '_';
    text += fmt::format("  @JsonProperty({})\n  private {} {};\n", quoted(field.name), type, name);
    methods += fmt::format(
        "\n  public {0} get{1}() {{\n    return {2};\n  }}\n"
        "\n  public void set{1}({0} {2}) {{\n    this.{2} = {2};\n  }}\n",
        type, method, name);
  }
  return text + methods + "}\n";
}

}  // namespace

SourceFiles java_of(const TypeModel& model) {
  SourceFiles files;
  for (const auto& record : model.records) {
    files.push_back({fmt::format("schema/{}.java", record.name), class_text(record)});
  }
  return files;
}

}  // namespace signalbox::broker::schemas
