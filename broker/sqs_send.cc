// SendMessage and its batch, and how a message enters a queue.
#include <fmt/format.h>

#include <cstring>

#include "broker/broker.h"
#include "broker/message_record.h"
#include "broker/sqs_batch.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::int64_t batch_bytes_max = 1'048'576;
constexpr std::int64_t delay_s_max = 900;

// wording: "are invalid" for one message, "cannot be validated" inside a batch.
std::optional<Error> check_send(const Queue& queue, const PreparedMessage& prepared,
                                std::optional<std::int64_t> delay_s, std::string_view wording) {
  if (delay_s && (*delay_s < 0 || *delay_s > delay_s_max)) {
    return Error{ErrorCode::invalid_parameter_value,
                 fmt::format("Value {} for parameter DelaySeconds is invalid. Reason: DelaySeconds "
                             "must be >= 0 and <= 900.",
                             *delay_s)};
  }
  if (prepared.size_bytes > queue.settings.message_bytes_max) {
    return Error{ErrorCode::invalid_parameter_value,
                 fmt::format("One or more parameters {}. Reason: Message must be shorter than {} "
                             "bytes.",
                             wording, queue.settings.message_bytes_max)};
  }
  return std::nullopt;
}

Duration delay_of(const Queue& queue, std::optional<std::int64_t> delay_s) {
  return delay_s ? std::chrono::seconds(*delay_s) : queue.settings.delay;
}

// The head with its times set, in two parts: the fixed one patched on the stack, the rest as it is.
class StampedHead {
 public:
  StampedHead(std::string_view head, std::int64_t sent_ms) : rest_(head) {
    std::memcpy(fixed_, head.data(), message_head_bytes);
    stamp_sent_ms(fixed_, sent_ms);
    rest_.remove_prefix(message_head_bytes);
  }
  std::string_view fixed() const { return {fixed_, message_head_bytes}; }
  std::string_view rest() const { return rest_; }

 private:
  char fixed_[message_head_bytes];
  std::string_view rest_;
};

}  // namespace

void Broker::append_to_window(Queue& queue, const WindowEntry& entry) {
  // A gap between the window and the tail is read from disk later, in order.
  if (queue.load_from != entry.sequence || queue.window.size() >= settings_.queue_window_messages) {
    return;
  }
  queue.window.push_back(entry);
  queue.load_from = entry.sequence + 1;
}

void Broker::store_ready(Queue& queue, const NewMessage& message, Context& ctx) {
  const std::uint64_t sequence = queue.next_sequence++;
  const Slot slot(Lane::ready, sequence);
  const StampedHead head(message.head, message.sent_ms);
  ctx.batch.put(keys::message(queue.place_of(slot)), {head.fixed(), head.rest(), message.body});
  ++queue.ready_total;
  WindowEntry entry;
  entry.sequence = sequence;
  entry.body = slot;
  entry.sent_ms = message.sent_ms;
  entry.first_received_ms = message.first_received_ms;
  entry.receive_count = message.receive_count;
  entry.commit = open_commit_;
  append_to_window(queue, entry);
  touch(queue);
  if (!queue.retention_armed) arm_retention(queue);
}

void Broker::store_delayed(Queue& queue, const NewMessage& message, Duration delay, Context& ctx) {
  const Slot slot(Lane::delayed, queue.next_sequence++);
  // No message of the ready lane has this number: a window that reached the tail still does.
  if (queue.load_from == slot.sequence()) ++queue.load_from;
  const StampedHead head(message.head, message.sent_ms);
  ctx.batch.put(keys::message(queue.place_of(slot)), {head.fixed(), head.rest(), message.body});
  DueEntry due;
  due.due_ms = to_ms(ctx.now + delay);
  due.queue_id = queue.id;
  due.generation = queue.generation;
  due.sequence = slot.sequence();
  due.sent_ms = message.sent_ms;
  due.commit = open_commit_;
  ctx.batch.put(keys::due({due.due_ms, due.queue_id, due.generation, due.sequence}),
                keys::encode_u64(static_cast<std::uint64_t>(due.sent_ms)));
  ++queue.delayed_total;
  delays_.add(due);
  arm_delays();
  touch(queue);
}

void Broker::store_redirect(Queue& queue, WindowEntry entry, Context& ctx) {
  entry.sequence = queue.next_sequence++;
  entry.commit = open_commit_;
  ctx.batch.put(
      keys::message(queue.place_of(Slot(Lane::ready, entry.sequence))),
      encode_redirect(entry.body, entry.sent_ms, entry.first_received_ms, entry.receive_count));
  append_to_window(queue, entry);
  touch(queue);
}

void Broker::enqueue(Queue& queue, std::string_view head, std::string_view body, Duration delay,
                     Context& ctx) {
  NewMessage message;
  message.head = head;
  message.body = body;
  message.sent_ms = to_ms(ctx.wall);
  if (delay > Duration::zero()) {
    store_delayed(queue, message, delay, ctx);
  } else {
    store_ready(queue, message, ctx);
  }
}

Result<api::SendMessageResponse> Broker::send_message(const api::SendMessageRequest& request,
                                                      Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  const auto& prepared = request.prepared;
  if (auto error = check_send(*queue, prepared, request.delay_seconds, "are invalid")) {
    return *std::move(error);
  }
  enqueue(*queue, prepared.head, request.message_body, delay_of(*queue, request.delay_seconds),
          ctx);
  api::SendMessageResponse response;
  response.md5_of_message_body = prepared.md5_of_body;
  response.md5_of_message_attributes = prepared.md5_of_attributes;
  response.md5_of_message_system_attributes = prepared.md5_of_system_attributes;
  response.message_id = format_uuid(prepared.id);
  return response;
}

Result<api::SendMessageBatchResponse> Broker::send_message_batch(
    const api::SendMessageBatchRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  SIGNALBOX_TRY(check_batch_entries(request.entries, "SendMessageBatchRequestEntry"));
  std::int64_t total_bytes = 0;
  for (const auto& entry : request.entries) total_bytes += entry.prepared.size_bytes;
  if (total_bytes > batch_bytes_max) {
    return Error{ErrorCode::batch_request_too_long,
                 fmt::format("Batch requests cannot be longer than {} bytes. You have sent {} "
                             "bytes.",
                             batch_bytes_max, total_bytes)};
  }
  api::SendMessageBatchResponse response;
  for (const auto& entry : request.entries) {
    const auto& prepared = entry.prepared;
    auto error = prepared.refused;
    if (!error) error = check_send(*queue, prepared, entry.delay_seconds, "cannot be validated");
    if (error) {
      add_failure(response.failed, entry.id, *error);
      continue;
    }
    enqueue(*queue, prepared.head, entry.message_body, delay_of(*queue, entry.delay_seconds), ctx);
    api::SendMessageBatchResultEntry result;
    result.id = entry.id;
    result.message_id = format_uuid(prepared.id);
    result.md5_of_message_body = prepared.md5_of_body;
    result.md5_of_message_attributes = prepared.md5_of_attributes;
    result.md5_of_message_system_attributes = prepared.md5_of_system_attributes;
    add_success(response.successful, std::move(result));
  }
  return response;
}

}  // namespace signalbox::broker
