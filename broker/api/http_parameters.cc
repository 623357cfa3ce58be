#include "broker/api/http_parameters.h"

#include <algorithm>

namespace signalbox::broker::api {

namespace {

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

template <class Matches>
bool some(std::string_view text, Matches matches) {
  return !text.empty() && std::all_of(text.begin(), text.end(), matches);
}

}  // namespace

bool is_header_key(std::string_view text) {
  return some(text, [](char c) {
    // The model's class has a range from + to . in it, and so the comma.
    constexpr std::string_view marks = "!#$%&'*+,-.^_`|~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

// Printable ASCII and tabs, but not tabs alone.
bool is_header_value(std::string_view text) {
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  return some(text, [&](char c) { return c == '\t' || is_printable(c); }) &&
         std::any_of(text.begin(), text.end(), is_printable);
}

bool is_query_string_key(std::string_view text) {
  return some(text, [](char c) { return !is_control(c); });
}

bool is_query_string_value(std::string_view text) {
  return some(text, [](char c) { return !is_control(c) || c == '\n' || c == '\r'; });
}

bool is_path_parameter(std::string_view text) {
  constexpr std::string_view blanks = " \t\v\f";
  return some(text, [](char c) { return c != '\n' && c != '\r'; }) &&
         text.find_first_not_of(blanks) != std::string_view::npos;
}

}  // namespace signalbox::broker::api
