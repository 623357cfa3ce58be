#include "broker/api/archives.h"

#include <algorithm>

namespace signalbox::broker::api {

namespace {

bool is_lower_or_dash(char c) { return (c >= 'a' && c <= 'z') || c == '-'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

template <class Matches>
void take_while(std::string_view& text, Matches matches) {
  const auto past = std::find_if_not(text.begin(), text.end(), matches);
  text.remove_prefix(static_cast<std::size_t>(past - text.begin()));
}

}  // namespace

bool is_events_resource(std::string_view text) {
  if (!take_prefix(text, "arn:aws")) return false;
  take_while(text, is_lower_or_dash);
  if (!take_prefix(text, ":events:")) return false;
  take_while(text, [](char c) { return is_lower_or_dash(c) || is_digit(c); });
  if (!take_prefix(text, ":")) return false;
  const auto account = text.substr(0, 12);
  if (account.size() == 12 && std::all_of(account.begin(), account.end(), is_digit)) {
    text.remove_prefix(account.size());
  }
  if (!take_prefix(text, ":")) return false;
  // A slash with something on either side.
  return text.size() > 2 && text.substr(1, text.size() - 2).find('/') != std::string_view::npos &&
         is_one_line(text);
}

// What a dot of the service's regular expressions does not match, as UTF-8.
bool is_one_line(std::string_view text) {
  constexpr std::string_view line_ends[] = {"\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
  return std::none_of(std::begin(line_ends), std::end(line_ends), [&](std::string_view end) {
    return text.find(end) != std::string_view::npos;
  });
}

}  // namespace signalbox::broker::api
