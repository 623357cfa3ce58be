// Deliveries that are not messages in local queues: durable records, in a lane for each target.
#include "broker/broker.h"
#include "broker/load_all.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

bool is_lane_of_schedule(const storage::View& view, std::uint64_t lane_id) {
  DeliveryRecord record;
  const auto range = keys::deliveries_of_lane(lane_id);
  view.scan(range.first, range.past_last, storage::Direction::forward,
            [&](std::string_view, std::string_view value) {
              decode_delivery(value, record);
              return false;
            });
  return record.invocation.has_value();
}

}  // namespace

DeliveryLane& Broker::lane_of(const Delivery& delivery) {
  DeliveryLane& lane = deliveries_.lanes[delivery.target->lane_id];
  if (lane.id == 0) {
    lane.id = delivery.target->lane_id;
    lane.bus_id = delivery.rule->bus->id;
    lane.rule_id = delivery.rule->id;
    lane.target_id = delivery.target->config.id;
  }
  return lane;
}

DeliveryLane& Broker::schedule_lane(std::uint64_t lane_id) {
  DeliveryLane& lane = deliveries_.lanes[lane_id];
  lane.id = lane_id;
  lane.is_of_schedule = true;
  return lane;
}

void Broker::start_delivery(const Delivery& delivery, const AcceptedEvent& event, Context& ctx) {
  DeliveryRecord record;
  record.event_id = event.id;
  record.accepted_ms = event.accepted_ms;
  record.trace_header = event.trace_header;
  record.md5_of_json = event.md5_of_json;
  record.json = event.json;
  const DeliveryId id = start_delivery(lane_of(delivery), std::move(record), ctx);
  note_invocation(delivery, Step::invocation_start, event.id, {.id = invocation_id(id)}, ctx);
}

DeliveryId Broker::start_delivery(DeliveryLane& lane, DeliveryRecord record, Context& ctx) {
  record.created_ms = to_ms(ctx.now);
  const PendingDelivery pending{to_ms(ctx.now), next_id(), open_commit_};
  put_next_ids(ctx);
  ctx.batch.put(keys::delivery({lane.id, pending.number}), encode_delivery(record));
  ctx.batch.put(keys::delivery_due({lane.id, pending.due_ms, pending.number}), encode_progress({}));
  lane.due.add(pending);
  arm_lane(lane);
  return {lane.id, pending.number};
}

void Broker::arm_lane(DeliveryLane& lane) {
  if (lane.due.wants_load()) {
    lane.due.load_started();
    const PendingDelivery& from = lane.due.load_from();
    const auto range = keys::deliveries_due_from({lane.id, from.due_ms, from.number});
    LoadRequest request;
    request.kind = LoadRequest::Kind::lane;
    request.lane_id = lane.id;
    request.first = range.first.str();
    request.past_last = range.past_last.str();
    request.count_max = lane.due.count_max();
    outbox_.loads.push_back(std::move(request));
  }
  const PendingDelivery* const first = lane.due.first();
  if (lane.is_held_up || first == nullptr || lane.running.size() >= lane.window.width()) {
    deadlines_.clear(DeadlineKind::delivery, lane.id);
  } else if (first->commit > durable_commit_) {
    deadlines_.clear(DeadlineKind::delivery, lane.id);
    deliveries_.to_publish.push_back(lane.id);
  } else {
    deadlines_.set(DeadlineKind::delivery, lane.id, from_ms(first->due_ms));
  }
}

void Broker::publish_lanes() {
  for (const auto lane_id : std::exchange(deliveries_.to_publish, {})) {
    const auto lane = deliveries_.lanes.find(lane_id);
    if (lane != deliveries_.lanes.end()) arm_lane(lane->second);
  }
}

void Broker::resume_lane(std::uint64_t lane_id, Context& ctx) {
  const auto at = deliveries_.lanes.find(lane_id);
  if (at == deliveries_.lanes.end()) return;
  deadlines_.set(DeadlineKind::delivery, lane_id, ctx.now + start_retry);
  if (at->second.reading_until <= ctx.now)
    outbox_.own_work.push_back({OwnWork::Kind::attempts, lane_id});
}

// Nothing is left to deliver. Schedules come and go, and each with a URL has a lane; what is known
// of a rule's target is worth keeping.
void Broker::end_lane_if_idle(std::uint64_t lane_id) {
  const auto at = deliveries_.lanes.find(lane_id);
  if (at == deliveries_.lanes.end()) return;
  if (!at->second.is_of_schedule && !at->second.window.is_slow()) return;
  if (!at->second.due.is_empty() || !at->second.running.empty()) return;
  deadlines_.clear(DeadlineKind::delivery, lane_id);
  deliveries_.lanes.erase(at);
}

void Broker::drop_lane(std::uint64_t lane_id, Context& ctx) {
  const auto at = deliveries_.lanes.find(lane_id);
  if (at == deliveries_.lanes.end()) return;
  while (!at->second.running.empty()) end_running(at->second, at->second.running.begin()->second);
  deliveries_.lanes.erase(at);
  deadlines_.clear(DeadlineKind::delivery, lane_id);
  const auto records = keys::deliveries_of_lane(lane_id);
  const auto due = keys::deliveries_due_of_lane(lane_id);
  ctx.batch.erase_range(records.first, records.past_last);
  ctx.batch.erase_range(due.first, due.past_last);
  let_next_lanes_go();
}

void Broker::loaded_lane(const LoadRequest& request, const LoadResult& result) {
  const auto at = deliveries_.lanes.find(request.lane_id);
  if (at == deliveries_.lanes.end()) return;
  if (result.failed) {
    at->second.due.load_failed();
  } else {
    at->second.due.loaded(result.deliveries, result.reached_end);
  }
  arm_lane(at->second);
}

// Lanes with deliveries are found by their first key each, however many deliveries they have.
std::string Broker::load_lanes(const storage::View& view, Context& ctx) {
  std::unordered_map<std::uint64_t, Delivery> targets;
  for (const auto& [bus_id, bus] : buses_.by_id) {
    for (const auto& [name, rule] : bus->rules) {
      for (const auto& [id, target] : rule.targets) {
        if (target.lane_id != 0) targets[target.lane_id] = {&rule, &target};
      }
    }
  }
  std::uint64_t from = 0;
  while (true) {
    std::optional<std::uint64_t> lane_id;
    const auto range = keys::deliveries_due_of_lanes_from(from);
    const bool read = view.scan(range.first, range.past_last, storage::Direction::forward,
                                [&](std::string_view key, std::string_view) {
                                  const auto place = keys::parse_delivery_due(key);
                                  if (place) lane_id = place->lane_id;
                                  return false;
                                });
    if (!read) return disk_failed_reading("the pending deliveries");
    if (!lane_id) return {};
    const auto target = targets.find(*lane_id);
    if (target == targets.end() && !is_lane_of_schedule(view, *lane_id)) {
      return "there are deliveries to a target that does not exist";
    }
    DeliveryLane& lane =
        target == targets.end() ? schedule_lane(*lane_id) : lane_of(target->second);
    lane.due.reset_to_disk();
    deadlines_.set(DeadlineKind::delivery, lane.id, ctx.now);
    from = *lane_id + 1;
  }
}

}  // namespace signalbox::broker
