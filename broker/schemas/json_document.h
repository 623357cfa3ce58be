// The documents that schemas are: read, and looked into by name. Pure functions.
#pragma once

#include <boost/json/error.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::broker::schemas {

// Boost.JSON has texts of its own.
inline std::string_view view_of(boost::json::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view view_of(const boost::json::string& text) {
  return {text.data(), text.size()};
}
inline boost::json::string_view to_json(std::string_view text) {
  return {text.data(), text.size()};
}

// A schema's text as JSON, however deep a schema may be. Null, and error set: it is none.
boost::json::value parse_document(std::string_view content, boost::json::error_code& error);
// Null: the value is no object, or has no such member.
const boost::json::value* member_of(const boost::json::value& value, std::string_view name);
// Not made a value of on the way: what is found would not outlive it.
const boost::json::value* member_of(const boost::json::object& object, std::string_view name);
std::optional<std::string> text_of_member(const boost::json::value& value, std::string_view name);
// Of a number, exactly: a long double holds every integer of 64 bits and every double.
long double number_in(const boost::json::value& number);
// Null: there is nothing.
const boost::json::value* value_at(const boost::json::value& document, std::string_view pointer);

}  // namespace signalbox::broker::schemas
