// Deliveries to API destinations under the virtual clock: tokens, the rate, and what cannot be
// sent.
#include "storage/faulty_store.h"
#include "tests/broker/destinations_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using signalbox::storage::FaultyStore;
using signalbox::storage::MemoryStore;
using signalbox::storage::Outcome;
using test::api_key_connection;
using test::basic_connection;
using test::DestinationsWorld;
using test::EventsWorld;
using test::header_of;
using test::oauth_connection;
using test::token_answer;

namespace {

AttemptResult delivered() { return result_of_status(200, std::nullopt); }
AttemptResult unauthorized() { return result_of_status(401, std::nullopt); }
AttemptResult unreachable() {
  return result_of_trouble(HttpTrouble::connection_failed, "It is not there.");
}

bool is_token_fetch(const Attempt& attempt) { return attempt.id.lane == token_lane; }

// A destination with an OAuth connection that has its first token, "t-1".
struct OAuthWorld : DestinationsWorld {
  explicit OAuthWorld(
      std::optional<std::int64_t> retries = {}, int expires_in_s = 3600,
      std::shared_ptr<signalbox::storage::Store> store = std::make_shared<MemoryStore>())
      : DestinationsWorld({}, std::move(store)) {
    const auto arn = connect(oauth_connection("c"));
    end_next_attempt(token_answer("t-1", expires_in_s));
    route_to(create_destination("d", arn), "r", {}, retries);
  }
  // The next attempt, which must be one for a token.
  void end_token_fetch(const AttemptResult& result) {
    REQUIRE(attempts.size() == 1);
    CHECK(is_token_fetch(end_next_attempt(result)));
  }
  // The next attempt, which must be a delivery; the token it carries.
  std::string end_delivery(const AttemptResult& result) {
    REQUIRE_FALSE(attempts.empty());
    const auto attempt = end_next_attempt(result);
    CHECK_FALSE(is_token_fetch(attempt));
    return header_of(attempt.http, "Authorization").value_or("");
  }
};

// A destination that takes so many requests a second, with a connection that needs no token.
struct PacedWorld : DestinationsWorld {
  explicit PacedWorld(std::int64_t per_second, Settings settings = {})
      : DestinationsWorld(std::move(settings)) {
    auto request = destination_request("d", connect(basic_connection("c")));
    request.invocation_rate_limit_per_second = per_second;
    arn = create_destination(request);
  }
  // When each attempt was made, from now, within that time. Each succeeds at once.
  std::vector<Duration> watch(Duration until, Duration step = 1ms) {
    std::vector<Duration> times;
    const Time start = clock().now();
    while (true) {
      while (!attempts.empty()) {
        times.push_back(clock().now() - start);
        rules.push_back(end_next_attempt(delivered()).id.lane);
      }
      if (clock().now() - start >= until) return times;
      advance(step);
    }
  }
  std::string arn;
  std::vector<std::uint64_t> rules;  // the lane of each attempt
};

}  // namespace

TEST_CASE("an event is sent to an API destination as its connection says", "[destinations]") {
  DestinationsWorld world;
  auto connection = basic_connection("c");
  auto& parameters = connection.auth_parameters->invocation_http_parameters.emplace();
  parameters.body_parameters.emplace().emplace_back().key = "tenant";
  parameters.body_parameters->back().value = "acme";
  auto request = world.destination_request("d", world.connect(connection));
  request.invocation_endpoint = "https://api.test/orders/*";
  request.http_method = "PUT";
  api::HttpParameters target;
  target.path_parameter_values = {"$.detail.orderId"};
  target.query_string_parameters = {{"v", "1"}};
  world.route_to(world.create_destination(request), "r", target);
  world.put_event(R"({"orderId":"o-1"})");
  REQUIRE(world.attempts.size() == 1);
  const auto http = world.end_next_attempt(delivered()).http;
  CHECK(http.method == "PUT");
  CHECK(http.url == "https://api.test/orders/o-1?v=1");
  CHECK(http.body.starts_with(R"({"version":"0",)"));
  CHECK(http.body.ends_with(R"("detail":{"orderId":"o-1"},"tenant":"acme"})"));
  CHECK(header_of(http, "Authorization") == "Basic dXNlcjpwYXNzLXdvcmQ=");
  world.advance(24h);
  CHECK(world.attempts.empty());
  CHECK(world.letter().empty());
}

TEST_CASE("answers of an API destination are judged as those of a URL", "[destinations]") {
  DestinationsWorld world;
  world.route_to(world.create_destination("d", world.connect(api_key_connection("c"))), "r", {}, 1);
  world.put_event();
  SECTION("busy: again, when it says") {
    world.end_next_attempt(result_of_status(429, 90s));
    world.advance(89s);
    CHECK(world.attempts.empty());
    world.advance(1s);
    REQUIRE(world.attempts.size() == 1);
    world.end_next_attempt(result_of_status(503, std::nullopt));
    CHECK(world.letter().at("EXHAUSTED_RETRY_CONDITION") == "MaximumRetryAttempts");
  }
  SECTION("a key that is refused stays refused") {
    world.end_next_attempt(unauthorized());
    const auto letter = world.letter();
    CHECK(letter.at("ERROR_CODE") == "SDK_CLIENT_ERROR");
    CHECK(letter.at("RETRY_ATTEMPTS") == "0");
  }
  world.advance(24h);
  CHECK(world.attempts.empty());
}

TEST_CASE("what cannot be sent goes to the dead-letter queue at once", "[destinations]") {
  DestinationsWorld world;
  const auto connection_arn = world.connect(basic_connection("c"));
  auto request = world.destination_request("d", connection_arn);
  const auto expect_letter = [&](const std::string& code, const std::string& message) {
    world.put_event(R"({"n":1})");
    CHECK(world.attempts.empty());
    const auto letter = world.letter();
    CHECK(letter.at("ERROR_CODE") == code);
    CHECK(letter.at("ERROR_MESSAGE") == message);
    CHECK(letter.at("RETRY_ATTEMPTS") == "0");
    CHECK(letter.count("EXHAUSTED_RETRY_CONDITION") == 0);
    CHECK(letter.at("body").find(R"("detail":{"n":1})") != std::string::npos);
  };
  SECTION("the destination was never there") {
    world.route_to("arn:aws:events:us-east-1:000000000000:api-destination/gone/1-2");
    expect_letter("NO_RESOURCE", "The API destination does not exist.");
  }
  SECTION("the destination was deleted, though one of its name is there") {
    world.route_to(world.create_destination(request));
    world.call<&Broker::delete_api_destination>({"d"});
    world.create_destination(request);
    expect_letter("NO_RESOURCE", "The API destination does not exist.");
  }
  SECTION("the connection was deleted") {
    world.route_to(world.create_destination(request));
    world.call<&Broker::delete_connection>({"c"});
    expect_letter("NO_RESOURCE", "The connection does not exist.");
  }
  SECTION("the connection was deauthorized") {
    world.route_to(world.create_destination(request));
    world.call<&Broker::deauthorize_connection>({"c"});
    expect_letter("NO_PERMISSIONS", "The connection c is not authorized.");
  }
  SECTION("the path has no value") {
    request.invocation_endpoint = "https://api.test/*";
    world.route_to(world.create_destination(request));
    expect_letter("INVALID_PARAMETER",
                  "The API destination's path has more wildcards than the target values.");
  }
}

// ---- tokens ----

TEST_CASE("a token is fetched once and used until it ends", "[destinations]") {
  OAuthWorld world;
  for (int i = 0; i < 3; ++i) {
    world.put_event();
    CHECK(world.end_delivery(delivered()) == "Bearer t-1");
  }
  world.advance(3594s);
  world.put_event();
  CHECK(world.end_delivery(delivered()) == "Bearer t-1");
  world.advance(1s);
  world.put_event();
  world.put_event();
  world.end_token_fetch(token_answer("t-2"));
  CHECK(world.end_delivery(delivered()) == "Bearer t-2");
  CHECK(world.end_delivery(delivered()) == "Bearer t-2");
  CHECK(world.attempts.empty());
}

TEST_CASE("a token that the destination refuses is fetched again, once for all", "[destinations]") {
  OAuthWorld world;
  // Each answer earns the target one attempt more at a time.
  for (int i = 0; i < 9; ++i) world.put_event();
  for (int i = 0; i < 4; ++i) world.end_delivery(delivered());
  REQUIRE(world.attempts.size() == 5);
  const auto refusal = GENERATE(401, 407);
  std::vector<Attempt> refused(world.attempts.begin(), world.attempts.end());
  world.attempts.clear();
  for (std::size_t i = 0; i < 3; ++i) {
    world.end_attempt(refused[i], result_of_status(refusal, std::nullopt));
  }
  world.advance(1s);
  world.end_token_fetch(token_answer("t-2"));
  CHECK(world.attempts.size() == 3);
  // Answers to the old token say nothing of the new one.
  world.end_attempt(refused[3], result_of_status(refusal, std::nullopt));
  world.end_attempt(refused[4], result_of_status(refusal, std::nullopt));
  world.advance(1s);
  REQUIRE(world.attempts.size() == 5);
  for (int i = 0; i < 5; ++i) CHECK(world.end_delivery(delivered()) == "Bearer t-2");
  CHECK(world.letter().empty());
}

TEST_CASE("a refused token counts as an attempt", "[destinations]") {
  OAuthWorld world(1);
  world.put_event();
  world.end_delivery(unauthorized());
  world.advance(1s);
  world.end_token_fetch(token_answer("t-2"));
  CHECK(world.end_delivery(unauthorized()) == "Bearer t-2");
  const auto letter = world.letter();
  CHECK(letter.at("ERROR_CODE") == "SDK_CLIENT_ERROR");
  CHECK(letter.at("ERROR_MESSAGE") == "The target answered with status 401.");
  CHECK(letter.at("EXHAUSTED_RETRY_CONDITION") == "MaximumRetryAttempts");
  CHECK(letter.at("RETRY_ATTEMPTS") == "1");
}

TEST_CASE("deliveries wait for the first token, and that is no attempt", "[destinations]") {
  DestinationsWorld world;
  const auto arn = world.connect(oauth_connection("c"));
  world.route_to(world.create_destination("d", arn), "r", {}, 0);
  const auto fetch = world.attempts.front();
  world.attempts.clear();
  world.put_event();
  world.put_event();
  world.advance(4s);
  CHECK(world.attempts.empty());
  SECTION("and are made when it is there") {
    world.end_attempt(fetch, token_answer("t-1"));
    CHECK(world.answer_all(delivered()) == 2);
    CHECK(world.letter().empty());
  }
  SECTION("and are given up when there will be none") {
    world.end_attempt(fetch, unauthorized());
    CHECK(world.attempts.empty());
    CHECK(world.receive("dead").size() == 2);
  }
  SECTION("and are given up when the connection is deleted") {
    world.call<&Broker::delete_connection>({"c"});
    CHECK(world.receive("dead").size() == 2);
  }
  SECTION("and go on when the connection needs none any more") {
    api::UpdateConnectionRequest update;
    update.name = "c";
    update.authorization_type = "API_KEY";
    auto& key = update.auth_parameters.emplace().api_key_auth_parameters.emplace();
    key.api_key_name = "X-Key";
    key.api_key_value = "v";
    REQUIRE_FALSE(world.call<&Broker::update_connection>(update).error);
    CHECK(world.answer_all(delivered()) == 2);
  }
}

TEST_CASE("while no token can be had, attempts fail and are made again", "[destinations]") {
  OAuthWorld world(3, 60);
  world.advance(60s);
  world.put_event();
  SECTION("until there is one") {
    world.end_token_fetch(unreachable());
    CHECK(world.connection("c").connection_state == "AUTHORIZED");
    CHECK(world.attempts.empty());
    world.advance(3s);
    world.end_token_fetch(token_answer("t-2"));
    CHECK(world.end_delivery(delivered()) == "Bearer t-2");
    CHECK(world.letter().empty());
  }
  SECTION("until the policy's limit is reached") {
    for (int i = 0; i < 100 && world.counters().dead_letters == 0; ++i) {
      if (!world.attempts.empty()) world.end_token_fetch(unreachable());
      world.advance(500ms);
    }
    const auto letter = world.letter();
    CHECK(letter.at("ERROR_CODE") == "CONNECTION_FAILURE");
    CHECK(letter.at("ERROR_MESSAGE") == "The connection c got no token: It is not there.");
    CHECK(letter.at("RETRY_ATTEMPTS") == "3");
    CHECK(world.connection("c").connection_state == "AUTHORIZED");
  }
}

TEST_CASE("a refresh that is refused deauthorizes the connection", "[destinations]") {
  OAuthWorld world({}, 60);
  world.advance(60s);
  world.put_event();
  world.end_token_fetch(result_of_status(400, std::nullopt));
  CHECK(world.connection("c").connection_state == "DEAUTHORIZED");
  CHECK(world.destination("d").api_destination_state == "INACTIVE");
  CHECK(world.letter().at("ERROR_CODE") == "NO_PERMISSIONS");
}

TEST_CASE("after a restart a token is fetched when one is needed", "[destinations]") {
  OAuthWorld world;
  world.put_event();
  world.attempts.clear();
  world.restart();
  world.end_token_fetch(token_answer("t-2"));
  CHECK(world.end_delivery(delivered()) == "Bearer t-2");
}

TEST_CASE("a failed commit at any point leaves no delivery waiting", "[destinations]") {
  bool reached_the_end = false;
  for (std::uint64_t nth = 1; !reached_the_end; ++nth) {
    CAPTURE(nth);
    REQUIRE(nth < 60);
    auto disk = std::make_shared<MemoryStore>();
    OAuthWorld world(1, 60, disk);
    auto faulty = std::make_shared<FaultyStore>(disk);
    world.restart(faulty);
    faulty->fail_commit(faulty->commit_count() + nth, Outcome::unknown,
                        nth % 2 == 0 ? FaultyStore::Written::yes : FaultyStore::Written::no);
    const bool acknowledged = !world.put({test::entry_of("shop", "Order", "{}")}).error;
    const auto run = [&] {
      for (int i = 0; i < 30; ++i) {
        while (!world.attempts.empty()) {
          const bool is_fetch = is_token_fetch(world.attempts.front());
          world.end_next_attempt(is_fetch ? token_answer("t") : unauthorized());
        }
        world.advance(200ms);
      }
    };
    run();
    reached_the_end = !world.failed();
    world.attempts.clear();
    world.restart(disk);
    run();
    const bool may_be_there = acknowledged || nth % 2 == 0;
    CHECK(world.letter().empty() != may_be_there);
  }
}

// ---- the rate ----

TEST_CASE("a destination is asked no more often than its rate allows, and nothing is lost",
          "[destinations]") {
  PacedWorld world(10);
  world.route_to(world.arn);
  for (int i = 0; i < 35; ++i) world.put_event();
  const auto times = world.watch(4s);
  REQUIRE(times.size() == 35);
  for (std::size_t i = 0; i < times.size(); ++i) CHECK(times[i] == Duration(100) * i);
  CHECK(world.letter().empty());
}

TEST_CASE("waiting for the rate is no attempt", "[destinations]") {
  PacedWorld world(1);
  world.route_to(world.arn, "r", {}, 0);
  for (int i = 0; i < 5; ++i) world.put_event();
  CHECK(world.watch(10s).size() == 5);
  CHECK(world.letter().empty());
}

TEST_CASE("a retry waits for the rate like anybody", "[destinations]") {
  PacedWorld world(1);
  world.route_to(world.arn);
  world.put_event();
  world.put_event();
  world.end_next_attempt(result_of_status(500, std::nullopt));
  std::vector<Duration> times = world.watch(5s);
  REQUIRE(times.size() == 2);
  CHECK(times[1] - times[0] >= 1s);
}

TEST_CASE("targets that share a destination share its rate, and take turns", "[destinations]") {
  PacedWorld world(10);
  for (const auto* rule : {"r1", "r2", "r3"}) world.route_to(world.arn, rule);
  for (int i = 0; i < 20; ++i) world.put_event();
  const auto times = world.watch(3s);
  CHECK(times.size() == 31);
  std::map<std::uint64_t, int> counts;
  for (const auto lane : world.rules) ++counts[lane];
  REQUIRE(counts.size() == 3);
  for (const auto& [lane, count] : counts) CHECK(count >= 9);
  CHECK(times.size() + world.watch(4s).size() == 60);
}

TEST_CASE("a rate that timers cannot follow one by one is kept up all the same", "[destinations]") {
  Settings settings;
  settings.delivery_concurrency = 64;
  PacedWorld world(5000, settings);
  world.route_to(world.arn);
  for (int i = 0; i < 300; ++i) world.put_event();
  const auto times = world.watch(100ms);
  REQUIRE(times.size() == 300);
  CHECK(times.back() <= 65ms);
  CHECK(times.back() >= 59ms);
}

TEST_CASE("other targets do not wait for a slow destination", "[destinations]") {
  PacedWorld world(1);
  world.route_to(world.arn, "slow");
  REQUIRE_FALSE(world.put_rule("fast", R"({"source":["shop"]})").error);
  REQUIRE_FALSE(world.put_targets("fast", {test::target_of("t", "http://fast.test/")}).error);
  for (int i = 0; i < 20; ++i) world.put_event();
  CHECK(world.watch(0ms).size() == 21);
}

TEST_CASE("who waits for a turn, or sends nothing at all, leaves the room to others",
          "[destinations]") {
  Settings settings;
  settings.delivery_concurrency_total = 1;
  PacedWorld world(1, settings);
  // In the order in which they will wait for room.
  REQUIRE_FALSE(world.put_rule("r1", R"({"source":["first"]})").error);
  REQUIRE_FALSE(world.put_targets("r1", {test::target_of("t", "http://first.test/")}).error);
  const bool is_gone = GENERATE(false, true);
  world.route_to(world.arn, "r2");
  world.put_event();
  world.end_next_attempt(delivered());
  REQUIRE_FALSE(world.put_rule("r3", R"({"source":["last"]})").error);
  REQUIRE_FALSE(world.put_targets("r3", {test::target_of("t", "http://last.test/")}).error);
  world.put({test::entry_of("first", "Order", "{}")});
  world.put_event();
  world.put({test::entry_of("last", "Order", "{}")});
  REQUIRE(world.attempts.size() == 1);
  if (is_gone) REQUIRE_FALSE(world.call<&Broker::delete_api_destination>({"d"}).error);
  CHECK(world.end_next_attempt(delivered()).http.url == "http://first.test/");
  REQUIRE(world.attempts.size() == 1);
  CHECK(world.end_next_attempt(delivered()).http.url == "http://last.test/");
  CHECK(world.drain("dead") == (is_gone ? 1 : 0));
}

TEST_CASE("a target taken away while its attempt runs leaves the room to others",
          "[destinations]") {
  Settings settings;
  settings.delivery_concurrency_total = 1;
  EventsWorld world(settings);
  for (const auto* rule : {"r1", "r2"}) {
    REQUIRE_FALSE(world.put_rule(rule, R"({"source":["shop"]})").error);
    const std::string url = std::string("http://") + rule + ".test/";
    REQUIRE_FALSE(world.put_targets(rule, {test::target_of("t", url)}).error);
  }
  world.put({test::entry_of("shop", "Order", "{}")});
  REQUIRE(world.attempts.size() == 1);
  const auto running = world.attempts.front();
  world.attempts.clear();
  api::RemoveTargetsRequest request;
  request.rule = running.http.url == "http://r1.test/" ? "r1" : "r2";
  request.ids = {"t"};
  REQUIRE_FALSE(world.call<&Broker::remove_targets>(request).error);
  CHECK(world.attempts.size() == 1);
}

TEST_CASE("a new rate holds from the next request on", "[destinations]") {
  PacedWorld world(1);
  world.route_to(world.arn);
  for (int i = 0; i < 20; ++i) world.put_event();
  CHECK(world.watch(1500ms).size() == 2);
  api::UpdateApiDestinationRequest update;
  update.name = "d";
  update.invocation_rate_limit_per_second = 100;
  REQUIRE_FALSE(world.call<&Broker::update_api_destination>(update).error);
  CHECK(world.watch(700ms).size() == 18);
}

TEST_CASE("events that got too old while they waited are given up, and free their place",
          "[destinations]") {
  PacedWorld world(1);
  REQUIRE_FALSE(world.put_rule("r", R"({"source":["shop"]})").error);
  auto target = test::target_of("t", world.arn);
  target.dead_letter_config.emplace().arn = test::queue_arn("dead");
  target.retry_policy = api::RetryPolicy{std::nullopt, 60};
  REQUIRE_FALSE(world.put_targets("r", {target}).error);
  for (int i = 0; i < 70; ++i) world.put_event();
  CHECK(world.watch(59s, 100ms).size() == 60);
  CHECK(world.watch(10s, 100ms).empty());
  CHECK(world.drain("dead") == 10);
  world.put_event();
  CHECK(world.watch(0ms).size() == 1);
}

TEST_CASE("deliveries that wait for their turn survive a restart and a removed target",
          "[destinations]") {
  PacedWorld world(1);
  world.route_to(world.arn, "r1");
  world.route_to(world.arn, "r2");
  for (int i = 0; i < 3; ++i) world.put_event();
  CHECK(world.watch(0ms).size() == 1);
  SECTION("a restart") {
    world.restart();
    CHECK(world.watch(10s).size() == 5);
  }
  SECTION("a removed target") {
    api::RemoveTargetsRequest request;
    request.rule = "r1";
    request.ids = {"t"};
    REQUIRE_FALSE(world.call<&Broker::remove_targets>(request).error);
    const auto count = world.watch(10s).size();
    CHECK(count >= 2);
    CHECK(count <= 3);
  }
  SECTION("a deleted destination") {
    REQUIRE_FALSE(world.call<&Broker::delete_api_destination>({"d"}).error);
    CHECK(world.attempts.empty());
    CHECK(world.drain("dead") == 5);
  }
}
