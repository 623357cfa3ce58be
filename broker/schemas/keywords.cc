#include "broker/schemas/keywords.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "broker/schemas/json_document.h"

namespace signalbox::broker::schemas {

namespace {

constexpr std::pair<std::string_view, std::uint8_t> kinds[] = {
    {"null", kind::null},       {"boolean", kind::boolean},
    {"integer", kind::integer}, {"number", kind::integer | kind::number},
    {"string", kind::string},   {"array", kind::array},
    {"object", kind::object}};

constexpr std::pair<std::string_view, Format> formats[] = {{"date-time", Format::date_time},
                                                           {"date", Format::date},
                                                           {"email", Format::email},
                                                           {"hostname", Format::hostname},
                                                           {"ipv4", Format::ipv4},
                                                           {"ipv6", Format::ipv6},
                                                           {"uri", Format::uri},
                                                           {"uuid", Format::uuid}};

// What the patterns of one schema may take of memory and of time.
constexpr std::int64_t pattern_memory_bytes = 512 * 1024;
constexpr std::size_t patterns_max = 200;
constexpr int pattern_size_max = 100'000;

// How many values there are in one, itself included.
std::size_t count_of(const value& given) {
  std::size_t count = 1;
  if (const auto* list = given.if_array()) {
    for (const auto& each : *list) count += count_of(each);
  }
  if (const auto* object = given.if_object()) {
    for (const auto& member : *object) count += count_of(member.value());
  }
  return count;
}

}  // namespace

const std::unordered_map<std::string_view, SchemaCompiler::Read>& SchemaCompiler::keywords() {
  using C = SchemaCompiler;
  static const std::unordered_map<std::string_view, Read> table{
      {"type", &C::read_type},
      {"enum", &C::read_enum},
      {"minimum", &C::read_minimum},
      {"maximum", &C::read_maximum},
      {"multipleOf", &C::read_multiple_of},
      {"minLength", &C::read_min_length},
      {"maxLength", &C::read_max_length},
      {"pattern", &C::read_pattern},
      {"format", &C::read_format},
      {"items", &C::read_items},
      {"additionalItems", &C::read_additional_items},
      {"minItems", &C::read_min_items},
      {"maxItems", &C::read_max_items},
      {"uniqueItems", &C::read_unique_items},
      {"properties", &C::read_properties},
      {"required", &C::read_required},
      {"patternProperties", &C::read_pattern_properties},
      {"additionalProperties", &C::read_additional_properties},
      {"minProperties", &C::read_min_properties},
      {"maxProperties", &C::read_max_properties},
      {"dependencies", &C::read_dependencies},
      {"allOf", &C::read_all_of},
      {"anyOf", &C::read_any_of},
      {"oneOf", &C::read_one_of},
      {"not", &C::read_not},
      {"definitions", &C::read_definitions},
  };
  return table;
}

const std::unordered_map<std::string_view, SchemaCompiler::Read>&
SchemaCompiler::keywords_of_3_1() {
  using C = SchemaCompiler;
  static const std::unordered_map<std::string_view, Read> table{
      {"const", &C::read_const},
      {"items", &C::read_items_of_3_1},
      {"prefixItems", &C::read_prefix_items},
      {"$defs", &C::read_definitions},
  };
  return table;
}

SchemaCompiler::Read SchemaCompiler::find_keyword(std::string_view name) const {
  if (is_3_1_) {
    const auto at = keywords_of_3_1().find(name);
    if (at != keywords_of_3_1().end()) return at->second;
  }
  const auto at = keywords().find(name);
  return at == keywords().end() ? nullptr : at->second;
}

void SchemaCompiler::read_members(Node& node, const boost::json::object& schema) {
  for (const auto& member : schema) {
    const std::string_view name = view_of(member.key());
    const Read read = find_keyword(name);
    if (read != nullptr) (this->*read)(node, member.value(), place_in(node.place, name));
  }
  read_exclusive(node, schema, "exclusiveMinimum", node.minimum);
  read_exclusive(node, schema, "exclusiveMaximum", node.maximum);
  std::sort(node.properties.begin(), node.properties.end(),
            [](const Property& one, const Property& other) { return one.name < other.name; });
  const auto* nullable = schema.if_contains("nullable");
  if (type_ != SchemaType::open_api_3 || nullable == nullptr) return;
  if (!nullable->is_bool()) {
    fail(place_in(node.place, "nullable"), "must be true or false.");
  } else if (nullable->get_bool()) {
    node.kinds |= kind::null;
  }
}

// In draft 4 and OpenAPI 3.0 it says of the other keyword that its value does not count as within;
// in OpenAPI 3.1 it is a bound of its own.
void SchemaCompiler::read_exclusive(Node& node, const boost::json::object& schema,
                                    std::string_view keyword, std::optional<Bound>& bound) {
  const auto* given = schema.if_contains(to_json(keyword));
  if (given == nullptr) return;
  const std::string place = place_in(node.place, keyword);
  if (given->is_bool()) {
    if (bound) {
      bound->is_exclusive = given->get_bool();
    } else {
      fail(place, fmt::format("needs {} beside it.",
                              keyword == "exclusiveMinimum" ? "minimum" : "maximum"));
    }
  } else if (type_ == SchemaType::open_api_3 && given->is_number()) {
    bound = Bound{number_in(*given), true};
  } else {
    fail(place, "must be true or false.");
  }
}

std::uint8_t SchemaCompiler::kind_of(const value& name, const std::string& place) {
  if (name.is_string()) {
    for (const auto& [text, bits] : kinds) {
      if (view_of(name.get_string()) == text) return bits;
    }
  }
  fail(place, "must be one of array, boolean, integer, null, number, object, string.");
  return kind::any;
}

std::optional<std::uint64_t> SchemaCompiler::size_in(const value& given, const std::string& place) {
  if (given.is_int64() && given.get_int64() >= 0) {
    return static_cast<std::uint64_t>(given.get_int64());
  }
  // A whole number may be written with a fraction of zero.
  if (given.is_double() && given.get_double() >= 0 && given.get_double() < 1e15 &&
      std::floor(given.get_double()) == given.get_double()) {
    return static_cast<std::uint64_t>(given.get_double());
  }
  fail(place, "must be a whole number of at least 0.");
  return std::nullopt;
}

std::optional<Number> SchemaCompiler::bound_in(const value& given, const std::string& place) {
  if (given.is_number()) return number_in(given);
  fail(place, "must be a number.");
  return std::nullopt;
}

Pattern SchemaCompiler::pattern_in(std::string_view text, const std::string& place) {
  if (++pattern_count_ > patterns_max || pattern_size_ > pattern_size_max) {
    fail(place, fmt::format("is one pattern too many: a schema may have {}, and long ones fewer.",
                            patterns_max));
    return nullptr;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(pattern_memory_bytes);
  auto pattern = std::make_shared<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!pattern->ok()) {
    fail(place, fmt::format("the regular expression cannot be matched in linear time, or is none: "
                            "{}.",
                            pattern->error()));
    return nullptr;
  }
  pattern_size_ += pattern->ProgramSize();
  return pattern;
}

std::vector<std::string> SchemaCompiler::names_in(const value& given, const std::string& place) {
  std::vector<std::string> names;
  const bool is_list = given.is_array() && !given.get_array().empty();
  if (!is_list) {
    fail(place, "must be an array of at least one name.");
    return names;
  }
  for (const auto& each : given.get_array()) {
    if (!each.is_string()) {
      fail(place, "must be an array of strings.");
      return names;
    }
    names.emplace_back(view_of(each.get_string()));
  }
  if (std::set(names.begin(), names.end()).size() != names.size()) {
    fail(place, "must not have a name twice.");
  }
  return names;
}

std::vector<const Node*> SchemaCompiler::schemas_in(const value& given, const std::string& place) {
  std::vector<const Node*> schemas;
  if (!given.is_array() || given.get_array().empty()) {
    fail(place, "must be an array of at least one schema.");
    return schemas;
  }
  for (const auto& each : given.get_array()) {
    schemas.push_back(compile(each, place_in(place, fmt::to_string(schemas.size()))));
  }
  return schemas;
}

void SchemaCompiler::read_type(Node& node, const value& given, const std::string& place) {
  if (!given.is_array()) {
    node.kinds = kind_of(given, place);
    return;
  }
  const auto& list = given.get_array();
  node.kinds = 0;
  for (const auto& each : list) node.kinds |= kind_of(each, place);
  if (list.empty()) fail(place, "must not be empty.");
}

void SchemaCompiler::read_enum(Node& node, const value& given, const std::string& place) {
  if (!given.is_array() || given.get_array().empty()) {
    fail(place, "must be an array of at least one value.");
    return;
  }
  for (const auto& each : given.get_array()) add_value(node, each);
}

void SchemaCompiler::add_value(Node& node, const value& given) {
  if (const auto* text = given.if_string()) {
    node.one_of_strings.emplace(view_of(*text));
  } else {
    node.one_of_values.push_back(given);
    node.one_of_cost += count_of(given);
  }
}

// Beside an enum, which has it, that one only.
void SchemaCompiler::read_const(Node& node, const value& given, const std::string& place) {
  Node& constant = *out_.nodes.emplace_back(std::make_unique<Node>());
  constant.place = place;
  add_value(constant, given);
  node.all_of.push_back(&constant);
}

void SchemaCompiler::read_minimum(Node& node, const value& given, const std::string& place) {
  if (const auto number = bound_in(given, place)) node.minimum = Bound{*number, false};
}

void SchemaCompiler::read_maximum(Node& node, const value& given, const std::string& place) {
  if (const auto number = bound_in(given, place)) node.maximum = Bound{*number, false};
}

void SchemaCompiler::read_multiple_of(Node& node, const value& given, const std::string& place) {
  node.multiple_of = bound_in(given, place);
  if (node.multiple_of && *node.multiple_of <= 0) fail(place, "must be greater than 0.");
}

void SchemaCompiler::read_min_length(Node& node, const value& given, const std::string& place) {
  node.length_min = size_in(given, place).value_or(0);
}

void SchemaCompiler::read_max_length(Node& node, const value& given, const std::string& place) {
  node.length_max = size_in(given, place);
}

void SchemaCompiler::read_pattern(Node& node, const value& given, const std::string& place) {
  if (!given.is_string()) {
    fail(place, "must be a string.");
    return;
  }
  node.pattern_text = view_of(given.get_string());
  node.pattern = pattern_in(node.pattern_text, place);
}

// One that is not known demands nothing, as the specification has it.
void SchemaCompiler::read_format(Node& node, const value& given, const std::string& place) {
  if (!given.is_string()) {
    fail(place, "must be a string.");
    return;
  }
  for (const auto& [name, format] : formats) {
    if (view_of(given.get_string()) == name) node.format = format;
  }
}

void SchemaCompiler::read_items(Node& node, const value& given, const std::string& place) {
  if (given.is_array()) {
    node.has_tuple = true;
    if (!given.get_array().empty()) node.tuple = schemas_in(given, place);
  } else {
    node.items = compile(given, place);
  }
}

void SchemaCompiler::read_prefix_items(Node& node, const value& given, const std::string& place) {
  node.has_tuple = true;
  node.tuple = schemas_in(given, place);
}

// Of the elements that prefixItems does not tell of.
void SchemaCompiler::read_items_of_3_1(Node& node, const value& given, const std::string& place) {
  node.items = compile(given, place);
  node.more_items = node.items;
}

void SchemaCompiler::read_additional_items(Node& node, const value& given,
                                           const std::string& place) {
  if (given.is_bool()) {
    node.allows_more_items = given.get_bool();
  } else {
    node.more_items = compile(given, place);
  }
}

void SchemaCompiler::read_min_items(Node& node, const value& given, const std::string& place) {
  node.items_min = size_in(given, place).value_or(0);
}

void SchemaCompiler::read_max_items(Node& node, const value& given, const std::string& place) {
  node.items_max = size_in(given, place);
}

void SchemaCompiler::read_unique_items(Node& node, const value& given, const std::string& place) {
  if (!given.is_bool()) {
    fail(place, "must be true or false.");
    return;
  }
  node.items_are_unique = given.get_bool();
}

namespace {

Property& property_named(Node& node, std::string_view name) {
  for (auto& property : node.properties) {
    if (property.name == name) return property;
  }
  node.properties.push_back({std::string(name)});
  return node.properties.back();
}

}  // namespace

void SchemaCompiler::read_properties(Node& node, const value& given, const std::string& place) {
  if (!given.is_object()) {
    fail(place, "must be an object of schemas.");
    return;
  }
  for (const auto& member : given.get_object()) {
    const auto name = view_of(member.key());
    const Node* const schema = compile(member.value(), place_in(place, name));
    property_named(node, name).node = schema;
  }
}

void SchemaCompiler::read_required(Node& node, const value& given, const std::string& place) {
  for (const auto& name : names_in(given, place)) {
    property_named(node, name).required_index = static_cast<int>(node.required_count++);
  }
}

void SchemaCompiler::read_pattern_properties(Node& node, const value& given,
                                             const std::string& place) {
  if (!given.is_object()) {
    fail(place, "must be an object of schemas.");
    return;
  }
  for (const auto& member : given.get_object()) {
    const auto text = view_of(member.key());
    const std::string here = place_in(place, text);
    if (auto pattern = pattern_in(text, here)) {
      node.pattern_properties.push_back({std::move(pattern), compile(member.value(), here)});
    }
  }
}

void SchemaCompiler::read_additional_properties(Node& node, const value& given,
                                                const std::string& place) {
  if (given.is_bool()) {
    node.allows_additional = given.get_bool();
  } else {
    node.additional = compile(given, place);
  }
}

void SchemaCompiler::read_min_properties(Node& node, const value& given, const std::string& place) {
  node.properties_min = size_in(given, place).value_or(0);
}

void SchemaCompiler::read_max_properties(Node& node, const value& given, const std::string& place) {
  node.properties_max = size_in(given, place);
}

void SchemaCompiler::read_dependencies(Node& node, const value& given, const std::string& place) {
  if (!given.is_object()) {
    fail(place, "must be an object.");
    return;
  }
  for (const auto& member : given.get_object()) {
    Dependency dependency{std::string(view_of(member.key())), {}, nullptr};
    const std::string here = place_in(place, dependency.name);
    if (member.value().is_array()) {
      dependency.names = names_in(member.value(), here);
    } else {
      dependency.node = compile(member.value(), here);
    }
    node.dependencies.push_back(std::move(dependency));
  }
}

void SchemaCompiler::read_all_of(Node& node, const value& given, const std::string& place) {
  const auto schemas = schemas_in(given, place);
  node.all_of.insert(node.all_of.end(), schemas.begin(), schemas.end());
}

void SchemaCompiler::read_any_of(Node& node, const value& given, const std::string& place) {
  node.any_of = schemas_in(given, place);
}

void SchemaCompiler::read_one_of(Node& node, const value& given, const std::string& place) {
  node.one_of = schemas_in(given, place);
}

void SchemaCompiler::read_not(Node& node, const value& given, const std::string& place) {
  node.none_of = compile(given, place);
}

// Checked, whether or not something refers to them.
void SchemaCompiler::read_definitions(Node&, const value& given, const std::string& place) {
  if (!given.is_object()) {
    fail(place, "must be an object of schemas.");
    return;
  }
  for (const auto& member : given.get_object()) {
    compile(member.value(), place_in(place, view_of(member.key())));
  }
}

}  // namespace signalbox::broker::schemas
