#include "broker/api/connections.h"

#include <algorithm>

namespace signalbox::broker::api {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_alphanumeric(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

template <class Matches>
bool all(std::string_view text, Matches matches) {
  return std::all_of(text.begin(), text.end(), matches);
}

template <class Matches>
bool some(std::string_view text, Matches matches) {
  return !text.empty() && all(text, matches);
}

// Takes what stands before the separator off the front, and the separator; all of it without one.
std::string_view take_part(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  const auto part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool is_account(std::string_view text) { return text.size() == 12 && all(text, is_digit); }

}  // namespace

bool is_auth_parameter(std::string_view text) {
  const auto is_inner = [](char c) { return !is_control(c) && c != ':'; };
  return some(text, [&](char c) { return c == '\t' || is_inner(c); }) &&
         std::any_of(text.begin(), text.end(), is_inner);
}

bool is_https_endpoint(std::string_view text) {
  constexpr std::string_view marks = "-()_.!~*';/?:@&=+$,";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
    } else if (!is_alphanumeric(text[i]) && marks.find(text[i]) == std::string_view::npos) {
      return false;
    }
  }
  return !text.empty();
}

bool is_connection_arn(std::string_view text) {
  const auto is_part = [](char c) { return is_lower(c) || c == '-'; };
  const bool is_arn = take_part(text, ':') == "arn";
  std::string_view partition = take_part(text, ':');
  const bool is_events = take_part(text, ':') == "events";
  const auto region = take_part(text, ':');
  const auto account = take_part(text, ':');
  if (!take(text, "connection/")) return false;
  const auto name = take_part(text, '/');
  return is_arn && take(partition, "aws") && all(partition, is_part) && is_events &&
         all(region, [&](char c) { return is_part(c) || is_digit(c); }) &&
         (account.empty() || is_account(account)) && is_name(name) &&
         some(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_resource_configuration_arn(std::string_view text) {
  if (text.empty()) return true;
  constexpr std::size_t id_length = 17;
  const bool is_arn = take_part(text, ':') == "arn";
  const auto partition = take_part(text, ':');
  const bool is_lattice = take_part(text, ':') == "vpc-lattice";
  const auto region = take_part(text, ':');
  const auto account = take_part(text, ':');
  if (!take(text, "resourceconfiguration/rcfg-")) return false;
  const auto is_part = [](char c) { return is_lower(c) || is_digit(c); };
  return is_arn && some(partition, [&](char c) { return is_part(c) || c == '-'; }) && is_lattice &&
         some(region, [](char c) { return is_alphanumeric(c) || c == '-'; }) &&
         is_account(account) && text.size() == id_length && all(text, is_part);
}

}  // namespace signalbox::broker::api
