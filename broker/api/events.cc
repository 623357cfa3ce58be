#include "broker/api/events.h"

#include <algorithm>

namespace signalbox::broker::api {

namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c); }
bool is_name_char(char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; }
bool is_word_or_dash(char c) { return is_alphanumeric(c) || c == '_' || c == '-'; }

template <class Matches>
bool all(std::string_view text, Matches matches) {
  return std::all_of(text.begin(), text.end(), matches);
}

template <class Matches>
bool some(std::string_view text, Matches matches) {
  return !text.empty() && all(text, matches);
}

// Takes what stands before the separator off the front, and the separator; false without one.
bool take_until(std::string_view& text, char separator, std::string_view& part) {
  const auto at = text.find(separator);
  if (at == std::string_view::npos) return false;
  part = text.substr(0, at);
  text.remove_prefix(at + 1);
  return true;
}

// Takes "arn:aws[\w-]*:events:<region>:<account>:event-bus/" off, if all of it is there.
std::string_view without_bus_arn(std::string_view text) {
  std::string_view rest = text, arn, partition, service, region, account;
  if (!take_until(rest, ':', arn) || !take_until(rest, ':', partition) ||
      !take_until(rest, ':', service) || !take_until(rest, ':', region) ||
      !take_until(rest, ':', account)) {
    return text;
  }
  constexpr std::string_view resource = "event-bus/";
  const bool is_arn = arn == "arn" && partition.starts_with("aws") &&
                      all(partition, is_word_or_dash) && service == "events" &&
                      some(region, is_word_or_dash) && account.size() == 12 &&
                      all(account, is_digit) && rest.starts_with(resource);
  return is_arn ? rest.substr(resource.size()) : text;
}

}  // namespace

bool is_name(std::string_view text) { return some(text, is_name_char); }

bool is_bus_name(std::string_view text) {
  return some(text, [](char c) { return c == '/' || is_name_char(c); });
}

bool is_bus_name_or_arn(std::string_view text) { return is_bus_name(without_bus_arn(text)); }

bool is_bus_of_entry(std::string_view text) { return is_name(without_bus_arn(text)); }

// aws.partner/<name>/<name>, and more names
bool is_partner_source(std::string_view text) {
  constexpr std::string_view start = "aws.partner/";
  if (!text.starts_with(start)) return false;
  text.remove_prefix(start.size());
  std::string_view name;
  std::size_t count = 1;
  for (; take_until(text, '/', name); ++count) {
    if (!is_name(name)) return false;
  }
  return is_name(text) && count >= 2;
}

bool is_kms_key(std::string_view text) {
  return all(text, [](char c) { return is_word_or_dash(c) || c == '/' || c == ':'; });
}

bool is_endpoint_id(std::string_view text) {
  const auto is_part = [](char c) { return is_alphanumeric(c) || c == '-'; };
  std::string_view first;
  return take_until(text, '.', first) && some(first, is_part) && some(text, is_part);
}

bool is_path_key(std::string_view text) { return some(text, is_word_or_dash); }

bool is_events_action(std::string_view text) {
  constexpr std::string_view service = "events:";
  return text.starts_with(service) && some(text.substr(service.size()), [](char c) {
           return is_alphanumeric(c) && !is_digit(c);
         });
}

bool is_principal(std::string_view text) {
  return text == "*" || (text.size() == 12 && all(text, is_digit));
}

}  // namespace signalbox::broker::api
