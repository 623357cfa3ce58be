// What is sent to API destinations and to authorization endpoints. No broker.
#include <catch2/catch.hpp>

#include "broker/destinations/merge.h"
#include "broker/destinations/request.h"
#include "broker/destinations/token.h"
#include "tests/broker/destinations_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using test::header_of;

namespace {

constexpr std::string_view event_json =
    R"({"version":"0","source":"shop","detail":{"id":"o/1","count":2,"tags":["a","b"],"up":".."}})";

template <class Parameter>
Parameter parameter(const std::string& key, const std::string& value) {
  Parameter made;
  made.key = key;
  made.value = value;
  return made;
}
const auto header = parameter<api::ConnectionHeaderParameter>;
const auto query = parameter<api::ConnectionQueryStringParameter>;
const auto member = parameter<api::ConnectionBodyParameter>;

Authorization api_key() {
  Authorization authorization;
  authorization.type = AuthorizationType::api_key;
  authorization.name = "X-Api-Key";
  authorization.secret = "key-value";
  return authorization;
}

struct Call {
  std::string endpoint = "https://api.test/orders";
  std::string method = "POST";
  Authorization authorization = api_key();
  std::string token;
  api::HttpParameters target;
  std::string body = R"({"a":1})";

  std::variant<HttpAttempt, DeliveryFailure> make() const {
    const DestinationCall call{endpoint, method, authorization, token, &target};
    return destination_request(call, {event_json, {}, {}}, body);
  }
  HttpAttempt request() const {
    auto made = make();
    REQUIRE(std::holds_alternative<HttpAttempt>(made));
    return std::get<HttpAttempt>(made);
  }
  std::string refusal() const {
    auto made = make();
    REQUIRE(std::holds_alternative<DeliveryFailure>(made));
    CHECK(std::get<DeliveryFailure>(made).code == "INVALID_PARAMETER");
    return std::get<DeliveryFailure>(made).message;
  }
};

}  // namespace

TEST_CASE("a request has the documented headers and the event as its body", "[destinations]") {
  const auto http = Call().request();
  CHECK(http.method == "POST");
  CHECK(http.url == "https://api.test/orders");
  CHECK(http.body == R"({"a":1})");
  CHECK(http.timeout == 5s);
  CHECK(http.headers == NamedValues{{"User-Agent", "Amazon/EventBridge/ApiDestinations"},
                                    {"Content-Type", "application/json; charset=utf-8"},
                                    {"Range", "bytes=0-1048575"},
                                    {"Accept-Encoding", "gzip,deflate"},
                                    {"X-Api-Key", "key-value"}});
}

TEST_CASE("each type of authorization has its header", "[destinations]") {
  Call call;
  call.authorization.name = "user";
  call.authorization.secret = "pass";
  call.authorization.type = AuthorizationType::basic;
  CHECK(header_of(call.request(), "Authorization") == "Basic dXNlcjpwYXNz");
  call.authorization.type = AuthorizationType::oauth;
  call.token = "t-1";
  CHECK(header_of(call.request(), "Authorization") == "Bearer t-1");
}

TEST_CASE("wildcards of the path are filled in order", "[destinations]") {
  Call call;
  call.endpoint = "https://api.test/a*/b/*?keep=*";
  call.target.path_parameter_values = {"1", "x y", "left over"};
  CHECK(call.request().url == "https://api.test/a1/b/x%20y?keep=*");
  call.target.path_parameter_values = {"1"};
  CHECK(call.refusal() == "The API destination's path has more wildcards than the target values.");
  CHECK(fill_wildcards("https://*.test", {}) == "https://*.test");
  CHECK(fill_wildcards("https://api.test/*", {"a/b?c#d"}) == "https://api.test/a%2Fb%3Fc%23d");
}

TEST_CASE("values that are paths come from the event", "[destinations]") {
  Call call;
  call.endpoint = "https://api.test/*";
  call.target.path_parameter_values = {"$.detail.id"};
  call.target.query_string_parameters = {{"count", "$.detail.count"}, {"none", "$.detail.none"}};
  call.target.header_parameters = {
      {"X-Tags", "$.detail.tags"}, {"X-None", "$.nowhere"}, {"X-Price", "$5"}};
  const auto http = call.request();
  CHECK(http.url == "https://api.test/o%2F1?count=2");
  CHECK(header_of(http, "X-Tags") == R"(["a","b"])");
  CHECK(header_of(http, "X-None") == std::nullopt);
  CHECK(header_of(http, "X-Price") == "$5");
  // A segment must not lead out of where it stands.
  for (const auto* path : {"$.detail.none", "$.detail.up", ".", ".."}) {
    call.target.path_parameter_values = {path};
    CHECK(call.refusal() == "A path parameter of the target has no value in the event.");
  }
}

TEST_CASE("where target and connection name the same the connection's value counts",
          "[destinations]") {
  Call call;
  call.endpoint = "https://api.test/orders?own=1";
  call.target.header_parameters = {
      {"x-both", "target"}, {"X-Target", "t"}, {"content-type", "text/plain"}};
  call.target.query_string_parameters = {{"both", "target"}, {"target", "t&t"}};
  auto& parameters = call.authorization.parameters;
  parameters.header_parameters = {{header("X-Both", "connection"), header("X-Connection", "c")}};
  parameters.query_string_parameters = {{query("both", "connection"), query("q", "ü")}};
  const auto http = call.request();
  CHECK(http.url == "https://api.test/orders?own=1&both=connection&target=t%26t&q=%C3%BC");
  CHECK(header_of(http, "x-both") == "connection");
  CHECK(header_of(http, "X-Both") == std::nullopt);
  CHECK(header_of(http, "X-Target") == "t");
  CHECK(header_of(http, "X-Connection") == "c");
  CHECK(header_of(http, "Content-Type") == "text/plain");
}

TEST_CASE("no parameter takes the place of the authorization", "[destinations]") {
  Call call;
  call.target.header_parameters = {{"x-api-key", "forged"}};
  call.authorization.parameters.header_parameters = {{header("X-API-KEY", "forged")}};
  const auto http = call.request();
  CHECK(header_of(http, "x-api-key") == "key-value");
  CHECK(header_of(http, "X-Api-Key") == std::nullopt);
}

TEST_CASE("body parameters become members of a JSON object", "[destinations]") {
  Call call;
  call.authorization.parameters.body_parameters = {{member("b", "two"), member("c", "th\"ree")}};
  const auto [body, merged] =
      GENERATE(std::pair{R"({"a":1,"b":{"x":[1]}})", R"({"a":1,"b":"two","c":"th\"ree"})"},
               std::pair{R"({ })", R"({"b":"two","c":"th\"ree"})"},
               std::pair{R"({"\u0062":1})", R"({"b":"two","c":"th\"ree"})"},
               std::pair{R"(["a"])", R"(["a"])"}, std::pair{R"("text")", R"("text")"},
               std::pair{R"({"a":1}{"b":2})", R"({"a":1}{"b":2})"});
  call.body = body;
  CHECK(call.request().body == merged);
}

TEST_CASE("GET and HEAD have no body", "[destinations]") {
  Call call;
  call.authorization.parameters.body_parameters = {{member("b", "two")}};
  for (const auto* method : {"GET", "HEAD"}) {
    call.method = method;
    CHECK(call.request().body.empty());
  }
  for (const auto* method : {"PUT", "PATCH", "DELETE", "OPTIONS"}) {
    call.method = method;
    CHECK(call.request().body == R"({"a":1,"b":"two"})");
  }
}

// ---- tokens ----

namespace {

Authorization oauth(const std::string& method = "POST") {
  Authorization authorization;
  authorization.type = AuthorizationType::oauth;
  authorization.name = "client id";
  authorization.secret = "s&cret";
  authorization.endpoint = "https://login.test/token?tenant=7";
  authorization.method = method;
  return authorization;
}

const Time now = from_ms(1'000'000'000);

Token token_of(const std::string& body) {
  AttemptResult result = result_of_status(200, std::nullopt);
  result.body = body;
  const auto read = read_token(result, now);
  REQUIRE(std::holds_alternative<Token>(read));
  return std::get<Token>(read);
}

TokenFailure failure_of(const AttemptResult& result) {
  const auto read = read_token(result, now);
  REQUIRE(std::holds_alternative<TokenFailure>(read));
  return std::get<TokenFailure>(read);
}

}  // namespace

TEST_CASE("a token is asked for with a form", "[destinations]") {
  const auto http = token_request(oauth());
  CHECK(http.method == "POST");
  CHECK(http.url == "https://login.test/token?tenant=7");
  CHECK(http.body == "grant_type=client_credentials&client_id=client%20id&client_secret=s%26cret");
  CHECK(header_of(http, "Content-Type") == "application/x-www-form-urlencoded");
  CHECK(header_of(http, "User-Agent") == "Amazon/EventBridge/ApiDestinations");
  CHECK(http.wants_body);
}

TEST_CASE("a token asked for by GET has everything in the query", "[destinations]") {
  auto authorization = oauth("GET");
  authorization.token_parameters.body_parameters = {{member("audience", "orders")}};
  const auto http = token_request(authorization);
  CHECK(http.body.empty());
  CHECK(http.url ==
        "https://login.test/token?tenant=7&grant_type=client_credentials&client_id=client%20id&"
        "client_secret=s%26cret&audience=orders");
}

TEST_CASE("the connection's parameters come on top of a token's request", "[destinations]") {
  auto authorization = oauth("PUT");
  auto& parameters = authorization.token_parameters;
  parameters.body_parameters = {{member("grant_type", "password"), member("scope", "a b")}};
  parameters.query_string_parameters = {{query("v", "2")}};
  parameters.header_parameters = {{header("X-Tenant", "acme")}};
  const auto http = token_request(authorization);
  CHECK(http.method == "PUT");
  CHECK(http.url == "https://login.test/token?tenant=7&v=2");
  CHECK(http.body ==
        "grant_type=password&client_id=client%20id&client_secret=s%26cret&scope=a%20b");
  CHECK(header_of(http, "X-Tenant") == "acme");
  SECTION("as JSON when they say so") {
    parameters.header_parameters = {{header("content-type", "application/json")}};
    CHECK(token_request(authorization).body ==
          R"({"grant_type":"password","client_id":"client id","client_secret":"s&cret",)"
          R"("scope":"a b"})");
  }
  SECTION("a client proves itself in one way only") {
    parameters.header_parameters = {{header("Authorization", "Basic abc")}};
    CHECK(token_request(authorization).body == "grant_type=password&scope=a%20b");
  }
}

TEST_CASE("a token is used until shortly before its end", "[destinations]") {
  CHECK(token_of(R"({"access_token":"t"})").value == "t");
  CHECK_FALSE(token_of(R"({"access_token":"t"})").usable_until);
  CHECK_FALSE(token_of(R"({"access_token":"t","expires_in":0})").usable_until);
  CHECK_FALSE(token_of(R"({"access_token":"t","expires_in":null})").usable_until);
  CHECK(token_of(R"({"access_token":"t","expires_in":3600})").usable_until == now + 3595s);
  CHECK(token_of(R"({"access_token":"t","expires_in":"60"})").usable_until == now + 55s);
  CHECK(token_of(R"({"access_token":"t","expires_in":6.0})").usable_until == now + 3s);
  CHECK(token_of(R"({"access_token":"t","expires_in":1})").usable_until == now + 2s);
  CHECK(token_of(R"({"access_token":"t","expires_in":9223372036854775807})").usable_until ==
        now + 366 * 24h - 5s);
}

TEST_CASE("an answer without a token is a failure that quotes nothing", "[destinations]") {
  const auto body = GENERATE("", "no json", "[]", "{}", R"({"access_token":7})",
                             R"({"access_token":""})", "{\"access_token\":\"a\\nb\"}");
  AttemptResult result = result_of_status(200, std::nullopt);
  result.body = body;
  const auto failed = failure_of(result);
  CHECK(failed.failure.message == "The authorization endpoint's answer has no access token.");
  CHECK_FALSE(failed.is_worth_retrying);
}

TEST_CASE("a refused token says why, in words of the standard only", "[destinations]") {
  AttemptResult result = result_of_status(401, std::nullopt);
  result.body = R"({"error":"invalid_client","error_description":"secret s&cret is wrong"})";
  CHECK(failure_of(result).failure.message ==
        "The authorization endpoint answered with status 401: invalid_client.");
  result.body = R"({"error":"s&cret"})";
  CHECK(failure_of(result).failure.message ==
        "The authorization endpoint answered with status 401.");
  CHECK_FALSE(failure_of(result).is_worth_retrying);
  const auto busy = failure_of(result_of_status(503, 7s));
  CHECK(busy.is_worth_retrying);
  CHECK(busy.retry_after == Duration(7s));
  CHECK(failure_of(result_of_trouble(HttpTrouble::timed_out, "No answer.")).failure.message ==
        "No answer.");
}

// ---- the rate ----

TEST_CASE("a pacer spreads requests over the second and owes nothing after a pause",
          "[destinations]") {
  Pacer pacer;
  CHECK(pacer.allowed(10, 5, now) == 1);
  pacer.take(10, now);
  CHECK(pacer.allowed(10, 5, now) == 0);
  CHECK(pacer.next(now) == now + 100ms);
  CHECK(pacer.allowed(10, 5, now + 99ms) == 0);
  CHECK(pacer.allowed(10, 5, now + 100ms) == 1);
  CHECK(pacer.allowed(10, 5, now + 1h) == 1);
}

TEST_CASE("a pacer makes up for timers that are late, however fast it is", "[destinations]") {
  const std::int64_t rate = GENERATE(1, 7, 300, 3'000, 100'000);
  Pacer pacer;
  std::int64_t count = 0;
  // Every third millisecond is missed.
  for (int ms = 0; ms < 10'000; ++ms) {
    if (ms % 3 == 0) continue;
    const Time at = now + Duration(ms);
    for (auto left = pacer.allowed(rate, 10'000, at); left > 0; --left, ++count) {
      pacer.take(rate, at);
    }
  }
  CHECK(count <= rate * 10 + 1);
  CHECK(count >= rate * 10 - rate / 100 - 1);
}
