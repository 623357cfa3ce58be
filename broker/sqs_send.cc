// SendMessage and its batch, and how a message enters a queue.
#include <fmt/format.h>

#include <cstring>

#include "broker/api/sqs.h"
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
  if (queue.fifo != nullptr && delay_s && *delay_s != 0) {
    return Error{ErrorCode::invalid_parameter_value,
                 fmt::format("Value {} for parameter DelaySeconds is invalid. Reason: The request "
                             "include parameter that is not valid for this queue type.",
                             *delay_s)};
  }
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

// What a FIFO queue asks of a message; without it the whole request fails, a batch too.
// without_group: the code for a missing group, which is another in a batch.
template <class Entry>
Status check_fifo_ids(const Queue& queue, const Entry& entry, ErrorCode without_group) {
  if (queue.fifo == nullptr) return ok();
  if (!entry.message_group_id) {
    return Error{without_group, "The request must contain the parameter MessageGroupId."};
  }
  if (entry.message_deduplication_id || queue.settings.content_based_deduplication) return ok();
  return Error{ErrorCode::invalid_parameter_value,
               "The queue should either have ContentBasedDeduplication enabled or "
               "MessageDeduplicationId provided explicitly"};
}

template <class Entry>
DeduplicationDigest digest_of(const Queue& queue, const Entry& entry) {
  const std::string_view id = entry.message_deduplication_id
                                  ? *entry.message_deduplication_id
                                  : entry.prepared.content_deduplication_id;
  return deduplication_digest(
      queue.fifo->deduplicates_by_group ? *entry.message_group_id : std::string(), id);
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

void Broker::append_to_window(Queue& queue, WindowEntry entry, std::string_view group_id) {
  // A gap between the window and the tail is read from disk later, in order.
  if (queue.load_from != entry.sequence ||
      queue.waiting_count() >= settings_.queue_window_messages) {
    return;
  }
  // The group of what a redirect leads to is known on disk alone.
  const bool is_redirect = entry.body != Slot(Lane::ready, entry.sequence);
  if (queue.groups != nullptr && is_redirect) return;
  queue.load_from = entry.sequence + 1;
  if (queue.groups == nullptr) {
    queue.window.push_back(entry);
    return;
  }
  entry.group = queue.groups->use(group_id);
  queue.groups->add_fresh(entry);
}

std::uint64_t Broker::store_ready(Queue& queue, const NewMessage& message, Context& ctx) {
  if (!message.group_id.empty()) use_groups(queue);
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
  append_to_window(queue, entry, message.group_id);
  if (queue.fifo != nullptr) queue.fifo->recent_sends.add(message.sent_ms);
  touch(queue);
  if (!queue.retention_armed) arm_retention(queue);
  return sequence;
}

std::uint64_t Broker::store_delayed(Queue& queue, const NewMessage& message, Duration delay,
                                    Context& ctx) {
  if (!message.group_id.empty()) use_groups(queue);
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
  return slot.sequence();
}

void Broker::store_redirect(Queue& queue, WindowEntry entry, Context& ctx) {
  entry.sequence = queue.next_sequence++;
  entry.commit = open_commit_;
  ctx.batch.put(
      keys::message(queue.place_of(Slot(Lane::ready, entry.sequence))),
      encode_redirect(entry.body, entry.sent_ms, entry.first_received_ms, entry.receive_count));
  append_to_window(queue, entry, {});
  touch(queue);
}

std::uint64_t Broker::enqueue(Queue& queue, NewMessage message, Duration delay, Context& ctx) {
  message.sent_ms = to_ms(ctx.wall);
  if (queue.fifo == nullptr && delay > Duration::zero()) {
    return store_delayed(queue, message, delay, ctx);
  }
  return store_ready(queue, message, ctx);
}

template <class Entry>
Sent Broker::send_once(Queue& queue, const Entry& entry, Context& ctx) {
  NewMessage message;
  message.head = entry.prepared.head;
  message.body = entry.message_body;
  if (entry.message_group_id) message.group_id = *entry.message_group_id;
  if (queue.fifo == nullptr) {
    enqueue(queue, message, delay_of(queue, entry.delay_seconds), ctx);
    return {entry.prepared.id, std::nullopt};
  }
  const auto digest = digest_of(queue, entry);
  if (const auto accepted = find_acceptance(queue, digest, ctx)) {
    return {accepted->message_id, accepted->sequence};
  }
  const std::uint64_t sequence = enqueue(queue, message, queue.settings.delay, ctx);
  remember_acceptance(queue, digest, {to_ms(ctx.now), entry.prepared.id, sequence}, ctx);
  return {entry.prepared.id, sequence};
}

namespace {

// The members that the answers to a message and to a batch entry share.
template <class Response>
void fill_sent(Response& response, const PreparedMessage& prepared, const IdBytes& message_id,
               std::optional<std::uint64_t> sequence) {
  response.message_id = format_uuid(message_id);
  response.md5_of_message_body = prepared.md5_of_body;
  response.md5_of_message_attributes = prepared.md5_of_attributes;
  response.md5_of_message_system_attributes = prepared.md5_of_system_attributes;
  if (sequence) response.sequence_number = sequence_number_text(*sequence);
}

}  // namespace

Answer<api::SendMessageResponse> Broker::send_message(const api::SendMessageRequest& request,
                                                      Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  const auto& prepared = request.prepared;
  SIGNALBOX_TRY(check_fifo_ids(*queue, request, ErrorCode::missing_parameter));
  if (auto error = check_send(*queue, prepared, request.delay_seconds, "are invalid")) {
    return *std::move(error);
  }
  if (queue->fifo != nullptr) {
    find_acceptance(*queue, digest_of(*queue, request), ctx);
    if (ctx.fetched.missing()) return NeedKeys{};
  }
  const Sent sent = send_once(*queue, request, ctx);
  api::SendMessageResponse response;
  fill_sent(response, prepared, sent.message_id, sent.sequence);
  return response;
}

Answer<api::SendMessageBatchResponse> Broker::send_message_batch(
    const api::SendMessageBatchRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  SIGNALBOX_TRY(check_batch_entries(request.entries, "SendMessageBatchRequestEntry"));
  std::int64_t total_bytes = 0;
  for (const auto& entry : request.entries) {
    SIGNALBOX_TRY(check_fifo_ids(*queue, entry, ErrorCode::invalid_parameter_value));
    total_bytes += entry.prepared.size_bytes;
  }
  if (total_bytes > batch_bytes_max) {
    return Error{ErrorCode::batch_request_too_long,
                 fmt::format("Batch requests cannot be longer than {} bytes. You have sent {} "
                             "bytes.",
                             batch_bytes_max, total_bytes)};
  }
  if (queue->fifo != nullptr) {
    for (const auto& entry : request.entries) {
      find_acceptance(*queue, digest_of(*queue, entry), ctx);
    }
    if (ctx.fetched.missing()) return NeedKeys{};
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
    const Sent sent = send_once(*queue, entry, ctx);
    api::SendMessageBatchResultEntry result;
    result.id = entry.id;
    fill_sent(result, prepared, sent.message_id, sent.sequence);
    add_success(response.successful, std::move(result));
  }
  return response;
}

}  // namespace signalbox::broker
