#include "broker/functions/event_invocations.h"

#include <algorithm>

#include "broker/functions/functions.h"
#include "broker/load_all.h"
#include "broker/outbox.h"
#include "broker/record.h"
#include "broker/settings.h"

namespace signalbox::broker::functions {

namespace keys = storage::keys;

namespace {

constexpr std::uint8_t event_format = 1;
constexpr std::size_t starts_per_reading = 16;
constexpr std::size_t bytes_per_reading = 8u << 20;
// Work that was turned away (the disk failed, the commit queue is full) is done again after this.
constexpr std::chrono::seconds work_again{10};

}  // namespace

std::string encode_event(const StoredEvent& event) {
  RecordWriter record;
  record.u8(event_format)
      .bytes(event.request_id)
      .bytes(event.qualifier)
      .i64(event.created_ms)
      .u32(event.attempts);
  record.bytes(event.trace_header).raw(event.payload);
  return record.take();
}

bool decode_event(std::string_view bytes, StoredEvent& event) {
  RecordReader record(bytes);
  const bool is_known = record.u8() == event_format;
  event.request_id = record.bytes();
  event.qualifier = record.bytes();
  event.created_ms = record.i64();
  event.attempts = record.u32();
  event.trace_header = record.bytes();
  event.payload = record.rest();
  return is_known && !record.failed();
}

// The next events of one function, from a place on.
class EventReading final : public Reading {
 public:
  struct Found {
    keys::FunctionEventPlace place;
    StoredEvent event;
  };

  std::uint64_t number = 0;
  keys::FunctionEventPlace from;
  std::int64_t until_ms = 0;
  std::size_t count_max = 0;
  std::vector<std::uint64_t> running;  // numbers, sorted: these are passed over

  std::vector<Found> found;                      // in order
  std::optional<keys::FunctionEventPlace> next;  // the first that was not read
  bool has_damage = false;

  bool read(const storage::View& view) override {
    found.clear();
    next.reset();
    std::size_t bytes = 0;
    const auto range = keys::function_events_from(from);
    return view.scan(
        range.first, range.past_last, storage::Direction::forward,
        [&](std::string_view key, std::string_view value) {
          const auto place = keys::parse_function_event(key);
          if (!place) return true;
          if (std::binary_search(running.begin(), running.end(), place->number)) {
            return true;
          }
          if (place->due_ms > until_ms || found.size() >= count_max || bytes >= bytes_per_reading) {
            next = *place;
            return false;
          }
          auto& each = found.emplace_back();
          each.place = *place;
          bytes += value.size();
          if (!decode_event(value, each.event)) {
            found.pop_back();
            has_damage = true;
          }
          return true;
        });
  }
};

EventInvocations::EventInvocations(ServiceHost& host, Functions& functions)
    : host_(host), functions_(functions) {}

// Functions with events are found by their first key each, however many events they have.
std::string EventInvocations::load(const storage::View& view, Context& ctx) {
  std::uint64_t from = 0;
  while (true) {
    std::optional<keys::FunctionEventPlace> first;
    const auto range = keys::function_events_of_all_from(from);
    const bool read = view.scan(range.first, range.past_last, storage::Direction::forward,
                                [&](std::string_view key, std::string_view) {
                                  first = keys::parse_function_event(key);
                                  return false;
                                });
    if (!read) return disk_failed_reading("the events of functions");
    if (!first) return {};
    Line& line = lines_[first->function_id];
    line.next_due_ms = first->due_ms;
    line.passed = {first->function_id, 0, 0};
    host_.deadlines().set(DeadlineKind::function_events, first->function_id,
                          std::max(from_ms(first->due_ms), ctx.now));
    from = first->function_id + 1;
  }
}

void EventInvocations::accept(const Function& function, NewEvent event, Context& ctx) {
  StoredEvent stored;
  stored.request_id = std::move(event.request_id);
  stored.qualifier = std::move(event.qualifier);
  stored.created_ms = to_ms(ctx.now);
  stored.trace_header = std::move(event.trace_header);
  stored.payload = std::move(event.payload);
  ctx.batch.put(keys::function_event({function.id, stored.created_ms, host_.new_id(ctx)}),
                encode_event(stored));
  Line& line = lines_[function.id];
  if (line.passed.function_id == 0) line.passed = {function.id, stored.created_ms, 0};
  line.next_due_ms = std::min(line.next_due_ms, stored.created_ms);
  if (!line.waits_for_room) wait_or_start(function.id, line, ctx);
}

void EventInvocations::wait_or_start(std::uint64_t function_id, Line& line, Context& ctx) {
  if (line.reading != 0) return;
  line.waits_for_room = false;
  if (line.next_due_ms == never_ms) {
    host_.deadlines().clear(DeadlineKind::function_events, function_id);
    if (line.running.empty()) lines_.erase(function_id);
    return;
  }
  if (line.next_due_ms > to_ms(ctx.now)) {
    host_.deadlines().set(DeadlineKind::function_events, function_id, from_ms(line.next_due_ms));
    return;
  }
  line.reading = ++reading_count_;
  host_.outbox().own_work.push_back({OwnWork::Kind::function_events, function_id});
  host_.deadlines().set(DeadlineKind::function_events, function_id, ctx.now + work_again);
}

void EventInvocations::resume(std::uint64_t function_id, Context& ctx) {
  const auto at = lines_.find(function_id);
  if (at == lines_.end()) return;
  Line& line = at->second;
  // A reading that never came back: it may have been of anything.
  if (std::exchange(line.reading, 0) != 0) line.next_due_ms = to_ms(ctx.now);
  wait_or_start(function_id, line, ctx);
}

void EventInvocations::has_room(const Function& function, Context& ctx) {
  const auto at = lines_.find(function.id);
  if (at != lines_.end() && at->second.waits_for_room) wait_or_start(function.id, at->second, ctx);
}

Answer<api::Empty> EventInvocations::start_due(std::uint64_t function_id, Context& ctx) {
  const auto at = lines_.find(function_id);
  Function* const function = functions_.find_by_id(function_id);
  if (at == lines_.end() || function == nullptr) return api::Empty{};
  Line& line = at->second;
  auto* const read = static_cast<EventReading*>(ctx.fetched.reading());
  if (read != nullptr) {
    // Of one that has been begun again since, nothing counts.
    if (read->number == line.reading) start_read(*function, line, *read, ctx);
    return api::Empty{};
  }
  auto reading = std::make_shared<EventReading>();
  reading->number = line.reading;
  reading->from = line.passed;
  reading->until_ms = to_ms(ctx.now);
  // Without room the first one is looked at: it may be too old.
  reading->count_max =
      std::clamp<std::size_t>(functions_.room(*function, ctx.now), 1, starts_per_reading);
  for (const auto& [place, event] : line.running) reading->running.push_back(place.second);
  std::sort(reading->running.begin(), reading->running.end());
  // What is accepted from here on sets it again.
  line.next_due_ms = never_ms;
  ctx.fetched.want(std::move(reading));
  return NeedKeys{};
}

void EventInvocations::start_read(Function& function, Line& line, EventReading& reading,
                                  Context& ctx) {
  line.reading = 0;
  const bool is_throttled = latest_of(function).reserved_concurrency == 0;
  if (reading.next) line.next_due_ms = std::min(line.next_due_ms, reading.next->due_ms);
  for (auto& [place, event] : reading.found) {
    const Time too_old =
        from_ms(event.created_ms) + event_limits(function, event.qualifier).age_max;
    const bool is_given_up = is_throttled && tells_of_failure(function, event.qualifier);
    if (too_old <= ctx.now || is_given_up) {
      ctx.batch.erase(keys::function_event(place));
      tell(function, event, is_given_up ? "ZeroReservedConcurrency" : "EventAgeExceeded", nullptr,
           ctx);
      line.passed = place;
    } else if (functions_.room(function, ctx.now) > 0) {
      line.passed = place;
      start(function, line, place, std::move(event), ctx);
    } else {
      // The next worker that waits, or its age, brings it up again.
      line.waits_for_room = true;
      line.next_due_ms = std::min(line.next_due_ms, place.due_ms);
      host_.deadlines().set(
          DeadlineKind::function_events, function.id,
          std::min(too_old, Functions::room_again(function, ctx.now).value_or(too_old)));
      return;
    }
  }
  wait_or_start(function.id, line, ctx);
}

void EventInvocations::start(Function& function, Line& line, const Place& place, StoredEvent event,
                             Context& ctx) {
  NewInvocation made;
  made.request_id = event.request_id;
  made.payload = event.payload;
  made.trace_header = event.trace_header;
  made.owner = this;
  made.owner_id = place.number;
  line.running.emplace(std::pair(place.due_ms, place.number), std::move(event));
  functions_.start(function, std::move(made), ctx);
}

void EventInvocations::invocation_ended(const Invocation& invocation, Context& ctx) {
  const Function& function = *invocation.function;
  const auto at = lines_.find(function.id);
  if (at == lines_.end()) return;
  auto& running = at->second.running;
  const auto found = std::find_if(running.begin(), running.end(), [&](const auto& each) {
    return each.first.second == invocation.made_of.owner_id;
  });
  if (found == running.end()) return;
  const Place place{function.id, found->first.first, found->first.second};
  StoredEvent event = std::move(found->second);
  running.erase(found);
  Line& line = at->second;
  if (invocation.outcome.was_not_run) {
    // It waits as before, in its place.
    line.passed = std::min(line.passed, place);
    line.next_due_ms = std::min(line.next_due_ms, place.due_ms);
  } else if (invocation.outcome.function_error) {
    retry_or_give_up(function, line, place, std::move(event), invocation.outcome, ctx);
  } else {
    ctx.batch.erase(keys::function_event(place));
    ++event.attempts;
    tell(function, event, "Success", &invocation.outcome, ctx);
  }
  wait_or_start(function.id, line, ctx);
}

// Again after a minute, then after two, as documented.
void EventInvocations::retry_or_give_up(const Function& function, Line& line, const Place& place,
                                        StoredEvent event, const Outcome& outcome, Context& ctx) {
  const EventLimits limits = event_limits(function, event.qualifier);
  ++event.attempts;
  ctx.batch.erase(keys::function_event(place));
  if (event.attempts > limits.retries_max) {
    tell(function, event, "RetriesExhausted", &outcome, ctx);
    return;
  }
  const Time due = ctx.now + host_.settings().function_retry_wait * event.attempts;
  const Time too_old = from_ms(event.created_ms) + limits.age_max;
  if (due >= too_old) {
    tell(function, event, "EventAgeExceeded", &outcome, ctx);
    return;
  }
  ctx.batch.put(keys::function_event({function.id, to_ms(due), place.number}), encode_event(event));
  line.next_due_ms = std::min(line.next_due_ms, to_ms(due));
}

void EventInvocations::function_deleted(const Function& function, Context& ctx) {
  const auto range = keys::events_of_function(function.id);
  if (lines_.erase(function.id) > 0) ctx.batch.erase_range(range.first, range.past_last);
  host_.deadlines().clear(DeadlineKind::function_events, function.id);
}

}  // namespace signalbox::broker::functions
