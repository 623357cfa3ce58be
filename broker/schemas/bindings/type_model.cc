#include "broker/schemas/bindings/type_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "broker/schemas/json_document.h"
#include "broker/schemas/schema_compiler.h"

namespace signalbox::broker::schemas {

namespace {

namespace json = boost::json;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }
char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

// "orderId", "order-id" and "order_id" are order and id; "HTTPCode" is HTTP and Code.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  bool starts_word = true;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_lower(c) && !is_upper(c) && !is_digit(c)) {
      starts_word = true;
      continue;
    }
    const bool after_lower = i > 0 && (is_lower(name[i - 1]) || is_digit(name[i - 1]));
    const bool ends_capitals =
        i > 0 && is_upper(name[i - 1]) && i + 1 < name.size() && is_lower(name[i + 1]);
    if (is_upper(c) && (after_lower || ends_capitals)) starts_word = true;
    if (std::exchange(starts_word, false)) words.emplace_back();
    words.back() += c;
  }
  if (words.empty()) words.emplace_back("value");
  // No language has a name that starts with a digit.
  if (is_digit(words.front().front())) words.insert(words.begin(), "n");
  return words;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), to_lower);
  return text;
}

// Whether it has members of its own, or those of others. Beside a reference nothing counts, and so
// nothing has been checked.
bool is_record(const json::value& schema) {
  if (member_of(schema, "$ref") != nullptr) return false;
  const auto* properties = member_of(schema, "properties");
  const bool has_own = properties != nullptr && !properties->as_object().empty();
  return has_own || member_of(schema, "allOf") != nullptr;
}

bool is_nullable(const json::value& schema) {
  const auto* nullable = member_of(schema, "nullable");
  return nullable != nullptr && nullable->is_bool() && nullable->get_bool();
}

// Reads one document.
class Reader {
 public:
  explicit Reader(const json::value& document) : document_(document) {}

  TypeModel read(const Node& root, std::string_view schema_name);

 private:
  Type type_of(const json::value& schema, const std::string& name);
  Type type_named(std::string_view type, const json::value& schema, const std::string& name);
  Type referred_to(std::string_view reference);
  // name: one that free_name() has given.
  Type record_of(const json::value& schema, const std::string& name);
  void collect(const json::value& schema, const std::string& name, RecordType& record,
               std::set<std::string>& required, int depth);
  std::string free_name(const std::string& wanted);

  const json::value& document_;
  TypeModel model_;
  std::set<std::string> names_;
  std::map<std::string, Type, std::less<>> by_reference_;
};

std::string Reader::free_name(const std::string& wanted) {
  std::string name = wanted;
  for (int number = 2; !names_.insert(name).second; ++number) {
    name = fmt::format("{}{}", wanted, number);
  }
  return name;
}

Type Reader::referred_to(std::string_view reference) {
  if (const auto at = by_reference_.find(reference); at != by_reference_.end()) return at->second;
  const auto* found = value_at(document_, reference.substr(1));
  if (found == nullptr) return {};
  const auto slash = reference.rfind('/');
  const std::string name = pascal_case(
      slash == std::string_view::npos ? std::string_view("Root") : reference.substr(slash + 1));
  if (!is_record(*found)) {
    // A list of itself has no type that could be named: its elements are anything.
    by_reference_[std::string(reference)] = Type{};
    return by_reference_[std::string(reference)] = type_of(*found, name);
  }
  // One that refers to itself finds its own name.
  const std::string own_name = free_name(name);
  by_reference_[std::string(reference)] = {TypeKind::record, false, own_name, nullptr};
  Type type = record_of(*found, own_name);
  type.is_nullable = is_nullable(*found);
  return by_reference_[std::string(reference)] = type;
}

// The members of an object, also of those that allOf puts together.
void Reader::collect(const json::value& schema, const std::string& name, RecordType& record,
                     std::set<std::string>& required, int depth) {
  constexpr int depth_max = 20;
  if (depth == depth_max) return;
  if (const auto* reference = member_of(schema, "$ref")) {
    const auto* found = value_at(document_, view_of(reference->get_string()).substr(1));
    if (found != nullptr) collect(*found, name, record, required, depth + 1);
    return;
  }
  if (const auto* parts = member_of(schema, "allOf")) {
    for (const auto& part : parts->as_array()) collect(part, name, record, required, depth + 1);
  }
  if (const auto* names = member_of(schema, "required")) {
    for (const auto& each : names->as_array()) required.emplace(view_of(each.as_string()));
  }
  const auto* properties = member_of(schema, "properties");
  if (properties == nullptr) return;
  for (const auto& property : properties->as_object()) {
    const std::string field(view_of(property.key()));
    const auto has_name = [&](const RecordField& each) { return each.name == field; };
    if (std::any_of(record.fields.begin(), record.fields.end(), has_name)) continue;
    record.fields.push_back({field, type_of(property.value(), name + pascal_case(field)), false});
  }
}

Type Reader::record_of(const json::value& schema, const std::string& name) {
  RecordType record;
  record.name = name;
  std::set<std::string> required;
  collect(schema, record.name, record, required, 0);
  for (auto& field : record.fields) field.is_required = required.contains(field.name);
  Type type{TypeKind::record, false, record.name, nullptr};
  model_.records.push_back(std::move(record));
  return type;
}

Type Reader::type_named(std::string_view type, const json::value& schema, const std::string& name) {
  if (type == "string") return {TypeKind::string};
  if (type == "boolean") return {TypeKind::boolean};
  if (type == "integer") return {TypeKind::integer};
  if (type == "number") return {TypeKind::number};
  if (type == "array") {
    const auto* items = member_of(schema, "items");
    const bool has_one = items != nullptr && items->is_object();
    const Type element = has_one ? type_of(*items, name + "Item") : Type{};
    return {TypeKind::list, false, {}, std::make_shared<const Type>(element)};
  }
  if (type == "object") {
    if (is_record(schema)) return record_of(schema, free_name(name));
    const auto* values = member_of(schema, "additionalProperties");
    const Type element =
        values != nullptr && values->is_object() ? type_of(*values, name + "Value") : Type{};
    return {TypeKind::map, false, {}, std::make_shared<const Type>(element)};
  }
  return {};
}

Type Reader::type_of(const json::value& schema, const std::string& name) {
  if (const auto* reference = member_of(schema, "$ref")) {
    return referred_to(view_of(reference->get_string()));
  }
  const auto* type = member_of(schema, "type");
  Type made;
  if (type == nullptr) {
    if (is_record(schema)) made = record_of(schema, free_name(name));
  } else if (type->is_string()) {
    made = type_named(view_of(type->get_string()), schema, name);
  } else {
    // One type or null.
    std::vector<std::string_view> others;
    for (const auto& each : type->as_array()) {
      if (view_of(each.as_string()) != "null") others.push_back(view_of(each.as_string()));
    }
    if (others.size() == 1) made = type_named(others.front(), schema, name);
    made.is_nullable = others.size() != type->as_array().size();
  }
  made.is_nullable = made.is_nullable || is_nullable(schema);
  return made;
}

TypeModel Reader::read(const Node& root, std::string_view schema_name) {
  const auto* schema = value_at(document_, root.place);
  const auto* title = member_of(document_, "title");
  std::string name = pascal_case(schema_name);
  if (!root.place.empty()) {
    name = pascal_case(std::string_view(root.place).substr(root.place.rfind('/') + 1));
  } else if (title != nullptr && title->is_string()) {
    name = pascal_case(view_of(title->get_string()));
  }
  name = free_name(name);
  by_reference_["#" + root.place] = {TypeKind::record, false, name, nullptr};
  model_.root = record_of(*schema, name).name;
  return std::move(model_);
}

}  // namespace

std::string snake_case(std::string_view name) {
  return fmt::format("{}", fmt::join(
                               [&] {
                                 auto words = words_of(name);
                                 for (auto& word : words) word = lower(std::move(word));
                                 return words;
                               }(),
                               "_"));
}

std::string pascal_case(std::string_view name) {
  std::string out;
  for (auto& word : words_of(name)) {
    word.front() = to_upper(word.front());
    out += word;
  }
  return out;
}

std::string camel_case(std::string_view name) {
  std::string out;
  for (auto& word : words_of(name)) {
    if (out.empty()) {
      out = lower(word);
    } else {
      word.front() = to_upper(word.front());
      out += word;
    }
  }
  return out;
}

TypeModel type_model_of(std::string_view content, std::string_view schema_name) {
  json::error_code error;
  const json::value document = parse_document(content, error);
  const bool is_open_api = member_of(document, "openapi") != nullptr;
  const auto compiled = compile_schema(
      content, is_open_api ? SchemaType::open_api_3 : SchemaType::json_schema_draft_4);
  const auto* schema = std::get_if<std::shared_ptr<const CompiledSchema>>(&compiled);
  if (error || schema == nullptr || (*schema)->root == nullptr) {
    const std::string name = pascal_case(schema_name);
    return {{{name, {}}}, name};
  }
  return Reader(document).read(*(*schema)->root, schema_name);
}

}  // namespace signalbox::broker::schemas
