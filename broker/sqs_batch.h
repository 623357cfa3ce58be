// What the three SQS batch operations share: the checks of their entries and their two result
// lists.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "broker/api/sqs.h"
#include "broker/result.h"

namespace signalbox::broker {

constexpr std::size_t batch_entry_count_max = 10;

// The code a failed batch entry carries: the Query name of the error.
std::string batch_error_code(ErrorCode code);
bool is_batch_entry_id(std::string_view id);

// In the service's order: empty, too many, malformed ids, repeated ids.
template <class Entry>
Status check_batch_entries(const std::vector<Entry>& entries, std::string_view entry_name) {
  if (entries.empty()) {
    return Error{ErrorCode::empty_batch_request,
                 fmt::format("There should be at least one {} in the request.", entry_name)};
  }
  if (entries.size() > batch_entry_count_max) {
    return Error{ErrorCode::too_many_entries_in_batch_request,
                 fmt::format("Maximum number of entries per request are {}. You have sent {}.",
                             batch_entry_count_max, entries.size())};
  }
  for (const auto& entry : entries) {
    if (is_batch_entry_id(entry.id)) continue;
    return Error{ErrorCode::invalid_batch_entry_id,
                 "A batch entry id can only contain alphanumeric characters, hyphens and "
                 "underscores. It can be at most 80 letters long."};
  }
  std::unordered_set<std::string_view> seen;
  for (const auto& entry : entries) {
    if (seen.insert(entry.id).second) continue;
    return Error{ErrorCode::batch_entry_ids_not_distinct, fmt::format("Id {} repeated.", entry.id)};
  }
  return ok();
}

inline void add_failure(std::optional<std::vector<api::BatchResultErrorEntry>>& failed,
                        const std::string& id, const Error& error) {
  if (!failed) failed.emplace();
  api::BatchResultErrorEntry entry;
  entry.id = id;
  entry.code = batch_error_code(error.code);
  entry.message = error.message;
  failed->push_back(std::move(entry));
}

template <class Entry>
void add_success(std::optional<std::vector<Entry>>& successful, Entry entry) {
  if (!successful) successful.emplace();
  successful->push_back(std::move(entry));
}

}  // namespace signalbox::broker
