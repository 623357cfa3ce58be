#include "broker/schemas/shape.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "broker/schemas/formats.h"
#include "broker/schemas/json_document.h"

namespace signalbox::broker::schemas {

namespace json = boost::json;
using simdjson::dom::element;
using simdjson::dom::element_type;

namespace {

// Of places where no value, or null alone, has been seen: there is no type to tell.
constexpr char seen_keyword[] = "x-signalbox-seen";

}  // namespace

Shape::Shape() = default;
Shape::Shape(Shape&&) noexcept = default;
Shape::~Shape() = default;

Shape::Shape(const Shape& other)
    : kinds_(other.kinds_),
      is_anything_(other.is_anything_),
      are_date_times_(other.are_date_times_),
      has_objects_(other.has_objects_),
      members_(other.members_ ? std::make_unique<Members>(*other.members_) : nullptr),
      elements_(other.elements_ ? std::make_unique<Shape>(*other.elements_) : nullptr),
      map_values_(other.map_values_ ? std::make_unique<Shape>(*other.map_values_) : nullptr) {}

Shape& Shape::operator=(Shape other) noexcept {
  kinds_ = other.kinds_;
  is_anything_ = other.is_anything_;
  are_date_times_ = other.are_date_times_;
  has_objects_ = other.has_objects_;
  members_ = std::move(other.members_);
  elements_ = std::move(other.elements_);
  map_values_ = std::move(other.map_values_);
  return *this;
}

void Shape::widen() {
  *this = Shape();
  kinds_ = kind::any;
  is_anything_ = true;
}

bool Shape::add(element value) { return add(value, 0); }

bool Shape::add_kind(std::uint8_t kind) {
  const std::uint8_t before = kinds_;
  kinds_ |= kind;
  return kinds_ != before;
}

bool Shape::add(element value, int depth) {
  if (is_anything_) return false;
  if (depth == depth_max) {
    widen();
    return true;
  }
  switch (value.type()) {
    case element_type::OBJECT: {
      simdjson::dom::object object;
      return value.get_object().get(object) == simdjson::SUCCESS && add_object(object, depth);
    }
    case element_type::ARRAY: {
      simdjson::dom::array array;
      return value.get_array().get(array) == simdjson::SUCCESS && add_array(array, depth);
    }
    case element_type::STRING: {
      std::string_view text;
      return value.get_string().get(text) == simdjson::SUCCESS && add_string(text);
    }
    case element_type::INT64:
    case element_type::UINT64: return add_kind(kind::integer);
    // Every number, once there is one with a fraction.
    case element_type::DOUBLE: return add_kind(kind::integer | kind::number);
    case element_type::BOOL: return add_kind(kind::boolean);
    case element_type::NULL_VALUE: break;
  }
  return add_kind(kind::null);
}

bool Shape::add_string(std::string_view text) {
  bool is_new = add_kind(kind::string);
  if (are_date_times_ && !has_format(text, Format::date_time)) {
    are_date_times_ = false;
    is_new = true;
  }
  return is_new;
}

bool Shape::add_array(simdjson::dom::array array, int depth) {
  bool is_new = add_kind(kind::array);
  if (elements_ == nullptr) elements_ = std::make_unique<Shape>();
  for (const element each : array) is_new = elements_->add(each, depth + 1) || is_new;
  return is_new;
}

bool Shape::add_object(simdjson::dom::object object, int depth) {
  bool is_new = add_kind(kind::object);
  const bool is_first = !std::exchange(has_objects_, true);
  if (is_first) members_ = std::make_unique<Members>();
  std::size_t seen = 0;
  for (const auto& [name, value] : object) {
    if (map_values_ != nullptr) {
      is_new = map_values_->add(value, depth + 1) || is_new;
      continue;
    }
    auto at = members_->find(name);
    const bool is_new_member = at == members_->end();
    // A member that objects before did not have may be absent.
    if (is_new_member) at = members_->emplace(name, Member{{}, is_first}).first;
    is_new = at->second.shape.add(value, depth + 1) || is_new_member || is_new;
    ++seen;
    if (members_->size() <= members_max) continue;
    become_map();
    is_new = true;
  }
  if (map_values_ != nullptr) return is_new;
  if (seen == members_->size()) return is_new;
  for (auto& [name, member] : *members_) {
    if (!member.is_required || object.at_key(name).error() == simdjson::SUCCESS) continue;
    member.is_required = false;
    is_new = true;
  }
  return is_new;
}

void Shape::limit_depth(int levels) {
  if (levels == 0) return widen();
  if (elements_ != nullptr) elements_->limit_depth(levels - 1);
  if (map_values_ != nullptr) map_values_->limit_depth(levels - 1);
  if (members_ == nullptr) return;
  for (auto& [name, member] : *members_) member.shape.limit_depth(levels - 1);
}

void Shape::become_map() {
  map_values_ = std::make_unique<Shape>();
  for (auto& [name, member] : *members_) map_values_->merge(std::move(member.shape));
  members_ = nullptr;
}

// What both have seen, where a place holds either.
void Shape::merge(Shape other) {
  if (is_anything_ || other.is_anything_) return widen();
  if ((other.kinds_ & kind::string) != 0)
    are_date_times_ = are_date_times_ && other.are_date_times_;
  kinds_ |= other.kinds_;
  if (other.elements_ != nullptr) {
    if (elements_ == nullptr) elements_ = std::make_unique<Shape>();
    elements_->merge(std::move(*other.elements_));
  }
  if (!other.has_objects_) return;
  if (!has_objects_) {
    has_objects_ = true;
    members_ = std::move(other.members_);
    map_values_ = std::move(other.map_values_);
    return;
  }
  if (map_values_ == nullptr && other.map_values_ != nullptr) become_map();
  if (map_values_ != nullptr) {
    if (other.map_values_ == nullptr) other.become_map();
    map_values_->merge(std::move(*other.map_values_));
    return;
  }
  for (auto& [name, member] : *members_) {
    if (!other.members_->contains(name)) member.is_required = false;
  }
  for (auto& [name, member] : *other.members_) {
    const auto [at, is_new] = members_->try_emplace(name);
    at->second.is_required = !is_new && at->second.is_required && member.is_required;
    at->second.shape.merge(std::move(member.shape));
  }
  if (members_->size() > members_max) become_map();
}

json::value Shape::object_schema() const {
  json::object out{{"type", "object"}};
  if (map_values_ != nullptr) {
    out["additionalProperties"] = map_values_->to_schema();
    return out;
  }
  json::array required;
  json::object properties;
  for (const auto& [name, member] : *members_) {
    if (member.is_required) required.emplace_back(to_json(name));
    properties[to_json(name)] = member.shape.to_schema();
  }
  if (!required.empty()) out["required"] = std::move(required);
  out["properties"] = std::move(properties);
  return out;
}

json::value Shape::schema_of(std::uint8_t kind) const {
  switch (kind) {
    case kind::object: return object_schema();
    case kind::array: return json::object{{"type", "array"}, {"items", elements_->to_schema()}};
    case kind::string:
      return are_date_times_ ? json::object{{"type", "string"}, {"format", "date-time"}}
                             : json::object{{"type", "string"}};
    case kind::boolean: return json::object{{"type", "boolean"}};
    case kind::number: return json::object{{"type", "number"}, {"format", "double"}};
    default: break;
  }
  return json::object{{"type", "integer"}, {"format", "int64"}};
}

json::value Shape::to_schema() const {
  if (is_anything_) return json::object();
  // These accept anything, too, and still become narrower with the first value.
  if (kinds_ == 0) return json::object{{seen_keyword, "nothing"}};
  if (kinds_ == kind::null) return json::object{{seen_keyword, "null"}};
  std::vector<std::uint8_t> kinds;
  for (const auto each :
       {kind::object, kind::array, kind::string, kind::boolean, kind::number, kind::integer}) {
    const bool is_within_number = each == kind::integer && (kinds_ & kind::number) != 0;
    if ((kinds_ & each) != 0 && !is_within_number) kinds.push_back(each);
  }
  json::object out;
  if (kinds.size() == 1) {
    out = schema_of(kinds.front()).as_object();
  } else {
    json::array choices;
    for (const auto each : kinds) choices.push_back(schema_of(each));
    out["anyOf"] = std::move(choices);
  }
  // Beside a choice the word has no meaning in OpenAPI: there each alternative needs it.
  if ((kinds_ & kind::null) == 0) return out;
  if (kinds.size() == 1) {
    out["nullable"] = true;
  } else {
    for (auto& choice : out["anyOf"].as_array()) choice.as_object()["nullable"] = true;
  }
  return out;
}

void Shape::read_object(const json::object& schema) {
  has_objects_ = true;
  if (const auto* values = member_of(schema, "additionalProperties")) {
    map_values_ = std::make_unique<Shape>(from_schema(*values));
    return;
  }
  members_ = std::make_unique<Members>();
  const auto* properties = member_of(schema, "properties");
  if (properties == nullptr || !properties->is_object()) return widen();
  for (const auto& property : properties->get_object()) {
    Member& member = (*members_)[std::string(view_of(property.key()))];
    member.shape = from_schema(property.value());
    member.is_required = false;
  }
  const auto* required = member_of(schema, "required");
  if (required == nullptr || !required->is_array()) return;
  for (const auto& name : required->get_array()) {
    if (!name.is_string()) continue;
    const auto at = members_->find(std::string(view_of(name.get_string())));
    if (at != members_->end()) at->second.is_required = true;
  }
}

void Shape::read_kind(const json::object& schema) {
  const auto* type = member_of(schema, "type");
  if (type == nullptr || !type->is_string()) return widen();
  const auto name = view_of(type->get_string());
  if (name == "object") {
    kinds_ |= kind::object;
    read_object(schema);
  } else if (name == "array") {
    kinds_ |= kind::array;
    const auto* items = member_of(schema, "items");
    elements_ = std::make_unique<Shape>(from_schema(items == nullptr ? json::object() : *items));
  } else if (name == "string") {
    kinds_ |= kind::string;
    are_date_times_ = member_of(schema, "format") != nullptr;
  } else if (name == "boolean") {
    kinds_ |= kind::boolean;
  } else if (name == "number") {
    kinds_ |= kind::number | kind::integer;
  } else if (name == "integer") {
    kinds_ |= kind::integer;
  } else {
    widen();
  }
  if (member_of(schema, "nullable") != nullptr) kinds_ |= kind::null;
}

Shape Shape::from_schema(const json::value& schema) {
  Shape shape;
  const auto* members = schema.if_object();
  if (members == nullptr || members->empty()) {
    shape.widen();
    return shape;
  }
  if (const auto* seen = member_of(*members, seen_keyword)) {
    if (*seen == "null") shape.kinds_ = kind::null;
    return shape;
  }
  const auto* choices = member_of(*members, "anyOf");
  if (choices == nullptr) {
    shape.read_kind(*members);
    return shape;
  }
  const auto* list = choices->if_array();
  if (list == nullptr) return shape.widen(), shape;
  for (const auto& each : *list) {
    if (shape.is_anything_) break;
    if (each.is_object()) {
      shape.read_kind(each.get_object());
    } else {
      shape.widen();
    }
  }
  return shape;
}

}  // namespace signalbox::broker::schemas
