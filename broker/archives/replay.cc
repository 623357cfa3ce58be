#include "broker/archives/replay.h"

#include <algorithm>

#include "broker/events_arns.h"
#include "broker/record.h"
#include "broker/world.h"

namespace signalbox::broker {

namespace {

constexpr std::uint8_t replay_format = 1;
constexpr std::uint8_t progress_format = 1;

bool complete(const RecordReader& record) { return !record.failed() && record.at_end(); }

}  // namespace

std::string_view state_text(ReplayProgress::State state) {
  switch (state) {
    case ReplayProgress::State::starting: return "STARTING";
    case ReplayProgress::State::running: return "RUNNING";
    case ReplayProgress::State::cancelling: return "CANCELLING";
    case ReplayProgress::State::completed: return "COMPLETED";
    case ReplayProgress::State::cancelled: return "CANCELLED";
    case ReplayProgress::State::failed: break;
  }
  return "FAILED";
}

EventSecond Replay::start_second() const { return event_second_of(event_start_ms); }

// Events have no fractions of seconds: one that happened at 12:00:00.7 says 12:00:00, and is before
// an end of 12:00:00.8.
EventSecond Replay::end_second() const {
  const EventSecond second = event_second_of(event_end_ms);
  return time_ms_of(second) < event_end_ms ? second + 1 : second;
}

std::string Replay::arn() const { return world->arn("events", "replay/" + name); }

void Replay::end_at(const BusLog& log) {
  if (log.segments().empty()) return;
  last_segment = log.segments().back().number;
  events_in_last_segment = log.segments().back().count;
}

void Replay::read_filter() {
  rule_names.clear();
  if (!filter_arns) return;
  for (const auto& text : *filter_arns) {
    const auto resource = parse_events_arn(text);
    if (resource && resource->rule) rule_names.insert(*resource->rule);
  }
}

std::string encode_replay(const Replay& replay) {
  RecordWriter record;
  record.u8(replay_format).u32(replay.world->id).bytes(replay.name).optional(replay.description);
  record.u64(replay.archive_id).bytes(replay.event_source_arn).bytes(replay.destination_arn);
  record.u8(replay.filter_arns ? 1 : 0);
  if (replay.filter_arns) {
    record.u32(static_cast<std::uint32_t>(replay.filter_arns->size()));
    for (const auto& arn : *replay.filter_arns) record.bytes(arn);
  }
  record.i64(replay.event_start_ms).i64(replay.event_end_ms).i64(replay.started_ms);
  record.u64(replay.last_segment).u64(replay.events_in_last_segment);
  return record.take();
}

bool decode_replay(std::string_view bytes, Replay& replay, std::uint32_t& world_id) {
  RecordReader record(bytes);
  if (record.u8() != replay_format) return false;
  world_id = record.u32();
  replay.name = record.bytes();
  replay.description = record.optional();
  replay.archive_id = record.u64();
  replay.event_source_arn = record.bytes();
  replay.destination_arn = record.bytes();
  if (record.u8() != 0) {
    auto& arns = replay.filter_arns.emplace();
    const std::uint32_t count = record.u32();
    for (std::uint32_t i = 0; i < count && !record.failed(); ++i) arns.emplace_back(record.bytes());
  }
  replay.event_start_ms = record.i64();
  replay.event_end_ms = record.i64();
  replay.started_ms = record.i64();
  replay.last_segment = record.u64();
  replay.events_in_last_segment = record.u64();
  return complete(record);
}

std::string encode_replay_progress(const ReplayProgress& progress) {
  RecordWriter record;
  record.u8(progress_format).u8(static_cast<std::uint8_t>(progress.state));
  record.bytes(progress.state_reason).u64(progress.cursor.minute);
  record.u64(progress.cursor.place.segment).u64(progress.cursor.place.position);
  record.u8(progress.last_second ? 1 : 0).u64(progress.last_second.value_or(0));
  record.u64(progress.events_replayed).i64(progress.ended_ms).i64(progress.forget_at_ms);
  return record.take();
}

bool decode_replay_progress(std::string_view bytes, ReplayProgress& progress) {
  RecordReader record(bytes);
  if (record.u8() != progress_format) return false;
  const std::uint8_t state = record.u8();
  if (state > static_cast<std::uint8_t>(ReplayProgress::State::failed)) return false;
  progress.state = static_cast<ReplayProgress::State>(state);
  progress.state_reason = record.bytes();
  progress.cursor.minute = record.u64();
  progress.cursor.place.segment = record.u64();
  progress.cursor.place.position = record.u64();
  const bool has_last = record.u8() != 0;
  const EventSecond last = record.u64();
  if (has_last) progress.last_second = last;
  progress.events_replayed = record.u64();
  progress.ended_ms = record.i64();
  progress.forget_at_ms = record.i64();
  return complete(record);
}

}  // namespace signalbox::broker
