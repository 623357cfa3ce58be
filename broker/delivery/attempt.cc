#include "broker/delivery/attempt.h"

#include <fmt/format.h>

namespace signalbox::broker {

namespace {

AttemptResult failed(std::string code, std::string message, bool is_worth_retrying) {
  AttemptResult result;
  result.failure = DeliveryFailure{std::move(code), std::move(message)};
  result.is_worth_retrying = is_worth_retrying;
  return result;
}

}  // namespace

AttemptResult result_of_status(int status, std::optional<Duration> retry_after) {
  AttemptResult result;
  const std::string message = fmt::format("The target answered with status {}.", status);
  if (status == 429 || status >= 500) {
    // A negative Retry-After asks for no more tries.
    const bool is_worth_retrying = !retry_after || *retry_after >= Duration(0);
    result = failed(status == 429 ? "THROTTLING" : "ERROR_FROM_TARGET", message, is_worth_retrying);
    result.retry_after = retry_after;
  } else if (status < 200 || status >= 300) {
    result = failed(status < 400 ? "ERROR_FROM_TARGET" : "SDK_CLIENT_ERROR", message, false);
  }
  result.http_status = status;
  return result;
}

AttemptResult result_of_trouble(HttpTrouble trouble, std::string detail) {
  switch (trouble) {
    case HttpTrouble::connection_failed:
    case HttpTrouble::tls_failed: return failed("CONNECTION_FAILURE", std::move(detail), true);
    case HttpTrouble::timed_out: return failed("TIMEOUT", std::move(detail), true);
    case HttpTrouble::bad_answer: return failed("ERROR_FROM_TARGET", std::move(detail), true);
    case HttpTrouble::unknown_host: return failed("NO_RESOURCE", std::move(detail), false);
    case HttpTrouble::address_refused: return failed("NO_PERMISSIONS", std::move(detail), false);
    case HttpTrouble::bad_url: break;
  }
  return failed("INVALID_PARAMETER", std::move(detail), false);
}

AttemptResult result_of_writing(std::string problem) {
  if (problem.empty()) return {};
  return failed("INTERNAL_ERROR", std::move(problem), true);
}

}  // namespace signalbox::broker
