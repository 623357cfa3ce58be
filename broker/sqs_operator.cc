// One message in the hands of whoever looks after queues: discarded, given another body, or sent to
// another queue. Each is one batch, with a record of what was done.
#include <fmt/format.h>

#include "broker/api/operator.h"
#include "broker/broker.h"
#include "broker/md5.h"
#include "broker/message_record.h"
#include "broker/peek.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

Error refuse(std::string message) {
  return {ErrorCode::invalid_parameter_value, std::move(message)};
}

Error gone(const Queue& queue, std::string_view position) {
  return {
      ErrorCode::resource_not_found,
      fmt::format("No message is at position {} of queue {} any more: it was received, moved or "
                  "deleted, or the queue was purged. Peek again.",
                  position, queue.name)};
}

bool leads_to(const std::optional<std::string>& redirect, Slot body) {
  const auto head = redirect ? read_message_head(*redirect) : std::nullopt;
  return head && head->redirect && head->body == body;
}

Status check_size(const Queue& queue, std::string_view body, const MessageRecord& record) {
  const auto bytes = message_bytes(body, record.attributes);
  if (bytes <= queue.settings.message_bytes_max) return ok();
  return refuse(
      fmt::format("The message would have {} bytes, and queue {} takes {} at most "
                  "(MaximumMessageSize).",
                  bytes, queue.name, queue.settings.message_bytes_max));
}

}  // namespace

Answer<Broker::Held> Broker::hold_message(Queue& queue, const std::string& text, bool force,
                                          Context& ctx) {
  const auto position = parse_position(text);
  if (!position) {
    return refuse(
        fmt::format("{} is no position: give the one a peek shows of the message.", text));
  }
  if (position->generation != queue.generation) return gone(queue, text);
  Held held{position->slot, position->redirect, Found::unleased, nullptr};
  const auto lease = queue.leases.find(held.slot);
  const bool is_leased = lease != queue.leases.end();
  if (is_leased) {
    held.found = Found::leased;
    held.redirect = 0;  // the lease has taken over from it
  }
  const auto* stored = ctx.fetched.get(keys::message(queue.place_of(held.slot)));
  const auto* redirect =
      held.redirect == 0
          ? nullptr
          : ctx.fetched.get(keys::message(queue.place_of(Slot(Lane::ready, held.redirect))));
  if (ctx.fetched.missing()) return NeedKeys{};
  const auto message = *stored ? read_message(**stored) : std::nullopt;
  if (!message) return gone(queue, text);
  held.stored = &**stored;
  const auto id = format_uuid(message->record.id);
  if (is_leased && lease->second.in_flight && !force) {
    return refuse(
        fmt::format("Message {} of queue {} is in flight: a consumer has it. Wait until "
                    "it is visible again, or say force.",
                    id, queue.name));
  }
  if (is_leased) return held;
  if (redirect != nullptr && !leads_to(*redirect, held.slot)) return gone(queue, text);
  // Its due time is not known here, and without it its entry among those due stays behind.
  if (held.slot.lane() == Lane::delayed && held.redirect == 0) {
    return refuse(
        fmt::format("Message {} of queue {} is delayed, or has just become visible: it "
                    "can be changed once a peek shows it as visible.",
                    id, queue.name));
  }
  return held;
}

void Broker::take_out(Queue& queue, const Held& held, Context& ctx) {
  if (held.redirect != 0) {
    ctx.batch.erase(keys::message(queue.place_of(Slot(Lane::ready, held.redirect))));
  }
  if (queue.fifo != nullptr && held.found == Found::unleased) {
    queue.fifo->recent_sends.remove(read_message_head(*held.stored)->sent_ms);
  }
  take_out(queue, held.slot, held.found, ctx);
}

namespace {

api::ChangedMessage describe(const Queue& queue, const StoredMessage& stored) {
  api::ChangedMessage changed;
  changed.queue = queue.name;
  changed.message_id = format_uuid(stored.record.id);
  changed.md5_of_body = hex(stored.record.body_md5);
  changed.size_bytes = message_bytes(stored.body, stored.record.attributes);
  return changed;
}

}  // namespace

Answer<api::ChangedMessage> Broker::discard_message(const api::DiscardMessageRequest& request,
                                                    Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue_for_operator(request.queue, ctx));
  const auto held = hold_message(*queue, request.position, request.force.value_or(false), ctx);
  if (const auto* error = held.error()) return *error;
  if (held.value() == nullptr) return NeedKeys{};
  const auto stored = read_message(*held.value()->stored);
  auto changed = describe(*queue, *stored);
  const IdBytes id = stored->record.id;
  take_out(*queue, *held.value(), ctx);
  log_step("discarded", id, *queue, ctx);
  return changed;
}

Answer<api::ChangedMessage> Broker::edit_message(const api::EditMessageRequest& request,
                                                 Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue_for_operator(request.queue, ctx));
  if (!request.body && !request.send_to) {
    return refuse("Nothing to change: give body, send_to or both.");
  }
  Queue* target = queue;
  if (request.send_to) {
    SIGNALBOX_TRY(target, find_queue_for_operator(*request.send_to, ctx));
  }
  const auto held = hold_message(*queue, request.position, request.force.value_or(false), ctx);
  if (const auto* error = held.error()) return *error;
  if (held.value() == nullptr) return NeedKeys{};
  const std::string value = *held.value()->stored;
  auto stored = read_message(value);
  auto changed = describe(*queue, *stored);
  const std::string_view body = request.body ? std::string_view(*request.body) : stored->body;
  MessageRecord& record = stored->record;
  SIGNALBOX_TRY(check_size(*target, body, record));
  if (request.body) {
    record.body_md5 = request.body_md5;
    changed.new_md5_of_body = hex(record.body_md5);
  }
  if (!request.send_to) {
    // In its place, and so with its id, its turn and its count of receives.
    ctx.batch.put(keys::message(queue->place_of(held.value()->slot)),
                  {encode_message_head(record), body});
    log_step("edited", record.id, *queue, ctx);
    return changed;
  }
  if (target->fifo != nullptr && record.group_id.empty()) {
    return refuse(fmt::format("Message {} has no message group, and queue {} is a FIFO queue.",
                              changed.message_id, target->name));
  }
  log_step("moved", record.id, *queue, ctx);
  take_out(*queue, *held.value(), ctx);
  // As if it were sent now by whoever sent it before, as a move task does; what a FIFO queue has
  // accepted before does not count.
  stored->body = body;
  const std::string moved = redriven_record(*stored, request.new_id, queue->arn());
  NewMessage message;
  message.head = moved;
  message.group_id = record.group_id;
  enqueue(*target, message, target->settings.delay, ctx);
  changed.sent_to = target->name;
  changed.new_message_id = format_uuid(request.new_id);
  return changed;
}

}  // namespace signalbox::broker
