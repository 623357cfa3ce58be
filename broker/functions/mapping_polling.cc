// How mappings get their messages and what becomes of them: received as clients receive, read and
// filtered on a reader thread, given to the function in batches, deleted when it has done them.
#include <fmt/format.h>

#include <algorithm>

#include "broker/api/sqs.h"
#include "broker/functions/mappings.h"
#include "broker/outbox.h"
#include "broker/queue.h"

namespace signalbox::broker::functions {

namespace {

constexpr std::size_t receive_max = 10;
// So many messages are received for one reading.
constexpr std::size_t messages_per_reading = 100;
constexpr std::size_t batches_by_default = 1000;
constexpr std::size_t batches_ahead = 10;
constexpr std::chrono::milliseconds quick_batch{100};
constexpr std::size_t deletions_per_request = 10;
constexpr std::size_t batch_frame_bytes = 16;  // {"Records":[]}
constexpr std::chrono::seconds poll_wait{20};
// Work that was turned away (the disk failed, the commit queue is full) is done again after this;
// what is parked is asked for at least as often as poll_wait says.
constexpr std::chrono::seconds work_again{30};
// When nothing can be received, for the queue or the function is gone, say.
constexpr std::chrono::seconds trouble_wait{5};

std::string url_of(const std::string& queue_arn) {
  const auto place = parse_queue_arn(queue_arn);
  // In the queue's region, which the URL says.
  return fmt::format("/queue/{}/{}/{}", place->region, place->account, place->name);
}

}  // namespace

std::uint64_t Mappings::push(Work work, Context& ctx) {
  const std::uint64_t number = ++last_number_;
  work.asked = ctx.now;
  host_.deadlines().set(DeadlineKind::mapping, work.mapping_id, ctx.now + work_again);
  work_[number] = std::move(work);
  host_.outbox().own_work.push_back({OwnWork::Kind::mapping, number});
  return number;
}

void Mappings::kick(Mapping& mapping, Context& ctx) {
  if (!mapping.is_enabled() || mapping.poll != 0) return;
  Work work;
  work.kind = Work::Kind::poll;
  work.mapping_id = mapping.id;
  work.queue_arn = *mapping.config.event_source_arn;
  mapping.poll = push(std::move(work), ctx);
}

void Mappings::resume(std::uint64_t mapping_id, Context& ctx) {
  bool has_work = false;
  for (auto& [number, work] : work_) {
    if (work.mapping_id != mapping_id) continue;
    has_work = true;
    if (ctx.now < work.asked + work_again) continue;
    work.asked = ctx.now;
    host_.outbox().own_work.push_back({OwnWork::Kind::mapping, number});
  }
  if (Mapping* const mapping = find_by_id(mapping_id)) kick(*mapping, ctx);
  if (has_work) host_.deadlines().set(DeadlineKind::mapping, mapping_id, ctx.now + work_again);
}

Answer<api::Empty> Mappings::do_work(std::uint64_t number, Context& ctx) {
  const auto at = work_.find(number);
  if (at == work_.end()) return api::Empty{};
  at->second.asked = ctx.now;
  switch (at->second.kind) {
    case Work::Kind::poll: return poll(number, at->second, ctx);
    case Work::Kind::read: return read(number, at->second, ctx);
    case Work::Kind::remove: break;
  }
  return remove(number, at->second, ctx);
}

void Mappings::end_poll(std::uint64_t number, Mapping& mapping) {
  if (mapping.poll == number) mapping.poll = 0;
  work_.erase(number);
}

std::size_t Mappings::free_batches(const Mapping& mapping, const Function& function,
                                   Time now) const {
  const auto& scaling = mapping.config.scaling_config;
  const std::size_t limit = scaling && scaling->maximum_concurrency
                                ? static_cast<std::size_t>(*scaling->maximum_concurrency)
                                : batches_by_default;
  return std::min(limit - std::min(limit, mapping.batch_count), functions_.room(function, now));
}

// Where batches take no time, what is waited for is the disk: some are received ahead, of which the
// last is with the function long before its messages' visibility timeout.
std::size_t Mappings::wanted_messages(const Mapping& mapping, const Function& function,
                                      Time now) const {
  if (functions_.is_stopping()) return 0;
  const std::size_t there = mapping.gathered.size();
  if (mapping.window().count() > 0) {
    const bool has_room = free_batches(mapping, function, now) > 0;
    return has_room ? mapping.batch_size() - std::min(mapping.batch_size(), there) : 0;
  }
  const bool is_quick = mapping.batch_count > 0 && mapping.batch_took < quick_batch;
  const std::size_t ahead = is_quick ? batches_ahead : 0;
  const std::size_t batches =
      ahead + std::min(free_batches(mapping, function, now), messages_per_reading);
  const std::size_t messages = batches * mapping.batch_size();
  // Not for a few: each reading is a commit.
  if (there > 0 && there > messages / 2) return 0;
  return std::min(messages - std::min(messages, there), messages_per_reading);
}

// As many as there are, up to those wanted; last: what the queue said in the end.
std::vector<BatchMessage> Mappings::receive(const Mapping& mapping, std::size_t wanted,
                                            Answer<api::ReceiveMessageResponse>& last,
                                            Context& ctx) {
  api::ReceiveMessageRequest request;
  request.queue_url = url_of(*mapping.config.event_source_arn);
  request.wait_time_seconds = poll_wait.count();
  const std::size_t at_once = std::min(receive_max, mapping.batch_size());
  std::vector<BatchMessage> received;
  while (received.size() < wanted) {
    request.max_number_of_messages =
        static_cast<std::int64_t>(std::min(at_once, wanted - received.size()));
    ctx.wait_deadline.reset();
    last = host_.receive_message(request, ctx);
    ctx.reply_before_commit = false;
    const auto* const response = last.value();
    if (response == nullptr || response->handed_out.empty()) break;
    const std::uint64_t number = ++last_number_;
    for (const auto& handed : response->handed_out) {
      received.push_back({handed, number, {}, {}});
    }
  }
  return received;
}

// Ends when there is something to read, or no room for it; else it waits for the queue.
Answer<api::Empty> Mappings::poll(std::uint64_t number, Work& work, Context& ctx) {
  Mapping* const mapping = find_by_id(work.mapping_id);
  if (mapping == nullptr) {
    work_.erase(number);
    return api::Empty{};
  }
  const auto end = [&](std::optional<Duration> again_after = {}) {
    end_poll(number, *mapping);
    if (again_after) {
      host_.deadlines().set(DeadlineKind::mapping, mapping->id, ctx.now + *again_after);
    }
    return api::Empty{};
  };
  if (mapping->poll != number || !mapping->is_enabled()) return end();
  Function* const function = functions_.find_by_arn(*mapping->config.function_arn);
  if (function == nullptr) {
    mapping->config.last_processing_result = "PROBLEM: The function does not exist";
    return end(trouble_wait);
  }
  start_batches(*mapping, *function, ctx);
  const std::size_t wanted = wanted_messages(*mapping, *function, ctx.now);
  if (wanted == 0) {
    const auto again = Functions::room_again(*function, ctx.now);
    return again ? end(*again - ctx.now) : end();
  }
  Answer<api::ReceiveMessageResponse> last{NeedKeys{}};
  auto received = receive(*mapping, wanted, last, ctx);
  if (!received.empty()) {
    end();
    Work next;
    next.kind = Work::Kind::read;
    next.mapping_id = mapping->id;
    next.queue_arn = *mapping->config.event_source_arn;
    next.received = std::move(received);
    mapping->poll = push(std::move(next), ctx);
    return api::Empty{};
  }
  if (last.needs_keys() != nullptr) return *last.needs_keys();
  if (last.wait() == nullptr) {
    mapping->config.last_processing_result = "PROBLEM: The queue cannot be received from";
    return end(trouble_wait);
  }
  ctx.wait_deadline = ctx.now + poll_wait;
  const Time window_end = mapping->gathered_at + mapping->window();
  if (!mapping->gathered.empty() && window_end > ctx.now) {
    ctx.wait_deadline = std::min(*ctx.wait_deadline, window_end);
  }
  return *last.wait();
}

Answer<api::Empty> Mappings::read(std::uint64_t number, Work& work, Context& ctx) {
  Mapping* const mapping = find_by_id(work.mapping_id);
  if (mapping == nullptr || !mapping->is_enabled()) {
    let_go(work.received, ctx);
    if (mapping != nullptr) end_poll(number, *mapping);
    work_.erase(number);
    return api::Empty{};
  }
  auto* const reading = static_cast<BatchReading*>(ctx.fetched.reading());
  if (reading == nullptr) {
    ctx.fetched.want(std::make_shared<BatchReading>(work.received, mapping->filters, work.queue_arn,
                                                    parse_queue_arn(work.queue_arn)->region));
    return NeedKeys{};
  }
  if (mapping->gathered.empty()) {
    mapping->gathered_at = ctx.now;
    const Queue* const queue = host_.find_queue_by_arn(work.queue_arn);
    if (queue != nullptr) mapping->gathered_until = ctx.now + queue->settings.visibility_timeout;
  }
  std::move(reading->passed.begin(), reading->passed.end(), std::back_inserter(mapping->gathered));
  if (!reading->filtered.empty()) {
    counters.filtered += reading->filtered.size();
    Work next;
    next.kind = Work::Kind::remove;
    next.mapping_id = mapping->id;
    next.queue_arn = work.queue_arn;
    next.removed = std::move(reading->filtered);
    push(std::move(next), ctx);
  }
  end_poll(number, *mapping);
  kick(*mapping, ctx);
  return api::Empty{};
}

Answer<api::Empty> Mappings::remove(std::uint64_t number, const Work& work, Context& ctx) {
  api::DeleteMessageBatchRequest request;
  request.queue_url = url_of(work.queue_arn);
  for (std::size_t i = 0; i < work.removed.size(); ++i) {
    const auto& message = work.removed[i];
    auto& entry = request.entries.emplace_back();
    entry.id = fmt::to_string(i);
    entry.opened = ReceiptHandle{message.handed.ref, message.id, message.handed.receive_number};
    if (request.entries.size() < deletions_per_request && i + 1 < work.removed.size()) continue;
    // Deleting again what is gone already succeeds: this may begin anew.
    const auto answer = host_.delete_message_batch(request, ctx);
    if (answer.needs_keys() != nullptr) return *answer.needs_keys();
    request.entries.clear();
  }
  work_.erase(number);
  return api::Empty{};
}

// What is behind messages of the same receive that are with the function waits for these.
std::vector<BatchMessage> Mappings::next_batch(Mapping& mapping, std::size_t bytes_max) const {
  auto& gathered = mapping.gathered;
  std::vector<BatchMessage> batch;
  std::size_t bytes = 0;
  while (!gathered.empty() && batch.size() < mapping.batch_size()) {
    const BatchMessage& next = gathered.front();
    const bool is_in_order = next.handed.is_fifo;
    if (is_in_order && mapping.receives_at_work.contains(next.receive)) break;
    if (is_in_order && !batch.empty() && batch.back().receive != next.receive) break;
    bytes += next.record.size() + 1;
    if (!batch.empty() && bytes > bytes_max) break;
    batch.push_back(std::move(gathered.front()));
    gathered.pop_front();
  }
  return batch;
}

bool Mappings::is_ready(const Mapping& mapping, Time now) const {
  if (mapping.gathered.size() >= mapping.batch_size()) return true;
  if (now >= mapping.gathered_at + mapping.window()) return true;
  std::size_t bytes = 0;
  for (const auto& message : mapping.gathered) bytes += message.record.size();
  return bytes >= batch_bytes_max;
}

void Mappings::start_batches(Mapping& mapping, Function& function, Context& ctx) {
  // Somebody else may have them by now.
  if (ctx.now >= mapping.gathered_until) mapping.gathered.clear();
  while (!mapping.gathered.empty() && is_ready(mapping, ctx.now) &&
         free_batches(mapping, function, ctx.now) > 0) {
    Batch batch;
    batch.mapping_id = mapping.id;
    batch.queue_arn = *mapping.config.event_source_arn;
    batch.started = ctx.now;
    batch.messages = next_batch(mapping, batch_bytes_max - batch_frame_bytes);
    if (batch.messages.empty()) return;
    if (batch.messages.front().handed.is_fifo) {
      mapping.receives_at_work.insert(batch.messages.front().receive);
    }
    NewInvocation made;
    made.request_id = format_uuid(ctx.ids.uuid());
    made.payload = event_of(batch.messages);
    made.owner = this;
    made.owner_id = ++last_number_;
    for (auto& message : batch.messages) std::string().swap(message.record);
    batches_[made.owner_id] = std::move(batch);
    ++mapping.batch_count;
    Function* const drawn = functions_.draw_by_arn(function, *mapping.config.function_arn, ctx);
    const bool has_room = drawn != nullptr && functions_.room(*drawn, ctx.now) > 0;
    functions_.start(has_room ? *drawn : function, std::move(made), ctx);
  }
}

void Mappings::invocation_ended(const Invocation& invocation, Context& ctx) {
  const auto at = batches_.find(invocation.made_of.owner_id);
  if (at == batches_.end()) return;
  Batch batch = std::move(at->second);
  batches_.erase(at);
  ++counters.batches;
  Mapping* const mapping = find_by_id(batch.mapping_id);
  std::set<std::string> ids;
  for (const auto& message : batch.messages) ids.insert(format_uuid(message.id));
  const bool is_partial = mapping != nullptr && mapping->config.function_response_types &&
                          !mapping->config.function_response_types->empty();
  const auto failed = failed_messages(invocation.outcome, is_partial, ids);
  if (mapping != nullptr) end_batch(*mapping, batch, failed && failed->empty(), ctx);
  Work next;
  next.kind = Work::Kind::remove;
  next.mapping_id = batch.mapping_id;
  next.queue_arn = batch.queue_arn;
  for (auto& message : batch.messages) {
    if (failed && !failed->contains(format_uuid(message.id))) {
      next.removed.push_back(std::move(message));
    }
  }
  counters.deleted += next.removed.size();
  counters.failed += batch.messages.size() - next.removed.size();
  if (!next.removed.empty()) push(std::move(next), ctx);
  if (mapping == nullptr) return;
  mapping->config.last_processing_result = failed ? "OK" : "PROBLEM: Function call failed";
  kick(*mapping, ctx);
}

void Mappings::end_batch(Mapping& mapping, const Batch& batch, bool has_succeeded, Context& ctx) {
  --mapping.batch_count;
  mapping.batch_took = ctx.now - batch.started;
  const std::uint64_t receive = batch.messages.front().receive;
  if (mapping.receives_at_work.erase(receive) == 0 || has_succeeded) return;
  // What is behind a failure comes again behind it.
  std::erase_if(mapping.gathered,
                [&](const BatchMessage& message) { return message.receive == receive; });
}

void Mappings::has_room(const Function& function, Context& ctx) {
  const auto at = by_function_.find(function_key(*function.config.function_arn));
  if (at == by_function_.end()) return;
  for (const std::uint64_t id : at->second) kick(*by_id_.at(id), ctx);
}

// What was received and is not used need not wait for its timeout.
void Mappings::let_go(const std::vector<BatchMessage>& messages, Context& ctx) {
  std::vector<HandedOut> received;
  for (const auto& message : messages) received.push_back(message.handed);
  host_.give_back(received, ctx);
}

void Mappings::let_go(Mapping& mapping, Context& ctx) {
  let_go({mapping.gathered.begin(), mapping.gathered.end()}, ctx);
  mapping.gathered.clear();
}

}  // namespace signalbox::broker::functions
