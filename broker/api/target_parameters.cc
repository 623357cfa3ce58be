#include "broker/api/target_parameters.h"

#include <algorithm>

namespace signalbox::broker::api {

namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// As far as it is made of those: how much that is.
template <class Matches>
std::size_t take_all(std::string_view& text, Matches matches) {
  const auto end = std::find_if_not(text.begin(), text.end(), matches);
  const auto size = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(size);
  return size;
}

// [3] and [*]
bool take_index(std::string_view& text) {
  if (!take(text, "[")) return false;
  if (take(text, "*")) return take(text, "]");
  return take_all(text, [](char c) { return c >= '0' && c <= '9'; }) > 0 && take(text, "]");
}

bool is_event_path(std::string_view text) {
  if (!take(text, "$")) return false;
  while (take(text, ".")) {
    if (take_all(text, [](char c) { return is_alphanumeric(c) || c == '_' || c == '-'; }) == 0) {
      return false;
    }
    while (text.starts_with('[')) {
      if (!take_index(text)) return false;
    }
  }
  return text.empty();
}

}  // namespace

// What is not ASCII counts as letters: the few marks among it are not told apart.
bool is_run_command_key(std::string_view text) {
  static constexpr std::string_view marks = " _.:/=+-@";
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80 ||
           marks.find(c) != std::string_view::npos;
  });
}

bool is_pipeline_parameter(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_secret_arn(std::string_view text) {
  if (is_event_path(text)) return true;
  if (!take(text, "arn:aws")) return false;
  take_all(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
  if (!take(text, ":secretsmanager:")) return false;
  const auto region = take_all(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  return region > 0 && text.starts_with(':');
}

}  // namespace signalbox::broker::api
