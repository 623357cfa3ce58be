#include "signalbox/workers/worker_pool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "signalbox/workers/bootstraps.h"
#include "signalbox/workers/worker_backoff.h"
#include "signalbox/workers/worker_guard.h"
#include "signalbox/workers/worker_plan.h"
#include "signalbox/workers/worker_process.h"

namespace signalbox::workers {

namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

// What one worker may write before the others are looked at again.
constexpr std::size_t bytes_at_once = 64 << 10;
// A pipe holds 64 KB, unless the worker has made it larger.
constexpr std::size_t drain_bytes_max = 1 << 20;

// How many workers that have exited can still be told of the end of their invocation.
constexpr std::size_t gone_max = 64;

// What outlives a worker for a while: the one who waited for it wants its last words.
struct Words {
  broker::LogGroup group;
  WorkerOutput output;
};

struct Worker {
  WorkerOrder order;
  std::optional<WorkerPlan> plan;  // once it is prepared
  std::optional<WorkerProcess> process;
  Words words;
  std::string unread;  // read from its pipe, not looked at yet
  bool output_ended = false;
  Time started_at{};
  std::optional<Time> kill_at;
  bool was_asked = false;
  bool is_ready = false;
};

}  // namespace

class WorkerPool::Impl {
 public:
  Impl(WorkerPoolOptions options, WorkerPoolPorts ports, WorkerLog& log)
      : options_(std::move(options)),
        ports_(std::move(ports)),
        log_(log),
        host_(read_worker_host(std::filesystem::absolute(options_.directory) / "runtime")),
        code_(std::filesystem::absolute(options_.directory) / "code", options_.zip_limits),
        backoff_(options_.backoff_first, options_.backoff_max) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  std::string start();
  // On the pool's thread, soon; in order.
  void post(std::function<void()> command);

  void want(WorkerOrder order);
  void stop(std::uint64_t worker_id);
  void kill_now(std::uint64_t worker_id);
  void stop_all(const std::string& function_arn);
  void ready(std::uint64_t worker_id);
  void begins(std::uint64_t worker_id, std::vector<std::string> lines);
  void ends(std::uint64_t worker_id, std::vector<std::string> lines,
            const std::function<void(std::string)>& tail);
  void keep_code(std::uint64_t function_id, std::vector<std::string> code_sha256s);

 private:
  void run();
  void wait();
  void run_commands();
  void prepare(const WorkerOrder& order);
  void prepared(std::uint64_t worker_id, WorkerPlan plan);
  void start_due();
  void launch(Worker& worker);
  void kill_due();
  void read_some(Worker& worker, std::size_t bytes_max);
  void take_unread(Worker& worker);
  void drain(Worker& worker);
  void reap_exited();
  void remove(std::uint64_t worker_id, std::string error_type, std::string text);
  void count_death(const Worker& worker);
  void remove_unused_code();
  Worker* find(std::uint64_t worker_id);
  std::optional<Time> next_due() const;
  Words* words_of(std::uint64_t worker_id);
  Time start_of(const Worker& worker) const {
    return backoff_.not_before(worker.order.function_arn);
  }
  void warn(std::string text) const {
    if (ports_.warn) ports_.warn(std::move(text));
  }

  const WorkerPoolOptions options_;
  const WorkerPoolPorts ports_;
  WorkerLog& log_;
  const WorkerHost host_;
  FunctionCode code_;

  // The pool's thread only, once it runs.
  std::map<std::uint64_t, Worker> workers_;
  std::map<std::uint64_t, Words> gone_;
  WorkerBackoff backoff_;
  // Codes that are to stay, of functions with others that may have to go.
  std::map<std::uint64_t, std::vector<std::string>> kept_code_;
  WorkerGuard guard_;

  Descriptor wake_;
  std::mutex mutex_;
  std::vector<std::function<void()>> commands_;  // under mutex_
  std::atomic<bool> is_ending_{false};
  std::thread thread_;
  std::unique_ptr<broker::ReaderPool> preparer_;
};

// ---- the outside: any thread ----

std::string WorkerPool::Impl::start() {
  if (auto problem = code_.open(); !problem.empty()) return problem;
  if (auto problem = write_bootstraps(host_.runtime_dir); !problem.empty()) return problem;
  wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.is_open()) {
    return fmt::format("The pool of workers cannot be started: {}.", std::strerror(errno));
  }
  preparer_ = std::make_unique<broker::ReaderPool>(1);
  // Signals belong to the thread that waits for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "workers");
  return {};
}

WorkerPool::Impl::~Impl() {
  if (!thread_.joinable()) return;
  is_ending_ = true;
  post([] {});
  thread_.join();
  // What it still prepares is for nobody.
  preparer_.reset();
}

void WorkerPool::Impl::post(std::function<void()> command) {
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  const std::uint64_t one = 1;
  // A counter that is full has woken it already.
  if (write(wake_.get(), &one, sizeof one) < 0 && errno != EAGAIN) {
    warn(fmt::format("the pool of workers cannot be woken: {}", std::strerror(errno)));
  }
}

// ---- the pool's thread ----

void WorkerPool::Impl::run() {
  if (auto problem = guard_.start(); !problem.empty()) warn(std::move(problem));
  while (!is_ending_) {
    wait();
    run_commands();
    for (auto& [id, worker] : workers_) take_unread(worker);
    reap_exited();
    kill_due();
    start_due();
  }
  // Each kills its process and group, and waits for it.
  workers_.clear();
}

// Reads first what came, and does then what was asked: a worker's words follow the START line that
// was asked for before it had the invocation.
void WorkerPool::Impl::wait() {
  std::vector<pollfd> wanted{{wake_.get(), POLLIN, 0}};
  for (auto& [id, worker] : workers_) {
    if (!worker.process) continue;
    wanted.push_back({worker.process->exit_descriptor(), POLLIN, 0});
    if (worker.output_ended) continue;
    wanted.push_back({worker.process->output(), POLLIN, 0});
  }
  int timeout_ms = -1;
  if (const auto due = next_due()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - Clock::now()).count();
    timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }
  poll(wanted.data(), wanted.size(), timeout_ms);
  std::uint64_t count = 0;
  while (read(wake_.get(), &count, sizeof count) > 0) {
  }
  for (auto& [id, worker] : workers_) read_some(worker, bytes_at_once);
}

std::optional<Time> WorkerPool::Impl::next_due() const {
  std::optional<Time> due;
  const auto consider = [&due](Time time) { due = std::min(due.value_or(time), time); };
  for (const auto& [id, worker] : workers_) {
    if (worker.kill_at) consider(*worker.kill_at);
    if (worker.plan && !worker.process) consider(start_of(worker));
  }
  return due;
}

void WorkerPool::Impl::run_commands() {
  std::vector<std::function<void()>> commands;
  {
    const std::lock_guard lock(mutex_);
    commands.swap(commands_);
  }
  for (const auto& command : commands) command();
}

Worker* WorkerPool::Impl::find(std::uint64_t worker_id) {
  const auto at = workers_.find(worker_id);
  return at == workers_.end() ? nullptr : &at->second;
}

void WorkerPool::Impl::want(WorkerOrder order) {
  const auto id = order.worker_id;
  Worker worker;
  worker.words.group = {std::string(arn_part(order.function_arn, 4)),
                        std::string(arn_part(order.function_arn, 3)), order.log_group};
  worker.order = std::move(order);
  const auto [at, is_new] = workers_.try_emplace(id, std::move(worker));
  if (!is_new) {
    warn(fmt::format("worker {} is there already", id));
    return;
  }
  // Code is unpacked while the function's delay passes.
  preparer_->run([this, copy = at->second.order] { prepare(copy); });
}

// On the preparer's thread.
void WorkerPool::Impl::prepare(const WorkerOrder& order) {
  if (is_ending_) return;
  FunctionCode::Folder folder;
  if (order.code) {
    const auto& code = *order.code;
    if (const auto ready = code_.find(code.function_id, code.sha256)) {
      folder.path = *ready;
    } else {
      const std::string zip = code.read ? code.read() : std::string();
      if (zip.empty()) {
        folder.problem = "The function's code is not there any more";
      } else {
        folder = code_.unpack(code.function_id, code.sha256, zip);
      }
    }
  }
  WorkerPlan plan;
  if (folder.problem.empty()) {
    plan = plan_of(order, folder.path, host_);
  } else {
    plan.problem = std::move(folder.problem);
    plan.error_type = "Runtime.InvalidCode";
  }
  post([this, id = order.worker_id, plan = std::move(plan)] { prepared(id, plan); });
}

void WorkerPool::Impl::prepared(std::uint64_t worker_id, WorkerPlan plan) {
  Worker* const worker = find(worker_id);
  // What is wrong with it is told when it would have started: a function that cannot be started
  // has its delay as well. Without a worker, it was stopped meanwhile.
  if (worker != nullptr) worker->plan = std::move(plan);
}

void WorkerPool::Impl::start_due() {
  std::vector<std::uint64_t> due;
  const auto now = Clock::now();
  for (const auto& [id, worker] : workers_) {
    if (worker.plan && !worker.process && start_of(worker) <= now) due.push_back(id);
  }
  for (const auto id : due) {
    // One before may have failed, and then the next of its function waits.
    if (Worker* const worker = find(id); start_of(*worker) <= now) launch(*worker);
  }
}

void WorkerPool::Impl::launch(Worker& worker) {
  auto& plan = *worker.plan;
  plan.process.guard_line = guard_.line();
  auto started = plan.problem.empty() ? WorkerProcess::start(plan.process)
                                      : WorkerProcess::Started{{}, std::move(plan.problem)};
  if (!started.process) {
    remove(worker.order.worker_id, std::move(plan.error_type), std::move(started.problem));
    return;
  }
  worker.process.emplace(*std::move(started.process));
  worker.started_at = Clock::now();
  guard_.add(worker.process->pid());
}

void WorkerPool::Impl::stop(std::uint64_t worker_id) {
  Worker* const worker = find(worker_id);
  if (worker == nullptr) return;
  const bool was_asked = std::exchange(worker->was_asked, true);
  if (!worker->process) {
    remove(worker_id, "Runtime.ExitError", "The worker was stopped before it started");
  } else if (!was_asked) {
    worker->process->signal_group(SIGTERM);
    worker->kill_at = Clock::now() + options_.stop_grace;
  }
}

void WorkerPool::Impl::kill_now(std::uint64_t worker_id) {
  Worker* const worker = find(worker_id);
  if (worker == nullptr) return;
  if (!worker->process) return stop(worker_id);
  worker->was_asked = true;
  worker->process->signal_group(SIGKILL);
}

void WorkerPool::Impl::stop_all(const std::string& function_arn) {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, worker] : workers_) {
    if (worker.order.function_arn == function_arn) ids.push_back(id);
  }
  for (const auto id : ids) stop(id);
}

void WorkerPool::Impl::kill_due() {
  const auto now = Clock::now();
  for (auto& [id, worker] : workers_) {
    if (!worker.kill_at || *worker.kill_at > now) continue;
    worker.kill_at.reset();
    worker.process->signal_group(SIGKILL);
  }
}

void WorkerPool::Impl::ready(std::uint64_t worker_id) {
  Worker* const worker = find(worker_id);
  if (worker == nullptr) return;
  worker->is_ready = true;
  backoff_.lives(worker->order.function_arn);
}

// ---- what workers write ----

void WorkerPool::Impl::read_some(Worker& worker, std::size_t bytes_max) {
  std::array<char, 16384> buffer;
  for (std::size_t bytes = 0; worker.process && !worker.output_ended && bytes < bytes_max;) {
    const ssize_t count = read(worker.process->output(), buffer.data(), buffer.size());
    if (count > 0) {
      worker.unread.append(buffer.data(), static_cast<std::size_t>(count));
      bytes += static_cast<std::size_t>(count);
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      worker.output_ended = true;
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

void WorkerPool::Impl::take_unread(Worker& worker) {
  if (worker.unread.empty()) return;
  log_.append(worker.words.group, worker.words.output.take(worker.unread));
  worker.unread.clear();
}

void WorkerPool::Impl::drain(Worker& worker) {
  read_some(worker, drain_bytes_max);
  take_unread(worker);
  log_.append(worker.words.group, worker.words.output.take_rest());
}

Words* WorkerPool::Impl::words_of(std::uint64_t worker_id) {
  if (Worker* const worker = find(worker_id)) return &worker->words;
  const auto at = gone_.find(worker_id);
  return at == gone_.end() ? nullptr : &at->second;
}

void WorkerPool::Impl::begins(std::uint64_t worker_id, std::vector<std::string> lines) {
  Words* const words = words_of(worker_id);
  if (words == nullptr) return;
  words->output.begin_tail();
  for (const auto& line : lines) words->output.add(line);
  log_.append(words->group, std::move(lines));
}

void WorkerPool::Impl::ends(std::uint64_t worker_id, std::vector<std::string> lines,
                            const std::function<void(std::string)>& tail) {
  std::string text;
  if (Worker* const worker = find(worker_id)) drain(*worker);
  if (Words* const words = words_of(worker_id)) {
    for (const auto& line : lines) words->output.add(line);
    log_.append(words->group, std::move(lines));
    text = words->output.tail();
  }
  if (tail) tail(std::move(text));
}

// ---- ends ----

void WorkerPool::Impl::reap_exited() {
  std::vector<std::pair<std::uint64_t, siginfo_t>> exited;
  for (auto& [id, worker] : workers_) {
    if (!worker.process) continue;
    const pid_t group = worker.process->pid();
    const auto how = worker.process->reap();
    if (!how) continue;
    guard_.remove(group);
    drain(worker);
    exited.emplace_back(id, *how);
  }
  for (const auto& [id, how] : exited) remove(id, "Runtime.ExitError", exit_text(how));
}

void WorkerPool::Impl::remove(std::uint64_t worker_id, std::string error_type, std::string text) {
  const auto at = workers_.find(worker_id);
  count_death(at->second);
  WorkerExit exit{worker_id, at->second.order.function_arn, at->second.was_asked,
                  std::move(error_type), std::move(text)};
  gone_[worker_id] = std::move(at->second.words);
  if (gone_.size() > gone_max) gone_.erase(gone_.begin());
  workers_.erase(at);
  remove_unused_code();
  if (ports_.exited) ports_.exited(std::move(exit));
}

void WorkerPool::Impl::count_death(const Worker& worker) {
  if (worker.was_asked || worker.is_ready) return;
  const auto now = Clock::now();
  if (worker.process && now - worker.started_at >= options_.settled_after) {
    backoff_.lives(worker.order.function_arn);
  } else {
    backoff_.died(worker.order.function_arn, worker.process ? worker.started_at : now, now);
  }
}

void WorkerPool::Impl::keep_code(std::uint64_t function_id, std::vector<std::string> code_sha256s) {
  kept_code_[function_id] = std::move(code_sha256s);
  remove_unused_code();
}

void WorkerPool::Impl::remove_unused_code() {
  for (auto at = kept_code_.begin(); at != kept_code_.end();) {
    const auto& [function_id, kept] = *at;
    const bool in_use = std::any_of(workers_.begin(), workers_.end(), [&](const auto& entry) {
      const auto& code = entry.second.order.code;
      return code && code->function_id == function_id &&
             std::find(kept.begin(), kept.end(), code->sha256) == kept.end();
    });
    if (in_use) {
      ++at;
      continue;
    }
    preparer_->run([this, id = function_id, kept = kept] {
      if (auto problem = code_.keep_only(id, kept); !problem.empty()) warn(std::move(problem));
    });
    at = kept_code_.erase(at);
  }
}

// ---- WorkerPool ----

WorkerPool::WorkerPool(WorkerPoolOptions options, WorkerPoolPorts ports, WorkerLog& log)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(ports), log)) {}
WorkerPool::~WorkerPool() = default;

std::string WorkerPool::start() { return impl_->start(); }

void WorkerPool::want(WorkerOrder order) {
  impl_->post([this, order = std::move(order)] { impl_->want(order); });
}

void WorkerPool::stop(std::uint64_t worker_id) {
  impl_->post([this, worker_id] { impl_->stop(worker_id); });
}

void WorkerPool::kill(std::uint64_t worker_id) {
  impl_->post([this, worker_id] { impl_->kill_now(worker_id); });
}

void WorkerPool::stop_all(std::string function_arn) {
  impl_->post([this, arn = std::move(function_arn)] { impl_->stop_all(arn); });
}

void WorkerPool::ready(std::uint64_t worker_id) {
  impl_->post([this, worker_id] { impl_->ready(worker_id); });
}

void WorkerPool::invocation_begins(std::uint64_t worker_id, std::vector<std::string> lines) {
  impl_->post([this, worker_id, lines = std::move(lines)] { impl_->begins(worker_id, lines); });
}

void WorkerPool::invocation_ends(std::uint64_t worker_id, std::vector<std::string> lines,
                                 std::function<void(std::string)> tail) {
  impl_->post([this, worker_id, lines = std::move(lines), tail = std::move(tail)] {
    impl_->ends(worker_id, lines, tail);
  });
}

void WorkerPool::keep_code(std::uint64_t function_id, std::vector<std::string> code_sha256s) {
  impl_->post(
      [this, function_id, kept = std::move(code_sha256s)] { impl_->keep_code(function_id, kept); });
}

}  // namespace signalbox::workers
