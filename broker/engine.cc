#include "broker/engine.h"

#include <algorithm>
#include <utility>

namespace signalbox::broker {

// What travels with a batch to the store and back.
struct Engine::Group {
  storage::CommitNumber number = 0;
  std::vector<std::unique_ptr<Job>> jobs;
  std::vector<Broker::Touched> touched;
  std::vector<StepRecord> steps;
  std::uint64_t epoch = 0;
};

namespace {

Error unavailable() {
  return {ErrorCode::service_unavailable,
          "The store accepts no writes now; see the server's log and /_signalbox/health."};
}

Error disk_read_failed() {
  return {ErrorCode::internal_failure, "The disk failed while reading; see the server's log."};
}

// Above those of requests, which come first where both wait.
constexpr std::uint64_t own_work_ids = std::uint64_t{1} << 63;

// Bounds one commit, and how much a burst of requests can pile up before the store sees it.
constexpr std::size_t batch_bytes_max = 4u << 20;

Error error_of(storage::Outcome outcome) {
  if (outcome == storage::Outcome::unknown) {
    return {ErrorCode::internal_failure,
            "The write or its sync failed: the outcome of this request is unknown."};
  }
  return unavailable();
}

// Work of the broker's own, which needs what requests need: keys and windows. Refused, it is
// forgotten: its deadline brings the next.
class OwnWorkJob final : public Job {
 public:
  OwnWorkJob(const OwnWork& work, std::uint64_t job_id) : work_(work) { id = job_id; }

  Step run(Broker& broker, Context& ctx) override {
    const auto answer = broker.do_own_work(work_, ctx);
    if (const auto* wait = answer.wait()) return queue_id = wait->queue_id, Step::waits;
    const auto* need = answer.needs_keys();
    if (need == nullptr) return Step::answered;
    if (need->window_of_queue == 0) return Step::needs_keys;
    queue_id = need->window_of_queue;
    return Step::needs_window;
  }
  void refuse(const Error&) override {}
  bool writes() const override { return true; }
  bool has_client() const override { return false; }

 private:
  const OwnWork work_;
};

}  // namespace

Engine::Engine(Settings settings, storage::Durability durability, const Clock& clock, IdSource& ids,
               RuleDirectory& directory, EnginePorts ports)
    : settings_(std::move(settings)),
      durability_(durability),
      clock_(clock),
      ids_(ids),
      directory_(directory),
      ports_(std::move(ports)) {}

Engine::~Engine() = default;

std::string Engine::reload(std::shared_ptr<storage::Store> store, bool read_only) {
  unload();
  store_ = std::move(store);
  read_only_ = read_only;
  broker_ = std::make_unique<Broker>(settings_, directory_);
  broker_->open_batch(1);
  broker_->set_waiting_count([this](std::uint64_t wait_id) {
    const auto line = waiting_for_queue_.find(wait_id);
    return line == waiting_for_queue_.end() ? 0 : line->second.size();
  });
  Fetched fetched;
  std::optional<Time> deadline;
  Caller nobody;
  Context ctx = context_for(nobody, fetched, deadline);
  std::string problem = broker_->load(*store_->view(), ctx);
  if (!problem.empty()) {
    unload();
    return problem;
  }
  if (read_only_) batch_.clear();
  follow_up();
  return {};
}

void Engine::unload() {
  refuse_all(unavailable());
  ++epoch_;
  broker_.reset();
  store_.reset();
  batch_.clear();
  barriers_.clear();
  watched_.clear();
  written_.clear();
  loads_under_way_ = 0;
  sealed_ = committed_ = 0;
}

void Engine::refuse_all(const Error& error) {
  std::vector<std::unique_ptr<Job>> refused;
  const auto take = [&](std::unique_ptr<Job> job) {
    job->refuse(error);
    refused.push_back(std::move(job));
  };
  for (auto& job : answered_) take(std::move(job));
  for (auto& [number, job] : behind_) take(std::move(job));
  for (auto& [id, job] : waiting_) take(std::move(job));
  for (auto& [queue_id, jobs] : waiting_for_window_) {
    for (auto& job : jobs) take(std::move(job));
  }
  for (const auto& fetch : fetches_) take(std::move(fetch->job));
  answered_.clear();
  behind_.clear();
  waiting_.clear();
  waiting_for_queue_.clear();
  waiting_for_window_.clear();
  fetches_.clear();
  release(std::exchange(early_, {}));
  release(std::move(refused));
}

Context Engine::context_for(const Caller& caller, Fetched& fetched, std::optional<Time>& deadline) {
  return Context{clock_.now(), clock_.wall(), ids_, batch_, caller, fetched, deadline, false};
}

void Engine::submit(std::unique_ptr<Job> job) {
  decide(std::move(job));
  follow_up();
  if (batch_.size_bytes() > batch_bytes_max) flush();
}

void Engine::decide(std::unique_ptr<Job> job) {
  const Decision decision = run(*job);
  settle(std::move(job), decision);
}

Engine::Decision Engine::run(Job& job) {
  const bool can_run = broker_ != nullptr && (!read_only_ || !job.writes());
  if (!can_run || (job.writes() && !store_->has_room())) {
    job.refuse(can_run ? Error{ErrorCode::throttled,
                               "The commit queue is full: the disk is slower than the requests. "
                               "Try again."}
                       : unavailable());
    return {Job::Step::answered, true};
  }
  Context ctx = context_for(job.caller, job.fetched, job.wait_deadline);
  const Job::Step step = job.run(*broker_, ctx);
  // A read may make a world known; while nothing can be written that stays in memory.
  if (read_only_) batch_.clear();
  return {step, ctx.reply_before_commit};
}

void Engine::settle(std::unique_ptr<Job> job, Decision decision) {
  switch (decision.step) {
    case Job::Step::answered:
      if (decision.reply_before_commit) {
        early_.push_back(std::move(job));
      } else if (batch_.empty()) {
        // It saw nothing newer than the batch under way, and wrote nothing.
        behind_.emplace_back(sealed_, std::move(job));
      } else {
        answered_.push_back(std::move(job));
      }
      break;
    case Job::Step::needs_keys: start_fetch(std::move(job)); break;
    case Job::Step::needs_window:
      waiting_for_window_[job->queue_id].push_back(std::move(job));
      break;
    case Job::Step::waits: park(std::move(job)); break;
  }
}

void Engine::follow_up() {
  while (broker_ != nullptr) {
    Outbox outbox = broker_->take_outbox();
    if (outbox.empty()) return;
    for (auto& load : outbox.loads) start_load(std::move(load));
    for (const auto wait_id : outbox.wakes) wake(wait_id);
    for (const auto job_id : outbox.ended_polls) decide_again(job_id);
    for (const auto& work : outbox.own_work) {
      decide(std::make_unique<OwnWorkJob>(work, own_work_ids | ++own_work_count_));
    }
    for (auto& attempt : outbox.attempts) {
      attempt.epoch = epoch_;
      ports_.attempt(std::move(attempt));
    }
    for (auto& order : outbox.worker_orders) {
      order.epoch = epoch_;
      ports_.order_worker(std::move(order));
    }
  }
}

void Engine::release(std::vector<std::unique_ptr<Job>> jobs) const {
  std::erase_if(jobs, [](const auto& job) { return !job->has_client(); });
  if (!jobs.empty()) ports_.release(std::move(jobs));
}

void Engine::park(std::unique_ptr<Job> job) {
  broker_->set_poll_deadline(job->id, *job->wait_deadline);
  waiting_for_queue_[job->queue_id].insert(job->id);
  waiting_[job->id] = std::move(job);
}

std::unique_ptr<Job> Engine::unpark(std::uint64_t job_id) {
  const auto at = waiting_.find(job_id);
  if (at == waiting_.end()) return nullptr;
  std::unique_ptr<Job> job = std::move(at->second);
  waiting_.erase(at);
  const auto queue = waiting_for_queue_.find(job->queue_id);
  queue->second.erase(job_id);
  if (queue->second.empty()) waiting_for_queue_.erase(queue);
  broker_->clear_poll_deadline(job_id);
  return job;
}

void Engine::decide_again(std::uint64_t job_id) {
  if (auto job = unpark(job_id)) decide(std::move(job));
}

// First come, first served. All of a queue's waiters want the same, so the first who still has to
// wait, or who has to ask the disk, speaks for those behind: a message among a thousand long polls
// runs two of them. After the disk has answered the queue is woken again.
void Engine::wake(std::uint64_t queue_id) {
  while (true) {
    const auto line = waiting_for_queue_.find(queue_id);
    if (line == waiting_for_queue_.end()) return;
    const std::uint64_t job_id = *line->second.begin();
    Job& waiting = *waiting_.at(job_id);
    const Decision decision = run(waiting);
    // It stands in this line, whatever it wants now.
    const std::uint64_t wanted = std::exchange(waiting.queue_id, queue_id);
    if (decision.step == Job::Step::waits && wanted == queue_id) return;
    auto job = unpark(job_id);
    job->queue_id = wanted;
    settle(std::move(job), decision);
    if (decision.step == Job::Step::needs_keys || decision.step == Job::Step::needs_window) return;
  }
}

void Engine::cancel(std::uint64_t job_id) {
  auto job = unpark(job_id);
  if (job == nullptr) return;
  // It goes the way of all replies, to be taken apart where it was made. The log alone has the
  // error.
  job->refuse({ErrorCode::service_unavailable, "The client went while it waited."});
  std::vector<std::unique_ptr<Job>> cancelled;
  cancelled.push_back(std::move(job));
  release(std::move(cancelled));
}

void Engine::give_back(const Unwritten& unwritten) {
  if (!writable()) return;
  Fetched fetched;
  std::optional<Time> deadline;
  static const Caller nobody;
  Context ctx = context_for(nobody, fetched, deadline);
  broker_->give_back(unwritten.messages, ctx);
  if (!unwritten.invocation.empty()) broker_->give_back_invocation(unwritten.invocation, ctx);
  follow_up();
}

void Engine::attempt_ended(const DeliveryId& id, std::uint64_t epoch, const AttemptResult& result) {
  // Of a broker before this one: it is tried again, as after a crash.
  if (!writable() || epoch != epoch_) return;
  Fetched fetched;
  std::optional<Time> deadline;
  static const Caller nobody;
  Context ctx = context_for(nobody, fetched, deadline);
  broker_->attempt_ended(id, result, ctx);
  follow_up();
}

void Engine::worker_news(const WorkerNews& news) {
  if (!writable() || news.epoch != epoch_) return;
  Fetched fetched;
  std::optional<Time> deadline;
  static const Caller nobody;
  Context ctx = context_for(nobody, fetched, deadline);
  broker_->worker_news(news, ctx);
  follow_up();
}

void Engine::end_all_waits() {
  std::vector<std::uint64_t> job_ids;
  for (const auto& [id, job] : waiting_) {
    job->wait_deadline = clock_.now();
    job_ids.push_back(id);
  }
  for (const auto job_id : job_ids) decide_again(job_id);
  follow_up();
}

void Engine::turn() {
  if (broker_ != nullptr) tick();
  flush();
}

void Engine::tick() {
  const auto due = broker_->next_deadline();
  if (read_only_ || !due || *due > clock_.now() || !store_->has_room()) return;
  Fetched fetched;
  std::optional<Time> deadline;
  static const Caller nobody;
  Context ctx = context_for(nobody, fetched, deadline);
  broker_->tick(ctx);
  follow_up();
}

std::optional<Time> Engine::next_deadline() const {
  // Without room nothing is fired: the next completed commit brings the next turn.
  if (broker_ == nullptr || read_only_ || !store_->has_room()) return std::nullopt;
  return broker_->next_deadline();
}

void Engine::flush() {
  release(std::exchange(early_, {}));
  release_behind();
  // One batch at a time: what is decided while it is under way gathers for the next, which costs
  // fewer records, wake-ups and syncs than many small ones in a row.
  const bool under_way = committed_ != sealed_;
  if (broker_ == nullptr || (under_way && batch_.size_bytes() < batch_bytes_max)) return;
  auto touched = broker_->seal(batch_);
  auto steps = broker_->take_steps();
  if (batch_.empty()) {
    // What was refused changed nothing that would have to be durable.
    if (!steps.empty()) ports_.log_steps(std::move(steps));
    return;
  }
  auto group = std::make_shared<Group>();
  group->number = ++sealed_;
  group->jobs = std::exchange(answered_, {});
  group->touched = std::move(touched);
  group->steps = std::move(steps);
  group->epoch = epoch_;
  note_writes(batch_, group->number);
  broker_->open_batch(sealed_ + 1);
  store_->commit(std::exchange(batch_, {}), durability_,
                 [this, group](storage::Outcome outcome) { complete(group, outcome); });
}

void Engine::release_behind() {
  std::vector<std::unique_ptr<Job>> jobs;
  while (!behind_.empty() && behind_.front().first <= committed_) {
    jobs.push_back(std::move(behind_.front().second));
    behind_.pop_front();
  }
  release(std::move(jobs));
}

// On the store's thread. The core hears first: a client that has its reply and asks again must find
// the broker knowing that the batch is durable.
void Engine::complete(const std::shared_ptr<Group>& group, storage::Outcome outcome) {
  if (outcome == storage::Outcome::committed) {
    ports_.post_completion([this, group, touched = group->touched] {
      if (group->epoch != epoch_) return;
      on_committed(group->number, touched);
      if (!group->steps.empty()) ports_.log_steps(std::move(group->steps));
    });
  } else {
    for (auto& job : group->jobs) job->refuse(error_of(outcome));
    ports_.post_to_core([this, group, outcome] {
      if (group->epoch == epoch_) on_failed(outcome);
    });
  }
  release(std::move(group->jobs));
}

void Engine::on_committed(storage::CommitNumber number,
                          const std::vector<Broker::Touched>& touched) {
  committed_ = number;
  broker_->published(number, touched);
  while (!barriers_.empty() && barriers_.begin()->first <= committed_) {
    auto start = std::move(barriers_.begin()->second);
    barriers_.erase(barriers_.begin());
    start();
  }
  if (!waiting_.empty()) {
    for (const auto& each : touched) wake(each.queue_id);
  }
  follow_up();
}

void Engine::on_failed(storage::Outcome outcome) {
  unload();
  ports_.failed(outcome);
}

storage::CommitNumber Engine::decided() const { return batch_.empty() ? sealed_ : sealed_ + 1; }

void Engine::after(storage::CommitNumber barrier, std::function<void()> start) {
  if (barrier <= committed_) {
    start();
  } else {
    barriers_.emplace(barrier, std::move(start));
  }
}

// Reads from disk begin once everything decided so far is durable: the view then holds all of it,
// and no second copy of undurable values is needed in memory (docs/decisions/0002).
void Engine::start_fetch(std::unique_ptr<Job> job) {
  auto fetch = std::make_shared<Fetch>();
  fetch->keys = job->fetched.all_keys();
  fetch->reading = job->fetched.take_wanted_reading();
  fetch->job = std::move(job);
  fetch->job->fetched.clear();
  fetch->barrier = decided();
  for (const auto& key : fetch->keys) ++watched_[key];
  fetches_.insert(fetch);
  dispatch_fetch(std::move(fetch));
}

void Engine::dispatch_fetch(std::shared_ptr<Fetch> fetch) {
  const auto barrier = fetch->barrier;
  after(barrier, [this, fetch = std::move(fetch), epoch = epoch_, store = store_] {
    ports_.run_reader([this, fetch, epoch, store] {
      auto values = read_fetch(*store->view(), *fetch);
      ports_.post_to_core([this, fetch, epoch, values = std::move(values)]() mutable {
        if (epoch != epoch_) return;
        on_fetched(fetch, std::move(values));
        follow_up();
      });
    });
  });
}

Engine::Values Engine::read_fetch(const storage::View& view, const Fetch& fetch) {
  std::vector<std::optional<std::string>> values;
  for (const auto& key : fetch.keys) {
    std::string value;
    const auto status = view.get(key, value);
    if (status == storage::ReadStatus::failed) return std::nullopt;
    const bool found = status == storage::ReadStatus::found;
    values.push_back(found ? std::optional(std::move(value)) : std::nullopt);
  }
  if (fetch.reading != nullptr && !fetch.reading->read(view)) return std::nullopt;
  return values;
}

void Engine::note_writes(const storage::Batch& batch, storage::CommitNumber number) {
  if (watched_.empty()) return;
  batch.for_each([&](const storage::Batch::Op& op) {
    if (op.kind != storage::Batch::Kind::erase_range) {
      if (watched_.contains(op.key)) written_[std::string(op.key)] = number;
      return;
    }
    for (auto at = watched_.lower_bound(op.key); at != watched_.end() && at->first < op.value;
         ++at) {
      written_[at->first] = number;
    }
  });
}

void Engine::end_fetch(const std::shared_ptr<Fetch>& fetch) {
  for (const auto& key : fetch->keys) {
    const auto at = watched_.find(key);
    if (--at->second > 0) continue;
    watched_.erase(at);
    written_.erase(key);
  }
  fetches_.erase(fetch);
}

void Engine::on_fetched(const std::shared_ptr<Fetch>& fetch, Values values) {
  if (!values) {
    fetch->job->refuse(disk_read_failed());
    early_.push_back(std::move(fetch->job));
    end_fetch(fetch);
    return;
  }
  note_writes(batch_, sealed_ + 1);
  bool stale = false;
  for (const auto& key : fetch->keys) {
    const auto written = written_.find(key);
    stale = stale || (written != written_.end() && written->second > fetch->barrier);
  }
  if (stale) {
    fetch->barrier = decided();
    dispatch_fetch(fetch);
    return;
  }
  for (std::size_t i = 0; i < fetch->keys.size(); ++i) {
    fetch->job->fetched.lay_in(fetch->keys[i], std::move((*values)[i]));
  }
  fetch->job->fetched.lay_in(std::move(fetch->reading));
  end_fetch(fetch);
  const std::uint64_t waited_for = fetch->job->queue_id;
  decide(std::move(fetch->job));
  if (waited_for != 0) wake(waited_for);
}

bool Engine::is_reading() const {
  return loads_under_way_ > 0 ||
         std::any_of(fetches_.begin(), fetches_.end(),
                     [](const auto& each) { return !each->job->has_client(); });
}

void Engine::start_load(LoadRequest request) {
  ++loads_under_way_;
  after(decided(), [this, request = std::move(request), epoch = epoch_, store = store_] {
    ports_.run_reader([this, request, epoch, store] {
      auto result = read_load(*store->view(), request);
      ports_.post_to_core([this, request, epoch, result = std::move(result)]() mutable {
        if (epoch != epoch_) return;
        on_loaded(request, std::move(result));
        follow_up();
      });
    });
  });
}

void Engine::on_loaded(const LoadRequest& request, LoadResult result) {
  --loads_under_way_;
  std::vector<std::unique_ptr<Job>> jobs;
  const auto at = waiting_for_window_.find(request.queue_id);
  if (request.kind == LoadRequest::Kind::window && at != waiting_for_window_.end()) {
    jobs = std::move(at->second);
    waiting_for_window_.erase(at);
  }
  const bool failed = result.failed;
  Fetched fetched;
  std::optional<Time> deadline;
  static const Caller nobody;
  Context ctx = context_for(nobody, fetched, deadline);
  broker_->loaded(request, std::move(result), ctx);
  for (auto& job : jobs) {
    if (failed) {
      job->refuse(disk_read_failed());
      early_.push_back(std::move(job));
    } else {
      decide(std::move(job));
    }
  }
  wake(request.queue_id);
}

}  // namespace signalbox::broker
