// A replay: events of an archive put on its bus again, in slices (docs/decisions/0005). Core thread
// only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/api/fields.h"
#include "broker/archives/archive.h"
#include "broker/clock.h"
#include "broker/event_log.h"

namespace signalbox::broker {

struct World;

// Where a replay goes on. It takes one minute of the events' time after the other, and within a
// minute the segments in the order in which they were filled.
struct ReplayCursor {
  std::uint64_t minute = 0;  // since the start of the year 1
  LogPosition place;         // the first of that minute that may still be to replay
  bool operator==(const ReplayCursor&) const = default;
};

constexpr EventSecond seconds_per_minute = 60;

// How far it is; a record of its own, written with each slice.
struct ReplayProgress {
  enum class State : std::uint8_t { starting, running, cancelling, completed, cancelled, failed };

  State state = State::starting;
  std::string state_reason;
  ReplayCursor cursor;
  std::optional<EventSecond> last_second;  // of the event replayed last
  std::uint64_t events_replayed = 0;
  std::int64_t ended_ms = 0;      // system clock
  std::int64_t forget_at_ms = 0;  // the clock of deadlines

  bool is_active() const { return state <= State::cancelling; }
};

std::string_view state_text(ReplayProgress::State state);

struct Replay {
  std::uint64_t id = 0;
  World* world = nullptr;
  std::string name;
  std::optional<std::string> description;
  std::uint64_t archive_id = 0;
  std::string event_source_arn;
  std::string destination_arn;
  std::optional<api::StringList> filter_arns;
  std::int64_t event_start_ms = 0;
  std::int64_t event_end_ms = 0;
  std::int64_t started_ms = 0;  // system clock
  // The end of the archive when it started: the last segment, and how many events were in it. What
  // was archived later is not replayed, so that a replay ends though its events bring forth others.
  std::uint64_t last_segment = 0;
  std::uint64_t events_in_last_segment = 0;

  ReplayProgress progress;

  // Not stored.
  std::set<std::string, std::less<>> rule_names;  // of filter_arns; empty: all rules
  // The archive's segments with events of its time; null until a slice has looked.
  std::shared_ptr<const std::vector<LogSegment>> segments;

  // An event is replayed when start <= its second < end.
  EventSecond start_second() const;
  EventSecond end_second() const;
  std::string arn() const;
  void end_at(const BusLog& log);  // what is in it now is replayed, and nothing that comes later
  void read_filter();              // filter_arns into rule_names
  bool is_for(std::string_view rule_name) const {
    return rule_names.empty() || rule_names.contains(rule_name);
  }
};

// The stored forms, without the id; decoding gives false for damage and for a newer format.
std::string encode_replay(const Replay& replay);
bool decode_replay(std::string_view record, Replay& replay, std::uint32_t& world_id);
std::string encode_replay_progress(const ReplayProgress& progress);
bool decode_replay_progress(std::string_view record, ReplayProgress& progress);

struct ArchiveState {
  std::unordered_map<std::uint64_t, std::unique_ptr<Archive>> by_id;
  std::vector<Archive*> touched_logs;
  std::map<std::uint64_t, std::unique_ptr<Replay>> replays;

  // Replays under way, the one whose turn it is first. There is one slice at a time, for the sake
  // of everybody else.
  std::deque<std::uint64_t> active;
  // Records written so far, and those of them that were replays': the others are the traffic that
  // replays leave room for.
  std::uint64_t records_written = 0;
  std::uint64_t records_replayed = 0;
  std::uint64_t others_at_last_slice = 0;
  // Written by others between two slices, as a running mean: slices and other traffic may come in
  // turns. 0: nobody else has written for a while.
  std::uint64_t others_mean = 1;
};

}  // namespace signalbox::broker
