// One AWS request on its way: decoded and prepared on its io thread, decided by the engine,
// finished and encoded on its io thread again.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "broker/broker.h"
#include "broker/finish.h"
#include "broker/job.h"
#include "broker/prepare.h"
#include "protocol/error_table.h"
#include "protocol/http_server.h"
#include "protocol/operation_table.h"

namespace signalbox::protocol {

// What a job needs on its io thread, kept by the dispatcher for as long as the server runs.
class JobHost {
 public:
  virtual ~JobHost() = default;
  // The store of this moment, null while there is none.
  virtual std::shared_ptr<storage::Store> store() const = 0;
  virtual const broker::HandleKey& handle_key() const = 0;
  // Runs finish_from_disk on a reader thread, then answer on the job's io thread.
  virtual void run_on_reader(std::unique_ptr<class RequestJob> job) = 0;
  virtual void count_left_out(std::uint64_t messages) = 0;
  // Sends the reply, with these headers besides the usual ones, and logs the request.
  virtual void reply(class RequestJob& job, unsigned status, std::string body,
                     HttpHeaders headers) = 0;
};

struct Row;

class RequestJob : public broker::Job {
 public:
  // Filled by the dispatcher.
  JobHost* host = nullptr;
  const Row* row = nullptr;
  Wire wire = Wire::json_1_0;
  std::shared_ptr<Exchange> exchange;
  std::vector<std::pair<std::string, std::string>> cors_headers;

  bool writes() const override;
  void refuse(const broker::Error& error) override { error_ = error; }

  // On the io thread: the request's members, its checks, its preparation. An error is the answer.
  virtual std::optional<broker::Error> decode(const WireRequest& request,
                                              broker::PrepareContext& context) = 0;
  // Whether the operation may wait long for its answer.
  virtual bool may_wait() const = 0;
  // The messages in the answer, to be given back if it cannot be written.
  virtual broker::Unwritten take_handed_out() = 0;

  // On the io thread, when the engine has released the job: finish, encode, reply.
  static void answer(std::unique_ptr<RequestJob> job);
  // On a reader thread: the part of finishing that blocks on the disk.
  void finish_from_disk();
  void reply_error(const broker::Error& error);

 protected:
  // Fills what the decision left open (message bodies).
  virtual broker::Finished finish(const broker::FinishContext& context,
                                  std::uint64_t& left_out) = 0;
  virtual void encode(std::string& out) = 0;
  virtual void encode_head(unsigned& status, HttpHeaders& headers) = 0;

  std::optional<broker::Error> error_;

 private:
  void finish_at(storage::ReadTier tier);
  bool is_finished_ = false;
  broker::Finished finished_ = broker::Finished::done;
};

// A row of the table, with the one function that is not deduced: how to make its job.
struct Row : OperationRow {
  std::unique_ptr<RequestJob> (*make)() = nullptr;
  BodyLimit own_body_limit = {};  // no bytes: that of all requests
};

template <class Request>
concept Prepared = requires(Request& request, broker::PrepareContext& context) {
  broker::prepare(request, context);
};

template <class Response, class Request>
concept FinishedLater = requires(Response& response, const Request& request,
                                 const broker::FinishContext& context, std::uint64_t& left_out) {
  broker::finish(response, request, context, left_out);
};

template <auto function>
class TypedJob final : public RequestJob {
  using Request = typename OperationTraits<function>::Request;
  using Response = typename OperationTraits<function>::Response;

 public:
  std::optional<broker::Error> decode(const WireRequest& wire_request,
                                      broker::PrepareContext& context) override {
    if (auto error = decode_request(wire_request, request_)) return error;
    if constexpr (Prepared<Request>) {
      auto status = broker::prepare(request_, context);
      if (!status.has_value()) return std::move(status).assume_error();
    }
    return std::nullopt;
  }

  bool may_wait() const override {
    if constexpr (requires(const Request& request) { request.wait_time_seconds; }) {
      return request_.wait_time_seconds.value_or(1) > 0;
    }
    return row->may_wait;
  }

  broker::Unwritten take_handed_out() override {
    if constexpr (requires(Response & response) { response.invocation(); }) {
      return {{}, response_.invocation()};
    } else if constexpr (requires(Response & response) { response.handed_out; }) {
      return {std::move(response_.handed_out), {}};
    }
    return {};
  }

  Step run(broker::Broker& broker, broker::Context& ctx) override {
    auto& owner = broker.part(static_cast<typename OperationTraits<function>::Owner*>(nullptr));
    return take((owner.*function)(request_, ctx));
  }

 protected:
  broker::Finished finish(const broker::FinishContext& context, std::uint64_t& left_out) override {
    if constexpr (FinishedLater<Response, Request>) {
      return broker::finish(response_, request_, context, left_out);
    }
    static_cast<void>(context);
    static_cast<void>(left_out);
    return broker::Finished::done;
  }

  void encode(std::string& out) override;
  void encode_head(unsigned& status, HttpHeaders& headers) override {
    protocol::encode_head(response_, status, headers);
  }

 private:
  Step take(broker::Status status) {
    if (status.has_error()) error_ = std::move(status).assume_error();
    return Step::answered;
  }
  template <class T>
  Step take(broker::Result<T> result) {
    if (result.has_error()) {
      error_ = std::move(result).assume_error();
    } else {
      response_ = std::move(result).assume_value();
    }
    return Step::answered;
  }
  template <class T>
  Step take(broker::Answer<T> answer) {
    if (const auto* wait = answer.wait()) {
      queue_id = wait->queue_id;
      return Step::waits;
    }
    if (const auto* need = answer.needs_keys()) {
      if (need->window_of_queue == 0) return Step::needs_keys;
      queue_id = need->window_of_queue;
      return Step::needs_window;
    }
    if (const auto* error = answer.error()) {
      error_ = *error;
    } else {
      response_ = std::move(*answer.value());
    }
    return Step::answered;
  }

  Request request_;
  Response response_;
};

template <auto function>
void TypedJob<function>::encode(std::string& out) {
  encode_reply(row->service, wire, row->name, response_, caller.request_id, out);
}

// All operations, in the order OperationRow demands.
std::span<const Row> operation_rows();

// The limit of the row that the request asks for, if it has one of its own. target: path and query.
BodyLimit own_body_limit(std::string_view method, std::string_view target);

}  // namespace signalbox::protocol
