// Reads the log of a bus from a view of the store: page by page, from a place in it or a time, all
// events or those that match a pattern. Of LogOrder::arrival, as buses have it.
//
// Pure functions of the view. Any thread that owns it and may block on the disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/event_log.h"
#include "rules/rules.h"
#include "storage/store.h"

namespace signalbox::broker {

struct LogQuery {
  LogPosition after;
  std::optional<LogPosition> until;  // up to this one; unset: to the end of the log
  const rules::Pattern* pattern = nullptr;
  // A page ends when any of these is reached, but looks at one event at least.
  std::size_t count_max = 1000;
  std::size_t bytes_max = 1 << 20;  // of the events in it
  std::size_t looked_at_max = 10'000;
  std::size_t bytes_looked_at_max = 8 << 20;
};

struct FoundEvent {
  LogPosition at;
  std::int64_t accepted_ms = 0;  // system clock
  std::string json;
};

struct LogPage {
  std::vector<FoundEvent> events;  // oldest first
  LogPosition next;                // after for the page behind this one
  bool has_more = false;           // there is one already
  bool has_gap = false;            // not all that ever came behind query.after is there any more
  bool failed = false;             // the disk answered with an error, or a record is damaged
};

LogPage read_bus_log(const storage::View& view, std::uint64_t bus_id, const LogQuery& query);

// Of the newest event. Nothing: as LogPage::failed.
std::optional<LogPosition> end_of_bus_log(const storage::View& view, std::uint64_t bus_id);
// The last one before the events that were accepted at that time, by the system clock, or later;
// where that clock was set back in between, one of those that it may mean.
std::optional<LogPosition> position_before_time(const storage::View& view, std::uint64_t bus_id,
                                                std::int64_t time_ms);

}  // namespace signalbox::broker
