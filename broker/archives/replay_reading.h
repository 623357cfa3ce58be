// The next slice of a replay: read from the archive, with the replay's name in each event, and
// matched against the bus's rules. All of it on a reader thread; the core then takes the events as
// it takes those of PutEvents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/archives/replay.h"
#include "broker/context.h"
#include "broker/event.h"
#include "rules/rules.h"

namespace signalbox::broker {

struct ReplayPlan {
  std::uint64_t archive_id = 0;
  std::string replay_name;
  EventSecond start_second = 0;
  EventSecond end_second = 0;  // past the last one
  std::uint64_t last_segment = 0;
  std::uint64_t events_in_last_segment = 0;
  ReplayCursor from;
  std::shared_ptr<const std::vector<LogSegment>> segments;  // null: not known yet
  // The bus's rules as some version had them; the core puts right what has changed since.
  std::uint64_t rules_version = 0;
  std::shared_ptr<const rules::Snapshot> rules;
  std::size_t events_max = 0;
  std::size_t bytes_max = 0;
};

class ReplayReading final : public Reading {
 public:
  explicit ReplayReading(ReplayPlan plan) : plan_(std::move(plan)) {}

  bool read(const storage::View& view) override;

  struct Found {
    PreparedEvent event;
    EventSecond second = 0;
    ReplayCursor next;  // where to go on behind it
  };
  const ReplayPlan& plan() const { return plan_; }
  const std::shared_ptr<const std::vector<LogSegment>>& segments() const { return segments_; }
  std::vector<Found>& events() { return events_; }
  // Where to go on behind all of them; unset: there is nothing more.
  const std::optional<ReplayCursor>& next() const { return next_; }
  // A record is not what the archive writes: the replay cannot go on.
  bool is_damaged() const { return is_damaged_; }

 private:
  // Both false when the disk failed.
  bool read_segments(const storage::View& view);
  // The events from the cursor to the end of its minute, and the next minute that has any.
  bool read_minute(const storage::View& view, const ReplayCursor& from);
  bool is_full() const;
  void add(const storage::keys::EventPlace& place, const LoggedEvent& event);

  const ReplayPlan plan_;
  std::shared_ptr<const std::vector<LogSegment>> segments_;
  std::vector<Found> events_;
  std::optional<ReplayCursor> next_;
  std::size_t bytes_ = 0;
  std::size_t record_count_ = 0;
  std::size_t scan_count_ = 0;
  bool is_damaged_ = false;
};

}  // namespace signalbox::broker
