// Attempts: which deliveries are tried now, and what follows from how that went.
#include <algorithm>

#include "broker/broker.h"
#include "broker/delivery/dead_letter.h"
#include "broker/delivery/log_group_target.h"
#include "broker/delivery/retry.h"
#include "broker/delivery/source.h"
#include "broker/events_input.h"
#include "broker/functions/functions.h"
#include "broker/schedules/schedule_target.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::size_t starts_per_turn = 16;
// What a dead letter may say of an answer.
constexpr std::size_t failure_message_max = 512;

}  // namespace

std::optional<Delivery> Broker::delivery_of(const DeliveryLane& lane) const {
  const auto bus = buses_.by_id.find(lane.bus_id);
  if (bus == buses_.by_id.end()) return std::nullopt;
  const auto rule = bus->second->rules_by_id.find(lane.rule_id);
  if (rule == bus->second->rules_by_id.end()) return std::nullopt;
  const auto target = rule->second->targets.find(lane.target_id);
  if (target == rule->second->targets.end()) return std::nullopt;
  return Delivery{rule->second, &target->second};
}

Answer<api::Empty> Broker::start_attempts(std::uint64_t lane_id, Context& ctx) {
  const auto at = deliveries_.lanes.find(lane_id);
  if (at == deliveries_.lanes.end()) return api::Empty{};
  DeliveryLane& lane = at->second;
  lane.reading_until = Time();
  const auto delivery = delivery_of(lane);
  if (!lane.is_of_schedule && !delivery) {
    drop_lane(lane_id, ctx);
    return api::Empty{};
  }
  const bool is_slow = lane.window.is_slow();
  const std::size_t room_of_all = deliveries_.slots.room(is_slow);
  if (room_of_all == 0) {
    if (!std::exchange(lane.is_held_up, true)) deliveries_.slots.wait(is_slow, lane_id);
    deadlines_.clear(DeadlineKind::delivery, lane_id);
    // It was its turn as a target of the other kind, perhaps: that room is for the next one.
    let_next_lanes_go();
    return api::Empty{};
  }
  const std::size_t width = lane.window.width();
  const std::size_t room =
      std::min({width - std::min(width, lane.running.size()), room_of_all, starts_per_turn});
  std::vector<PendingDelivery> next;
  lane.due.visit([&](const PendingDelivery& pending) {
    const bool is_next = next.size() < room && pending.commit <= durable_commit_ &&
                         from_ms(pending.due_ms) <= ctx.now;
    if (is_next) next.push_back(pending);
    return is_next;
  });
  if (delivery) next.resize(admit(lane, *delivery, next, ctx));
  if (lane.is_held_up) {
    let_next_lanes_go();
    if (!ctx.fetched.missing()) return api::Empty{};
    lane.reading_until = ctx.now + start_retry;
    return NeedKeys{};
  }
  for (const auto& pending : next) {
    ctx.fetched.get(keys::delivery({lane.id, pending.number}));
    ctx.fetched.get(keys::delivery_due({lane.id, pending.due_ms, pending.number}));
  }
  if (ctx.fetched.missing()) {
    lane.reading_until = ctx.now + start_retry;
    return NeedKeys{};
  }
  for (const auto& pending : next) {
    lane.due.pop_first();
    start_attempt(lane, pending, ctx);
  }
  lane.lacks_token = false;
  arm_lane(lane);
  end_lane_if_idle(lane_id);
  // What it left of the room is for others.
  let_next_lanes_go();
  return api::Empty{};
}

std::optional<DeliverySource> Broker::source_of_lane(const DeliveryLane& lane,
                                                     const DeliveryRecord& record) const {
  if (record.invocation) return source_of(*record.invocation);
  const auto delivery = delivery_of(lane);
  return delivery ? std::optional(source_of(*delivery, record.event())) : std::nullopt;
}

// Nothing: the target's input makes no valid JSON of the event.
std::optional<std::string> Broker::body_of_attempt(const DeliverySource& source,
                                                   const RunningDelivery& running) {
  const DeliveryRecord& record = *running.record;
  if (record.invocation) return fill_attempt_number(record.json, running.progress.attempts + 1);
  if (source.delivery->target->input == nullptr) return record.json;
  return render_input(*source.delivery, record.event());
}

void Broker::start_attempt(DeliveryLane& lane, const PendingDelivery& pending, Context& ctx) {
  const auto& stored = *ctx.fetched.get(keys::delivery({lane.id, pending.number}));
  const auto& progress =
      *ctx.fetched.get(keys::delivery_due({lane.id, pending.due_ms, pending.number}));
  auto record = std::make_shared<DeliveryRecord>();
  RunningDelivery running;
  running.pending = pending;
  if (!stored || !progress || !decode_delivery(*stored, *record) ||
      !decode_progress(*progress, running.progress)) {
    end_delivery(lane, pending, ctx);
    return;
  }
  running.record = record;
  const auto source = source_of_lane(lane, *record);
  if (!source) {
    end_delivery(lane, pending, ctx);
    return;
  }
  running.started = ctx.now;
  running.is_to_slow_target = lane.window.is_slow();
  deliveries_.slots.take(running.is_to_slow_target, record->json.size());
  Invocation invocation{.id = invocation_id({lane.id, pending.number}),
                        .attempts = running.progress.attempts};
  const auto end_here = [&](const DeadLetter& letter) {
    invocation.failure = &letter.failure;
    if (source->delivery) {
      note_invocation(*source->delivery, Step::invocation_failure, record->event_id, invocation,
                      ctx);
    }
    give_up(lane, *source, running, letter, ctx);
    end_running(lane, running);
  };
  if (is_too_old(source->retry_limits, from_ms(record->created_ms), ctx.now)) {
    DeliveryFailure failure = running.progress.last_failure;
    if (failure.code.empty()) failure = {"TIMEOUT", "The event was too old before it was tried."};
    return end_here({std::move(failure), age_exhausted});
  }
  auto body = body_of_attempt(*source, running);
  if (!body) {
    ++buses_.counters.undelivered_input;
    return end_here({{"INVALID_JSON", "The target's input made no valid JSON."}, {}});
  }
  ++invocation.attempts;
  invocation.target_input = *body;
  if (source->delivery) {
    note_invocation(*source->delivery, Step::invocation_attempt_start, record->event_id, invocation,
                    ctx);
  }
  Attempt attempt;
  attempt.id = {lane.id, pending.number};
  if (source->delivery && source->delivery->target->kind == TargetKind::log_group) {
    attempt.log_line =
        log_line_of(*source->delivery->target, record->accepted_ms, *std::move(body));
  } else {
    auto request = request_of(*source, running, *std::move(body), ctx);
    if (const auto* refused = std::get_if<AttemptResult>(&request)) {
      end_running(lane, running);
      return retry_or_give_up(lane, *source, std::move(running), *refused, ctx);
    }
    attempt.http = std::get<HttpAttempt>(std::move(request));
  }
  outbox_.attempts.push_back(std::move(attempt));
  lane.running.emplace(pending.number, std::move(running));
}

void Broker::attempt_ended(const DeliveryId& id, const AttemptResult& result, Context& ctx) {
  if (id.lane == token_lane) return token_ended(id.number, result, ctx);
  if (id.lane == url_lane) return services_.functions->url_answered(id.number, result, ctx);
  const auto at = deliveries_.lanes.find(id.lane);
  if (at == deliveries_.lanes.end()) return;
  DeliveryLane& lane = at->second;
  const auto found = lane.running.find(id.number);
  if (found == lane.running.end()) return;
  const RunningDelivery running = found->second;
  end_running(lane, running);
  lane.window.attempt_ended(ctx.now - running.started, !result.failure || result.http_status != 0,
                            settings_.delivery_concurrency);
  const auto source = source_of_lane(lane, *running.record);
  ++(result.failure ? buses_.counters.attempts_failed : buses_.counters.attempts_delivered);
  if (!result.failure) {
    ++buses_.counters.deliveries;
    end_delivery(lane, running.pending, ctx);
    if (source && source->delivery) {
      note_attempt(*source->delivery, running.record->event_id,
                   {.id = invocation_id(id), .attempts = running.progress.attempts + 1}, true,
                   false, ctx);
    }
  } else if (source) {
    retry_or_give_up(lane, *source, running, judge(*source, running, result), ctx);
  }
  arm_lane(lane);
  end_lane_if_idle(id.lane);
  let_next_lanes_go();
}

// One lane of each kind: when it has started what it may, it lets the next one go.
void Broker::let_next_lanes_go() {
  for (const bool is_slow : {false, true}) {
    while (const auto lane_id = deliveries_.slots.next_waiting(is_slow)) {
      const auto next = deliveries_.lanes.find(*lane_id);
      if (next == deliveries_.lanes.end()) continue;
      next->second.is_held_up = false;
      arm_lane(next->second);
      break;
    }
  }
}

void Broker::retry_or_give_up(DeliveryLane& lane, const DeliverySource& source,
                              RunningDelivery running, const AttemptResult& result, Context& ctx) {
  DeliveryProgress& progress = running.progress;
  ++progress.attempts;
  progress.last_failure = *result.failure;
  progress.last_failure.message.resize(
      std::min(progress.last_failure.message.size(), failure_message_max));
  NextTry next;
  if (result.is_worth_retrying) {
    FailedDelivery failed;
    failed.accepted = from_ms(running.record->created_ms);
    failed.attempts = progress.attempts;
    failed.now = ctx.now;
    failed.retry_after = result.retry_after;
    failed.random_bits = ctx.ids.random_bits();
    next = next_try(source.retry_limits, failed);
  }
  const bool is_last = !result.is_worth_retrying || !next.exhausted_condition.empty();
  if (source.delivery) {
    note_attempt(*source.delivery, running.record->event_id,
                 {.id = invocation_id({lane.id, running.pending.number}),
                  .attempts = progress.attempts,
                  .failure = &progress.last_failure,
                  .http_status = result.http_status},
                 is_last, result.is_worth_retrying, ctx);
  }
  if (is_last) {
    give_up(lane, source, running, {progress.last_failure, next.exhausted_condition}, ctx);
    return;
  }
  const PendingDelivery& before = running.pending;
  const PendingDelivery pending{to_ms(next.due), before.number, open_commit_};
  ctx.batch.erase(keys::delivery_due({lane.id, before.due_ms, before.number}));
  ctx.batch.put(keys::delivery_due({lane.id, pending.due_ms, pending.number}),
                encode_progress(progress));
  lane.due.add(pending);
}

// A dead letter of the event, or of what the schedule's target was sent last.
void Broker::give_up(const DeliveryLane& lane, const DeliverySource& source,
                     const RunningDelivery& running, DeadLetter letter, Context& ctx) {
  const std::int64_t attempts = std::max<std::int64_t>(running.progress.attempts, 1);
  letter.retry_attempts = attempts - 1;
  letter.invocation_id = invocation_id({lane.id, running.pending.number});
  AcceptedEvent event = running.record->event();
  std::string input;
  if (running.record->invocation) {
    input = fill_attempt_number(running.record->json, attempts);
    event.json = input;
  }
  send_dead_letter(source, event, letter, ctx);
  end_delivery(lane, running.pending, ctx);
}

void Broker::end_delivery(const DeliveryLane& lane, const PendingDelivery& pending, Context& ctx) {
  ctx.batch.erase(keys::delivery({lane.id, pending.number}));
  ctx.batch.erase(keys::delivery_due({lane.id, pending.due_ms, pending.number}));
}

void Broker::end_running(DeliveryLane& lane, const RunningDelivery& running) {
  deliveries_.slots.give_back(running.is_to_slow_target, running.record->json.size());
  const std::uint64_t number = running.pending.number;
  lane.running.erase(number);
}

}  // namespace signalbox::broker
