// A small client of EventBridge and SQS over the AWS JSON protocol: what these services need of it.
//
// It blocks, and belongs to one thread. A call that ends in a 5xx, in throttling or without an
// answer is repeated, with pauses, until it succeeds or the time for retries is over. Such a call
// may therefore have been carried out more than once: see the README on what that means.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "examples/services/http_connection.h"

namespace shop {

// The service refused the request: sending it again would change nothing.
class AwsError : public std::runtime_error {
 public:
  AwsError(std::string error_type, const std::string& message)
      : std::runtime_error(error_type + ": " + message), type(std::move(error_type)) {}

  const std::string type;
};

struct AwsOptions {
  std::string endpoint = "http://127.0.0.1:4566";
  std::string region = "us-east-1";
  std::chrono::milliseconds retry_for{60'000};
};

struct Queue {
  std::string url;
  std::string arn;
};

struct Message {
  std::string id;
  std::string receipt_handle;
  std::string body;
  std::int64_t sent_time_ms = 0;
};

struct EventEntry {
  std::string bus;
  std::string source;
  std::string detail_type;
  std::string detail;  // a JSON object
};

class AwsClient {
 public:
  // Throws std::invalid_argument when the endpoint is not http://HOST:PORT.
  explicit AwsClient(AwsOptions options);

  // Each of the four finds what is there already, and leaves things as asked.
  void create_event_bus(std::string_view name);
  Queue create_queue(std::string_view name, const std::map<std::string, std::string>& attributes);
  void put_rule(std::string_view bus, std::string_view rule, std::string_view pattern);
  void put_target(std::string_view bus, std::string_view rule, std::string_view id,
                  std::string_view arn);

  // The events' ids, in the order of the entries.
  std::vector<std::string> put_events(const std::vector<EventEntry>& entries);
  // At most ten messages; waits for the first. Throws Stopped when a signal ends the wait.
  std::vector<Message> receive(const Queue& queue, std::chrono::seconds wait);
  void delete_message(const Queue& queue, std::string_view receipt_handle);

  HttpConnection& connection() { return connection_; }

 private:
  enum class Service { events, sqs };

  // The answer's body. Throws AwsError, ConnectionLost or Stopped.
  std::string call(Service service, std::string_view operation, const std::string& request,
                   std::chrono::milliseconds timeout, OnStop on_stop);
  std::string call(Service service, std::string_view operation, const std::string& request);
  HttpHeaders headers_for(Service service, std::string_view operation) const;

  AwsOptions options_;
  HttpConnection connection_;
};

}  // namespace shop
