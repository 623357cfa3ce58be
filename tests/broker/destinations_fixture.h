// Connections, API destinations and rules that deliver to them, with the test as the outside world.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "broker/api/connections.h"
#include "tests/broker/events_fixture.h"

namespace signalbox::broker::test {

inline api::CreateConnectionRequest basic_connection(const std::string& name) {
  api::CreateConnectionRequest request;
  request.name = name;
  request.authorization_type = "BASIC";
  auto& basic = request.auth_parameters.emplace().basic_auth_parameters.emplace();
  basic.username = "user";
  basic.password = "pass-word";
  return request;
}

inline api::CreateConnectionRequest api_key_connection(const std::string& name) {
  api::CreateConnectionRequest request;
  request.name = name;
  request.authorization_type = "API_KEY";
  auto& api_key = request.auth_parameters.emplace().api_key_auth_parameters.emplace();
  api_key.api_key_name = "X-Api-Key";
  api_key.api_key_value = "key-value";
  return request;
}

inline api::CreateConnectionRequest oauth_connection(const std::string& name) {
  api::CreateConnectionRequest request;
  request.name = name;
  request.authorization_type = "OAUTH_CLIENT_CREDENTIALS";
  auto& oauth = request.auth_parameters.emplace().oauth_parameters.emplace();
  oauth.client_parameters.emplace().client_id = "client";
  oauth.client_parameters->client_secret = "client-secret";
  oauth.authorization_endpoint = "https://login.test/token";
  oauth.http_method = "POST";
  return request;
}

// What an authorization endpoint answers.
inline AttemptResult token_answer(const std::string& token, int expires_in_s = 3600) {
  AttemptResult result = result_of_status(200, std::nullopt);
  result.body = R"({"access_token":")" + token + R"(","token_type":"Bearer","expires_in":)" +
                std::to_string(expires_in_s) + "}";
  return result;
}

class DestinationsWorld : public EventsWorld {
 public:
  explicit DestinationsWorld(Settings settings = {}, std::shared_ptr<storage::Store> store =
                                                         std::make_shared<storage::MemoryStore>())
      : EventsWorld(std::move(settings), std::move(store)) {
    create_queue("dead");
  }

  // Creates it and returns its ARN.
  std::string connect(const api::CreateConnectionRequest& request) {
    const auto reply = call<&Broker::create_connection>(request);
    REQUIRE_FALSE(reply.error);
    return reply.response.connection_arn;
  }
  api::DescribeConnectionResponse connection(const std::string& name) {
    const auto reply = call<&Broker::describe_connection>({name});
    REQUIRE_FALSE(reply.error);
    return reply.response;
  }
  api::CreateApiDestinationRequest destination_request(const std::string& name,
                                                       const std::string& connection_arn) {
    api::CreateApiDestinationRequest request;
    request.name = name;
    request.connection_arn = connection_arn;
    request.invocation_endpoint = "https://api.test/orders";
    request.http_method = "POST";
    return request;
  }
  std::string create_destination(const api::CreateApiDestinationRequest& request) {
    const auto reply = call<&Broker::create_api_destination>(request);
    REQUIRE_FALSE(reply.error);
    return reply.response.api_destination_arn;
  }
  // One that any number of requests may be sent to.
  std::string create_destination(const std::string& name, const std::string& connection_arn) {
    auto request = destination_request(name, connection_arn);
    request.invocation_rate_limit_per_second = 2'000'000'000;
    return create_destination(request);
  }
  api::DescribeApiDestinationResponse destination(const std::string& name) {
    const auto reply = call<&Broker::describe_api_destination>({name});
    REQUIRE_FALSE(reply.error);
    return reply.response;
  }

  // A rule whose events go to the destination, and when given up to the queue "dead".
  void route_to(const std::string& destination_arn, const std::string& rule = "r",
                const std::optional<api::HttpParameters>& parameters = {},
                std::optional<std::int64_t> retries = {}) {
    REQUIRE_FALSE(put_rule(rule, R"({"source":["shop"]})").error);
    auto target = target_of("t", destination_arn);
    target.dead_letter_config.emplace().arn = queue_arn("dead");
    target.http_parameters = parameters;
    if (retries) target.retry_policy = api::RetryPolicy{retries, {}};
    REQUIRE_FALSE(put_targets(rule, {target}).error);
  }
  void put_event(const std::string& detail = "{}") {
    REQUIRE(put({entry_of("shop", "Order", detail)}).response.failed_entry_count == 0);
  }
  // Answers the attempts under way as they come, until there are none.
  std::size_t answer_all(const AttemptResult& result) {
    std::size_t count = 0;
    for (; !attempts.empty(); ++count) end_next_attempt(result);
    return count;
  }
  // The attributes and the body of the one dead letter; nothing when there is none.
  std::map<std::string, std::string> letter() {
    const auto messages = receive("dead");
    std::map<std::string, std::string> attributes;
    if (messages.empty()) return attributes;
    REQUIRE(messages.size() == 1);
    attributes["body"] = messages[0].body;
    for (const auto& [name, value] : *messages[0].message_attributes) {
      attributes[name] = *value.string_value;
    }
    return attributes;
  }
};

// The value of a header, which must be there once at most.
inline std::optional<std::string> header_of(const HttpAttempt& http, const std::string& name) {
  std::optional<std::string> found;
  for (const auto& [each, value] : http.headers) {
    if (each != name) continue;
    CHECK_FALSE(found);
    found = value;
  }
  return found;
}

}  // namespace signalbox::broker::test
