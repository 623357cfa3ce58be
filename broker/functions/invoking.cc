// Invoke: an invocation waits for a worker, then for what the worker says of it.
#include <fmt/format.h>

#include <chrono>

#include "broker/functions/functions.h"

namespace signalbox::broker::functions {

namespace {

// How long one that has ended is kept for a client that is about to ask.
constexpr std::chrono::seconds kept_after_end{60};
// Waiting for an invocation ends with its function's timeout, which has a deadline of its own.
constexpr std::chrono::hours wait_max{24};

Duration timeout_of(const Function& function) {
  return std::chrono::seconds(function.config.timeout.value_or(3));
}

wire::InvokeResponse answer(const Outcome& outcome) {
  wire::InvokeResponse response;
  response.status_code = 200;
  response.function_error = outcome.function_error;
  response.executed_version = std::string(latest);
  response.payload = api::Blob{outcome.payload};
  return response;
}

}  // namespace

Invocation& Functions::start_invocation(Function& function, const wire::InvokeRequest& request,
                                        Context& ctx) {
  Invocation& invocation = invocations_[ctx.caller.request_id];
  invocation.request_id = ctx.caller.request_id;
  invocation.number = ++last_number_;
  invocation.function = &function;
  invocation.payload = request.payload ? request.payload->bytes : "{}";
  invocation.trace_header = ctx.caller.trace_header;
  invocation.client_context = request.client_context;
  invocations_by_number_[invocation.number] = &invocation;
  function.pending[invocation.number] = &invocation;
  host_.deadlines().set(DeadlineKind::invocation, invocation.number,
                        ctx.now + timeout_of(function));
  host_.wake(worker_waits | function.id);
  return invocation;
}

// Run again when the invocation has ended: its request id says which it is.
Answer<wire::InvokeResponse> Functions::invoke(const wire::InvokeRequest& request, Context& ctx) {
  const auto begun = invocations_.find(ctx.caller.request_id);
  Invocation* invocation = begun == invocations_.end() ? nullptr : &begun->second;
  if (invocation == nullptr) {
    SIGNALBOX_TRY(Function* const function,
                  find_function(request.function_name, request.qualifier, ctx));
    const std::string type = request.invocation_type.value_or("RequestResponse");
    if (type == "DryRun") return wire::InvokeResponse{.status_code = 204};
    const auto at_work =
        static_cast<std::int64_t>(function->pending.size() + function->running_count);
    if (at_work >= function->reserved_concurrency.value_or(at_work + 1)) {
      return Error{ErrorCode::throttled, "Rate Exceeded."};
    }
    if (type == "Event") {
      return Error{ErrorCode::invalid_parameter_value,
                   "Invocations of type Event are not there yet: use RequestResponse."};
    }
    invocation = &start_invocation(*function, request, ctx);
  }
  if (invocation->state == Invocation::State::ended) {
    auto response = answer(invocation->outcome);
    host_.deadlines().clear(DeadlineKind::invocation, invocation->number);
    invocations_by_number_.erase(invocation->number);
    invocations_.erase(ctx.caller.request_id);
    return response;
  }
  const bool is_over = ctx.wait_deadline && *ctx.wait_deadline <= ctx.now;
  if (is_over) return Error{ErrorCode::service_unavailable, "The broker is stopping."};
  ctx.wait_deadline = ctx.now + wait_max;
  return Wait{invocation_waits | invocation->number};
}

void Functions::end(Invocation& invocation, Outcome outcome) {
  invocation.function->pending.erase(invocation.number);
  if (invocation.state == Invocation::State::running) --invocation.function->running_count;
  invocation.state = Invocation::State::ended;
  invocation.payload.clear();
  invocation.outcome = std::move(outcome);
  host_.wake(invocation_waits | invocation.number);
}

void Functions::time_is_up(std::uint64_t number, Time now) {
  const auto at = invocations_by_number_.find(number);
  if (at == invocations_by_number_.end()) return;
  Invocation& invocation = *at->second;
  if (invocation.state == Invocation::State::ended) {
    // Nobody asked for it any more.
    invocations_.erase(std::string(invocation.request_id));
    invocations_by_number_.erase(at);
    return;
  }
  const auto& config = invocation.function->config;
  const bool had_worker = invocation.state == Invocation::State::running;
  const std::string text =
      had_worker ? fmt::format("RequestId: {} Error: Task timed out after {}.00 seconds",
                               invocation.request_id, config.timeout.value_or(3))
                 : fmt::format(
                       "RequestId: {} Error: No worker asked for it within {} seconds. One "
                       "attaches with AWS_LAMBDA_RUNTIME_API=HOST:PORT/functions/{}",
                       invocation.request_id, config.timeout.value_or(3),
                       config.function_name.value_or(""));
  end(invocation,
      {error_payload(had_worker ? "Sandbox.Timedout" : "Runtime.NoWorker", text), "Unhandled"});
  host_.deadlines().set(DeadlineKind::invocation, number, now + kept_after_end);
}

}  // namespace signalbox::broker::functions
