// Pages of what is ordered by name: NextToken carries the last name of the page before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "broker/page_token.h"
#include "broker/result.h"

namespace signalbox::broker {

constexpr std::int64_t list_limit_max = 100;
// A page of which most is left out ends early: its token says where to go on.
constexpr std::int64_t entries_per_page_max = 1000;

// The name of an entry of a map or a set.
inline const std::string& name_of(const std::string& entry) { return entry; }
template <class Value>
const std::string& name_of(const std::pair<const std::string, Value>& entry) {
  return entry.first;
}

struct PageRequest {
  std::string_view prefix;  // names of the page start with it
  const std::optional<std::string>& next_token;
  const std::optional<std::int64_t>& limit;
};

// Calls visit(entry) for each entry of the page that is wanted(entry); returns the token of the
// next page, if there may be one. Costs the page, not the listing.
template <class Ordered, class Wanted, class Visit>
Result<std::optional<std::string>> visit_page_of(const Ordered& ordered, const PageRequest& request,
                                                 Wanted&& wanted, Visit&& visit) {
  std::optional<std::string> after;
  if (request.next_token) {
    after = read_page_token(*request.next_token);
    if (!after) return Error{ErrorCode::validation, "Parameter NextToken is not valid."};
  }
  auto at = after && *after >= request.prefix ? ordered.upper_bound(*after)
                                              : ordered.lower_bound(std::string(request.prefix));
  const std::int64_t limit = request.limit.value_or(list_limit_max);
  const std::string* last = nullptr;
  std::int64_t visited = 0;
  for (std::int64_t seen = 0; at != ordered.end() && name_of(*at).starts_with(request.prefix);
       ++at, ++seen) {
    if (visited == limit || seen == entries_per_page_max) {
      return std::optional<std::string>(make_page_token(*last));
    }
    last = &name_of(*at);
    if (!wanted(*at)) continue;
    visit(*at);
    ++visited;
  }
  return std::optional<std::string>();
}

// The same of all entries.
template <class Ordered, class Visit>
Result<std::optional<std::string>> visit_page(const Ordered& ordered, const PageRequest& request,
                                              Visit&& visit) {
  return visit_page_of(
      ordered, request, [](const auto&) { return true; }, std::forward<Visit>(visit));
}

}  // namespace signalbox::broker
