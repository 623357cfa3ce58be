// For whoever looks after queues: an overview of them, and their messages without receiving them.
#include <fmt/format.h>

#include <algorithm>

#include "broker/api/operator.h"
#include "broker/broker.h"
#include "broker/page_token.h"
#include "broker/peek.h"
#include "broker/queue_url.h"

namespace signalbox::broker {

namespace {

constexpr std::int64_t page_max = 1000;
constexpr std::int64_t queues_default = 1000;
constexpr std::int64_t messages_default = 100;

Error bad_request(std::string message) {
  return {ErrorCode::invalid_parameter_value, std::move(message)};
}

Result<std::size_t> read_limit(const std::optional<std::int64_t>& limit, std::int64_t if_none) {
  const std::int64_t count = limit.value_or(if_none);
  if (count < 1 || count > page_max) {
    return bad_request(fmt::format("limit is {}: give a number from 1 to {}.", count, page_max));
  }
  return static_cast<std::size_t>(count);
}

Error foreign_cursor() {
  return bad_request(
      "next is not of a listing like this one: give the next of the page before, with the same "
      "queue and state, or leave it out to begin anew.");
}

}  // namespace

Result<Queue*> Broker::find_queue_for_operator(std::string_view name, Context& ctx) {
  if (name.starts_with("arn:")) {
    if (Queue* queue = find_queue_by_arn(name)) return queue;
  } else if (auto found = find_queue(name, ctx); found.has_value()) {
    return found.assume_value();
  }
  return Error{ErrorCode::resource_not_found,
               fmt::format("There is no queue {} in account {} and region {}. GET /_signalbox/sqs "
                           "names those there are; another world is named with ?account= and "
                           "&region=.",
                           name, ctx.caller.account, ctx.caller.region)};
}

api::QueueOverview Broker::overview_of(const Queue& queue, Context& ctx) const {
  api::QueueOverview overview;
  overview.name = queue.name;
  overview.url = make_queue_url(ctx.caller.base_url, queue.world->account, queue.name);
  overview.arn = queue.arn();
  overview.account = queue.world->account;
  overview.region = queue.world->region;
  overview.fifo = queue.fifo != nullptr;
  const std::uint64_t delayed = delayed_count(queue, ctx);
  // A FIFO queue's delayed messages stand among the others.
  const std::uint64_t hidden =
      overview.fifo ? std::min(delayed, queue.visible_count()) : std::uint64_t{0};
  overview.visible = static_cast<std::int64_t>(queue.visible_count() - hidden);
  overview.in_flight = static_cast<std::int64_t>(queue.in_flight_count);
  overview.delayed = static_cast<std::int64_t>(delayed);
  if (const auto& redrive = queue.settings.redrive) {
    overview.dead_letter_target_arn = redrive->dead_letter_target_arn;
    overview.max_receive_count = redrive->max_receive_count;
  }
  if (const auto* oldest = queue.oldest_waiting()) overview.oldest_sent_ms = oldest->sent_ms;
  return overview;
}

Result<api::DescribeQueuesResponse> Broker::describe_queues(
    const api::DescribeQueuesRequest& request, Context& ctx) {
  api::DescribeQueuesResponse response;
  if (request.queue) {
    SIGNALBOX_TRY(const Queue* const queue, find_queue_for_operator(*request.queue, ctx));
    response.queues.push_back(overview_of(*queue, ctx));
    return response;
  }
  SIGNALBOX_TRY(const std::size_t count_max, read_limit(request.limit, queues_default));
  const auto after = request.next ? read_page_token(*request.next) : std::string();
  if (!after) return foreign_cursor();
  const World* world = find_world(ctx.caller.account, ctx.caller.region);
  if (world == nullptr) return response;
  for (auto at = world->queues.upper_bound(*after); at != world->queues.end(); ++at) {
    if (response.queues.size() == count_max) {
      response.next = make_page_token(response.queues.back().name);
      break;
    }
    response.queues.push_back(overview_of(*at->second, ctx));
  }
  return response;
}

Result<PeekPlan> Broker::plan_peek(const Queue& queue, const api::PeekMessagesRequest& request,
                                   Context& ctx) const {
  const auto state = parse_message_state(request.state.value_or("visible"));
  if (!state) {
    return bad_request(
        fmt::format("state is {}: give visible, in_flight or delayed.", *request.state));
  }
  SIGNALBOX_TRY(const std::size_t count_max, read_limit(request.limit, messages_default));
  PeekPlan plan;
  plan.queue_id = queue.id;
  plan.generation = queue.generation;
  plan.state = *state;
  plan.count_max = count_max;
  plan.id = request.id;
  plan.head_sequence = queue.head_sequence();
  plan.next_sequence = queue.next_sequence;
  plan.is_fifo = queue.fifo != nullptr;
  plan.now = ctx.now;
  if (plan.is_fifo) plan.delay = queue.settings.delay;
  plan.retention = queue.settings.retention;
  if (!request.next) return plan;
  const auto cursor = parse_cursor(*request.next);
  using Range = PeekCursor::Range;
  const bool has_ready = *state == MessageState::visible || plan.is_fifo;
  const bool fits = cursor && cursor->queue_id == queue.id &&
                    (cursor->range == Range::ready    ? has_ready
                     : cursor->range == Range::leases ? *state != MessageState::delayed
                                                      : *state == MessageState::delayed);
  if (!fits) return foreign_cursor();
  plan.cursor = *cursor;
  return plan;
}

namespace {

// Puts right what memory knows better than the view did; false: the message is not one to show.
bool correct(PeekReading::Found& found, const Queue& queue, MessageState wanted, Time now) {
  const auto at = queue.leases.find(found.slot);
  // Deleted meanwhile, or gone to the tail of the queue.
  if (at == queue.leases.end()) return !found.was_leased;
  const Lease& lease = at->second;
  const bool is_in_flight = lease.in_flight && lease.visible_at_ms > to_ms(now);
  if (wanted != (is_in_flight ? MessageState::in_flight : MessageState::visible)) return false;
  found.visible_at_ms = is_in_flight ? lease.visible_at_ms : 0;
  found.message.receive_count = lease.receive_count;
  found.message.first_received_ms = lease.first_received_ms;
  return true;
}

}  // namespace

Answer<api::PeekMessagesResponse> Broker::peek_messages(const api::PeekMessagesRequest& request,
                                                        Context& ctx) {
  SIGNALBOX_TRY(const Queue* const queue, find_queue_for_operator(request.queue, ctx));
  auto* reading = dynamic_cast<PeekReading*>(ctx.fetched.reading());
  if (reading == nullptr) {
    SIGNALBOX_TRY(PeekPlan plan, plan_peek(*queue, request, ctx));
    ctx.fetched.want(std::make_shared<PeekReading>(std::move(plan)));
    return NeedKeys{};
  }
  const PeekPlan& plan = reading->plan();
  api::PeekMessagesResponse response;
  response.queue = queue->name;
  response.state = to_string(plan.state);
  // Purged or made anew meanwhile: what was read is gone.
  if (plan.queue_id != queue->id || plan.generation != queue->generation) return response;
  const Duration to_wall = ctx.wall - ctx.now;
  for (auto& found : reading->found()) {
    if (!correct(found, *queue, plan.state, ctx.now)) continue;
    found.message.state = response.state;
    if (found.visible_at_ms != 0)
      found.message.visible_at_ms = found.visible_at_ms + to_wall.count();
    response.messages.push_back(std::move(found.message));
  }
  if (reading->next()) response.next = make_cursor(*reading->next());
  return response;
}

}  // namespace signalbox::broker
