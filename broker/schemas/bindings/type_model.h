// What a schema says of types, as the languages that types are generated for need it. Pure
// functions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::broker::schemas {

enum class TypeKind : std::uint8_t {
  anything,
  boolean,
  integer,
  number,
  string,
  list,    // of its element
  map,     // from strings to its element
  record,  // the one of its name
};

struct Type {
  TypeKind kind = TypeKind::anything;
  bool is_nullable = false;
  std::string name;
  std::shared_ptr<const Type> element;
};

struct RecordField {
  std::string name;  // as in the JSON
  Type type;
  bool is_required = false;
};

struct RecordType {
  std::string name;  // of letters and digits, as OrderCreated
  std::vector<RecordField> fields;
};

struct TypeModel {
  // Each after those that it holds, unless they hold each other.
  std::vector<RecordType> records;
  std::string root;  // the record of the event or of its detail
};

// content: one that compile_schema() has accepted. What has no members (a schema of a string, say)
// becomes a record without fields.
TypeModel type_model_of(std::string_view content, std::string_view schema_name);

// "orderId" and "order-id" make order_id, orderId and OrderId.
std::string snake_case(std::string_view name);
std::string camel_case(std::string_view name);
std::string pascal_case(std::string_view name);

}  // namespace signalbox::broker::schemas
