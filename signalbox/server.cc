#include "signalbox/server.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <future>
#include <thread>

#include "broker/broker.h"
#include "broker/core_thread.h"
#include "broker/engine.h"
#include "broker/functions/functions.h"
#include "broker/functions/invocation.h"
#include "broker/reader_pool.h"
#include "broker/schedules/time_zones.h"
#include "protocol/dispatcher.h"
#include "protocol/http_client.h"
#include "protocol/http_server.h"
#include "signalbox/admin.h"
#include "signalbox/log.h"
#include "signalbox/log_writer.h"
#include "signalbox/store_keeper.h"
#include "signalbox/worker_processes.h"
#include "signalbox/zone_files.h"
#include "storage/keys.h"

namespace signalbox {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// Enough to overlap a few reads of cold messages; each costs a stack that is hardly touched.
constexpr std::size_t reader_thread_count = 2;

constexpr std::chrono::milliseconds reopen_interval{500};
constexpr std::chrono::nanoseconds function_drain_interval = std::chrono::milliseconds(10);

broker::Settings broker_settings(const Settings& settings) {
  broker::Settings result;
  result.region = settings.region;
  result.account = settings.account;
  result.worlds_max = settings.worlds_max;
  result.queue_window_messages = settings.queue_window_messages;
  result.due_horizon_count = settings.due_horizon_count;
  result.purge_cooldown = settings.purge_cooldown;
  result.queue_deleted_recently = settings.queue_deleted_recently;
  result.bus_log_retention = settings.bus_log_retention;
  result.bus_log_bytes_max = settings.bus_log_bytes_max;
  result.rules_per_bus = settings.rules_per_bus;
  result.pattern_limits = {.combinations_max = settings.pattern_combinations_max,
                           .compiled_bytes_max = settings.pattern_bytes_max,
                           .stars_max = settings.pattern_stars_max};
  result.lineage_steps = settings.lineage_steps;
  result.time_zones = std::make_shared<broker::TimeZones>(read_zone_file);
  result.plain_http_destinations = settings.http_targets_private;
  result.function_processes = allows_function_processes(settings);
  result.function_concurrency = settings.function_concurrency;
  result.function_idle = settings.function_idle;
  result.function_retry_wait = settings.function_retry_wait;
  return result;
}

// For programs on this machine.
std::string endpoint_of(const std::pair<std::string, std::uint16_t>& bound) {
  const bool is_everywhere = bound.first == "0.0.0.0" || bound.first == "::";
  const std::string address = is_everywhere ? "127.0.0.1" : bound.first;
  const bool is_v6 = address.find(':') != std::string::npos;
  return fmt::format("http://{}{}{}:{}", is_v6 ? "[" : "", address, is_v6 ? "]" : "", bound.second);
}

protocol::HttpServerOptions http_options(const Settings& settings) {
  protocol::HttpServerOptions options;
  options.listen = settings.listen;
  options.ipv6_optional = settings.listen_is_default;
  options.io_thread_count = static_cast<unsigned>(settings.io_threads);
  options.header_bytes_max = static_cast<std::uint32_t>(settings.header_bytes_max);
  options.body_bytes_max = settings.body_bytes_max;
  options.own_body_limit = protocol::own_body_limit;
  options.body_bytes_total_max = settings.body_bytes_total_max;
  options.connections_max = static_cast<std::uint32_t>(settings.connections_max);
  options.header_timeout = settings.header_timeout;
  options.body_timeout = settings.body_timeout;
  options.idle_timeout = settings.idle_timeout;
  options.write_timeout = settings.write_timeout;
  return options;
}

protocol::HttpClientOptions client_options(const Settings& settings) {
  protocol::HttpClientOptions options;
  // Whoever reaches the broker then reaches the rest of its machine without its help.
  options.allows_loopback = listens_on_loopback_only(settings);
  options.allows_private = settings.http_targets_private;
  return options;
}

broker::AttemptResult result_of(protocol::HttpOutcome&& outcome, bool wants_body) {
  if (auto* answer = std::get_if<protocol::HttpAnswer>(&outcome)) {
    auto result = broker::result_of_status(answer->status, answer->retry_after);
    if (wants_body) result.body = std::move(answer->body);
    return result;
  }
  auto& failure = std::get<protocol::HttpFailure>(outcome);
  return broker::result_of_trouble(failure.trouble, std::move(failure.detail));
}

storage::Durability durability_of(const Settings& settings) {
  return settings.durability == DurabilityMode::sync ? storage::Durability::synced
                                                     : storage::Durability::buffered;
}

std::unique_ptr<broker::Clock> make_clock(const Settings& settings) {
  if (!settings.test_clock) return std::make_unique<broker::SystemClock>();
  return std::make_unique<TestClock>();
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(Settings settings);
  ~Impl();
  std::string start(const std::string& ready_file);
  int run();

 private:
  broker::EnginePorts engine_ports();
  WorkerProcesses::Ports process_ports();
  protocol::DispatcherPorts dispatcher_ports();
  void attempt(broker::Attempt attempt);
  void log_attempt(const broker::DeliveryId& id, const broker::AttemptResult& result) const;
  std::string open_http(const std::string& ready_file);
  void on_store_failed(storage::Outcome outcome);
  void reopen_when_there_is_room();
  void try_reopen();
  void fail_hard(const std::string& why);
  void log_request(std::string_view operation, unsigned status, std::string_view request_id,
                   std::string_view detail) const;
  bool runs_functions(SteadyTime until);
  void drain_functions(const sigset_t& signals, SteadyTime until);
  void stop(std::chrono::milliseconds drain_timeout);

  const Settings settings_;
  const Log log_;
  const std::unique_ptr<broker::Clock> clock_;
  broker::RuleDirectory directory_;
  broker::RandomIds core_ids_;
  StoreKeeper keeper_;
  Health health_;
  std::atomic<bool> failed_hard_{false};
  std::atomic<bool> stopping_{false};

  std::unique_ptr<broker::CoreThread> core_;
  std::unique_ptr<broker::Engine> engine_;
  std::unique_ptr<broker::ReaderPool> readers_;
  std::unique_ptr<protocol::HttpClient> client_;  // of targets; its answers go to the core
  std::unique_ptr<LogWriter> log_writer_;         // so do its
  std::unique_ptr<protocol::Dispatcher> dispatcher_;
  std::unique_ptr<protocol::HttpServer> http_;
  std::unique_ptr<Admin> admin_;
  std::unique_ptr<WorkerProcesses> processes_;
  std::thread reopener_;
};

Server::Impl::Impl(Settings settings)
    : settings_(std::move(settings)),
      log_(settings_.log_level, settings_.log_format),
      clock_(make_clock(settings_)),
      keeper_(settings_) {}

Server::Impl::~Impl() { stop(settings_.drain_timeout); }

broker::EnginePorts Server::Impl::engine_ports() {
  broker::EnginePorts ports;
  ports.release = [this](auto jobs) { dispatcher_->release(std::move(jobs)); };
  ports.run_reader = [this](auto work) { readers_->run(std::move(work)); };
  ports.post_to_core = [this](auto work) { core_->post(std::move(work)); };
  ports.post_completion = [this](auto work) {
    core_->post_completion(std::move(work));
    if (admin_ != nullptr) admin_->committed();
  };
  ports.attempt = [this](broker::Attempt attempted) { attempt(std::move(attempted)); };
  ports.order_worker = [this](auto order) { processes_->order(std::move(order)); };
  ports.log_steps = [this](auto records) { log_writer_->write_steps(std::move(records)); };
  ports.failed = [this](storage::Outcome outcome) { on_store_failed(outcome); };
  return ports;
}

protocol::DispatcherPorts Server::Impl::dispatcher_ports() {
  protocol::DispatcherPorts ports;
  ports.submit = [this](auto jobs) { core_->submit(std::move(jobs)); };
  ports.cancel = [this](std::uint64_t id) { core_->post([this, id] { engine_->cancel(id); }); };
  ports.give_back = [this](auto unwritten) {
    core_->post([this, unwritten = std::move(unwritten)] { engine_->give_back(unwritten); });
  };
  ports.run_reader = [this](auto work) { readers_->run(std::move(work)); };
  ports.post_to_io = [this](std::size_t thread, auto task) {
    http_->post(thread, std::move(task));
  };
  ports.admin = [this](const auto& request, auto exchange) {
    return admin_->handle(request, std::move(exchange));
  };
  ports.log = [this](auto operation, unsigned status, auto request_id, auto detail) {
    log_request(operation, status, request_id, detail);
  };
  return ports;
}

WorkerProcesses::Ports Server::Impl::process_ports() {
  WorkerProcesses::Ports ports;
  ports.read_code = [this](std::uint64_t function_id, std::uint64_t number) {
    std::string zip;
    const auto store = keeper_.store();
    const auto key = storage::keys::function_code(function_id, number);
    if (store != nullptr) store->view()->get(key, zip);
    return zip;
  };
  ports.news = [this](broker::WorkerNews news) {
    core_->post([this, news = std::move(news)] { engine_->worker_news(news); });
  };
  return ports;
}

// An attempt that the stop drops is made again after the next start: its record is on disk.
void Server::Impl::attempt(broker::Attempt attempt) {
  const auto ended = [this, id = attempt.id, epoch = attempt.epoch](broker::AttemptResult result) {
    log_attempt(id, result);
    core_->post([this, id, epoch, result = std::move(result)] {
      engine_->attempt_ended(id, epoch, result);
    });
  };
  if (attempt.log_line) {
    log_writer_->write(*std::move(attempt.log_line), [ended](std::string problem) {
      ended(broker::result_of_writing(std::move(problem)));
    });
    return;
  }
  protocol::HttpCall call;
  call.method = std::move(attempt.http.method);
  call.url = std::move(attempt.http.url);
  call.headers = std::move(attempt.http.headers);
  call.body = std::move(attempt.http.body);
  call.timeout = attempt.http.timeout;
  // One more than a function may answer tells that it has.
  if (attempt.id.lane == broker::url_lane) {
    call.answer_bytes_max = broker::functions::response_bytes_max + 1;
  }
  client_->send(std::move(call), [ended, wants_body = attempt.http.wants_body](auto outcome) {
    ended(result_of(std::move(outcome), wants_body));
  });
}

void Server::Impl::log_attempt(const broker::DeliveryId& id,
                               const broker::AttemptResult& result) const {
  if (!result.failure || !log_.enabled(LogLevel::debug)) return;
  const bool is_token = id.lane == broker::token_lane;
  log_.write(LogLevel::debug,
             is_token ? "an attempt to get a token failed" : "an attempt to deliver failed",
             {{is_token ? "fetch" : "delivery", fmt::to_string(id.number)},
              {"error", result.failure->code},
              {"detail", result.failure->message}});
}

void Server::Impl::log_request(std::string_view operation, unsigned status,
                               std::string_view request_id, std::string_view detail) const {
  const LogLevel level = status >= 500 ? LogLevel::warning : LogLevel::debug;
  if (!log_.enabled(level)) return;
  log_.write(level, "request",
             {{"operation", operation},
              {"status", fmt::to_string(status)},
              {"request_id", request_id},
              {"detail", detail}});
}

std::string Server::Impl::start(const std::string& ready_file) {
  for (const auto& [address, port] : settings_.listen) {
    if (auto refused = protocol::check_listen(address, settings_.insecure_plaintext);
        !refused.empty()) {
      return refused;
    }
  }
  auto opened = keeper_.open();
  if (opened.store == nullptr) return opened.error;
  for (const auto& note : opened.notes) log_.write(LogLevel::warning, "store", {{"note", note}});

  core_ = std::make_unique<broker::CoreThread>(*clock_);
  readers_ = std::make_unique<broker::ReaderPool>(reader_thread_count);
  client_ = std::make_unique<protocol::HttpClient>(client_options(settings_));
  log_writer_ = std::make_unique<LogWriter>(
      LogGroups(std::filesystem::path(settings_.data_dir) / "log-groups"), log_);
  processes_ = std::make_unique<WorkerProcesses>(settings_, log_, process_ports());
  if (auto problem = processes_->start(); !problem.empty()) return problem;
  protocol::DispatcherSettings dispatching{
      {settings_.allowed_hosts, settings_.allowed_origins}, settings_.region, settings_.account};
  dispatcher_ = std::make_unique<protocol::Dispatcher>(std::move(dispatching), *clock_, directory_,
                                                       opened.handle_key, dispatcher_ports());
  engine_ = std::make_unique<broker::Engine>(broker_settings(settings_), durability_of(settings_),
                                             *clock_, core_ids_, directory_, engine_ports());
  if (auto problem = engine_->reload(opened.store, false); !problem.empty()) {
    return fmt::format("The data in {} cannot be used: {}.", settings_.data_dir, problem);
  }
  dispatcher_->set_store(opened.store);
  opened.store.reset();
  admin_ = std::make_unique<Admin>(*clock_, health_, *core_, *engine_, *dispatcher_, *readers_,
                                   keeper_, log_);
  return open_http(ready_file);
}

std::string Server::Impl::open_http(const std::string& ready_file) {
  http_ = protocol::HttpServer::create(
      http_options(settings_),
      [this](auto&& request, auto exchange) {
        dispatcher_->handle(std::move(request), std::move(exchange));
      },
      protocol::Dispatcher::refusal);
  admin_->set_http(*http_);
  processes_->set_http(*http_);
  core_->start(*engine_);
  if (auto problem = http_->start(); !problem.empty()) return problem;
  std::string addresses;
  for (const auto& [address, port] : http_->bound()) {
    const bool v6 = address.find(':') != std::string::npos;
    const auto text = fmt::format("{}{}{}:{}", v6 ? "[" : "", address, v6 ? "]" : "", port);
    log_.write(LogLevel::info, "listening", {{"address", text}, {"data_dir", settings_.data_dir}});
    addresses += text + "\n";
  }
  processes_->set_endpoint(endpoint_of(http_->bound().front()));
  if (!ready_file.empty()) {
    // Renamed into place: whoever waits for it never reads half of it.
    const std::string temporary = ready_file + ".tmp";
    std::ofstream(temporary) << addresses;
    if (std::rename(temporary.c_str(), ready_file.c_str()) != 0) {
      return fmt::format("The ready file {} cannot be written.", ready_file);
    }
  }
  return {};
}

// On the core's own thread; the engine has let go of the store and refuses everything.
void Server::Impl::on_store_failed(storage::Outcome outcome) {
  dispatcher_->set_store(nullptr);
  const auto failure = keeper_.let_go();
  log_.write(LogLevel::error, "the store failed",
             {{"outcome", storage::to_string(outcome)}, {"error", failure.error}});
  health_.set_failed(failure.error);
  if (failure.kind != storage::FailureKind::no_space) {
    fail_hard("The disk failed: nothing more can be promised. Check the disk, then start again.");
    return;
  }
  // Reads go on from what is on disk; writes once there is room.
  auto reading = keeper_.open_read_only();
  if (reading != nullptr && engine_->reload(reading, true).empty()) dispatcher_->set_store(reading);
  reopen_when_there_is_room();
}

void Server::Impl::reopen_when_there_is_room() {
  if (reopener_.joinable()) reopener_.join();
  reopener_ = std::thread([this] {
    do {
      std::this_thread::sleep_for(reopen_interval);
    } while (!stopping_ && !keeper_.has_space());
    if (!stopping_) core_->post([this] { try_reopen(); });
  });
}

void Server::Impl::try_reopen() {
  engine_->unload();
  dispatcher_->set_store(nullptr);
  auto opened = keeper_.open();
  std::string problem = opened.error;
  if (opened.store != nullptr) problem = engine_->reload(opened.store, false);
  if (problem.empty()) {
    dispatcher_->set_store(opened.store);
    health_.set_working();
    log_.write(LogLevel::info, "the store accepts writes again");
    return;
  }
  // A reader may still hold the old store, or the room is gone again.
  log_.write(LogLevel::error, "the store cannot be opened again yet", {{"error", problem}});
  health_.set_failed(problem);
  keeper_.let_go();
  reopen_when_there_is_room();
}

void Server::Impl::fail_hard(const std::string& why) {
  log_.write(LogLevel::error, "stopping", {{"reason", why}});
  failed_hard_ = true;
  // Delivered to the thread that waits in run().
  kill(getpid(), SIGTERM);
}

int Server::Impl::run() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int signal = 0;
  sigwait(&signals, &signal);
  log_.write(LogLevel::info, "draining", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
  const SteadyTime until = std::chrono::steady_clock::now() + settings_.drain_timeout;
  if (!failed_hard_) drain_functions(signals, until);
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      until - std::chrono::steady_clock::now());
  stop(std::max(left, std::chrono::milliseconds(0)));
  log_.write(LogLevel::info, "stopped");
  return failed_hard_ ? 1 : 0;
}

// When the core does not say in time, there is nothing to wait for.
bool Server::Impl::runs_functions(SteadyTime until) {
  auto answer = std::make_shared<std::promise<bool>>();
  core_->post([this, answer] {
    const auto* const broker = engine_->writable() ? engine_->broker() : nullptr;
    if (broker == nullptr) return answer->set_value(false);
    broker->services().functions->stop_starting();
    answer->set_value(broker->services().functions->runs_any());
  });
  auto future = answer->get_future();
  return future.wait_until(until) == std::future_status::ready && future.get();
}

// While the ports are open: their workers answer on them. A second signal ends the wait.
void Server::Impl::drain_functions(const sigset_t& signals, SteadyTime until) {
  if (!runs_functions(until)) return;
  log_.write(LogLevel::info, "functions still run; a second signal stops at once",
             {{"drain_timeout_ms", fmt::to_string(settings_.drain_timeout.count())}});
  const timespec interval{.tv_sec = 0, .tv_nsec = function_drain_interval.count()};
  do {
    if (sigtimedwait(&signals, nullptr, &interval) > 0) return;
  } while (std::chrono::steady_clock::now() < until && runs_functions(until));
}

void Server::Impl::stop(std::chrono::milliseconds drain_timeout) {
  if (stopping_.exchange(true)) return;
  // Long polls first: they would hold the drain for their whole wait.
  if (core_ != nullptr && engine_ != nullptr) core_->post([this] { engine_->end_all_waits(); });
  if (admin_ != nullptr) admin_->stop();
  if (http_ != nullptr) http_->drain(drain_timeout);
  if (reopener_.joinable()) reopener_.join();
  // Before the core that it answers to; attempts that still come are dropped.
  if (client_ != nullptr) client_->stop();
  if (core_ != nullptr) core_->stop();
  // Their last answers are in by now.
  processes_.reset();
  log_writer_.reset();
  // The store writes what still waits when the last reference goes.
  readers_.reset();
  if (engine_ != nullptr) engine_->unload();
  if (dispatcher_ != nullptr) dispatcher_->set_store(nullptr);
  keeper_.let_go();
}

Server::Server(Settings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
Server::~Server() = default;
std::string Server::start(const std::string& ready_file) { return impl_->start(ready_file); }
int Server::run() { return impl_->run(); }

}  // namespace signalbox
