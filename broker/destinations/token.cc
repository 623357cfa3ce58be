#include "broker/destinations/token.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "broker/destinations/merge.h"
#include "broker/destinations/request.h"

namespace signalbox::broker {

namespace {

constexpr std::size_t token_bytes_max = 16 * 1024;
// A token is used no more when less than this is left of it: a request must arrive in time.
constexpr std::chrono::seconds margin_max{5};
// However short its life is said to be: else every request would need one of its own.
constexpr std::chrono::seconds life_min{2};
constexpr std::chrono::seconds life_max{366 * 86'400};

bool is_json_type(const NamedValues& headers) {
  return std::any_of(headers.begin(), headers.end(), [](const auto& header) {
    return has_header({header}, "Content-Type") && header.second.find("json") != std::string::npos;
  });
}

template <class Parameters>
NamedValues pairs_of(const std::optional<std::vector<Parameters>>& parameters) {
  NamedValues pairs;
  if (!parameters) return pairs;
  for (const auto& each : *parameters) {
    if (each.key) set_value(pairs, *each.key, each.value.value_or(""));
  }
  return pairs;
}

// RFC 6749, 5.2: these say what is wrong without quoting anything.
bool is_known_error(std::string_view error) {
  constexpr std::string_view known[] = {"invalid_request",        "invalid_client",
                                        "invalid_grant",          "unauthorized_client",
                                        "unsupported_grant_type", "invalid_scope"};
  return std::find(std::begin(known), std::end(known), error) != std::end(known);
}

bool is_token_text(std::string_view text) {
  return !text.empty() && text.size() <= token_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

struct TokenAnswer {
  std::string access_token;
  std::optional<std::int64_t> expires_in_s;
  std::string error;  // one of the known ones
};

std::optional<std::int64_t> seconds_of(simdjson::dom::element value) {
  std::int64_t number = 0;
  double fraction = 0;
  std::string_view text;
  if (value.get_int64().get(number) == simdjson::SUCCESS) return number;
  if (value.get_double().get(fraction) == simdjson::SUCCESS) {
    return static_cast<std::int64_t>(std::clamp(fraction, 0.0, 1e9));
  }
  // Some say it in quotes.
  if (value.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return is_number ? std::optional(number) : std::nullopt;
}

TokenAnswer parse(const std::string& body) {
  TokenAnswer answer;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body).get_object().get(object) != simdjson::SUCCESS) return answer;
  std::string_view text;
  if (object["access_token"].get_string().get(text) == simdjson::SUCCESS && is_token_text(text)) {
    answer.access_token = text;
  }
  simdjson::dom::element life;
  if (object["expires_in"].get(life) == simdjson::SUCCESS) answer.expires_in_s = seconds_of(life);
  if (object["error"].get_string().get(text) == simdjson::SUCCESS && is_known_error(text)) {
    answer.error = text;
  }
  return answer;
}

TokenFailure failure_of(const AttemptResult& result, const TokenAnswer& answer) {
  TokenFailure failed;
  failed.failure.code = result.failure ? result.failure->code : "ERROR_FROM_TARGET";
  failed.is_worth_retrying = result.failure && result.is_worth_retrying;
  failed.retry_after = result.retry_after;
  if (!result.failure) {
    failed.failure.message = "The authorization endpoint's answer has no access token.";
  } else if (result.http_status == 0) {
    failed.failure.message = result.failure->message;
  } else {
    failed.failure.message =
        fmt::format("The authorization endpoint answered with status {}{}{}.", result.http_status,
                    answer.error.empty() ? "" : ": ", answer.error);
  }
  return failed;
}

}  // namespace

HttpAttempt token_request(const Authorization& authorization) {
  const auto& parameters = authorization.token_parameters;
  HttpAttempt http;
  http.method = authorization.method;
  http.wants_body = true;
  http.timeout = attempt_timeout;
  http.headers = {{"User-Agent", std::string(destination_user_agent)},
                  {"Accept", "application/json"}};
  for (const auto& [name, value] : pairs_of(parameters.header_parameters)) {
    set_header(http.headers, name, value);
  }
  NamedValues form{{"grant_type", "client_credentials"}};
  if (!has_header(http.headers, "Authorization")) {
    form.emplace_back("client_id", *authorization.name);
    form.emplace_back("client_secret", *authorization.secret);
  }
  for (const auto& [name, value] : pairs_of(parameters.body_parameters)) {
    set_value(form, name, value);
  }
  NamedValues query = pairs_of(parameters.query_string_parameters);
  if (http.method == "GET") {
    for (const auto& [name, value] : query) set_value(form, name, value);
    query = std::exchange(form, {});
  } else if (is_json_type(http.headers)) {
    http.body = with_members("{}", form);
  } else {
    if (!has_header(http.headers, "Content-Type")) {
      http.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    }
    http.body = form_encoded(form);
  }
  http.url = with_query(authorization.endpoint, query);
  return http;
}

std::variant<Token, TokenFailure> read_token(const AttemptResult& result, Time now) {
  const TokenAnswer answer = parse(result.body);
  if (result.failure || answer.access_token.empty()) return failure_of(result, answer);
  Token token;
  token.value = answer.access_token;
  // No life, or none at all: it is used until it is refused.
  if (answer.expires_in_s.value_or(0) > 0) {
    const std::chrono::seconds life(std::min(*answer.expires_in_s, life_max.count()));
    const auto margin = std::min<std::chrono::seconds>(margin_max, life / 2);
    token.usable_until = now + std::max(life - margin, life_min);
  }
  return token;
}

}  // namespace signalbox::broker
