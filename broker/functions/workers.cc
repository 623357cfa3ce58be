// Functions that the broker runs itself: which processes there are to be, and what follows from how
// they end. Processes are started and stopped by orders (worker_order.h).
#include <fmt/format.h>

#include <algorithm>

#include "broker/functions/functions.h"
#include "broker/outbox.h"
#include "broker/settings.h"

namespace signalbox::broker::functions {

namespace {

// Between an answer and the next question a worker that attached itself is nowhere to be seen.
constexpr std::chrono::seconds attached_for{10};
// After its error a worker may still write.
constexpr std::chrono::seconds exit_wait{2};

}  // namespace

bool has_program(const Function& function) {
  if (function.image_uri) return function.image_uri->starts_with(command_image);
  const std::string runtime = function.config.runtime.value_or("");
  return runtime.starts_with("python3.") || runtime.starts_with("nodejs") ||
         runtime.starts_with("provided");
}

Functions::WorkerCounts Functions::count_workers(const Function& function) const {
  WorkerCounts counts;
  for (const auto& [id, worker] : workers_) {
    if (worker.function != &function) continue;
    counts.starting += worker.state == Worker::State::starting ? 1 : 0;
    counts.idle += worker.state == Worker::State::idle ? 1 : 0;
    counts.busy += worker.state == Worker::State::busy ? 1 : 0;
  }
  return counts;
}

// Somebody who develops a function attaches a worker of their own: then it is that one's.
bool Functions::has_attached(const Function& function, Time now) const {
  const auto counts = count_workers(function);
  return now < function.attached_until || function.running_count > counts.busy ||
         waiting_workers(function) > counts.idle;
}

Runner Functions::runner_of(const Function& function, Time now) const {
  const std::string_view image = function.image_uri ? std::string_view(*function.image_uri) : "";
  if (image.starts_with("http://") || image.starts_with("https://")) return Runner::url;
  const bool is_process =
      host_.settings().function_processes && has_program(function) && !has_attached(function, now);
  return is_process ? Runner::process : Runner::attached;
}

void Functions::note_attached(Function& function, Time now) {
  function.attached_until = now + attached_for;
}

void Functions::start_workers(Function& function, Context& ctx) {
  if (is_stopping_ || function.pending.empty() || runner_of(function, ctx.now) != Runner::process)
    return;
  const auto counts = count_workers(function);
  // What is reserved is no matter here: no more invocations than that are started.
  const std::size_t limit = host_.settings().function_concurrency;
  std::size_t there = counts.starting + counts.idle + counts.busy;
  std::size_t free = counts.starting + counts.idle;
  for (; free < function.pending.size() && there < limit; ++free, ++there) {
    WorkerOrder made;
    made.worker_id = host_.new_id(ctx);
    made.code_function_id = latest_of(function).id;
    made.code_number = function.code_number;
    made.config = std::make_shared<const wire::FunctionConfiguration>(function.config);
    workers_[made.worker_id] = {made.worker_id, &function, Worker::State::starting};
    order(std::move(made));
  }
}

// The one that was ordered first.
Worker* Functions::starting_worker(const Function& function) {
  for (auto& [id, worker] : workers_) {
    if (worker.function == &function && worker.state == Worker::State::starting) return &worker;
  }
  return nullptr;
}

void Functions::keep_code(const Function& latest) {
  std::vector<std::string> kept{latest.config.code_sha256.value_or("")};
  for (const auto& [number, version] : latest.versions) {
    kept.push_back(version.config.code_sha256.value_or(""));
  }
  order({.kind = WorkerOrder::Kind::keep_code,
         .code_function_id = latest.id,
         .lines = std::move(kept)});
}

Result<Worker*> Functions::find_worker(const std::string& function_name) {
  const std::uint64_t id = parse_worker_name(function_name).worker_id;
  if (id == 0 || (id >= attached_ids && !leaving_.contains(id))) {
    return static_cast<Worker*>(nullptr);
  }
  const auto at = workers_.find(id);
  const bool is_there = at != workers_.end() && at->second.state != Worker::State::stopping &&
                        at->second.state != Worker::State::failed;
  if (is_there) return &at->second;
  if (at != workers_.end()) at->second.is_parked = false;
  return Error{ErrorCode::resource_not_found, fmt::format("Worker {} is to stop.", id)};
}

void Functions::worker_is_ready(Worker& worker) {
  if (worker.state != Worker::State::starting) return;
  worker.function->last_exit.clear();
  order({.kind = WorkerOrder::Kind::ready, .worker_id = worker.id});
}

void Functions::worker_waits_again(Worker& worker, Context& ctx) {
  if (worker.state == Worker::State::idle) return;
  worker_is_ready(worker);
  worker.state = Worker::State::idle;
  host_.deadlines().set(DeadlineKind::worker, worker.id, ctx.now + host_.settings().function_idle);
}

void Functions::worker_failed(Worker& worker, Context& ctx) {
  worker.state = Worker::State::failed;
  host_.deadlines().set(DeadlineKind::worker, worker.id, ctx.now + exit_wait);
}

// Or it has failed and does not exit.
void Functions::worker_is_idle(std::uint64_t worker_id) {
  const auto at = workers_.find(worker_id);
  if (at == workers_.end()) return;
  const auto state = at->second.state;
  if (state == Worker::State::idle || state == Worker::State::failed) stop_worker(worker_id);
}

void Functions::order(WorkerOrder order) {
  host_.outbox().worker_orders.push_back(std::move(order));
}

void Functions::stop_worker(std::uint64_t worker_id) {
  const auto at = workers_.find(worker_id);
  if (at == workers_.end() || at->second.state == Worker::State::stopping) return;
  at->second.is_parked = at->second.state == Worker::State::idle;
  at->second.state = Worker::State::stopping;
  host_.deadlines().clear(DeadlineKind::worker, worker_id);
  order({.kind = WorkerOrder::Kind::stop, .worker_id = worker_id});
}

void Functions::kill_worker(std::uint64_t worker_id) {
  const auto at = workers_.find(worker_id);
  if (at == workers_.end()) return;
  at->second.state = Worker::State::stopping;
  order({.kind = WorkerOrder::Kind::kill, .worker_id = worker_id});
}

// What runs goes on, with what the function was when it began; unless it is gone.
void Functions::replace_workers(const Function& function) {
  for (auto& [id, worker] : workers_) {
    if (worker.function != &function) continue;
    if (worker.state == Worker::State::busy) {
      worker.is_outdated = true;
    } else {
      stop_worker(id);
    }
  }
}

void Functions::stop_workers(const Function& function) {
  for (auto& [id, worker] : workers_) {
    if (worker.function != &function) continue;
    stop_worker(id);
    worker.function = nullptr;
  }
}

void Functions::worker_news(const WorkerNews& news, Context& ctx) {
  switch (news.kind) {
    case WorkerNews::Kind::tail: return tail_came(news, ctx);
    case WorkerNews::Kind::exited: return worker_exited(news, ctx);
    case WorkerNews::Kind::leaves: leaving_.insert(news.worker_id); return;
    case WorkerNews::Kind::left: return attached_left(news, ctx);
  }
}

void Functions::attached_left(const WorkerNews& news, Context& ctx) {
  // What it asked before may still wait.
  leaving_.insert(news.worker_id);
  std::vector<Invocation*> held;
  for (const auto& [number, invocation] : invocations_by_number_) {
    const bool runs = invocation->state == Invocation::State::running;
    if (runs && invocation->attached_id == news.worker_id) held.push_back(invocation);
  }
  for (Invocation* const invocation : held) {
    const std::string message =
        fmt::format("RequestId: {} Error: {}", invocation->made_of.request_id, news.text);
    end(*invocation, {error_payload(news.error_type, message), "Unhandled"}, ctx);
  }
}

// It will not do better for the next one that waits, and neither will another, unless one has.
void Functions::end_for_failed(Function& function, std::uint64_t worker_id,
                               const OutcomeOf& outcome_of, Context& ctx) {
  const auto counts = count_workers(function);
  const bool works = counts.idle + counts.busy > 0;
  while (!function.pending.empty()) {
    Invocation& oldest = *function.pending.begin()->second;
    end_at_start(oldest, worker_id, outcome_of(oldest), ctx);
    if (works) return;
  }
}

void Functions::worker_exited(const WorkerNews& news, Context& ctx) {
  const auto at = workers_.find(news.worker_id);
  if (at == workers_.end()) return;
  const Worker worker = at->second;
  workers_.erase(at);
  host_.deadlines().clear(DeadlineKind::worker, worker.id);
  if (worker.function == nullptr) return;
  Invocation* ended = nullptr;
  for (const auto& [number, invocation] : invocations_by_number_) {
    const bool was_running = invocation->state == Invocation::State::running;
    if (was_running && invocation->worker_id == worker.id) ended = invocation;
  }
  const auto outcome_of = [&](const Invocation& invocation) {
    const std::string message =
        fmt::format("RequestId: {} Error: {}", invocation.made_of.request_id, news.text);
    return Outcome{error_payload(news.error_type, message), "Unhandled"};
  };
  if (ended != nullptr) end(*ended, outcome_of(*ended), ctx);
  if (worker.state == Worker::State::starting) {
    worker.function->last_exit = news.text;
    end_for_failed(*worker.function, worker.id, outcome_of, ctx);
  }
  start_workers(*worker.function, ctx);
}

}  // namespace signalbox::broker::functions
