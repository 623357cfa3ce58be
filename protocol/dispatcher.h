// From an HTTP request to the operation it asks for, and back.
//
// handle() runs on the io threads; release() wherever the engine or the store calls it. Knows HTTP
// and the AWS wires, and of the broker only jobs: what becomes of them is the ports' business.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "broker/clock.h"
#include "broker/rule_directory.h"
#include "protocol/credential_scope.h"
#include "protocol/guard.h"
#include "protocol/request_job.h"

namespace signalbox::protocol {

struct DispatcherSettings {
  GuardSettings guard;
  std::string region;
  std::string account;
};

struct DispatcherPorts {
  std::function<void(std::vector<std::unique_ptr<broker::Job>>)> submit;
  std::function<void(std::uint64_t job_id)> cancel;  // its client is gone
  // The reply with these messages could not be written.
  std::function<void(broker::Unwritten)> give_back;
  std::function<void(std::function<void()>)> run_reader;
  std::function<void(std::size_t io_thread, std::unique_ptr<IoTask>)> post_to_io;
  // Everything under /_signalbox/ and /_localstack/. False: no such path.
  std::function<bool(const HttpRequest&, std::shared_ptr<Exchange>)> admin;
  // One finished request, for the log.
  std::function<void(std::string_view operation, unsigned status, std::string_view request_id,
                     std::string_view detail)>
      log;
};

class Dispatcher : public JobHost {
 public:
  Dispatcher(DispatcherSettings settings, const broker::Clock& clock,
             broker::RuleDirectory& directory, broker::HandleKey handle_key, DispatcherPorts ports);

  void handle(HttpRequest&& request, std::shared_ptr<Exchange> exchange);
  // Answered jobs: each goes to its io thread to be finished and encoded.
  void release(std::vector<std::unique_ptr<broker::Job>> jobs);
  // The answer to bytes that are no request.
  static HttpReply refusal(unsigned status, std::string_view reason);

  // The store that bodies are read from; null while there is none.
  void set_store(std::shared_ptr<storage::Store> store);

  // The world of a request that names none.
  broker::Caller default_caller() const;

  // For a request of this caller; on the io thread that has it.
  broker::PrepareContext prepare_context(const broker::Caller& caller) const;

  // Prometheus text: requests by operation and status.
  std::string metrics() const;

  // JobHost
  std::shared_ptr<storage::Store> store() const override;
  const broker::HandleKey& handle_key() const override { return handle_key_; }
  void run_on_reader(std::unique_ptr<RequestJob> job) override;
  void count_left_out(std::uint64_t messages) override { left_out_ += messages; }
  void reply(RequestJob& job, unsigned status, std::string body, HttpHeaders headers) override;

 private:
  struct Asked;
  bool find_operation_asked(const HttpRequest& request, Asked& asked) const;
  bool find_rest_asked(const HttpRequest& request, Asked& asked) const;
  static void take_query(const HttpRequest& request, std::string_view signing_name,
                         std::string_view form, Asked& asked);
  static std::string session_token_of(const HttpRequest& request, const Asked& asked);
  static void take_rest(const HttpRequest& request, Service service, const Row* row, Asked& asked);
  broker::Caller caller_of(const HttpRequest& request, std::string_view query_string) const;
  void start(HttpRequest&& request, std::shared_ptr<Exchange> exchange, Asked&& asked);
  void submit_soon(std::unique_ptr<RequestJob> job);
  void answer_on_io(std::unique_ptr<RequestJob> job);
  void count(const Row* row, unsigned status);

  const DispatcherSettings settings_;
  const Guard guard_;
  const broker::Clock& clock_;
  broker::RuleDirectory& directory_;
  const broker::HandleKey handle_key_;
  const DispatcherPorts ports_;

  mutable std::mutex store_mutex_;
  std::shared_ptr<storage::Store> store_;
  std::atomic<std::uint64_t> last_job_id_{0};
  std::atomic<std::uint64_t> left_out_{0};
  // By row and status class (2xx, 4xx, 5xx).
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
};

}  // namespace signalbox::protocol
