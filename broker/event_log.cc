#include "broker/event_log.h"

#include <algorithm>

#include "broker/record.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::uint8_t event_format = 1;
constexpr std::uint8_t segment_format_without_seconds = 1;
constexpr std::uint8_t segment_format_without_before = 2;
constexpr std::uint8_t segment_format = 3;
constexpr std::uint64_t unknown_count = ~std::uint64_t{0};
constexpr std::uint64_t segment_bytes_most = 64ull << 20;

}  // namespace

Duration LogLimits::segment_span() const {
  return std::clamp<Duration>(retention / 24, std::chrono::minutes(1), std::chrono::hours(24));
}

std::uint64_t LogLimits::segment_bytes_max() const {
  return std::max<std::uint64_t>(1, std::min(segment_bytes_most, bytes_max / 16));
}

namespace {

LogSegment segment_after(const LogSegment& segment) {
  return {.number = segment.number + 1, .count_before = segment.count};
}

}  // namespace

LogSegment& BusLog::segment_for_append(Time now, const LogLimits& limits) {
  if (segments_.empty()) segments_.push_back({.number = 1});
  const LogSegment& open = segments_.back();
  const bool full = open.count > 0 && (now >= from_ms(open.first_ms) + limits.segment_span() ||
                                       open.bytes >= limits.segment_bytes_max() ||
                                       open.count >= events_per_segment_max);
  if (full) segments_.push_back(segment_after(open));
  return segments_.back();
}

void BusLog::append(std::uint64_t bus_id, const LoggedEvent& event, Time now,
                    const LogLimits& limits, storage::Batch& batch) {
  LogSegment& segment = segment_for_append(now, limits);
  std::uint64_t position = segment.count + 1;
  if (order_ == LogOrder::event_time) {
    position += position_of_second(event.second);
    segment.first_second = std::min(segment.first_second, event.second);
    segment.last_second = std::max(segment.last_second, event.second);
  }
  const auto key = keys::event({bus_id, segment.number, position});
  const std::string head = encode_logged_event_head(event);
  batch.put(key, {head, event.json});
  if (segment.count == 0) segment.first_ms = to_ms(now);
  segment.last_ms = std::max(segment.last_ms, to_ms(now));
  const std::uint64_t bytes = head.size() + event.json.size();
  ++segment.count;
  segment.bytes += bytes;
  ++count_;
  bytes_ += bytes;
}

void BusLog::seal(std::uint64_t bus_id, storage::Batch& batch) {
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    if (segment->number < sealed_before_) break;
    batch.put(keys::event_segment({bus_id, segment->number}), encode_log_segment(*segment));
  }
  // The open segment goes on changing.
  if (!segments_.empty()) sealed_before_ = segments_.back().number;
}

void BusLog::expire(std::uint64_t bus_id, Time now, const LogLimits& limits,
                    storage::Batch& batch) {
  while (!segments_.empty() && segments_.front().count > 0) {
    const LogSegment& oldest = segments_.front();
    const bool old =
        limits.retention != LogLimits::forever && from_ms(oldest.last_ms) + limits.retention <= now;
    const bool over = bytes_ > limits.bytes_max && segments_.size() > 1;
    if (!old && !over) return;
    // An empty successor keeps the numbers rising: a reader's position never names other events.
    if (segments_.size() == 1) {
      const LogSegment next = segment_after(oldest);
      segments_.push_back(next);
      batch.put(keys::event_segment({bus_id, next.number}), encode_log_segment(next));
    }
    const LogSegment dropped = segments_.front();
    segments_.pop_front();
    count_ -= dropped.count;
    bytes_ -= dropped.bytes;
    const auto events = keys::events_of_segment({bus_id, dropped.number});
    batch.erase_range(events.first, events.past_last);
    batch.erase(keys::event_segment({bus_id, dropped.number}));
  }
}

std::optional<Time> BusLog::expires_at(const LogLimits& limits) const {
  if (count_ == 0) return std::nullopt;
  if (bytes_ > limits.bytes_max && segments_.size() > 1) return from_ms(segments_.front().last_ms);
  if (limits.retention == LogLimits::forever) return std::nullopt;
  return from_ms(segments_.front().last_ms) + limits.retention;
}

void BusLog::erase_all(std::uint64_t bus_id, storage::Batch& batch) {
  const auto events = keys::events_of_bus(bus_id);
  batch.erase_range(events.first, events.past_last);
  const auto summaries = keys::segments_of_bus(bus_id);
  batch.erase_range(summaries.first, summaries.past_last);
}

void BusLog::restore(const LogSegment& segment) {
  segments_.push_back(segment);
  count_ += segment.count;
  bytes_ += segment.bytes;
  sealed_before_ = segment.number;
}

std::string encode_log_segment(const LogSegment& segment) {
  return RecordWriter()
      .u8(segment_format)
      .i64(segment.first_ms)
      .i64(segment.last_ms)
      .u64(segment.count)
      .u64(segment.bytes)
      .u64(segment.first_second)
      .u64(segment.last_second)
      .u64(segment.count_before.value_or(unknown_count))
      .take();
}

std::optional<LogSegment> decode_log_segment(std::uint64_t number, std::string_view value) {
  RecordReader record(value);
  const std::uint8_t format = record.u8();
  if (format < segment_format_without_seconds || format > segment_format) return std::nullopt;
  LogSegment segment{.number = number};
  segment.first_ms = record.i64();
  segment.last_ms = record.i64();
  segment.count = record.u64();
  segment.bytes = record.u64();
  // Of one that does not say, events may be of any time.
  const bool has_seconds = format >= segment_format_without_before;
  segment.first_second = has_seconds ? record.u64() : 0;
  segment.last_second = has_seconds ? record.u64() : event_seconds_past_last - 1;
  const auto before = format >= segment_format ? record.u64() : unknown_count;
  if (before != unknown_count) segment.count_before = before;
  if (record.failed() || !record.at_end()) return std::nullopt;
  return segment;
}

std::string encode_logged_event_head(const LoggedEvent& event) {
  return RecordWriter().u8(event_format).i64(event.accepted_ms).id(event.id).take();
}

std::optional<LoggedEvent> decode_logged_event(std::string_view value) {
  RecordReader record(value);
  if (record.u8() != event_format) return std::nullopt;
  LoggedEvent event;
  event.accepted_ms = record.i64();
  event.id = record.id();
  if (record.failed()) return std::nullopt;
  event.json = record.rest();
  return event;
}

}  // namespace signalbox::broker
