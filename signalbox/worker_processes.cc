#include "signalbox/worker_processes.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "broker/api/lambda.h"

namespace signalbox {

namespace {

namespace fs = std::filesystem;
using broker::WorkerNews;
using Kind = broker::WorkerOrder::Kind;

workers::WorkerPoolOptions pool_options(const Settings& settings) {
  workers::WorkerPoolOptions options;
  options.directory = fs::path(settings.data_dir) / "functions";
  return options;
}

// As the service names them: the day, the version, something of its own.
std::string log_stream_of(const std::string& version, std::uint64_t worker_id) {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("{:%Y/%m/%d}/[{}]{:032x}", fmt::gmtime(now), version, worker_id);
}

workers::WorkerOrder plan_of(const broker::WorkerOrder& order) {
  const auto& config = *order.config;
  workers::WorkerOrder plan;
  plan.worker_id = order.worker_id;
  plan.function_arn = config.function_arn.value_or("");
  plan.version = config.version.value_or("$LATEST");
  plan.memory_size_mb = config.memory_size.value_or(128);
  plan.runtime = config.runtime.value_or("");
  plan.handler = config.handler.value_or("");
  plan.log_group = "/aws/lambda/" + config.function_name.value_or("");
  if (config.logging_config && config.logging_config->log_group) {
    plan.log_group = *config.logging_config->log_group;
  }
  plan.log_stream = log_stream_of(plan.version, order.worker_id);
  if (config.environment) plan.variables = config.environment->variables;
  return plan;
}

void set_command(const broker::api::lambda::FunctionConfiguration& config,
                 workers::WorkerOrder& plan) {
  if (!config.image_config_response || !config.image_config_response->image_config) return;
  const auto& image = *config.image_config_response->image_config;
  for (const auto* part : {&image.entry_point, &image.command}) {
    if (*part) plan.command.insert(plan.command.end(), (*part)->begin(), (*part)->end());
  }
  plan.directory = image.working_directory.value_or("");
}

}  // namespace

WorkerProcesses::WorkerProcesses(const Settings& settings, const Log& log, Ports ports)
    : log_(log),
      ports_(std::move(ports)),
      worker_log_(LogGroups(fs::path(settings.data_dir) / "log-groups"), {},
                  [&log](std::string problem) {
                    log.write(LogLevel::warning, "the log of a function", {{"error", problem}});
                  }),
      pool_(pool_options(settings),
            {[this](workers::WorkerExit exit) { exited(std::move(exit)); },
             [&log](std::string warning) {
               log.write(LogLevel::warning, "the processes of functions", {{"note", warning}});
             }},
            worker_log_) {}

void WorkerProcesses::set_endpoint(std::string url) {
  std::vector<broker::WorkerOrder> held;
  {
    const std::lock_guard lock(mutex_);
    endpoint_url_ = std::move(url);
    held.swap(held_);
  }
  for (auto& each : held) carry_out(std::move(each));
}

void WorkerProcesses::order(broker::WorkerOrder order) {
  {
    const std::lock_guard lock(mutex_);
    if (endpoint_url_.empty()) return held_.push_back(std::move(order));
  }
  carry_out(std::move(order));
}

void WorkerProcesses::carry_out(broker::WorkerOrder order) {
  stop_older_than(order.epoch);
  switch (order.kind) {
    case Kind::start: return start_worker(std::move(order));
    case Kind::ready: return pool_.ready(order.worker_id);
    case Kind::stop: return pool_.stop(order.worker_id);
    case Kind::kill: return pool_.kill(order.worker_id);
    case Kind::keep_code: return pool_.keep_code(order.code_function_id, std::move(order.lines));
    case Kind::begin: return pool_.invocation_begins(order.worker_id, std::move(order.lines));
    case Kind::end: break;
  }
  std::function<void(std::string)> tail = [](const std::string&) {};
  if (!order.request_id.empty()) {
    tail = [this, id = order.worker_id, epoch = order.epoch,
            request_id = std::move(order.request_id)](std::string lines) {
      ports_.news({.kind = WorkerNews::Kind::tail,
                   .worker_id = id,
                   .epoch = epoch,
                   .text = std::move(lines),
                   .request_id = request_id});
    };
  }
  pool_.invocation_ends(order.worker_id, std::move(order.lines), std::move(tail));
}

void WorkerProcesses::start_worker(broker::WorkerOrder order) {
  workers::WorkerOrder plan = plan_of(order);
  const auto opened = http_->open(
      "127.0.0.1", 0, fmt::format("/functions/{}@{}", plan.function_arn, order.worker_id));
  {
    const std::lock_guard lock(mutex_);
    workers_[order.worker_id] = {order.epoch, opened.port};
    plan.endpoint_url = endpoint_url_;
  }
  if (!opened.problem.empty()) {
    return exited({.worker_id = order.worker_id,
                   .function_arn = plan.function_arn,
                   .error_type = "Runtime.ExitError",
                   .text = "The runtime's port could not be opened: " + opened.problem});
  }
  log_.write(LogLevel::debug, "a worker process is started",
             {{"function", plan.function_arn}, {"worker", fmt::to_string(order.worker_id)}});
  plan.runtime_api = fmt::format("127.0.0.1:{}", opened.port);
  if (order.config->package_type == "Image") {
    set_command(*order.config, plan);
    return pool_.want(std::move(plan));
  }
  auto& code = plan.code.emplace();
  code.function_id = order.code_function_id;
  code.sha256 = order.config->code_sha256.value_or("");
  code.read = [this, id = order.code_function_id, number = order.code_number] {
    return ports_.read_code(id, number);
  };
  pool_.want(std::move(plan));
}

void WorkerProcesses::exited(workers::WorkerExit exit) {
  Worker worker;
  {
    const std::lock_guard lock(mutex_);
    const auto at = workers_.find(exit.worker_id);
    if (at == workers_.end()) return;
    worker = at->second;
    workers_.erase(at);
  }
  if (worker.port != 0) http_->close(worker.port);
  log_.write(exit.was_asked ? LogLevel::debug : LogLevel::warning, "a worker process has ended",
             {{"function", exit.function_arn},
              {"worker", fmt::to_string(exit.worker_id)},
              {"how", exit.text}});
  ports_.news({.kind = WorkerNews::Kind::exited,
               .worker_id = exit.worker_id,
               .epoch = worker.epoch,
               .error_type = std::move(exit.error_type),
               .text = std::move(exit.text),
               .request_id = {}});
}

void WorkerProcesses::stop_older_than(std::uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, worker] : workers_) {
    if (worker.epoch < epoch) pool_.kill(id);
  }
}

bool allows_function_processes(const Settings& settings) {
  const auto any = [](const std::vector<std::string>& allowed) {
    return std::find(allowed.begin(), allowed.end(), "*") != allowed.end();
  };
  if (any(settings.allowed_hosts) || any(settings.allowed_origins)) return false;
  switch (settings.function_processes) {
    case FunctionProcessMode::off: return false;
    case FunctionProcessMode::local: return listens_on_loopback_only(settings);
    case FunctionProcessMode::on: break;
  }
  return true;
}

}  // namespace signalbox
