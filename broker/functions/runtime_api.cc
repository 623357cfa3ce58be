// The Runtime API: a worker asks for the next invocation, and tells what came of it.
#include <fmt/format.h>

#include <chrono>

#include "broker/functions/functions.h"

namespace signalbox::broker::functions {

namespace {

// A worker waits until there is something to do; its client sets no limit.
constexpr std::chrono::hours wait_max{24 * 365};
constexpr std::size_t payload_bytes_max = 6'291'556;

}  // namespace

Answer<runtime::NextResponse> Functions::next_invocation(const runtime::NextRequest& request,
                                                         Context& ctx) {
  SIGNALBOX_TRY(Function* const function, find_function_of_worker(request.function_name, ctx));
  if (function->pending.empty()) {
    const bool is_over = ctx.wait_deadline && *ctx.wait_deadline <= ctx.now;
    if (is_over) return Error{ErrorCode::service_unavailable, "The broker is stopping."};
    ctx.wait_deadline = ctx.now + wait_max;
    return Wait{worker_waits | function->id};
  }
  Invocation& invocation = *function->pending.begin()->second;
  function->pending.erase(function->pending.begin());
  invocation.state = Invocation::State::running;
  ++function->running_count;
  const auto timeout = std::chrono::seconds(function->config.timeout.value_or(3));
  host_.deadlines().set(DeadlineKind::invocation, invocation.number, ctx.now + timeout);
  runtime::NextResponse response;
  response.request_id = invocation.request_id;
  response.deadline_ms = fmt::to_string(to_ms(ctx.wall + timeout));
  response.function_arn = *function->config.function_arn;
  if (!invocation.trace_header.empty()) response.trace_id = invocation.trace_header;
  response.client_context = invocation.client_context;
  response.payload.bytes = invocation.payload;
  return response;
}

Result<Invocation*> Functions::find_running(const runtime::OutcomeRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Function* const function,
                find_function_of_worker(request.function_name, ctx));
  const auto at = invocations_.find(request.request_id);
  if (at == invocations_.end() || at->second.function != function ||
      at->second.state != Invocation::State::running) {
    return Error{ErrorCode::invalid_parameter_value,
                 fmt::format("Invalid request ID: {} is not under way.", request.request_id)};
  }
  return &at->second;
}

Result<runtime::Accepted> Functions::invocation_response(const runtime::OutcomeRequest& request,
                                                         Context& ctx) {
  SIGNALBOX_TRY(Invocation* const invocation, find_running(request, ctx));
  if (request.payload.bytes.size() > payload_bytes_max) {
    const std::string text =
        fmt::format("Response payload size exceeded maximum allowed payload size ({} bytes).",
                    payload_bytes_max);
    end(*invocation, {error_payload("Function.ResponseSizeTooLarge", text), "Unhandled"});
    return Error{ErrorCode::request_too_large, text};
  }
  end(*invocation, {request.payload.bytes, {}});
  return runtime::Accepted{};
}

Result<runtime::Accepted> Functions::invocation_error(const runtime::OutcomeRequest& request,
                                                      Context& ctx) {
  SIGNALBOX_TRY(Invocation* const invocation, find_running(request, ctx));
  end(*invocation, {request.payload.bytes, "Unhandled"});
  return runtime::Accepted{};
}

// Nothing can be done by that worker: those who wait are told.
Result<runtime::Accepted> Functions::init_error(const runtime::InitErrorRequest& request,
                                                Context& ctx) {
  SIGNALBOX_TRY(Function* const function, find_function_of_worker(request.function_name, ctx));
  while (!function->pending.empty()) {
    end(*function->pending.begin()->second, {request.payload.bytes, "Unhandled"});
  }
  return runtime::Accepted{};
}

}  // namespace signalbox::broker::functions
