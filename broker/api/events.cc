#include "broker/api/events.h"

#include <algorithm>

namespace signalbox::broker::api {

namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_name_char);
}

bool is_bus_name(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c == '/' || is_name_char(c); });
}

bool is_path_key(std::string_view text) {
  return is_name(text) && text.find('.') == std::string_view::npos;
}

bool is_bus_name_or_arn(std::string_view text) {
  if (text.starts_with("arn:aws")) {
    const auto marker = text.find(":event-bus/");
    if (marker == std::string_view::npos) return false;
    text.remove_prefix(marker + std::string_view(":event-bus/").size());
  }
  return is_bus_name(text);
}

}  // namespace signalbox::broker::api
