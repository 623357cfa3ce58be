// A whole broker in one thread for tests: engine, store, virtual clock, seeded ids. Nothing sleeps;
// advance() moves time, and everything that follows has happened when it returns.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "broker/api/sqs.h"
#include "broker/engine.h"
#include "broker/finish.h"
#include "broker/prepare.h"
#include "broker/rule_directory.h"
#include "storage/memory_store.h"

namespace signalbox::broker::test {

template <class>
struct SignatureOf;
template <class R, class Owner_, class Q>
struct SignatureOf<R (Owner_::*)(const Q&, Context&)> {
  using Owner = Owner_;
  using Request = Q;
};

template <class R>
struct ValueOf;
template <class T>
struct ValueOf<Answer<T>> {
  using Type = T;
};
template <class T>
struct ValueOf<Result<T>> {
  using Type = std::conditional_t<std::is_void_v<T>, api::Empty, T>;
};

template <auto function>
struct Types {
  using Owner = typename SignatureOf<decltype(function)>::Owner;
  using Request = typename SignatureOf<decltype(function)>::Request;
  using Response = typename ValueOf<decltype((std::declval<Owner&>().*function)(
      std::declval<const Request&>(), std::declval<Context&>()))>::Type;
};

// What became of a call; filled when its reply is released.
template <class Response>
struct Reply {
  bool released = false;
  std::size_t run_count = 0;  // how often it was decided
  std::optional<Error> error;
  Response response;
};

// An operation that has been submitted but maybe not answered.
template <auto function>
class TestJob final : public Job {
 public:
  using Request = typename Types<function>::Request;
  using Response = typename Types<function>::Response;

  TestJob(Request request, std::shared_ptr<Reply<Response>> reply, bool is_write)
      : request_(std::move(request)), reply_(std::move(reply)), is_write_(is_write) {}
  ~TestJob() override { reply_->released = true; }

  Step run(Broker& broker, Context& ctx) override {
    ++reply_->run_count;
    auto& owner = broker.part(static_cast<typename Types<function>::Owner*>(nullptr));
    return take((owner.*function)(request_, ctx));
  }
  void refuse(const Error& error) override { reply_->error = error; }
  bool writes() const override { return is_write_; }
  Request& request() { return request_; }

 private:
  Step take(Status status) {
    if (status.has_error()) reply_->error = std::move(status).assume_error();
    return Step::answered;
  }
  template <class T>
  Step take(Result<T> result) {
    if (result.has_error()) {
      reply_->error = std::move(result).assume_error();
    } else {
      reply_->response = std::move(result).assume_value();
    }
    return Step::answered;
  }
  template <class T>
  Step take(Answer<T> answer) {
    if (const auto* wait = answer.wait()) return queue_id = wait->queue_id, Step::waits;
    if (const auto* need = answer.needs_keys()) {
      if (need->window_of_queue == 0) return Step::needs_keys;
      queue_id = need->window_of_queue;
      return Step::needs_window;
    }
    if (const auto* error = answer.error()) {
      reply_->error = *error;
    } else {
      reply_->response = std::move(*answer.value());
    }
    return Step::answered;
  }

  Request request_;
  std::shared_ptr<Reply<Response>> reply_;
  const bool is_write_;
};

class TestBroker {
 public:
  explicit TestBroker(Settings settings = {}, std::shared_ptr<storage::Store> store =
                                                  std::make_shared<storage::MemoryStore>())
      : settings_(std::move(settings)), store_(std::move(store)) {
    handle_key_.fill(7);
    restart();
  }
  ~TestBroker() {
    engine_->unload();
    settle();
  }

  // A new broker from what the store holds: what a crash leaves.
  void restart() { restart(store_); }
  void restart(std::shared_ptr<storage::Store> store) {
    engine_.reset();
    core_work_.clear();
    store_ = std::move(store);
    EnginePorts ports;
    // A job tells its reply when it is destroyed.
    ports.release = [](std::vector<std::unique_ptr<Job>> jobs) { jobs.clear(); };
    ports.run_reader = [this](const std::function<void()>& work) {
      if (holds_reads) {
        held_reads.push_back(work);
      } else {
        work();
      }
    };
    ports.post_to_core = [this](std::function<void()> work) {
      core_work_.push_back(std::move(work));
    };
    ports.post_completion = ports.post_to_core;
    ports.attempt = [this](Attempt attempt) { attempts.push_back(std::move(attempt)); };
    ports.order_worker = [this](const WorkerOrder& order) { worker_orders.push_back(order); };
    ports.log_steps = [this](std::vector<StepRecord> records) {
      for (auto& record : records) steps.push_back(std::move(record));
    };
    ports.failed = [this](storage::Outcome outcome) { failed_ = outcome; };
    engine_ = std::make_unique<Engine>(settings_, storage::Durability::synced, clock_, ids_,
                                       directory_, std::move(ports));
    load_problem_ = engine_->reload(store_, false);
    settle();
  }

  // Submits the operation; the reply tells when it is released.
  template <auto function>
  std::shared_ptr<Reply<typename Types<function>::Response>> start(
      typename Types<function>::Request request, bool is_write = true) {
    auto reply = std::make_shared<Reply<typename Types<function>::Response>>();
    auto job = std::make_unique<TestJob<function>>(std::move(request), reply, is_write);
    job->id = ++last_job_id_;
    job->caller = caller;
    if constexpr (requires(PrepareContext & c) { prepare(job->request(), c); }) {
      PrepareContext context{clock_.wall(), ids_, job->caller, directory_, handle_key_};
      auto status = prepare(job->request(), context);
      if (!status.has_value()) {
        reply->error = std::move(status).assume_error();
        return reply;
      }
    }
    engine_->submit(std::move(job));
    settle();
    return reply;
  }

  // Submits and returns the reply, which must have been released.
  template <auto function>
  Reply<typename Types<function>::Response> call(typename Types<function>::Request request) {
    auto reply = start<function>(std::move(request));
    return std::move(*reply);
  }

  // Everything that can happen at this moment has happened.
  void settle() {
    do {
      while (!core_work_.empty()) {
        auto work = std::move(core_work_.front());
        core_work_.pop_front();
        work();
      }
      engine_->turn();
    } while (!core_work_.empty() || is_due());
  }

  void advance(Duration by) {
    // In steps from deadline to deadline, as real time would meet them.
    const Time until = clock_.now() + by;
    while (true) {
      const auto next = engine_->next_deadline();
      if (!next || *next > until) break;
      if (*next > clock_.now()) clock_.advance(*next - clock_.now());
      const auto before = engine_->sealed();
      settle();
      if (engine_->next_deadline() == next && engine_->sealed() == before) break;
    }
    if (until > clock_.now()) clock_.advance(until - clock_.now());
    settle();
  }

  // Reads from disk that a test makes wait, until it lets them go.
  bool holds_reads = false;
  std::vector<std::function<void()>> held_reads;
  void let_reads_go() {
    holds_reads = false;
    for (const auto& work : std::exchange(held_reads, {})) work();
    settle();
  }

  // Deliveries handed to the transport, for the test to answer.
  std::vector<StepRecord> steps;  // that have left
  std::deque<Attempt> attempts;
  std::vector<WorkerOrder> worker_orders;
  void tell(const WorkerNews& news) {
    engine_->worker_news(news);
    settle();
  }
  void end_attempt(const Attempt& attempt, const AttemptResult& result) {
    engine_->attempt_ended(attempt.id, attempt.epoch, result);
    settle();
  }
  // Ends the oldest attempt and gives it to look at.
  Attempt end_next_attempt(const AttemptResult& result) {
    Attempt attempt = std::move(attempts.front());
    attempts.pop_front();
    end_attempt(attempt, result);
    return attempt;
  }

  // ---- shorthand ----
  std::string create_queue(const std::string& name, api::StringMap attributes = {}) {
    api::CreateQueueRequest request;
    request.queue_name = name;
    request.attributes = std::move(attributes);
    return call<&Broker::create_queue>(request).response.queue_url;
  }
  Reply<api::SendMessageResponse> send(const std::string& queue, const std::string& body,
                                       std::optional<std::int64_t> delay_s = {}) {
    api::SendMessageRequest request;
    request.queue_url = queue;
    request.message_body = body;
    request.delay_seconds = delay_s;
    return call<&Broker::send_message>(request);
  }
  // The messages handed out, with their bodies.
  std::vector<api::Message> receive(const std::string& queue, std::int64_t count_max = 10,
                                    std::optional<std::int64_t> visibility_s = {}) {
    api::ReceiveMessageRequest request;
    request.queue_url = queue;
    request.max_number_of_messages = count_max;
    request.visibility_timeout = visibility_s;
    request.attribute_names = {"All"};
    request.message_attribute_names = {"All"};
    auto reply = call<&Broker::receive_message>(request);
    return messages_of(reply.response, request);
  }
  std::vector<api::Message> messages_of(api::ReceiveMessageResponse& response,
                                        const api::ReceiveMessageRequest& request) {
    std::uint64_t left_out = 0;
    finish(response, request, {*store_, handle_key_, storage::ReadTier::disk}, left_out);
    left_out_ += left_out;
    return response.messages.value_or(std::vector<api::Message>{});
  }
  std::optional<Error> remove(const std::string& queue, const std::string& handle) {
    api::DeleteMessageRequest request;
    request.queue_url = queue;
    request.receipt_handle = handle;
    return call<&Broker::delete_message>(request).error;
  }
  std::optional<Error> change_visibility(const std::string& queue, const std::string& handle,
                                         std::int64_t timeout_s) {
    api::ChangeMessageVisibilityRequest request;
    request.queue_url = queue;
    request.receipt_handle = handle;
    request.visibility_timeout = timeout_s;
    return call<&Broker::change_message_visibility>(request).error;
  }
  std::string attribute(const std::string& queue, const std::string& name) {
    api::GetQueueAttributesRequest request;
    request.queue_url = queue;
    request.attribute_names = {name};
    auto reply = call<&Broker::get_queue_attributes>(request);
    return reply.response.attributes ? (*reply.response.attributes)[name] : "";
  }

  std::string seal(const ReceiptHandle& handle) const { return seal_handle(handle, handle_key_); }

  Caller caller;
  const std::string& load_problem() const { return load_problem_; }
  const std::optional<storage::Outcome>& failed() const { return failed_; }
  std::uint64_t left_out() const { return left_out_; }
  Engine& engine() { return *engine_; }
  VirtualClock& clock() { return clock_; }
  storage::Store& store() { return *store_; }
  const RuleDirectory& directory() const { return directory_; }

 private:
  bool is_due() const {
    // A deadline that waits for an undurable batch stays due: only durable engines are settled.
    const auto next = engine_->next_deadline();
    return next && *next <= clock_.now() && engine_->committed() == engine_->sealed();
  }

  const Settings settings_;
  std::shared_ptr<storage::Store> store_;
  VirtualClock clock_{from_ms(1'767'323'045'678)};
  SeededIds ids_{42};
  RuleDirectory directory_;
  HandleKey handle_key_{};
  std::deque<std::function<void()>> core_work_;
  std::unique_ptr<Engine> engine_;
  std::string load_problem_;
  std::optional<storage::Outcome> failed_;
  std::uint64_t last_job_id_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace signalbox::broker::test
