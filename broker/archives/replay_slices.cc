// Replays go on in slices. A reader thread reads and matches the next events; the core puts them on
// the bus as PutEvents does, and says in the same batch how far the replay is. So every event
// reaches the local queues once, over restarts too.
#include <algorithm>

#include "broker/archives/replay_reading.h"
#include "broker/broker.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace {

using State = ReplayProgress::State;

// The next slice is read once the one before is durable: one in a commit group. While others write,
// there are pauses between slices, and a slice has an event for so many records of theirs. An event
// writes three or four; reading it from a large archive costs about as much, so that others keep
// four fifths of what they had alone, however fast the machine is (bench/replay).
constexpr std::size_t slice_events_max = 256;
constexpr std::size_t slice_events_max_busy = 64;
constexpr std::size_t slice_events_min_busy = 2;
constexpr std::uint64_t others_per_event = 28;
constexpr std::chrono::milliseconds pause_busy{5};
constexpr std::size_t slice_bytes_max = 1u << 20;
// Messages and bytes an event may bring about are not known before it is put on the bus: past
// these the slice ends, and the next one goes on with the event behind.
constexpr std::size_t slice_messages_max = 256;
constexpr std::size_t slice_messages_bytes_max = 4u << 20;
// When the bus takes no more: as long as wide events wait for their deliveries.
constexpr std::chrono::milliseconds pause_refused{100};
// A slice that came to nothing (the disk failed, the commit queue is full) is tried again.
constexpr std::chrono::seconds slice_retry{1};

}  // namespace

void Broker::resume_replays(Context& ctx) {
  if (archives_.active.empty()) return;
  outbox_.own_work.push_back({OwnWork::Kind::replay_slice, archives_.active.front()});
  deadlines_.set(DeadlineKind::replay, 0, ctx.now + slice_retry);
}

namespace {

std::size_t slice_events(std::uint64_t others_mean) {
  if (others_mean == 0) return slice_events_max;
  return std::clamp<std::size_t>(others_mean / others_per_event, slice_events_min_busy,
                                 slice_events_max_busy);
}

}  // namespace

ReplayPlan Broker::plan_replay(const Replay& replay, const Archive& archive) const {
  ReplayPlan plan;
  plan.archive_id = archive.id;
  plan.replay_name = replay.name;
  plan.start_second = replay.start_second();
  plan.end_second = replay.end_second();
  plan.last_segment = replay.last_segment;
  plan.events_in_last_segment = replay.events_in_last_segment;
  plan.from = replay.progress.cursor;
  plan.segments = replay.segments;
  plan.rules_version = archive.bus->snapshot_version;
  plan.rules = archive.bus->snapshot;
  plan.events_max = slice_events(archives_.others_mean);
  plan.bytes_max = slice_bytes_max;
  return plan;
}

Answer<api::Empty> Broker::replay_slice(std::uint64_t replay_id, Context& ctx) {
  const auto at = archives_.replays.find(replay_id);
  if (at == archives_.replays.end() || !at->second->progress.is_active()) return api::Empty{};
  Replay& replay = *at->second;
  if (replay.progress.state == State::cancelling) {
    end_replay(replay, State::cancelled, {}, ctx);
    pace_replays(false, ctx);
    return api::Empty{};
  }
  // It fails with its archive: there is one.
  Archive& archive = *archives_.by_id.at(replay.archive_id);
  auto* const reading = dynamic_cast<ReplayReading*>(ctx.fetched.reading());
  if (reading == nullptr) {
    ctx.fetched.want(std::make_shared<ReplayReading>(plan_replay(replay, archive)));
    return NeedKeys{};
  }
  // A read that took longer than slice_retry has been begun again: this is the second of the two.
  if (reading->plan().from != replay.progress.cursor) return api::Empty{};
  // So many rules changed that the core would have to match against all: rather read once more.
  const Bus& bus = *archive.bus;
  if (reading->plan().rules_version < bus.changes_known_since &&
      reading->plan().rules_version < bus.snapshot_version) {
    ctx.fetched.want(std::make_shared<ReplayReading>(plan_replay(replay, archive)));
    return NeedKeys{};
  }
  if (reading->is_damaged()) {
    end_replay(replay, State::failed, "A record of the archive is damaged.", ctx);
    pace_replays(false, ctx);
    return api::Empty{};
  }
  const std::size_t records_before = ctx.batch.count();
  replay.segments = reading->segments();
  replay.progress.state = State::running;
  const bool was_refused = !replay_events(replay, archive, *reading, ctx);
  store_progress(replay, ctx);
  archives_.records_replayed += ctx.batch.count() - records_before;
  pace_replays(was_refused, ctx);
  return api::Empty{};
}

bool Broker::replay_events(Replay& replay, Archive& archive, ReplayReading& reading, Context& ctx) {
  std::size_t messages = 0;
  std::size_t bytes = 0;
  for (auto& [event, second, next] : reading.events()) {
    if (messages >= slice_messages_max || bytes >= slice_messages_bytes_max) return true;
    event.replay = &replay;
    const FanOutBudget whole{settings_.fan_out_messages_max, settings_.fan_out_bytes_max};
    FanOutBudget left = whole;
    if (accept_event(*archive.bus, event, left, ctx)) return false;
    messages += whole.messages - left.messages;
    bytes += whole.bytes - left.bytes;
    replay.progress.cursor = next;
    replay.progress.last_second = second;
    ++replay.progress.events_replayed;
    ++buses_.counters.events_replayed;
  }
  if (reading.next()) {
    replay.progress.cursor = *reading.next();
  } else {
    end_replay(replay, State::completed, {}, ctx);
  }
  return true;
}

std::uint64_t Broker::records_of_others(const Context& ctx) const {
  return archives_.records_written + ctx.batch.count() - archives_.records_replayed;
}

// The next slice is that of the next replay, and soon when nobody else has written since.
void Broker::pace_replays(bool was_refused, Context& ctx) {
  const std::uint64_t others = records_of_others(ctx);
  archives_.others_mean = (archives_.others_mean + others - archives_.others_at_last_slice) / 2;
  archives_.others_at_last_slice = others;
  if (archives_.active.empty()) {
    deadlines_.clear(DeadlineKind::replay, 0);
    return;
  }
  archives_.active.push_back(archives_.active.front());
  archives_.active.pop_front();
  Duration pause{0};
  if (archives_.others_mean > 0) pause = pause_busy;
  if (was_refused) pause = pause_refused;
  deadlines_.set(DeadlineKind::replay, 0, ctx.now + pause);
}

}  // namespace signalbox::broker
