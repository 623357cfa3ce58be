#include "broker/api/partners.h"

#include <algorithm>

namespace signalbox::broker::api {

// aws\.partner/[\.\-_A-Za-z0-9]+/[/\.\-_A-Za-z0-9]*
bool is_partner_source_prefix(std::string_view text) {
  constexpr std::string_view start = "aws.partner/";
  if (!text.starts_with(start)) return false;
  text.remove_prefix(start.size());
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || !is_name(text.substr(0, slash))) return false;
  text.remove_prefix(slash + 1);
  return text.empty() || is_bus_name(text);
}

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace signalbox::broker::api
