// The delivery engine under the virtual clock, with the test as transport.
#include <set>

#include "broker/delivery/retry.h"
#include "storage/faulty_store.h"
#include "tests/broker/events_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using signalbox::storage::FaultyStore;
using signalbox::storage::MemoryStore;
using signalbox::storage::Outcome;
using test::EventsWorld;
using test::queue_arn;
using test::target_of;

namespace {

constexpr auto pattern = R"({"source":["shop"]})";

AttemptResult delivered() { return {}; }
AttemptResult server_error() { return result_of_status(503, std::nullopt); }

api::Target http_target(const std::string& id, const std::string& url = "http://127.0.0.1:1/hook") {
  auto target = target_of(id, url);
  target.dead_letter_config.emplace().arn = queue_arn("dead");
  return target;
}

api::Target with_policy(api::Target target, std::optional<std::int64_t> retries,
                        std::optional<std::int64_t> age_s = {}) {
  target.retry_policy = api::RetryPolicy{retries, age_s};
  return target;
}

struct Deliveries : EventsWorld {
  explicit Deliveries(Settings settings = {}, std::shared_ptr<signalbox::storage::Store> store =
                                                  std::make_shared<MemoryStore>())
      : EventsWorld(std::move(settings), std::move(store)) {
    create_queue("dead");
    REQUIRE_FALSE(put_rule("r", pattern).error);
  }
  void route_to(api::Target target) { REQUIRE_FALSE(put_targets("r", {std::move(target)}).error); }
  void put_event(const std::string& detail = "{}") {
    REQUIRE(put({test::entry_of("shop", "Order", detail)}).response.failed_entry_count == 0);
  }
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
  // Fails each attempt as it comes until there are no more; when each was made, from now.
  std::vector<Duration> fail_all(const AttemptResult& result, Duration until) {
    std::vector<Duration> times;
    const Time start = clock().now();
    while (clock().now() - start < until) {
      while (!attempts.empty()) {
        times.push_back(clock().now() - start);
        end_next_attempt(result);
      }
      advance(100ms);
    }
    return times;
  }
  std::size_t stored_deliveries() {
    std::size_t count = 0;
    for (const auto prefix : {signalbox::storage::keys::Prefix::delivery,
                              signalbox::storage::keys::Prefix::delivery_due}) {
      const auto range = signalbox::storage::keys::all_of(prefix);
      store().view()->scan(range.first, range.past_last, signalbox::storage::Direction::forward,
                           [&](auto, auto) { return ++count, true; });
    }
    return count;
  }
};

}  // namespace

TEST_CASE("an event is posted to a URL, once, and forgotten when that succeeded", "[delivery]") {
  Deliveries world;
  world.route_to(http_target("t"));
  world.put_event(R"({"orderId":"o-1"})");
  REQUIRE(world.attempts.size() == 1);
  const auto attempt = world.end_next_attempt(delivered());
  CHECK(attempt.http.method == "POST");
  CHECK(attempt.http.url == "http://127.0.0.1:1/hook");
  CHECK(attempt.http.body.find(R"("detail":{"orderId":"o-1"})") != std::string::npos);
  world.advance(24h);
  CHECK(world.attempts.empty());
  CHECK(world.stored_deliveries() == 0);
  CHECK(world.letter().empty());
}

TEST_CASE("a delivery gets what the target's input makes of the event", "[delivery]") {
  Deliveries world;
  auto target = http_target("t");
  target.input_transformer =
      api::InputTransformer{{{"id", "$.detail.orderId"}}, R"({"order":<id>})"};
  world.route_to(target);
  world.put_event(R"({"orderId":"o-1"})");
  REQUIRE(world.attempts.size() == 1);
  CHECK(world.attempts[0].http.body == R"({"order":"o-1"})");
}

TEST_CASE("a delivery that fails is tried as often as the policy says, then a dead letter",
          "[delivery]") {
  Deliveries world;
  const std::int64_t retries = GENERATE(0, 1, 5);
  world.route_to(with_policy(http_target("t"), retries));
  world.put_event(R"({"n":1})");
  const auto times = world.fail_all(server_error(), 30min);
  REQUIRE(times.size() == static_cast<std::size_t>(retries) + 1);
  for (std::size_t i = 1; i < times.size(); ++i) {
    const Duration limit = 1s * (1 << (i - 1));
    CHECK(times[i] - times[i - 1] <= limit + 200ms);
  }
  const auto letter = world.letter();
  CHECK(letter.at("body").find(R"("detail":{"n":1})") != std::string::npos);
  CHECK(letter.at("RULE_ARN") == "arn:aws:events:us-east-1:000000000000:rule/r");
  CHECK(letter.at("TARGET_ARN") == "http://127.0.0.1:1/hook");
  CHECK(letter.at("ERROR_CODE") == "ERROR_FROM_TARGET");
  CHECK(letter.at("ERROR_MESSAGE") == "The target answered with status 503.");
  CHECK(letter.at("EXHAUSTED_RETRY_CONDITION") == "MaximumRetryAttempts");
  CHECK(letter.at("RETRY_ATTEMPTS") == std::to_string(retries));
  CHECK(world.stored_deliveries() == 0);
}

TEST_CASE("a delivery is given up at the age that the policy says", "[delivery]") {
  Deliveries world;
  world.route_to(with_policy(http_target("t"), std::nullopt, 60));
  world.put_event();
  const auto times = world.fail_all(server_error(), 59s);
  REQUIRE(times.size() >= 3);
  CHECK(world.letter().empty());
  world.fail_all(server_error(), 2s);
  const auto letter = world.letter();
  CHECK(letter.at("EXHAUSTED_RETRY_CONDITION") == "MaximumEventAgeInSeconds");
  CHECK(letter.at("ERROR_CODE") == "ERROR_FROM_TARGET");
  world.advance(1h);
  CHECK(world.attempts.empty());
}

TEST_CASE("a refusal that will not change is not tried again", "[delivery]") {
  Deliveries world;
  world.route_to(http_target("t"));
  world.put_event();
  const auto [result, code] = GENERATE(
      std::pair{result_of_status(404, std::nullopt), "SDK_CLIENT_ERROR"},
      std::pair{result_of_status(503, -1s), "ERROR_FROM_TARGET"},  // it asks for no more
      std::pair{result_of_trouble(HttpTrouble::address_refused, "private"), "NO_PERMISSIONS"},
      std::pair{result_of_trouble(HttpTrouble::unknown_host, "no such host"), "NO_RESOURCE"});
  CHECK(world.fail_all(result, 10min).size() == 1);
  const auto letter = world.letter();
  CHECK(letter.at("ERROR_CODE") == code);
  CHECK(letter.count("EXHAUSTED_RETRY_CONDITION") == 0);
  CHECK(letter.at("RETRY_ATTEMPTS") == "0");
}

TEST_CASE("a target that says when is asked no sooner", "[delivery]") {
  Deliveries world;
  world.route_to(http_target("t"));
  world.put_event();
  world.end_next_attempt(result_of_status(429, 90s));
  world.advance(89s);
  CHECK(world.attempts.empty());
  world.advance(2s);
  REQUIRE(world.attempts.size() == 1);
  world.end_next_attempt(delivered());
  CHECK(world.stored_deliveries() == 0);
}

TEST_CASE("attempts and their count survive restarts", "[delivery]") {
  Deliveries world;
  world.route_to(with_policy(http_target("t"), 3));
  world.put_event();
  int attempts = 0;
  for (int i = 0; i < 400; ++i) {
    while (!world.attempts.empty()) {
      ++attempts;
      world.end_next_attempt(server_error());
    }
    world.restart();
    world.advance(100ms);
  }
  CHECK(attempts == 4);
  CHECK(world.letter().at("RETRY_ATTEMPTS") == "3");
}

TEST_CASE("an attempt that a crash cut off is made again", "[delivery]") {
  Deliveries world;
  world.route_to(http_target("t"));
  world.put_event();
  REQUIRE(world.attempts.size() == 1);
  world.attempts.clear();
  world.restart();
  REQUIRE(world.attempts.size() == 1);
  world.end_next_attempt(delivered());
  CHECK(world.stored_deliveries() == 0);
}

TEST_CASE("what comes of an attempt from before the store was opened again is nobody's",
          "[delivery]") {
  auto disk = std::make_shared<MemoryStore>();
  Deliveries world({}, disk);
  world.route_to(http_target("t"));
  world.put_event();
  const auto lost = world.attempts.front();
  world.attempts.clear();
  REQUIRE(world.engine().reload(disk, false).empty());
  world.settle();
  REQUIRE(world.attempts.size() == 1);
  world.end_attempt(lost, delivered());
  CHECK(world.stored_deliveries() == 2);
  world.end_next_attempt(delivered());
  CHECK(world.stored_deliveries() == 0);
}

TEST_CASE("a dead target does not slow the others", "[delivery]") {
  Settings settings;
  settings.delivery_concurrency = 2;
  settings.delivery_concurrency_total = 4;
  Deliveries world(settings);
  REQUIRE_FALSE(world
                    .put_targets("r", {http_target("dead", "http://dead.test/"),
                                       http_target("live", "http://live.test/")})
                    .error);
  for (int i = 0; i < 100; ++i) world.put_event();
  std::size_t answered = 0;
  // The dead one never answers: its attempt hangs.
  for (bool progress = true; progress;) {
    progress = false;
    for (std::size_t i = 0; i < world.attempts.size(); ++i) {
      if (world.attempts[i].http.url != "http://live.test/") continue;
      const auto attempt = world.attempts[i];
      world.attempts.erase(world.attempts.begin() + static_cast<std::ptrdiff_t>(i));
      world.end_attempt(attempt, delivered());
      ++answered;
      progress = true;
      break;
    }
  }
  CHECK(answered == 100);
  CHECK(world.attempts.size() == 1);
}

TEST_CASE("no more attempts are under way than the settings say, and none is forgotten",
          "[delivery]") {
  Settings settings;
  settings.delivery_concurrency = 3;
  settings.delivery_concurrency_total = 4;
  Deliveries world(settings);
  REQUIRE_FALSE(
      world
          .put_targets("r", {http_target("a", "http://a.test/"), http_target("b", "http://b.test/"),
                             http_target("c", "http://c.test/")})
          .error);
  for (int i = 0; i < 50; ++i) world.put_event();
  std::map<std::string, int> answered;
  while (!world.attempts.empty()) {
    REQUIRE(world.attempts.size() <= 4);
    ++answered[world.end_next_attempt(delivered()).http.url];
  }
  CHECK(answered == std::map<std::string, int>{
                        {"http://a.test/", 50}, {"http://b.test/", 50}, {"http://c.test/", 50}});
  CHECK(world.stored_deliveries() == 0);
}

TEST_CASE("ten thousand pending deliveries are known by a few in memory, and all are made",
          "[delivery]") {
  Deliveries world;
  world.route_to(http_target("t"));
  for (int i = 0; i < 1000; ++i) {
    std::vector<api::PutEventsRequestEntry> entries(
        10, test::entry_of("shop", "Order", "{\"n\":" + std::to_string(i) + "}"));
    REQUIRE(world.put(entries).response.failed_entry_count == 0);
  }
  world.restart();
  world.attempts.clear();
  world.restart();
  std::size_t count = 0;
  while (!world.attempts.empty()) {
    REQUIRE(world.attempts.size() <= 16);
    world.end_next_attempt(delivered());
    ++count;
  }
  CHECK(count == 10'000);
  CHECK(world.stored_deliveries() == 0);
}

TEST_CASE("a target taken away takes its deliveries along", "[delivery]") {
  Deliveries world;
  world.route_to(http_target("t"));
  world.put_event();
  const auto attempt = world.attempts.front();
  api::RemoveTargetsRequest request;
  request.rule = "r";
  request.ids = {"t"};
  REQUIRE_FALSE(world.call<&Broker::remove_targets>(request).error);
  CHECK(world.stored_deliveries() == 0);
  world.end_attempt(attempt, server_error());
  world.restart();
  CHECK(world.load_problem().empty());
  world.advance(1h);
  CHECK(world.letter().empty());
}

TEST_CASE("a target put again under its id gets what is pending where it points now",
          "[delivery]") {
  Deliveries world;
  world.route_to(http_target("t", "http://old.test/"));
  world.put_event();
  world.end_next_attempt(server_error());
  world.route_to(http_target("t", "http://new.test/"));
  world.advance(2s);
  REQUIRE(world.attempts.size() == 1);
  CHECK(world.attempts[0].http.url == "http://new.test/");
}

TEST_CASE("a failed commit at any point neither loses a delivery nor its dead letter",
          "[delivery]") {
  bool reached_the_end = false;
  for (std::uint64_t nth = 1; !reached_the_end; ++nth) {
    CAPTURE(nth);
    REQUIRE(nth < 60);
    auto disk = std::make_shared<MemoryStore>();
    Deliveries world({}, disk);
    world.route_to(with_policy(http_target("t"), 2));
    auto faulty = std::make_shared<FaultyStore>(disk);
    world.restart(faulty);
    faulty->fail_commit(faulty->commit_count() + nth, Outcome::unknown,
                        nth % 2 == 0 ? FaultyStore::Written::yes : FaultyStore::Written::no);
    const auto reply = world.put({test::entry_of("shop", "Order", "{}")});
    const bool acknowledged = !reply.error;
    const bool may_be_there = acknowledged || nth % 2 == 0;
    world.fail_all(server_error(), 10s);
    reached_the_end = !world.failed();
    world.attempts.clear();
    world.restart(disk);
    world.fail_all(server_error(), 10s);
    const auto letter = world.letter();
    CHECK(letter.empty() != may_be_there);
    CHECK(world.stored_deliveries() == 0);
  }
}

TEST_CASE("backoff spreads out to its limits and never reaches past the age", "[delivery]") {
  RetryLimits limits;
  const Time now = from_ms(1'000'000'000);
  FailedDelivery failed;
  failed.accepted = failed.now = now;
  for (const std::int64_t attempts : {1, 2, 3, 9, 20, 185}) {
    failed.attempts = attempts;
    const auto limit_ms =
        std::min<std::int64_t>(300'000, attempts > 15 ? 300'000 : 1000ll << (attempts - 1));
    failed.random_bits = 0;
    CHECK(next_try(limits, failed).due == now + 1ms);
    failed.random_bits = static_cast<std::uint64_t>(limit_ms) - 1;
    CHECK(next_try(limits, failed).due == now + Duration(limit_ms));
  }
  failed.attempts = 186;
  CHECK(next_try(limits, failed).exhausted_condition == attempts_exhausted);
  failed.attempts = 1;
  failed.now = now + 24h;
  CHECK(next_try(limits, failed).exhausted_condition == age_exhausted);
  failed.now = now + 24h - 10s;
  failed.retry_after = 60s;
  CHECK(next_try(limits, failed).due == now + 24h);
}
