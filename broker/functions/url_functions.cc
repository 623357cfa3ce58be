// Functions that are a URL: each invocation is a POST of its payload, with the headers of the
// Runtime API; the body of the answer is the function's.
#include <fmt/format.h>

#include <chrono>

#include "broker/delivery/attempt.h"
#include "broker/functions/functions.h"
#include "broker/outbox.h"
#include "broker/with_parsed.h"

namespace signalbox::broker::functions {

namespace {

bool is_json(const std::string& text) {
  return with_parsed(text, [](simdjson::dom::element) { return true; });
}

}  // namespace

void Functions::post(Invocation& invocation, Context& ctx) {
  Function& function = *invocation.function;
  invocation.state = Invocation::State::running;
  invocation.started = ctx.now;
  ++function.running_count;
  const auto timeout = std::chrono::seconds(function.config.timeout.value_or(3));
  Attempt attempt;
  attempt.id = {url_lane, invocation.number};
  auto& http = attempt.http;
  http.method = "POST";
  http.url = *function.image_uri;
  http.headers = {
      {"Content-Type", "application/json"},
      {"Lambda-Runtime-Aws-Request-Id", invocation.made_of.request_id},
      {"Lambda-Runtime-Deadline-Ms", fmt::to_string(to_ms(ctx.wall + timeout))},
      {"Lambda-Runtime-Invoked-Function-Arn", *function.config.function_arn},
  };
  if (!invocation.made_of.trace_header.empty()) {
    http.headers.emplace_back("X-Amzn-Trace-Id", invocation.made_of.trace_header);
  }
  http.body = invocation.made_of.payload;
  http.timeout = timeout;
  http.wants_body = true;
  host_.outbox().attempts.push_back(std::move(attempt));
}

void Functions::url_answered(std::uint64_t number, const AttemptResult& result, Context& ctx) {
  const auto at = invocations_by_number_.find(number);
  if (at == invocations_by_number_.end()) return;
  Invocation& invocation = *at->second;
  if (invocation.state != Invocation::State::running) return;
  if (result.body.size() > response_bytes_max) {
    end(invocation, too_large(), ctx);
  } else if (!result.failure) {
    end(invocation, {result.body, {}}, ctx);
  } else if (result.http_status != 0 && is_json(result.body)) {
    end(invocation, {result.body, "Unhandled"}, ctx);
  } else {
    const std::string text = fmt::format("RequestId: {} Error: {}", invocation.made_of.request_id,
                                         result.failure->message);
    end(invocation, {error_payload("Function.HttpError", text), "Unhandled"}, ctx);
  }
}

}  // namespace signalbox::broker::functions
