// ReceiveMessage: which messages are handed out, which have expired, which go to the dead letters.
//
// Planned first, touching nothing, so that the operation can stop and ask for keys; then applied.
#include <fmt/format.h>

#include "broker/api/sqs.h"
#include "broker/broker.h"
#include "broker/message_record.h"
#include "broker/receive_plan.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::int64_t receive_count_max = 10;
constexpr std::int64_t wait_s_max = 20;
constexpr std::int64_t visibility_s_max = 43'200;
constexpr std::uint64_t in_flight_max = 120'000;
// Among so many messages a queue looks for groups that are not locked, or for quiet tenants.
constexpr std::size_t grouped_window_max = 120'000;

Error out_of_range(std::int64_t value, std::string_view name, std::string_view reason) {
  return {ErrorCode::invalid_parameter_value,
          fmt::format("Value {} for parameter {} is invalid. Reason: {}", value, name, reason)};
}

Status check_ranges(const api::ReceiveMessageRequest& request) {
  const auto outside = [](const std::optional<std::int64_t>& value, std::int64_t min,
                          std::int64_t max) { return value && (*value < min || *value > max); };
  if (outside(request.max_number_of_messages, 1, receive_count_max)) {
    return out_of_range(*request.max_number_of_messages, "MaxNumberOfMessages",
                        "Must be between 1 and 10, if provided.");
  }
  if (outside(request.wait_time_seconds, 0, wait_s_max)) {
    return out_of_range(*request.wait_time_seconds, "WaitTimeSeconds",
                        "Must be >= 0 and <= 20, if provided.");
  }
  if (outside(request.visibility_timeout, 0, visibility_s_max)) {
    return out_of_range(*request.visibility_timeout, "VisibilityTimeout",
                        "Must be between 0 and 43200, if provided.");
  }
  return ok();
}

}  // namespace

Queue* Broker::dead_letter_queue(const Queue& queue) const {
  if (!queue.settings.redrive) return nullptr;
  Queue* target = find_queue_by_arn(queue.settings.redrive->dead_letter_target_arn);
  return target == &queue ? nullptr : target;
}

bool Broker::plan_entry(const Queue& queue, const WindowEntry& entry, Context& ctx,
                        ReceivePlan& plan) {
  const auto& limit = plan.moves_arrived_before;
  if (entry.commit > durable_commit_) return false;
  if (limit && entry.body.sequence() >= *limit) return false;
  using Action = ReceivePlan::Action;
  Action action = Action::deliver;
  const auto& redrive = queue.settings.redrive;
  if (from_ms(entry.sent_ms) + queue.settings.retention <= ctx.now) {
    action = Action::expire;
  } else if (limit) {
    ctx.fetched.get(keys::message(queue.place_of(entry.body)));
    ++plan.deliver_count;
  } else if (redrive && entry.receive_count >= redrive->max_receive_count &&
             dead_letter_queue(queue) != nullptr) {
    action = Action::move;
    ctx.fetched.get(keys::message(queue.place_of(entry.body)));
  } else {
    ++plan.deliver_count;
  }
  plan.steps.push_back({entry, action});
  return true;
}

bool Broker::plan_receive(Queue& queue, std::size_t count_max, Context& ctx, ReceivePlan& plan) {
  if (queue.fifo != nullptr) {
    plan_fifo(queue, count_max, ctx, plan);
  } else if (queue.groups != nullptr) {
    plan_fair(queue, count_max, ctx, plan);
  }
  for (const Slot slot : queue.returned) {
    if (plan.is_full(count_max)) break;
    const auto lease = queue.leases.find(slot);
    if (lease != queue.leases.end() && !lease->second.in_flight) {
      WindowEntry entry;
      entry.body = slot;
      entry.sent_ms = lease->second.sent_ms;
      entry.first_received_ms = lease->second.first_received_ms;
      entry.receive_count = lease->second.receive_count;
      entry.commit = lease->second.commit;
      if (!plan_entry(queue, entry, ctx, plan)) break;
    }
    ++plan.returned_count;
  }
  for (const auto& entry : queue.window) {
    if (plan.is_full(count_max) || !plan_entry(queue, entry, ctx, plan)) break;
    ++plan.window_count;
  }
  return !ctx.fetched.missing();
}

HandedOut Broker::hand_out(Queue& queue, const WindowEntry& entry, Duration visibility,
                           Context& ctx) {
  const std::int64_t now_ms = to_ms(ctx.now);
  Lease& lease = queue.leases[entry.body];
  lease.sent_ms = entry.sent_ms;
  lease.receive_count = entry.receive_count + 1;
  lease.first_received_ms =
      entry.first_received_ms != 0 ? entry.first_received_ms : to_ms(ctx.wall);
  lease.received_ms = now_ms;
  lease.receive_number = boot_epoch_ << 40 | ++receive_count_;
  lease.group = entry.group;
  lease.in_flight = false;
  if (entry.sequence != 0 && entry.body != Slot(Lane::ready, entry.sequence)) {
    // The lease takes over from the redirect that led here.
    ctx.batch.erase(keys::message(queue.place_of(Slot(Lane::ready, entry.sequence))));
  }
  HandedOut handed;
  handed.ref = queue.ref(entry.body);
  handed.receive_count = lease.receive_count;
  handed.first_received_ms = lease.first_received_ms;
  handed.receive_number = lease.receive_number;
  handed.is_fifo = queue.fifo != nullptr;
  // Last: with a timeout of 0 the lease may be gone again at once.
  hide_until(queue, entry.body, lease, now_ms + visibility.count(), ctx);
  return handed;
}

void Broker::erase_message(Queue& queue, const WindowEntry& entry, Context& ctx) {
  ctx.batch.erase(keys::message(queue.place_of(entry.body)));
  if (entry.sequence == 0) {
    ctx.batch.erase(keys::lease(queue.place_of(entry.body)));
    queue.leases.erase(entry.body);
  } else if (entry.body != Slot(Lane::ready, entry.sequence)) {
    ctx.batch.erase(keys::message(queue.place_of(Slot(Lane::ready, entry.sequence))));
  }
  // A load under way may have seen it.
  if (queue.groups != nullptr && queue.loading) queue.deleted_while_loading.insert(entry.body);
  --queue.ready_total;
  touch(queue);
}

void Broker::drop_expired(Queue& queue, const WindowEntry& entry, Context& ctx) {
  erase_message(queue, entry, ctx);
  log_step("expired", {}, queue, ctx);
}

void Broker::move_to_dead_letters(Queue& queue, const WindowEntry& entry, Context& ctx) {
  const auto* stored = ctx.fetched.get(keys::message(queue.place_of(entry.body)));
  Queue& target = *dead_letter_queue(queue);
  const bool to_fifo = target.fifo != nullptr;
  const auto moved = stored != nullptr && *stored
                         ? moved_record(**stored, {entry.receive_count, entry.first_received_ms,
                                                   queue.arn(), to_fifo})
                         : std::nullopt;
  if (moved) {
    NewMessage message;
    message.head = *moved;
    // Where a standard queue's message goes on aging, a FIFO queue's starts again.
    message.sent_ms = to_fifo ? to_ms(ctx.wall) : entry.sent_ms;
    message.first_received_ms = entry.first_received_ms;
    message.receive_count = entry.receive_count;
    if (queue.groups != nullptr) message.group_id = queue.groups->group(entry.group).id;
    store_ready(target, message, ctx);
    log_step("moved", read_message(*moved)->record.id, queue, ctx);
  }
  erase_message(queue, entry, ctx);
}

// All of them before any is handed out: with a visibility timeout of 0 one may be back at once.
void Broker::take_planned(Queue& queue, const ReceivePlan& plan) {
  for (std::size_t i = 0; i < plan.returned_count; ++i) pop_returned(queue);
  queue.window.erase(queue.window.begin(),
                     queue.window.begin() + static_cast<std::ptrdiff_t>(plan.window_count));
  if (queue.groups == nullptr) return;
  for (const auto& step : plan.steps) {
    const bool was_received = step.entry.sequence == 0;
    was_received ? queue.groups->pop_returned(step.entry.group)
                 : queue.groups->pop_fresh(step.entry.group);
  }
}

void Broker::release_planned(Queue& queue, const ReceivePlan& plan) {
  if (queue.groups != nullptr) {
    for (const auto& step : plan.steps) queue.groups->release(step.entry.group);
  }
  if (!plan.steps.empty()) touch(queue);
  refill_ahead(queue);
}

void Broker::apply_receive(Queue& queue, const ReceivePlan& plan, Duration visibility, Context& ctx,
                           std::vector<HandedOut>& handed_out) {
  take_planned(queue, plan);
  for (const auto& step : plan.steps) {
    switch (step.action) {
      case ReceivePlan::Action::deliver:
        handed_out.push_back(hand_out(queue, step.entry, visibility, ctx));
        break;
      case ReceivePlan::Action::expire: drop_expired(queue, step.entry, ctx); break;
      case ReceivePlan::Action::move: move_to_dead_letters(queue, step.entry, ctx); break;
    }
  }
  release_planned(queue, plan);
}

void Broker::ask_for_window(Queue& queue, std::size_t count_max) {
  if (queue.loading || count_max == 0) return;
  queue.loading = true;
  queue.deleted_while_loading.clear();
  const auto range = keys::messages_from(queue.place_of(Slot(Lane::ready, queue.load_from)));
  LoadRequest request;
  request.kind = LoadRequest::Kind::window;
  request.queue_id = queue.id;
  request.generation = queue.generation;
  request.first = range.first.str();
  request.past_last = range.past_last.str();
  request.count_max = count_max;
  request.durable_next_sequence = queue.durable_next_sequence;
  outbox_.loads.push_back(std::move(request));
}

void Broker::refill_ahead(Queue& queue) {
  const std::size_t waiting = queue.waiting_count();
  const bool low = waiting <= settings_.queue_window_messages / 2;
  if (low && queue.load_from < queue.durable_next_sequence) {
    ask_for_window(queue, settings_.queue_window_messages - waiting);
  }
}

bool Broker::can_look_further(const Queue& queue) {
  return queue.load_from < queue.durable_next_sequence &&
         queue.waiting_count() < grouped_window_max;
}

bool Broker::has_more_to_look_at(const Queue& queue, Time now) const {
  if (queue.load_from >= queue.durable_next_sequence) return false;
  const WindowEntry* oldest = queue.oldest_waiting();
  if (oldest == nullptr) return true;
  // All groups in the window may be locked: it grows, to what the service looks at. What comes
  // behind a message that is delayed still is delayed, too.
  return queue.fifo != nullptr && can_look_further(queue) &&
         is_due(*oldest, queue.settings.delay, now);
}

Answer<api::ReceiveMessageResponse> Broker::receive_message(
    const api::ReceiveMessageRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  SIGNALBOX_TRY(check_ranges(request));
  const auto count_max = static_cast<std::size_t>(request.max_number_of_messages.value_or(1));
  const Duration visibility = request.visibility_timeout
                                  ? std::chrono::seconds(*request.visibility_timeout)
                                  : queue->settings.visibility_timeout;
  const bool is_full = queue->in_flight_count >= in_flight_max;
  if (is_full && queue->fifo == nullptr) {
    return Error{ErrorCode::over_limit,
                 "Too many messages in flight: at most 120000 messages of a queue can be received "
                 "and not yet deleted."};
  }
  api::ReceiveMessageResponse response;
  if (auto again = receive_again(*queue, request.receive_request_attempt_id, visibility, ctx)) {
    response.handed_out = *std::move(again);
    return response;
  }
  while (response.handed_out.empty() && !is_full) {
    ReceivePlan plan;
    if (!plan_receive(*queue, count_max, ctx, plan)) return NeedKeys{};
    if (plan.looks_further) {
      ask_for_window(*queue, settings_.queue_window_messages);
      return NeedKeys{queue->id};
    }
    apply_receive(*queue, plan, visibility, ctx, response.handed_out);
    if (!plan.steps.empty()) continue;
    if (!has_more_to_look_at(*queue, ctx.now)) break;
    ask_for_window(*queue, settings_.queue_window_messages);
    return NeedKeys{queue->id};
  }
  if (!response.handed_out.empty()) {
    // With a redrive policy a crash after the delivery must still count toward maxReceiveCount;
    // with a timeout of 0 the next receive hands the message out again, which it may only once the
    // lease is durable; and a FIFO queue must not lose who has what, for order hangs on it.
    ctx.reply_before_commit =
        !queue->settings.redrive && visibility > Duration::zero() && queue->fifo == nullptr;
    if (queue->fifo != nullptr && request.receive_request_attempt_id) {
      queue->fifo->attempts.add(*request.receive_request_attempt_id, ctx.now, response.handed_out);
    }
    return response;
  }
  if (queue->fifo != nullptr) arm_fifo_delay(*queue, ctx);
  const Duration wait = request.wait_time_seconds ? std::chrono::seconds(*request.wait_time_seconds)
                                                  : queue->settings.receive_wait;
  if (!ctx.wait_deadline) ctx.wait_deadline = ctx.now + wait;
  if (ctx.now < *ctx.wait_deadline) return Wait{queue->id};
  return response;
}

}  // namespace signalbox::broker
