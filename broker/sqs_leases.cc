// What consumers do with a message they received: delete it, or change when it is visible again.
#include <fmt/format.h>

#include <algorithm>

#include "broker/api/sqs.h"
#include "broker/broker.h"
#include "broker/lease_record.h"
#include "broker/message_record.h"
#include "broker/sqs_batch.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::int64_t visibility_s_max = 43'200;
constexpr std::size_t leases_per_slice = 256;

Error bad_handle(std::string_view handle) {
  return {ErrorCode::receipt_handle_is_invalid,
          fmt::format("The input receipt handle \"{}\" is not a valid receipt handle.", handle)};
}

Error expired_handle(std::string_view handle) {
  return {ErrorCode::invalid_parameter_value,
          fmt::format("Value {} for parameter ReceiptHandle is invalid. Reason: The receipt handle "
                      "has expired.",
                      handle)};
}

Error not_available(std::string_view handle) {
  return {ErrorCode::invalid_parameter_value,
          fmt::format("Value {} for parameter ReceiptHandle is invalid. Reason: Message does not "
                      "exist or is not available for visibility timeout change.",
                      handle)};
}

Status check_timeout(std::optional<std::int64_t> timeout_s) {
  if (!timeout_s) {
    return Error{ErrorCode::missing_parameter,
                 "The request must contain the parameter VisibilityTimeout."};
  }
  if (*timeout_s >= 0 && *timeout_s <= visibility_s_max) return ok();
  return Error{ErrorCode::invalid_parameter_value,
               fmt::format("Value {} for parameter VisibilityTimeout is invalid. Reason: "
                           "VisibilityTimeout must be an integer between 0 and 43200.",
                           *timeout_s)};
}

// (visible_at_ms, slot) with the earliest on top.
constexpr auto later = std::greater<std::pair<std::int64_t, Slot>>();

}  // namespace

void Broker::put_lease(const Queue& queue, Slot slot, const Lease& lease, Context& ctx) {
  const auto group_id = queue.groups != nullptr
                            ? std::optional<std::string_view>(queue.groups->group(lease.group).id)
                            : std::nullopt;
  ctx.batch.put(keys::lease(queue.place_of(slot)), encode_lease(lease, group_id));
}

std::string Broker::load_leases(const storage::View& view, Queue& queue, Context& ctx) {
  std::string problem;
  const auto range = keys::leases_of_generation(queue.id, queue.generation);
  const bool read = view.scan(
      range.first, range.past_last, storage::Direction::forward, [&](auto key, auto value) {
        const auto place = keys::parse_lease(key);
        const auto stored = read_lease(value);
        if (!place || !stored || (queue.fifo != nullptr && !stored->group_id)) {
          problem = fmt::format(
              "a lease record of queue {} has a format this version does not know", queue.name);
          return false;
        }
        if (stored->group_id) use_groups(queue);
        const Slot slot(static_cast<Lane>(place->lane), place->sequence);
        Lease& lease = queue.leases[slot] = stored->lease;
        if (queue.groups != nullptr) lease.group = queue.groups->use(stored->group_id.value_or(""));
        lease.in_flight = lease.visible_at_ms > to_ms(ctx.now);
        if (lease.in_flight) {
          ++queue.in_flight_count;
          if (queue.groups != nullptr) queue.groups->lock(lease.group);
          arm_lease(queue, lease.visible_at_ms, slot);
        } else if (queue.groups != nullptr) {
          queue.groups->add_returned(returned_entry(slot, lease));
        } else {
          list_returned(queue, slot, lease);
        }
        return true;
      });
  arm_leases_deadline(queue);
  return read ? problem : "the disk failed while reading leases";
}

void Broker::arm_lease(Queue& queue, std::int64_t visible_at_ms, Slot slot) {
  auto& heap = queue.lease_heap;
  heap.emplace_back(visible_at_ms, slot);
  std::push_heap(heap.begin(), heap.end(), later);
  // Deleted and extended leases leave stale entries; past half of the heap they are swept out.
  if (heap.size() <= 2 * queue.in_flight_count + 64) return;
  std::erase_if(heap, [&](const auto& entry) {
    const auto at = queue.leases.find(entry.second);
    return at == queue.leases.end() || !at->second.in_flight ||
           at->second.visible_at_ms != entry.first;
  });
  std::make_heap(heap.begin(), heap.end(), later);
}

void Broker::arm_leases_deadline(Queue& queue) {
  if (queue.lease_heap.empty()) {
    deadlines_.clear(DeadlineKind::leases, queue.id);
  } else {
    deadlines_.set(DeadlineKind::leases, queue.id, from_ms(queue.lease_heap.front().first));
  }
}

void Broker::hide_until(Queue& queue, Slot slot, Lease& lease, std::int64_t visible_at_ms,
                        Context& ctx) {
  lease.visible_at_ms = visible_at_ms;
  lease.commit = open_commit_;
  put_lease(queue, slot, lease, ctx);
  touch(queue);
  if (!lease.in_flight) {
    lease.in_flight = true;
    ++queue.in_flight_count;
    if (queue.groups != nullptr) {
      // It may have been visible again, and waiting.
      queue.groups->erase_returned(lease.group, slot);
      queue.groups->lock(lease.group);
    }
  }
  if (visible_at_ms <= to_ms(ctx.now)) {
    return_to_visible(queue, slot, lease, ctx);
    return;
  }
  arm_lease(queue, visible_at_ms, slot);
  arm_leases_deadline(queue);
}

void Broker::end_flight(Queue& queue, Lease& lease, Context& ctx) {
  lease.in_flight = false;
  --queue.in_flight_count;
  if (queue.groups == nullptr) return;
  queue.groups->unlock(lease.group);
  if (queue.fifo != nullptr) return;
  const Duration took = ctx.now - from_ms(lease.received_ms);
  queue.processing.add(took, ctx.now);
  queue.groups->add_processing(lease.group, took, ctx.now);
}

void Broker::list_returned(Queue& queue, Slot slot, Lease& lease) {
  if (!lease.is_listed) queue.returned.push_back(slot);
  lease.is_listed = true;
}

void Broker::pop_returned(Queue& queue) {
  const auto lease = queue.leases.find(queue.returned.front());
  if (lease != queue.leases.end()) lease->second.is_listed = false;
  queue.returned.pop_front();
}

void Broker::return_to_visible(Queue& queue, Slot slot, Lease& lease, Context& ctx) {
  end_flight(queue, lease, ctx);
  // Where there are groups messages do not leave in the order of the lane: one put at its tail
  // would be found at its old place, too. So would one that returned has an entry of.
  const bool is_remembered =
      queue.groups != nullptr || lease.is_listed ||
      queue.leases.size() - queue.in_flight_count <= settings_.returned_messages_max;
  if (is_remembered) {
    if (queue.groups != nullptr) {
      queue.groups->add_returned(returned_entry(slot, lease));
    } else {
      list_returned(queue, slot, lease);
    }
    outbox_.wakes.push_back(queue.id);
    return;
  }
  // Too many to remember one by one: it joins the tail, and the disk remembers.
  const WindowEntry entry = returned_entry(slot, lease);
  ctx.batch.erase(keys::lease(queue.place_of(slot)));
  queue.leases.erase(slot);
  store_redirect(queue, entry, ctx);
}

void Broker::end_leases(Queue& queue, Context& ctx) {
  const std::int64_t now_ms = to_ms(ctx.now);
  auto& heap = queue.lease_heap;
  for (std::size_t i = 0; i < leases_per_slice && !heap.empty(); ++i) {
    const auto [visible_at_ms, slot] = heap.front();
    if (visible_at_ms > now_ms) break;
    std::pop_heap(heap.begin(), heap.end(), later);
    heap.pop_back();
    const auto at = queue.leases.find(slot);
    if (at == queue.leases.end() || !at->second.in_flight) continue;
    if (at->second.visible_at_ms == visible_at_ms) return_to_visible(queue, slot, at->second, ctx);
  }
  arm_leases_deadline(queue);
}

namespace {

// Whether the handle is of the receive that has the message in flight. Older handles of a FIFO
// queue's message are worth nothing.
bool holds_lease(const Queue& queue, Slot slot, const ReceiptHandle& handle) {
  const auto lease = queue.leases.find(slot);
  return lease != queue.leases.end() && lease->second.in_flight &&
         lease->second.receive_number == handle.receive_number;
}

}  // namespace

void Broker::give_back(const std::vector<HandedOut>& handed_out, Context& ctx) {
  for (const auto& handed : handed_out) {
    const auto& ref = handed.ref;
    const auto at = queues_.find(ref.queue_id);
    if (at == queues_.end() || at->second->generation != ref.generation || handed.is_fifo) continue;
    const Slot slot(ref.lane, ref.sequence);
    const auto lease = at->second->leases.find(slot);
    // Received again since, or deleted.
    if (lease == at->second->leases.end() || !lease->second.in_flight ||
        lease->second.receive_number != handed.receive_number) {
      continue;
    }
    hide_until(*at->second, slot, lease->second, to_ms(ctx.now), ctx);
  }
}

Broker::Found Broker::find_message(Queue& queue, Slot slot, Context& ctx) {
  const bool leased = queue.leases.contains(slot);
  if (leased && !settings_.force_fetch) return Found::leased;
  const auto* stored = ctx.fetched.get(keys::message(queue.place_of(slot)));
  if (stored == nullptr) return Found::unknown;
  if (!*stored) return Found::gone;
  return leased ? Found::leased : Found::unleased;
}

void Broker::remove_message(Queue& queue, Slot slot, Found found, const IdBytes& id, Context& ctx) {
  take_out(queue, slot, found, ctx);
  log_step("deleted", id, queue, ctx);
}

void Broker::take_out(Queue& queue, Slot slot, Found found, Context& ctx) {
  ctx.batch.erase(keys::message(queue.place_of(slot)));
  if (found == Found::leased) {
    const auto at = queue.leases.find(slot);
    if (at->second.in_flight) {
      end_flight(queue, at->second, ctx);
    } else if (queue.groups != nullptr) {
      queue.groups->erase_returned(at->second.group, slot);
    }
    if (queue.groups != nullptr) {
      if (queue.loading) queue.deleted_while_loading.insert(slot);
      queue.groups->release(at->second.group);
    }
    if (queue.fifo != nullptr) outbox_.wakes.push_back(queue.id);
    queue.leases.erase(at);
    ctx.batch.erase(keys::lease(queue.place_of(slot)));
  } else {
    // A lease lost in a crash, or spilled to the tail: the message is ahead of the consumers again.
    if (queue.loading) queue.deleted_while_loading.insert(slot);
    if (queue.groups != nullptr) queue.groups->erase_fresh(slot);
    std::erase_if(queue.window, [&](const WindowEntry& entry) { return entry.body == slot; });
  }
  // A second handle of the same message in this batch must find it gone.
  ctx.fetched.forget(keys::message(queue.place_of(slot)));
  --queue.ready_total;
  touch(queue);
}

Answer<api::Empty> Broker::delete_one(Queue& queue, const std::string& handle,
                                      const std::optional<ReceiptHandle>& opened, Context& ctx) {
  if (!opened || opened->ref.queue_id != queue.id) return bad_handle(handle);
  // Purged since: gone, and deleting what is gone succeeds.
  if (opened->ref.generation != queue.generation) return api::Empty{};
  const Slot slot(opened->ref.lane, opened->ref.sequence);
  if (queue.fifo != nullptr && !holds_lease(queue, slot, *opened)) {
    // What has no lease was deleted: deleting it again succeeds.
    if (!queue.leases.contains(slot)) return api::Empty{};
    return expired_handle(handle);
  }
  const Found found = find_message(queue, slot, ctx);
  if (found == Found::unknown) return NeedKeys{};
  if (found != Found::gone) remove_message(queue, slot, found, opened->message_id, ctx);
  return api::Empty{};
}

Answer<api::Empty> Broker::change_one(Queue& queue, const std::string& handle,
                                      const std::optional<ReceiptHandle>& opened,
                                      std::optional<std::int64_t> timeout_s, Context& ctx) {
  SIGNALBOX_TRY(check_timeout(timeout_s));
  if (!opened || opened->ref.queue_id != queue.id) return bad_handle(handle);
  if (opened->ref.generation != queue.generation) return not_available(handle);
  const Slot slot(opened->ref.lane, opened->ref.sequence);
  if (queue.fifo != nullptr && !holds_lease(queue, slot, *opened)) return not_available(handle);
  const Found found = find_message(queue, slot, ctx);
  if (found == Found::unknown) return NeedKeys{};
  if (found == Found::gone) return not_available(handle);
  // Visible again already (its lease was lost in a crash): nothing to change, and no error.
  if (found == Found::unleased) return api::Empty{};
  Lease& lease = queue.leases.at(slot);
  const std::int64_t visible_at_ms = to_ms(ctx.now) + *timeout_s * 1000;
  if (visible_at_ms > lease.received_ms + visibility_s_max * 1000) {
    return Error{ErrorCode::invalid_parameter_value,
                 fmt::format("Value {} for parameter VisibilityTimeout is invalid. Reason: Total "
                             "VisibilityTimeout for the message is beyond the limit [43200 "
                             "seconds].",
                             *timeout_s)};
  }
  if (!lease.in_flight && *timeout_s == 0) return api::Empty{};
  hide_until(queue, slot, lease, visible_at_ms, ctx);
  return api::Empty{};
}

Answer<api::Empty> Broker::delete_message(const api::DeleteMessageRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  return delete_one(*queue, request.receipt_handle, request.opened, ctx);
}

Answer<api::Empty> Broker::change_message_visibility(
    const api::ChangeMessageVisibilityRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  return change_one(*queue, request.receipt_handle, request.opened, request.visibility_timeout,
                    ctx);
}

namespace {

// Looks the batch's messages up first, all of them, so that the operation changes nothing before it
// has every key it needs; then runs each entry. one(entry) gives the entry's own answer; when that
// needs keys even so, an earlier entry has just deleted the message, and deleting it again
// succeeds.
template <class Response, class Result, class Request, class LookUp, class One>
Answer<Response> run_batch(const Request& request, Context& ctx, LookUp&& look_up, One&& one) {
  for (const auto& entry : request.entries) look_up(entry);
  if (ctx.fetched.missing()) return NeedKeys{};
  Response response;
  for (const auto& entry : request.entries) {
    const Answer<api::Empty> answer = one(entry);
    if (const auto* error = answer.error()) {
      add_failure(response.failed, entry.id, *error);
    } else {
      add_success(response.successful, Result{entry.id});
    }
  }
  return response;
}

}  // namespace

Answer<api::DeleteMessageBatchResponse> Broker::delete_message_batch(
    const api::DeleteMessageBatchRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  SIGNALBOX_TRY(check_batch_entries(request.entries, "DeleteMessageBatchRequestEntry"));
  return run_batch<api::DeleteMessageBatchResponse, api::DeleteMessageBatchResultEntry>(
      request, ctx, [&](const auto& entry) { look_up_handle(*queue, entry.opened, ctx); },
      [&](const auto& entry) {
        return delete_one(*queue, entry.receipt_handle, entry.opened, ctx);
      });
}

Answer<api::ChangeMessageVisibilityBatchResponse> Broker::change_message_visibility_batch(
    const api::ChangeMessageVisibilityBatchRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  SIGNALBOX_TRY(check_batch_entries(request.entries, "ChangeMessageVisibilityBatchRequestEntry"));
  return run_batch<api::ChangeMessageVisibilityBatchResponse,
                   api::ChangeMessageVisibilityBatchResultEntry>(
      request, ctx, [&](const auto& entry) { look_up_handle(*queue, entry.opened, ctx); },
      [&](const auto& entry) -> Answer<api::Empty> {
        if (!entry.visibility_timeout) {
          // As recorded of the service: the entry by its number.
          return Error{ErrorCode::missing_parameter,
                       fmt::format("The request must contain the parameter "
                                   "ChangeMessageVisibilityBatchRequestEntry.{}.VisibilityTimeout.",
                                   &entry - request.entries.data() + 1)};
        }
        return change_one(*queue, entry.receipt_handle, entry.opened, entry.visibility_timeout,
                          ctx);
      });
}

void Broker::look_up_handle(Queue& queue, const std::optional<ReceiptHandle>& opened,
                            Context& ctx) {
  if (!opened || opened->ref.queue_id != queue.id || opened->ref.generation != queue.generation) {
    return;
  }
  find_message(queue, Slot(opened->ref.lane, opened->ref.sequence), ctx);
}

}  // namespace signalbox::broker
