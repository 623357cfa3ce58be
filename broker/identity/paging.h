// Pages of IAM's listings: Marker in, IsTruncated and Marker out. A policy's and a role's small
// listings are pages by number, since a tag's key may be longer than a marker.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "broker/events_paging.h"

namespace signalbox::broker::identity {

// Calls visit(entry) for those of the page that are wanted(entry), and fills the response's marker.
template <class Ordered, class Request, class Response, class Wanted, class Visit>
Status fill_page(const Ordered& ordered, const Request& request, Response& response,
                 Wanted&& wanted, Visit&& visit) {
  if (request.marker && !read_page_token(*request.marker)) {
    return Error{ErrorCode::validation, "Invalid Marker."};
  }
  SIGNALBOX_TRY(response.marker,
                visit_page_of(ordered, {"", request.marker, request.max_items},
                              std::forward<Wanted>(wanted), std::forward<Visit>(visit)));
  response.is_truncated = response.marker.has_value();
  return ok();
}

// The same of a listing that is short and in an order of its own.
template <class Request, class Response, class Entry>
Status fill_page(std::vector<Entry> all, const Request& request, Response& response,
                 std::vector<Entry>& page) {
  std::map<std::string, Entry> numbered;
  for (auto& each : all) {
    std::string number = fmt::format("{:06}", numbered.size());
    numbered.emplace(std::move(number), std::move(each));
  }
  return fill_page(
      numbered, request, response, [](const auto&) { return true; },
      [&](const auto& entry) { page.push_back(entry.second); });
}

}  // namespace signalbox::broker::identity
