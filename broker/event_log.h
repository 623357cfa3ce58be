// A bus is a log: every accepted event is appended to it and kept for the bus log's retention. An
// archive is one too, of the events it takes.
//
// Events are stored under (bus or archive, segment, position). A segment covers a stretch of time
// in which events arrived; expiry drops whole segments with one range deletion each, so it costs
// the same for one event or ten million. Memory holds one summary per segment. Core thread only;
// broker/log_reader.h reads it elsewhere.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/clock.h"
#include "broker/event_time.h"
#include "broker/ids.h"
#include "storage/batch.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace signalbox::broker {

struct LogLimits {
  static constexpr Duration forever = Duration::max();

  Duration retention{0};
  std::uint64_t bytes_max = 0;

  Duration segment_span() const;
  std::uint64_t segment_bytes_max() const;
};

struct LogSegment {
  std::uint64_t number = 1;
  std::int64_t first_ms = 0;  // deadline clock; meaningless while count is 0
  std::int64_t last_ms = 0;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  // How many the segment before it had: whoever has read those has missed nothing when it is
  // dropped. Unset: it is not known, or there was none.
  std::optional<std::uint64_t> count_before = {};
  // Of the events' own times, in LogOrder::event_time; the first is past the last one while there
  // are none.
  EventSecond first_second = event_seconds_past_last;
  EventSecond last_second = 0;
};

// An event as the log keeps it. json points into the stored record.
struct LoggedEvent {
  std::int64_t accepted_ms = 0;  // system clock
  IdBytes id{};
  std::string_view json;
  EventSecond second = 0;  // of its time, for LogOrder::event_time; not in the record
};

// How the events of a segment are ordered.
enum class LogOrder : std::uint8_t {
  arrival,     // position: 1, 2, 3, ...
  event_time,  // position: the event's second, then its number in the segment
};
constexpr int event_number_bits = 24;
constexpr std::uint64_t events_per_segment_max = (1ull << event_number_bits) - 1;
// Of LogOrder::event_time: the position before all events of that second.
constexpr std::uint64_t position_of_second(EventSecond second) {
  return second << event_number_bits;
}
constexpr EventSecond second_of_position(std::uint64_t position) {
  return position >> event_number_bits;
}
constexpr std::uint64_t number_of_position(std::uint64_t position) {
  return position & events_per_segment_max;
}

class BusLog {
 public:
  explicit BusLog(LogOrder order = LogOrder::arrival) : order_(order) {}

  // Stores the event behind the others.
  void append(std::uint64_t bus_id, const LoggedEvent& event, Time now, const LogLimits& limits,
              storage::Batch& batch);
  // Adds the summaries of the segments appended to since the last call: once per commit group, in
  // the batch that carries the events, so that both agree after a crash.
  void seal(std::uint64_t bus_id, storage::Batch& batch);
  // Drops the segments past the retention or the size.
  void expire(std::uint64_t bus_id, Time now, const LogLimits& limits, storage::Batch& batch);
  // When expire() has something to do; unset while the log is empty.
  std::optional<Time> expires_at(const LogLimits& limits) const;
  void erase_all(std::uint64_t bus_id, storage::Batch& batch);

  // Restart: the summaries, oldest first.
  void restore(const LogSegment& segment);

  std::uint64_t count() const { return count_; }
  std::uint64_t bytes() const { return bytes_; }
  const std::deque<LogSegment>& segments() const { return segments_; }

 private:
  LogSegment& segment_for_append(Time now, const LogLimits& limits);

  LogOrder order_;
  std::deque<LogSegment> segments_;  // oldest first; the last one is open
  std::uint64_t sealed_before_ = 0;  // summaries of segments below it are on disk as they are here
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

std::string encode_log_segment(const LogSegment& segment);
// Nullopt for a newer format or damage, as below.
std::optional<LogSegment> decode_log_segment(std::uint64_t number, std::string_view value);
// The record up to the event's JSON, which is its rest.
std::string encode_logged_event_head(const LoggedEvent& event);
std::optional<LoggedEvent> decode_logged_event(std::string_view value);

// Of an event in its log. They grow in the log's order and never name another event later; {0, 0}
// is before every event.
struct LogPosition {
  std::uint64_t segment = 0;
  std::uint64_t position = 0;
  auto operator<=>(const LogPosition&) const = default;
};

}  // namespace signalbox::broker
