// Message move tasks: out of a dead-letter queue, in slices. Each slice, and the record that says
// how far the task is, are one atomic part of a batch: every message moves once, over restarts too.
#include <fmt/format.h>

#include <algorithm>

#include "broker/api/sqs.h"
#include "broker/broker.h"
#include "broker/load_all.h"
#include "broker/message_record.h"
#include "broker/receive_plan.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::int64_t rate_max = 500;  // messages per second
constexpr std::int64_t slices_per_s = 10;
constexpr std::size_t slice_messages_max = 64;
constexpr std::size_t slice_bytes_max = 4u << 20;
// A slice that was turned away (the disk failed, the commit queue is full) is tried again.
constexpr std::chrono::seconds slice_retry{1};
constexpr std::int64_t results_max = 10;
constexpr std::size_t tasks_kept_max = 10;  // of a queue: what can be listed

Error no_such_resource(std::string_view parameter) {
  return {ErrorCode::resource_not_found,
          fmt::format("The resource that you specified for the {} parameter doesn't exist.",
                      parameter)};
}

Status check_number(std::optional<std::int64_t> value, std::string_view name, std::int64_t max) {
  if (!value || (*value >= 1 && *value <= max)) return ok();
  // The service's own words are not recorded.
  return Error{ErrorCode::invalid_parameter_value,
               fmt::format("Value {} for parameter {} is invalid. Reason: Must be between 1 and "
                           "{}, if provided.",
                           *value, name, max)};
}

bool is_dead_letter_queue(const Queue& queue) {
  const auto& queues = queue.world->queues;
  return std::any_of(queues.begin(), queues.end(), [arn = queue.arn()](const auto& each) {
    const auto& redrive = each.second->settings.redrive;
    return redrive && redrive->dead_letter_target_arn == arn;
  });
}

std::string handle_of(const Queue& source, const MoveTask& task) {
  return encode_task_handle({format_uuid(task.uuid), source.arn()});
}

}  // namespace

Status Broker::check_move_destination(const Queue& source, const std::string& arn) const {
  const Queue* destination = find_queue_by_arn(arn);
  if (destination == nullptr) return no_such_resource("DestinationArn");
  // The service's own words for these two are not recorded.
  if (destination == &source) {
    return Error{ErrorCode::invalid_parameter_value,
                 "Source queue arn and destination queue arn cannot be the same."};
  }
  if ((destination->fifo != nullptr) != (source.fifo != nullptr)) {
    return Error{ErrorCode::invalid_parameter_value,
                 "Source queue and destination queue must be of the same type."};
  }
  return ok();
}

Result<api::StartMessageMoveTaskResponse> Broker::start_message_move_task(
    const api::StartMessageMoveTaskRequest& request, Context& ctx) {
  Queue* const source = find_queue_by_arn(request.source_arn);
  if (source == nullptr) return no_such_resource("SourceArn");
  SIGNALBOX_TRY(check_number(request.max_number_of_messages_per_second,
                             "MaxNumberOfMessagesPerSecond", rate_max));
  if (!is_dead_letter_queue(*source)) {
    return Error{ErrorCode::invalid_parameter_value,
                 "Source queue must be configured as a Dead Letter Queue."};
  }
  if (request.destination_arn) {
    SIGNALBOX_TRY(check_move_destination(*source, *request.destination_arn));
  }
  auto& tasks = source->move_tasks;
  if (!tasks.empty() && tasks.back().is_active()) {
    return Error{ErrorCode::invalid_parameter_value,
                 "There is already a task running. Only one active task is allowed for a source "
                 "queue arn at a given time."};
  }
  if (tasks.size() == tasks_kept_max) {
    ctx.batch.erase(keys::move_task({source->id, tasks.front().id}));
    tasks.erase(tasks.begin());
  }
  MoveTask& task = tasks.emplace_back();
  task.id = next_id();
  task.uuid = ctx.ids.uuid();
  task.destination_arn = request.destination_arn;
  task.rate = request.max_number_of_messages_per_second;
  task.started_ms = to_ms(ctx.wall);
  task.arrived_before = source->next_sequence;
  task.to_move = source->visible_count();
  put_next_ids(ctx);
  store_move_task(*source, task, ctx);
  deadlines_.set(DeadlineKind::move_task, source->id, ctx.now);
  return api::StartMessageMoveTaskResponse{handle_of(*source, task)};
}

Result<api::ListMessageMoveTasksResponse> Broker::list_message_move_tasks(
    const api::ListMessageMoveTasksRequest& request, Context&) {
  const Queue* const source = find_queue_by_arn(request.source_arn);
  if (source == nullptr) return no_such_resource("SourceArn");
  SIGNALBOX_TRY(check_number(request.max_results, "MaxResults", results_max));
  api::ListMessageMoveTasksResponse response;
  auto left = static_cast<std::size_t>(request.max_results.value_or(1));
  const auto& tasks = source->move_tasks;
  for (auto task = tasks.rbegin(); task != tasks.rend() && left > 0; ++task, --left) {
    auto& entry = response.results.emplace_back();
    if (task->status == MoveTask::Status::running) entry.task_handle = handle_of(*source, *task);
    entry.status = status_text(task->status);
    entry.source_arn = source->arn();
    entry.destination_arn = task->destination_arn;
    entry.max_number_of_messages_per_second = task->rate;
    entry.approximate_number_of_messages_moved = static_cast<std::int64_t>(task->moved);
    entry.approximate_number_of_messages_to_move = static_cast<std::int64_t>(task->to_move);
    if (!task->failure_reason.empty()) entry.failure_reason = task->failure_reason;
    entry.started_timestamp = task->started_ms;
  }
  return response;
}

Result<api::CancelMessageMoveTaskResponse> Broker::cancel_message_move_task(
    const api::CancelMessageMoveTaskRequest& request, Context& ctx) {
  const auto handle = decode_task_handle(request.task_handle);
  if (!handle) {
    return Error{ErrorCode::invalid_parameter_value, "Value for parameter TaskHandle is invalid."};
  }
  const Error no_such_task{ErrorCode::resource_not_found, "Task does not exist."};
  Queue* const source = find_queue_by_arn(handle->source_arn);
  if (source == nullptr) return no_such_task;
  auto& tasks = source->move_tasks;
  const auto task = std::find_if(tasks.begin(), tasks.end(), [&](const MoveTask& each) {
    return format_uuid(each.uuid) == handle->task_id;
  });
  if (task == tasks.end()) return no_such_task;
  if (task->status != MoveTask::Status::running) {
    // The service's own words are not recorded.
    return Error{ErrorCode::invalid_parameter_value, "Only active tasks can be cancelled."};
  }
  task->status = MoveTask::Status::cancelling;
  task->next_slice = ctx.now;
  store_move_task(*source, *task, ctx);
  deadlines_.set(DeadlineKind::move_task, source->id, ctx.now);
  return api::CancelMessageMoveTaskResponse{static_cast<std::int64_t>(task->moved)};
}

void Broker::store_move_task(const Queue& source, const MoveTask& task, Context& ctx) {
  ctx.batch.put(keys::move_task({source.id, task.id}), encode_move_task(task));
}

void Broker::end_move_task(Queue& source, MoveTask::Status status, std::string_view reason,
                           Context& ctx) {
  MoveTask& task = source.move_tasks.back();
  task.status = status;
  task.failure_reason = reason;
  store_move_task(source, task, ctx);
  deadlines_.clear(DeadlineKind::move_task, source.id);
}

void Broker::resume_move_task(Queue& source, Context& ctx) {
  outbox_.own_work.push_back({OwnWork::Kind::move_slice, source.id});
  deadlines_.set(DeadlineKind::move_task, source.id, ctx.now + slice_retry);
}

Queue* Broker::move_destination(const MoveTask& task, const MessageRecord& message) const {
  return find_queue_by_arn(task.destination_arn.value_or(message.dead_letter_source_arn));
}

std::vector<PlannedMove> Broker::planned_moves(const Queue& source, const MoveTask& task,
                                               const ReceivePlan& plan, Context& ctx,
                                               std::string_view& failure) const {
  std::vector<PlannedMove> moves;
  std::size_t bytes = 0;
  for (const auto& step : plan.steps) {
    if (step.action != ReceivePlan::Action::deliver) continue;
    PlannedMove& move = moves.emplace_back();
    const auto* value = ctx.fetched.get(keys::message(source.place_of(step.entry.body)));
    // A damaged record, or none, has nothing that could be moved.
    const auto stored = *value ? read_message(**value) : std::nullopt;
    if (!stored) continue;
    move.destination = move_destination(task, stored->record);
    if (move.destination == nullptr) {
      const bool has_source =
          task.destination_arn || !stored->record.dead_letter_source_arn.empty();
      failure =
          has_source ? "AWS.SimpleQueueService.NonExistentQueue" : "CouldNotDetermineMessageSource";
      moves.pop_back();
      return moves;
    }
    bytes += (*value)->size();
    move.record = redriven_record(*stored, ctx.ids.uuid(), source.arn());
    move.group_id = stored->record.group_id;
    move.old_id = stored->record.id;
    if (bytes >= slice_bytes_max) break;
  }
  return moves;
}

void Broker::carry_out_moves(Queue& source, const ReceivePlan& plan,
                             const std::vector<PlannedMove>& moves, Context& ctx) {
  take_planned(source, plan);
  auto move = moves.begin();
  for (const auto& step : plan.steps) {
    if (step.action == ReceivePlan::Action::expire) {
      drop_expired(source, step.entry, ctx);
      continue;
    }
    if (move->destination != nullptr) {
      NewMessage message;
      message.head = move->record;
      message.group_id = move->group_id;
      enqueue(*move->destination, message, move->destination->settings.delay, ctx);
      log_step("redriven", move->old_id, source, ctx);
    }
    erase_message(source, step.entry, ctx);
    ++move;
  }
  release_planned(source, plan);
}

Answer<api::Empty> Broker::move_slice(std::uint64_t source_id, Context& ctx) {
  const auto at = queues_.find(source_id);
  if (at == queues_.end() || at->second->move_tasks.empty()) return api::Empty{};
  Queue& source = *at->second;
  MoveTask& task = source.move_tasks.back();
  if (!task.is_active() || ctx.now < task.next_slice) return api::Empty{};
  if (task.status == MoveTask::Status::cancelling) {
    end_move_task(source, MoveTask::Status::cancelled, {}, ctx);
    return api::Empty{};
  }
  const auto make_plan = [&](std::size_t count_max) {
    ReceivePlan plan;
    plan.moves_arrived_before = task.arrived_before;
    plan_receive(source, count_max, ctx, plan);
    return plan;
  };
  std::size_t count_max = task.slice_messages_max;
  if (task.rate) {
    count_max = std::min(
        count_max, static_cast<std::size_t>(std::max<std::int64_t>(*task.rate / slices_per_s, 1)));
  }
  ReceivePlan plan = make_plan(count_max);
  if (ctx.fetched.missing()) return NeedKeys{};
  if (plan.looks_further || (plan.steps.empty() && has_more_to_look_at(source, ctx.now))) {
    ask_for_window(source, settings_.queue_window_messages);
    return NeedKeys{source.id};
  }
  if (plan.steps.empty()) {
    end_move_task(source, MoveTask::Status::completed, {}, ctx);
    return api::Empty{};
  }
  std::string_view failure;
  const auto moves = planned_moves(source, task, plan, ctx, failure);
  if (moves.size() < plan.deliver_count) plan = make_plan(moves.size());
  carry_out_moves(source, plan, moves, ctx);
  count_moves(source, task, moves, ctx);
  if (!failure.empty()) end_move_task(source, MoveTask::Status::failed, failure, ctx);
  return api::Empty{};
}

void Broker::count_moves(const Queue& source, MoveTask& task, const std::vector<PlannedMove>& moves,
                         Context& ctx) {
  std::size_t bytes = 1;
  for (const auto& move : moves) {
    bytes += move.record.size();
    if (move.destination != nullptr) ++task.moved;
  }
  // As many as a slice may carry of messages like these.
  if (!moves.empty()) {
    const std::size_t fitting = slice_bytes_max / (bytes / moves.size() + 1);
    task.slice_messages_max = std::clamp<std::size_t>(fitting, 1, slice_messages_max);
  }
  task.next_slice = ctx.now;
  if (task.rate) {
    const auto share_ms = static_cast<std::int64_t>(moves.size()) * 1000 / *task.rate + 1;
    task.next_slice += std::chrono::milliseconds(moves.empty() ? 0 : share_ms);
  }
  store_move_task(source, task, ctx);
  deadlines_.set(DeadlineKind::move_task, source.id, task.next_slice);
}

std::string Broker::load_move_tasks(const storage::View& view, Context& ctx) {
  return load_all(view, keys::Prefix::move_task, "message move tasks",
                  [&](std::string_view key, std::string_view value) {
                    const auto place = keys::parse_move_task(key);
                    MoveTask task;
                    if (!place || !decode_move_task(value, task)) {
                      return not_understood("a message move task", key);
                    }
                    const auto queue = queues_.find(place->queue_id);
                    if (queue == queues_.end()) {
                      return not_understood("a message move task of an unknown queue", key);
                    }
                    task.id = place->task_id;
                    if (task.is_active()) {
                      deadlines_.set(DeadlineKind::move_task, place->queue_id, ctx.now);
                    }
                    queue->second->move_tasks.push_back(std::move(task));
                    return std::string();
                  });
}

}  // namespace signalbox::broker
