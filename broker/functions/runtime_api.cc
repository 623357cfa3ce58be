// The Runtime API: a worker asks for the next invocation, and tells what came of it.
#include <fmt/format.h>

#include <chrono>

#include "broker/functions/functions.h"
#include "broker/outbox.h"

namespace signalbox::broker::functions {

namespace {

// A worker waits until there is something to do; its client sets no limit.
constexpr std::chrono::hours wait_max{24 * 365};

std::string too_large_text() {
  return fmt::format("Response payload size exceeded maximum allowed payload size ({} bytes).",
                     response_bytes_max);
}

Outcome failure(const std::string& payload, const std::optional<std::string>& error_type) {
  if (payload.size() > response_bytes_max) return too_large();
  if (!payload.empty()) return {payload, "Unhandled"};
  return {error_payload(error_type.value_or("Runtime.Unknown"), ""), "Unhandled"};
}

}  // namespace

Answer<runtime::NextResponse> Functions::next_invocation(const runtime::NextRequest& request,
                                                         Context& ctx) {
  SIGNALBOX_TRY(Function* const function, find_function_of_worker(request.function_name, ctx));
  SIGNALBOX_TRY(Worker* const worker, find_worker(request.function_name));
  if (worker == nullptr) {
    note_attached(*function, ctx.now);
  } else if (worker->is_outdated) {
    stop_worker(worker->id);
    return Error{ErrorCode::resource_not_found, "The function has changed: the worker is to stop."};
  }
  if (function->pending.empty() || is_stopping_) {
    if (worker != nullptr) worker_waits_again(*worker, ctx);
    const bool is_over = ctx.wait_deadline && *ctx.wait_deadline <= ctx.now;
    if (is_over) return is_to_stop();
    ctx.wait_deadline = ctx.now + wait_max;
    tell_of_room(*function, ctx);
    SIGNALBOX_TRY(const FunctionName name,
                  parse_function_name(parse_worker_name(request.function_name).function_name, {},
                                      ctx.caller));
    return Wait{wait_id_of(*function, name.qualifier)};
  }
  Invocation& invocation = *function->pending.begin()->second;
  function->pending.erase(function->pending.begin());
  invocation.state = Invocation::State::running;
  invocation.started = ctx.now;
  ++function->running_count;
  if (worker != nullptr) {
    worker_is_ready(*worker);
    invocation.worker_id = worker->id;
    worker->state = Worker::State::busy;
    host_.deadlines().clear(DeadlineKind::worker, worker->id);
    log_begin(invocation);
  } else {
    invocation.attached_id = parse_worker_name(request.function_name).worker_id;
  }
  const auto timeout = std::chrono::seconds(function->config.timeout.value_or(3));
  host_.deadlines().set(DeadlineKind::invocation, invocation.number, ctx.now + timeout);
  runtime::NextResponse response;
  response.request_id = invocation.made_of.request_id;
  response.deadline_ms = fmt::to_string(to_ms(ctx.wall + timeout));
  response.function_arn = *function->config.function_arn;
  // All that it tells of is durable already: an event and a message's lease before they are read.
  ctx.reply_before_commit = true;
  const NewInvocation& made = invocation.made_of;
  if (!made.trace_header.empty()) response.trace_id = made.trace_header;
  response.client_context = made.client_context;
  response.payload.bytes = made.payload;
  return response;
}

// The next worker gets it, if its time is not up before.
void Functions::give_back(const std::string& request_id, Context& ctx) {
  const auto at = invocations_.find(request_id);
  if (at == invocations_.end() || at->second.state != Invocation::State::running) return;
  Invocation& invocation = at->second;
  Function& function = *invocation.function;
  invocation.state = Invocation::State::pending;
  invocation.worker_id = 0;
  invocation.attached_id = 0;
  --function.running_count;
  function.pending[invocation.number] = &invocation;
  wake_workers(function);
  start_workers(function, ctx);
}

Result<Invocation*> Functions::find_running(const runtime::OutcomeRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Function* const function,
                find_function_of_worker(request.function_name, ctx));
  const auto at = invocations_.find(request.request_id);
  // Any version of it: an alias may have moved since the worker asked by its name.
  if (at == invocations_.end() || at->second.function == nullptr ||
      &latest_of(*at->second.function) != &latest_of(*function) ||
      at->second.state != Invocation::State::running) {
    return Error{ErrorCode::invalid_parameter_value,
                 fmt::format("Invalid request ID: {} is not under way.", request.request_id)};
  }
  return &at->second;
}

Outcome too_large() {
  return {error_payload("Function.ResponseSizeTooLarge", too_large_text()), "Unhandled"};
}

Result<runtime::Accepted> Functions::invocation_response(const runtime::OutcomeRequest& request,
                                                         Context& ctx) {
  SIGNALBOX_TRY(Invocation* const invocation, find_running(request, ctx));
  if (request.payload.bytes.size() > response_bytes_max) {
    end(*invocation, too_large(), ctx);
    return Error{ErrorCode::request_too_large, too_large_text()};
  }
  if (invocation->worker_id == 0) note_attached(*invocation->function, ctx.now);
  // What follows of it, if it is lost, is done again: a batch's messages, an event.
  ctx.reply_before_commit = true;
  end(*invocation, {request.payload.bytes, {}}, ctx);
  return runtime::Accepted{};
}

Result<runtime::Accepted> Functions::invocation_error(const runtime::OutcomeRequest& request,
                                                      Context& ctx) {
  SIGNALBOX_TRY(Invocation* const invocation, find_running(request, ctx));
  if (invocation->worker_id == 0) note_attached(*invocation->function, ctx.now);
  ctx.reply_before_commit = true;
  end(*invocation, failure(request.payload.bytes, request.error_type), ctx);
  return runtime::Accepted{};
}

// Nothing can be done by that worker. Who waits for it is told; of one that attached itself, all.
Result<runtime::Accepted> Functions::init_error(const runtime::InitErrorRequest& request,
                                                Context& ctx) {
  SIGNALBOX_TRY(Function* const function, find_function_of_worker(request.function_name, ctx));
  SIGNALBOX_TRY(Worker* const worker, find_worker(request.function_name));
  const Outcome outcome = failure(request.payload.bytes, request.error_type);
  auto& pending = function->pending;
  if (worker == nullptr) {
    while (!pending.empty()) end(*pending.begin()->second, outcome, ctx);
    return runtime::Accepted{};
  }
  function->last_exit = outcome.payload;
  worker_failed(*worker, ctx);
  end_for_failed(
      *function, worker->id, [&](const Invocation&) { return outcome; }, ctx);
  start_workers(*function, ctx);
  return runtime::Accepted{};
}

}  // namespace signalbox::broker::functions
