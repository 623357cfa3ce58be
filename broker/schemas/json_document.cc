#include "broker/schemas/json_document.h"

#include <boost/json/parse.hpp>
#include <boost/json/src.hpp>
#include <limits>

namespace signalbox::broker::schemas {

namespace json = boost::json;

json::value parse_document(std::string_view content, json::error_code& error) {
  constexpr std::size_t depth_max = 512;
  json::parse_options options;
  options.max_depth = depth_max;
  return json::parse(to_json(content), error, json::storage_ptr(), options);
}

const json::value* member_of(const json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : member_of(*object, name);
}

const json::value* member_of(const json::object& object, std::string_view name) {
  return object.if_contains(to_json(name));
}

std::optional<std::string> text_of_member(const json::value& value, std::string_view name) {
  const auto* member = member_of(value, name);
  if (member == nullptr || !member->is_string()) return std::nullopt;
  return std::string(view_of(member->get_string()));
}

long double number_in(const json::value& number) {
  static_assert(std::numeric_limits<long double>::digits >= 64);
  if (number.is_int64()) return static_cast<long double>(number.get_int64());
  if (number.is_uint64()) return static_cast<long double>(number.get_uint64());
  return static_cast<long double>(number.get_double());
}

const json::value* value_at(const json::value& document, std::string_view pointer) {
  json::error_code error;
  return document.find_pointer(to_json(pointer), error);
}

}  // namespace signalbox::broker::schemas
