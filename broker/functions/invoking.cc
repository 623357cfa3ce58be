// Invocations, from their start to their end: who has asked for one, who runs it, how long it may.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "broker/base64.h"
#include "broker/functions/functions.h"
#include "broker/outbox.h"
#include "broker/settings.h"

namespace signalbox::broker::functions {

namespace {

// How long one that has ended is kept for a client that is about to ask.
constexpr std::chrono::seconds kept_after_end{60};
// What its worker wrote last is read from a pipe.
constexpr std::chrono::seconds tail_wait{2};
// What a process may take to start, beside the function's timeout; as at the service.
constexpr std::chrono::seconds start_max{10};
// Waiting for an invocation ends with its function's timeout, which has a deadline of its own.
constexpr std::chrono::hours wait_max{24};

Duration timeout_of(const Function& function) {
  return std::chrono::seconds(function.config.timeout.value_or(3));
}

wire::InvokeResponse answer(const Invocation& invocation) {
  wire::InvokeResponse response;
  response.status_code = 200;
  response.function_error = invocation.outcome.function_error;
  response.executed_version = invocation.executed_version;
  response.payload = api::Blob{invocation.outcome.payload};
  if (!invocation.made_of.wants_tail) return response;
  response.log_result.emplace();
  append_base64(*response.log_result, invocation.tail);
  return response;
}

Outcome timed_out(const Invocation& invocation) {
  const std::string text =
      fmt::format("RequestId: {} Error: Task timed out after {}.00 seconds",
                  invocation.made_of.request_id, invocation.function->config.timeout.value_or(3));
  return {.payload = error_payload("Sandbox.Timedout", text),
          .function_error = "Unhandled",
          .is_late = true};
}

Outcome never_ready(const Invocation& invocation) {
  const Function& function = *invocation.function;
  const auto waited_s = function.config.timeout.value_or(3) + start_max.count();
  const std::string text = fmt::format(
      "RequestId: {} Error: Task timed out after {}.00 seconds: its process was still starting{}{}",
      invocation.made_of.request_id, waited_s,
      function.last_exit.empty() ? "" : "; the one before: ", function.last_exit);
  return {error_payload("Sandbox.Timedout", text), "Unhandled"};
}

// "Root=1-...", as the service gives those that bring none; nobody samples them.
std::string new_trace_header(Context& ctx) {
  return fmt::format("Root=1-{:08x}-{:08x}{:016x};Parent={:016x};Sampled=0",
                     static_cast<std::uint32_t>(to_ms(ctx.wall) / 1000),
                     static_cast<std::uint32_t>(ctx.ids.random_bits()), ctx.ids.random_bits(),
                     ctx.ids.random_bits());
}

}  // namespace

Error is_to_stop() { return {ErrorCode::service_unavailable, "The broker is stopping."}; }

// What is reserved counts over all versions, what the broker runs itself for each.
std::size_t Functions::room(const Function& function, Time now) const {
  const auto left_of = [](std::size_t limit, std::size_t used) {
    return limit - std::min(limit, used);
  };
  if (is_stopping_) return 0;
  const Function& all = latest_of(function);
  std::size_t left = SIZE_MAX;
  if (all.reserved_concurrency) {
    left = left_of(static_cast<std::size_t>(*all.reserved_concurrency),
                   static_cast<std::size_t>(at_work(all)));
  }
  if (runner_of(function, now) == Runner::attached) {
    return std::min(left, left_of(waiting_workers(function), function.pending.size()));
  }
  return std::min(left, left_of(host_.settings().function_concurrency, function.at_work()));
}

// Between an answer and the next question one that is attached is not seen: until that is over.
std::optional<Time> Functions::room_again(const Function& function, Time now) {
  return function.attached_until > now ? std::optional(function.attached_until) : std::nullopt;
}

bool Functions::runs_any() const {
  return std::any_of(
      invocations_by_number_.begin(), invocations_by_number_.end(),
      [](const auto& each) { return each.second->state == Invocation::State::running; });
}

bool Functions::runs_later_than(std::uint64_t number, Time now) const {
  return std::any_of(invocations_by_number_.begin(), invocations_by_number_.end(),
                     [&](const auto& each) {
                       const auto& [at, invocation] = each;
                       if (at <= number || invocation->state == Invocation::State::ended)
                         return false;
                       return invocation->state == Invocation::State::running ||
                              runner_of(*invocation->function, now) == Runner::process;
                     });
}

Invocation& Functions::start(Function& function, NewInvocation made, Context& ctx) {
  if (made.trace_header.empty()) made.trace_header = new_trace_header(ctx);
  Invocation& invocation = invocations_[made.request_id];
  invocation.made_of = std::move(made);
  invocation.number = ++last_number_;
  invocation.function = &function;
  invocation.executed_version = function.config.version.value_or("");
  invocations_by_number_[invocation.number] = &invocation;
  const Runner runner = runner_of(function, ctx.now);
  const Duration wait =
      timeout_of(function) + (runner == Runner::process ? start_max : Duration(0));
  host_.deadlines().set(DeadlineKind::invocation, invocation.number, ctx.now + wait);
  if (runner == Runner::url) {
    post(invocation, ctx);
    return invocation;
  }
  function.pending[invocation.number] = &invocation;
  wake_workers(function);
  start_workers(function, ctx);
  return invocation;
}

// Run again when the invocation has ended: its request id says which it is.
Answer<wire::InvokeResponse> Functions::invoke(const wire::InvokeRequest& request, Context& ctx) {
  const auto begun = invocations_.find(ctx.caller.request_id);
  Invocation* invocation = begun == invocations_.end() ? nullptr : &begun->second;
  if (invocation == nullptr) {
    SIGNALBOX_TRY(Function* const function,
                  find_invoked(request.function_name, request.qualifier, ctx));
    const std::string type = request.invocation_type.value_or("RequestResponse");
    if (type == "DryRun") return wire::InvokeResponse{.status_code = 204};
    NewInvocation made;
    made.request_id = ctx.caller.request_id;
    made.payload = request.payload ? request.payload->bytes : "{}";
    made.trace_header = ctx.caller.trace_header;
    made.client_context = request.client_context;
    made.wants_tail = request.log_type == "Tail";
    if (type == "Event") {
      SIGNALBOX_TRY(const FunctionName name,
                    parse_function_name(request.function_name, request.qualifier, ctx.caller));
      events_.accept(*function,
                     {made.request_id, std::move(made.payload), std::move(made.trace_header),
                      name.qualifier.value_or("")},
                     ctx);
      return wire::InvokeResponse{.status_code = 202};
    }
    if (is_stopping_) return is_to_stop();
    const Function& all = latest_of(*function);
    if (all.reserved_concurrency && at_work(all) >= *all.reserved_concurrency) {
      ++counters.throttles;
      return Error{ErrorCode::throttled, "Rate Exceeded."};
    }
    invocation = &start(*function, std::move(made), ctx);
  }
  if (invocation->state == Invocation::State::ended && !invocation->waits_for_tail) {
    auto response = answer(*invocation);
    forget(*invocation);
    return response;
  }
  const bool is_over = ctx.wait_deadline && *ctx.wait_deadline <= ctx.now;
  if (is_over) return is_to_stop();
  ctx.wait_deadline = ctx.now + wait_max;
  return Wait{invocation_waits | invocation->number};
}

void Functions::forget(Invocation& invocation) {
  host_.deadlines().clear(DeadlineKind::invocation, invocation.number);
  invocations_by_number_.erase(invocation.number);
  invocations_.erase(std::string(invocation.made_of.request_id));
}

void Functions::end(Invocation& invocation, Outcome outcome, Context& ctx) {
  Function& function = *invocation.function;
  function.pending.erase(invocation.number);
  if (invocation.state == Invocation::State::running) {
    --function.running_count;
    log_end(invocation, outcome.is_late, ctx);
  }
  invocation.state = Invocation::State::ended;
  invocation.made_of.payload.clear();
  if (!outcome.was_not_run) {
    ++counters.invocations;
    if (outcome.function_error) ++counters.errors;
  }
  invocation.outcome = std::move(outcome);
  if (invocation.made_of.owner == nullptr) {
    host_.outbox().wakes.push_back(invocation_waits | invocation.number);
    host_.deadlines().set(DeadlineKind::invocation, invocation.number,
                          ctx.now + (invocation.waits_for_tail ? tail_wait : kept_after_end));
  } else {
    const Invocation ended = invocation;
    forget(invocation);
    ended.made_of.owner->invocation_ended(ended, ctx);
  }
  tell_of_room(function, ctx);
}

void Functions::end_at_start(Invocation& invocation, std::uint64_t worker_id, Outcome outcome,
                             Context& ctx) {
  Function& function = *invocation.function;
  function.pending.erase(invocation.number);
  ++function.running_count;
  invocation.state = Invocation::State::running;
  invocation.started = ctx.now;
  invocation.worker_id = worker_id;
  end(invocation, std::move(outcome), ctx);
}

void Functions::end_all(const Function& function, Context& ctx) {
  std::vector<Invocation*> of_function;
  for (const auto& [number, invocation] : invocations_by_number_) {
    if (invocation->function == &function) of_function.push_back(invocation);
  }
  for (Invocation* const invocation : of_function) {
    if (invocation->state != Invocation::State::ended) {
      end(*invocation,
          {error_payload("ResourceNotFoundException", "The function was deleted."), "Unhandled"},
          ctx);
    }
  }
  for (auto& [number, invocation] : invocations_by_number_) {
    if (invocation->function == &function) invocation->function = nullptr;
  }
}

// What is reserved is all versions' together: one that ends makes room for any of them.
void Functions::tell_of_room(const Function& function, Context& ctx) {
  const Function& all = latest_of(function);
  if (all.reserved_concurrency) return tell_versions_of_room(all, ctx);
  for (InvocationOwner* const owner : owners_) owner->has_room(function, ctx);
}

void Functions::tell_versions_of_room(const Function& latest, Context& ctx) {
  for (InvocationOwner* const owner : owners_) {
    owner->has_room(latest, ctx);
    for (const auto& [number, version] : latest.versions) owner->has_room(version, ctx);
  }
}

Outcome Functions::not_asked_for(const Invocation& invocation, Time now) const {
  const Function& function = *invocation.function;
  const auto timeout_s = function.config.timeout.value_or(3);
  std::string why = fmt::format(
      "No worker asked for it within {} seconds. One attaches with "
      "AWS_LAMBDA_RUNTIME_API=HOST:PORT/functions/{}",
      timeout_s, function.config.function_name.value_or(""));
  if (runner_of(function, now) == Runner::process) {
    why = fmt::format("All of its processes were busy for {} seconds; function-concurrency is {}",
                      timeout_s + start_max.count(), host_.settings().function_concurrency);
  } else if (!function.image_uri && !has_program(function)) {
    why += fmt::format(
        ". The broker cannot start the runtime {} itself: it knows python3.*, "
        "nodejs* and provided*",
        function.config.runtime.value_or(""));
  } else if (has_program(function) && !host_.settings().function_processes) {
    why +=
        ". The broker starts no processes itself: function-processes, or a check of Host or "
        "Origin that is off, forbids it";
  }
  const std::string text =
      fmt::format("RequestId: {} Error: {}", invocation.made_of.request_id, why);
  return {error_payload("Runtime.NoWorker", text), "Unhandled", true};
}

void Functions::time_is_up(std::uint64_t number, Context& ctx) {
  const auto at = invocations_by_number_.find(number);
  if (at == invocations_by_number_.end()) return;
  Invocation& invocation = *at->second;
  if (invocation.state == Invocation::State::ended) {
    if (!std::exchange(invocation.waits_for_tail, false)) {
      // Nobody asked for it any more.
      forget(invocation);
      return;
    }
    // What its worker wrote never came.
    host_.outbox().wakes.push_back(invocation_waits | number);
    host_.deadlines().set(DeadlineKind::invocation, number, ctx.now + kept_after_end);
    return;
  }
  if (invocation.state == Invocation::State::pending) {
    Function& function = *invocation.function;
    Worker* const worker =
        runner_of(function, ctx.now) == Runner::process ? starting_worker(function) : nullptr;
    if (worker == nullptr) return end(invocation, not_asked_for(invocation, ctx.now), ctx);
    // Whatever it is doing, it will not be ready for the next one either.
    ++counters.timeouts;
    const std::uint64_t worker_id = worker->id;
    kill_worker(worker_id);
    end_at_start(invocation, worker_id, never_ready(invocation), ctx);
    return;
  }
  ++counters.timeouts;
  const std::uint64_t worker_id = invocation.worker_id;
  end(invocation, timed_out(invocation), ctx);
  // A process that is late is stopped: nobody knows what it still does.
  if (worker_id != 0) kill_worker(worker_id);
}

}  // namespace signalbox::broker::functions
