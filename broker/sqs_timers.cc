// What time does to queues: delayed messages become visible, old ones expire; and the reads from
// disk that keep windows and the due horizon filled.
#include <algorithm>

#include "broker/broker.h"
#include "broker/message_record.h"
#include "broker/record.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

// One tick holds the core for a few hundred small steps, no more.
constexpr std::size_t delays_per_slice = 256;
constexpr std::size_t expired_per_slice = 256;
// When the oldest message is not known: how soon to look again.
constexpr std::chrono::seconds retention_recheck{60};

}  // namespace

void Broker::arm_delays() {
  if (delays_.wants_load()) {
    delays_.load_started();
    const auto& from = delays_.load_from();
    const auto range = keys::due_from({from.due_ms, from.queue_id, from.generation, from.sequence});
    LoadRequest request;
    request.kind = LoadRequest::Kind::delays;
    request.first = range.first.str();
    request.past_last = range.past_last.str();
    request.count_max = delays_.count_max();
    outbox_.loads.push_back(std::move(request));
  }
  if (const auto* first = delays_.first()) {
    deadlines_.set(DeadlineKind::delays, 0, from_ms(first->due_ms));
  } else {
    deadlines_.clear(DeadlineKind::delays, 0);
  }
}

void Broker::fire_delays(Context& ctx) {
  const std::int64_t now_ms = to_ms(ctx.now);
  for (std::size_t i = 0; i < delays_per_slice; ++i) {
    const auto* first = delays_.first();
    if (first == nullptr || first->due_ms > now_ms) break;
    // Fired only once it is durable; published() arms the deadline again.
    if (first->commit > durable_commit_) return;
    const DueEntry due = *first;
    delays_.pop_first();
    ctx.batch.erase(keys::due({due.due_ms, due.queue_id, due.generation, due.sequence}));
    const auto at = queues_.find(due.queue_id);
    // Deleted or purged since: only its entry here was left.
    if (at == queues_.end() || at->second->generation != due.generation) continue;
    Queue& queue = *at->second;
    --queue.delayed_total;
    ++queue.ready_total;
    WindowEntry entry;
    entry.body = Slot(Lane::delayed, due.sequence);
    entry.sent_ms = due.sent_ms;
    store_redirect(queue, entry, ctx);
    if (!queue.retention_armed) arm_retention(queue);
  }
  arm_delays();
}

void Broker::arm_retention(Queue& queue) {
  queue.retention_armed = queue.ready_total > 0;
  if (!queue.retention_armed) {
    deadlines_.clear(DeadlineKind::retention, queue.id);
    return;
  }
  const WindowEntry* oldest = queue.oldest_waiting();
  const Time due = oldest == nullptr ? from_ms(retention_clock_ms_) + retention_recheck
                                     : from_ms(oldest->sent_ms) + queue.settings.retention;
  deadlines_.set(DeadlineKind::retention, queue.id,
                 std::max(due, from_ms(retention_clock_ms_) + std::chrono::seconds(1)));
}

void Broker::expire_messages(Queue& queue, Context& ctx) {
  const std::int64_t sent_before_ms = to_ms(ctx.now - queue.settings.retention);
  std::size_t left = expired_per_slice;
  if (queue.groups != nullptr) left -= expire_in_groups(queue, left, ctx);
  while (left > 0 && !queue.window.empty() && queue.window.front().sent_ms <= sent_before_ms &&
         queue.window.front().commit <= durable_commit_) {
    const WindowEntry entry = queue.window.front();
    queue.window.pop_front();
    drop_expired(queue, entry, ctx);
    --left;
  }
  while (left > 0 && !queue.returned.empty()) {
    const Slot slot = queue.returned.front();
    const auto lease = queue.leases.find(slot);
    const bool stale = lease == queue.leases.end() || lease->second.in_flight;
    if (!stale && lease->second.sent_ms > sent_before_ms) break;
    pop_returned(queue);
    if (stale) continue;
    WindowEntry entry;
    entry.body = slot;
    drop_expired(queue, entry, ctx);
    --left;
  }
  refill_ahead(queue);
  arm_retention(queue);
}

std::size_t Broker::expire_in_groups(Queue& queue, std::size_t count_max, Context& ctx) {
  MessageGroups& groups = *queue.groups;
  std::size_t count = 0;
  const auto is_expired = [&](const WindowEntry& entry) {
    return count < count_max && entry.commit <= durable_commit_ &&
           from_ms(entry.sent_ms) + queue.settings.retention <= ctx.now;
  };
  const auto drop = [&](const WindowEntry& entry) {
    drop_expired(queue, entry, ctx);
    groups.release(entry.group);
    ++count;
  };
  while (groups.oldest_fresh() != nullptr && is_expired(*groups.oldest_fresh())) {
    const WindowEntry entry = *groups.oldest_fresh();
    groups.pop_fresh(entry.group);
    drop(entry);
  }
  while (!groups.available_returned().empty()) {
    const GroupIndex oldest = groups.available_returned().begin()->second;
    const WindowEntry entry = groups.group(oldest).returned.front();
    if (!is_expired(entry)) break;
    groups.pop_returned(oldest);
    drop(entry);
  }
  return count;
}

void Broker::log_step(std::string_view step, const IdBytes& id, const Queue& queue, Context& ctx) {
  if (!settings_.lineage_steps) return;
  RecordWriter record;
  record.u8(1).bytes(step).id(id).bytes(queue.arn());
  ctx.batch.put(keys::terminal_step({to_ms(ctx.wall), ++step_count_}), record.view());
}

void Broker::loaded(const LoadRequest& request, LoadResult result, Context& ctx) {
  retention_clock_ms_ = to_ms(ctx.now);
  if (request.kind == LoadRequest::Kind::delays) {
    if (result.failed) return delays_.load_failed();
    delays_.loaded(result.due, result.reached_end);
    arm_delays();
    return;
  }
  if (request.kind == LoadRequest::Kind::lane) return loaded_lane(request, result);
  if (request.kind == LoadRequest::Kind::schedules) return loaded_schedules(result, ctx);
  const auto at = queues_.find(request.queue_id);
  if (at == queues_.end()) return;
  Queue& queue = *at->second;
  if (queue.generation != request.generation || !queue.loading) return;
  queue.loading = false;
  if (result.failed) return;
  for (std::size_t i = 0; i < result.window.size(); ++i) {
    WindowEntry entry = result.window[i];
    queue.load_from = entry.sequence + 1;
    if (queue.deleted_while_loading.contains(entry.body)) continue;
    if (!result.group_ids[i].empty()) use_groups(queue);
    if (queue.groups == nullptr) {
      queue.window.push_back(entry);
    } else if (!queue.leases.contains(entry.body)) {
      entry.group = queue.groups->use(result.group_ids[i]);
      queue.groups->add_fresh(entry);
    }
  }
  if (result.reached_end) {
    queue.load_from = std::max(queue.load_from, request.durable_next_sequence);
  }
  queue.deleted_while_loading.clear();
  arm_retention(queue);
}

namespace {

// A redirect's group is its message's. It may have outlived the message (deleted by a handle older
// than a crash): then it is left out.
void follow_redirects(const storage::View& view, const LoadRequest& request, LoadResult& result) {
  std::size_t kept = 0;
  std::string value;
  for (std::size_t i = 0; i < result.window.size(); ++i) {
    const WindowEntry entry = result.window[i];
    std::string group_id = std::move(result.group_ids[i]);
    if (entry.body != Slot(Lane::ready, entry.sequence)) {
      const keys::MessagePlace place{request.queue_id, request.generation,
                                     static_cast<std::uint8_t>(entry.body.lane()),
                                     entry.body.sequence()};
      const auto status = view.get(keys::message(place), value);
      if (status == storage::ReadStatus::absent) continue;
      if (status == storage::ReadStatus::found) group_id = read_group_id(value);
    }
    result.window[kept] = entry;
    result.group_ids[kept++] = std::move(group_id);
  }
  result.window.resize(kept);
  result.group_ids.resize(kept);
}

}  // namespace

LoadResult read_load(const storage::View& view, const LoadRequest& request) {
  LoadResult result;
  std::size_t count = 0;
  const auto add_due = [&](std::string_view key, std::string_view value) {
    const auto place = keys::parse_due(key);
    if (!place) return;
    DueEntry entry;
    entry.due_ms = place->due_ms;
    entry.queue_id = place->queue_id;
    entry.generation = place->generation;
    entry.sequence = place->sequence;
    entry.sent_ms = static_cast<std::int64_t>(keys::decode_u64(value).value_or(0));
    result.due.push_back(entry);
  };
  const auto add_delivery = [&](std::string_view key) {
    const auto place = keys::parse_delivery_due(key);
    if (place) result.deliveries.push_back({place->due_ms, place->number, 0});
  };
  const auto add_schedule = [&](std::string_view key) {
    auto place = keys::parse_schedule_due(key);
    if (!place) return;
    result.schedules.push_back({place->due_ms, place->group_id, std::move(place->name)});
  };
  const auto add_message = [&](std::string_view key, std::string_view value) {
    const auto place = keys::parse_message(key);
    const auto head = read_message_head(value);
    if (!place || !head) return;
    WindowEntry entry;
    entry.sequence = place->sequence;
    entry.body = head->redirect ? head->body : Slot(Lane::ready, place->sequence);
    entry.sent_ms = head->sent_ms;
    entry.first_received_ms = head->first_received_ms;
    entry.receive_count = head->receive_count;
    result.window.push_back(entry);
    result.group_ids.emplace_back(head->redirect ? std::string_view() : read_group_id(value));
  };
  result.failed = !view.scan(request.first, request.past_last, storage::Direction::forward,
                             [&](std::string_view key, std::string_view value) {
                               if (count == request.count_max) return false;
                               ++count;
                               switch (request.kind) {
                                 case LoadRequest::Kind::window: add_message(key, value); break;
                                 case LoadRequest::Kind::delays: add_due(key, value); break;
                                 case LoadRequest::Kind::lane: add_delivery(key); break;
                                 case LoadRequest::Kind::schedules: add_schedule(key); break;
                               }
                               return true;
                             });
  result.reached_end = count < request.count_max;
  follow_redirects(view, request, result);
  return result;
}

}  // namespace signalbox::broker
