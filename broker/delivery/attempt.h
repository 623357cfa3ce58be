// One attempt to deliver: what the core hands to the transport, and what comes back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/bus.h"
#include "broker/clock.h"
#include "broker/log_line.h"

namespace signalbox::broker {

struct DeliveryId {
  std::uint64_t lane = 0;
  std::uint64_t number = 0;
  bool operator==(const DeliveryId&) const = default;
};

// Of no lane: the number is then that of a token's fetch (broker/destinations/).
constexpr std::uint64_t token_lane = 0;

// Likewise: that of an invocation of a function that is a URL (broker/functions/).
constexpr std::uint64_t url_lane = ~std::uint64_t{0};

struct HttpAttempt {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Duration timeout{0};
  bool wants_body = false;  // of the answer
};

struct Attempt {
  DeliveryId id;
  std::uint64_t epoch = 0;  // the engine's: results of an earlier one are nobody's
  // What is to be done: either of them.
  HttpAttempt http;
  std::optional<LogLine> log_line;
};

// Callable from any thread through Engine; the transport answers every attempt exactly once.
struct AttemptResult {
  // Nothing: delivered.
  std::optional<DeliveryFailure> failure;
  bool is_worth_retrying = false;
  std::optional<Duration> retry_after;
  int http_status = 0;  // of an answer; 0: there was none
  std::string body;     // of it, when the attempt wants it
};

// How an HTTP exchange ended, short of an answer.
enum class HttpTrouble : std::uint8_t {
  connection_failed,  // refused, reset, closed early
  timed_out,
  unknown_host,     // DNS says there is none
  address_refused,  // an address that the settings do not allow
  tls_failed,
  bad_url,
  bad_answer,  // not HTTP, or larger than is read
};

// What an answer, or the lack of one, means for the delivery: as documented of API destinations,
// 429, 5xx, timeouts and connection trouble are tried again, other refusals are not.
AttemptResult result_of_status(int status, std::optional<Duration> retry_after);
AttemptResult result_of_trouble(HttpTrouble trouble, std::string detail);
// A line was written, or (problem is not empty) it was not.
AttemptResult result_of_writing(std::string problem);

}  // namespace signalbox::broker
