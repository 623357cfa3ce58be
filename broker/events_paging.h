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

// Calls visit(entry) for each entry of the page; returns the token of the next one, if there is
// one. Costs the page, not the listing.
template <class Ordered, class Visit>
Result<std::optional<std::string>> visit_page(const Ordered& ordered, const PageRequest& request,
                                              Visit&& visit) {
  std::optional<std::string> after;
  if (request.next_token) {
    after = read_page_token(*request.next_token);
    if (!after) return Error{ErrorCode::validation, "Parameter NextToken is not valid."};
  }
  auto at = after && *after >= request.prefix ? ordered.upper_bound(*after)
                                              : ordered.lower_bound(request.prefix);
  const std::int64_t limit = request.limit.value_or(list_limit_max);
  const std::string* last = nullptr;
  for (std::int64_t count = 0; at != ordered.end() && name_of(*at).starts_with(request.prefix);
       ++at, ++count) {
    if (count == limit) return std::optional<std::string>(make_page_token(*last));
    visit(*at);
    last = &name_of(*at);
  }
  return std::optional<std::string>();
}

}  // namespace signalbox::broker
