#include "broker/log_reader.h"

#include <algorithm>

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

struct Extent {
  std::uint64_t segment = 0;
  std::uint64_t count = 0;
  std::optional<std::uint64_t> count_before;
};

// Whether events behind that place have been dropped before the oldest segment that is kept.
bool is_gap(const LogPosition& after, const Extent& oldest) {
  if (after == LogPosition{}) return false;  // whoever begins at the start takes what there is
  const bool is_next = after.segment + 1 == oldest.segment && oldest.count_before.has_value();
  return !is_next || after.position < *oldest.count_before;
}

// The segments that are kept, in that direction, up to count_max of them. False: as
// LogPage::failed.
bool read_extents(const storage::View& view, std::uint64_t bus_id, storage::Direction direction,
                  std::size_t count_max, std::vector<Extent>& extents) {
  bool is_sound = true;
  const auto summaries = keys::segments_of_bus(bus_id);
  const bool read = view.scan(
      summaries.first, summaries.past_last, direction,
      [&](std::string_view key, std::string_view value) {
        const auto place = keys::parse_event_segment(key);
        const auto segment = place ? decode_log_segment(place->segment, value) : std::nullopt;
        is_sound = segment.has_value();
        if (is_sound) extents.push_back({segment->number, segment->count, segment->count_before});
        return is_sound && extents.size() < count_max;
      });
  return read && is_sound;
}

std::optional<std::int64_t> accepted_ms_of(const storage::View& view,
                                           const keys::EventPlace& place) {
  std::string value;
  if (view.get(keys::event(place), value) != storage::ReadStatus::found) return std::nullopt;
  const auto event = decode_logged_event(value);
  if (!event) return std::nullopt;
  return event->accepted_ms;
}

// Takes the events of a scan into a page.
class PageReader {
 public:
  PageReader(const LogQuery& query, LogPage& page) : query_(query), page_(page) {}

  // False: the page is full, or has failed.
  bool take(std::string_view key, std::string_view value) {
    const auto place = keys::parse_event(key);
    const auto event = decode_logged_event(value);
    if (!place || !event) {
      page_.failed = true;
      return false;
    }
    const LogPosition at{place->segment, place->position};
    const bool is_wanted = query_.pattern == nullptr || query_.pattern->matches(event->json);
    const bool fits = page_.events.empty() || bytes_ + event->json.size() <= query_.bytes_max;
    if (is_wanted && !fits) return false;
    page_.next = at;
    ++looked_at_;
    bytes_looked_at_ += value.size();
    if (is_wanted) {
      bytes_ += event->json.size();
      page_.events.push_back({at, event->accepted_ms, std::string(event->json)});
    }
    return page_.events.size() < query_.count_max && looked_at_ < query_.looked_at_max &&
           bytes_looked_at_ < query_.bytes_looked_at_max;
  }

 private:
  const LogQuery& query_;
  LogPage& page_;
  std::size_t bytes_ = 0;
  std::size_t looked_at_ = 0;
  std::size_t bytes_looked_at_ = 0;
};

}  // namespace

std::optional<LogPosition> end_of_bus_log(const storage::View& view, std::uint64_t bus_id) {
  std::vector<Extent> newest;
  if (!read_extents(view, bus_id, storage::Direction::backward, 1, newest)) return std::nullopt;
  if (newest.empty()) return LogPosition{};
  return LogPosition{newest.front().segment, newest.front().count};
}

LogPage read_bus_log(const storage::View& view, std::uint64_t bus_id, const LogQuery& query) {
  LogPage page;
  page.next = query.after;
  std::vector<Extent> oldest;
  const auto end = end_of_bus_log(view, bus_id);
  if (!end || !read_extents(view, bus_id, storage::Direction::forward, 1, oldest)) {
    page.failed = true;
    return page;
  }
  // Behind the end: of a log that lost its newest part in a power cut, or of another one.
  page.has_gap = query.after > *end;
  page.next = std::min(query.after, *end);
  if (oldest.empty()) return page;
  // What lies before the oldest segment are the tombstones of dropped ones.
  if (page.next.segment < oldest.front().segment) {
    page.has_gap |= is_gap(page.next, oldest.front());
    page.next = {oldest.front().segment, 0};
  }
  const LogPosition until = std::min(query.until.value_or(*end), *end);
  if (page.next >= until) return page;
  PageReader reader(query, page);
  const auto first = keys::event({bus_id, page.next.segment, page.next.position + 1});
  const auto past_last = keys::event({bus_id, until.segment, until.position + 1});
  bool is_full = false;
  const bool read = view.scan(first, past_last, storage::Direction::forward,
                              [&](std::string_view key, std::string_view value) {
                                is_full = !reader.take(key, value);
                                return !is_full;
                              });
  page.failed |= !read;
  if (!is_full) page.next = until;
  page.has_more = page.next < until;
  return page;
}

std::optional<LogPosition> position_before_time(const storage::View& view, std::uint64_t bus_id,
                                                std::int64_t time_ms) {
  std::vector<Extent> extents;
  if (!read_extents(view, bus_id, storage::Direction::forward, SIZE_MAX, extents)) {
    return std::nullopt;
  }
  bool failed = false;
  const auto is_before = [&](std::uint64_t segment, std::uint64_t position) {
    const auto accepted_ms = accepted_ms_of(view, {bus_id, segment, position});
    failed |= !accepted_ms;
    return accepted_ms && *accepted_ms < time_ms;
  };
  // Only the newest can be empty.
  if (!extents.empty() && extents.back().count == 0) extents.pop_back();
  const auto at = std::partition_point(extents.begin(), extents.end(), [&](const Extent& extent) {
    return is_before(extent.segment, extent.count);
  });
  if (failed) return std::nullopt;
  if (at == extents.end()) return end_of_bus_log(view, bus_id);
  std::uint64_t before = 0;  // position 0 is no event's
  std::uint64_t after = at->count;
  while (after - before > 1) {
    const std::uint64_t middle = before + (after - before) / 2;
    (is_before(at->segment, middle) ? before : after) = middle;
  }
  if (failed) return std::nullopt;
  return LogPosition{at->segment, before};
}

}  // namespace signalbox::broker
