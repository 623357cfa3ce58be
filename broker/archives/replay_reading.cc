#include "broker/archives/replay_reading.h"

#include <algorithm>

#include "broker/events_envelope.h"
#include "broker/md5.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

// Where events are few and far between, a slice ends after so many looks for the next one.
constexpr std::size_t scans_max = 256;
// And where most are too young to be replayed, after so many records.
constexpr std::size_t records_max = 4096;

}  // namespace

bool ReplayReading::read(const storage::View& view) {
  events_.clear();
  bytes_ = record_count_ = scan_count_ = 0;
  is_damaged_ = false;
  if (!read_segments(view)) return false;
  next_ = plan_.from;
  while (next_ && !is_full() && !is_damaged_ && scan_count_ < scans_max) {
    if (!read_minute(view, *next_)) return false;
  }
  return true;
}

bool ReplayReading::is_full() const {
  return events_.size() >= plan_.events_max || bytes_ >= plan_.bytes_max ||
         record_count_ >= records_max;
}

bool ReplayReading::read_segments(const storage::View& view) {
  segments_ = plan_.segments;
  if (segments_ != nullptr) return true;
  std::vector<LogSegment> found;
  const auto range = keys::segments_of_bus(plan_.archive_id);
  const bool read = view.scan(
      range.first, range.past_last, storage::Direction::forward,
      [&](std::string_view key, std::string_view value) {
        const auto place = keys::parse_event_segment(key);
        const auto segment = place ? decode_log_segment(place->segment, value) : std::nullopt;
        is_damaged_ = !segment;
        if (is_damaged_ || segment->number > plan_.last_segment) return false;
        const bool has_some =
            segment->first_second < plan_.end_second && segment->last_second >= plan_.start_second;
        if (has_some) found.push_back(*segment);
        return true;
      });
  if (!is_damaged_) segments_ = std::make_shared<const std::vector<LogSegment>>(std::move(found));
  return read;
}

bool ReplayReading::read_minute(const storage::View& view, const ReplayCursor& from) {
  const EventSecond minute_start = from.minute * seconds_per_minute;
  const EventSecond first = std::max(minute_start, plan_.start_second);
  const EventSecond past = std::min(minute_start + seconds_per_minute, plan_.end_second);
  std::optional<EventSecond> following;
  const auto offer = [&](EventSecond second) {
    if (second < plan_.end_second) following = std::min(second, following.value_or(second));
  };
  for (const LogSegment& segment : *segments_) {
    if (segment.first_second >= past) {
      offer(segment.first_second);
      continue;
    }
    const bool is_done = segment.number < from.place.segment;  // with this minute
    if (segment.last_second < (is_done ? past : first)) continue;
    keys::EventPlace begin{plan_.archive_id, segment.number,
                           position_of_second(is_done ? past : first)};
    if (segment.number == from.place.segment) {
      begin.position = std::max(begin.position, from.place.position);
    }
    const auto range = keys::events_between(begin, position_of_second(plan_.end_second));
    bool stopped = false;
    const auto visit = [&](std::string_view key, std::string_view value) {
      const auto place = keys::parse_event(key);
      const auto event = decode_logged_event(value);
      is_damaged_ = !place || !event;
      if (is_damaged_) return false;
      const EventSecond second = second_of_position(place->position);
      if (second >= past) {
        offer(second);
        return false;
      }
      stopped = is_full();
      if (stopped) {
        next_ = ReplayCursor{from.minute, {place->segment, place->position}};
        return false;
      }
      ++record_count_;
      add(*place, *event);
      return true;
    };
    ++scan_count_;
    if (!view.scan(range.first, range.past_last, storage::Direction::forward, visit)) return false;
    if (stopped || is_damaged_) return true;
  }
  next_.reset();
  if (following) next_ = ReplayCursor{*following / seconds_per_minute, {}};
  return true;
}

void ReplayReading::add(const keys::EventPlace& place, const LoggedEvent& logged) {
  const bool is_too_young = place.segment == plan_.last_segment &&
                            number_of_position(place.position) > plan_.events_in_last_segment;
  if (is_too_young) return;
  Found& found = events_.emplace_back();
  found.second = second_of_position(place.position);
  found.next = {found.second / seconds_per_minute, {place.segment, place.position + 1}};
  PreparedEvent& event = found.event;
  event.id = logged.id;
  event.json = with_replay_name(logged.json, plan_.replay_name);
  const Md5 digest = md5_of(event.json);
  event.md5_of_json.assign(digest.begin(), digest.end());
  if (plan_.rules != nullptr) {
    event.bus_version = plan_.rules_version;
    plan_.rules->match(event.json, event.matched);
    std::sort(event.matched.begin(), event.matched.end());
  }
  bytes_ += event.json.size();
}

}  // namespace signalbox::broker
