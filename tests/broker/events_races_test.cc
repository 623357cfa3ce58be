// Rules that change between an event's preparation on an io thread and its decision on the core:
// the event meets the rules as they are at the decision, never the ones it was matched against.
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "tests/broker/events_fixture.h"

using namespace signalbox::broker;
using namespace signalbox::broker::test;
namespace storage = signalbox::storage;
namespace rules = signalbox::rules;

namespace {

// The broker without an engine, so that a test decides when each half of a request happens.
class Halves {
 public:
  Halves() { create_queue(); }

  template <auto function>
  auto run(const typename Types<function>::Request& request) {
    Context ctx = context();
    return (broker_.*function)(request, ctx);
  }
  api::PutEventsRequest prepare(const std::string& detail) {
    api::PutEventsRequest request;
    request.entries.push_back(entry_of("s", "t", detail));
    PrepareContext context{now_, ids_, caller_, directory_, handle_key_};
    REQUIRE(signalbox::broker::prepare(request, context).has_value());
    return request;
  }
  // How many messages the event makes.
  std::uint64_t decide(const api::PutEventsRequest& request) {
    const auto before = broker_.bus_counters().deliveries;
    const auto answer = run<&Broker::put_events>(request);
    REQUIRE(answer.value() != nullptr);
    REQUIRE(answer.value()->failed_entry_count == 0);
    return broker_.bus_counters().deliveries - before;
  }
  void commit() {
    const auto touched = broker_.seal(batch_);
    batch_.clear();
    broker_.published(number_, touched);
    broker_.open_batch(++number_);
  }
  // A rule that makes one message of each event it matches.
  void put_rule(const std::string& name, const std::string& pattern, bool enabled = true) {
    auto request = rule_of(name, pattern);
    request.state = enabled ? "ENABLED" : "DISABLED";
    REQUIRE(run<&Broker::put_rule>(request).has_value());
    api::PutTargetsRequest targets;
    targets.rule = name;
    targets.targets = {target_of("t", queue_arn("q"))};
    REQUIRE(run<&Broker::put_targets>(targets).has_value());
  }
  void delete_rule(const std::string& name) {
    api::RemoveTargetsRequest targets;
    targets.rule = name;
    targets.ids = {"t"};
    REQUIRE(run<&Broker::remove_targets>(targets).has_value());
    api::DeleteRuleRequest request;
    request.name = name;
    REQUIRE(run<&Broker::delete_rule>(request).has_value());
  }
  void set_state(const std::string& name, bool enabled) {
    api::RuleRequest request;
    request.name = name;
    if (enabled) {
      REQUIRE(run<&Broker::enable_rule>(request).has_value());
    } else {
      REQUIRE(run<&Broker::disable_rule>(request).has_value());
    }
  }

 private:
  Context context() { return {now_, now_, ids_, batch_, caller_, fetched_, deadline_, false}; }
  void create_queue() {
    api::CreateQueueRequest request;
    request.queue_name = "q";
    REQUIRE(run<&Broker::create_queue>(request).has_value());
  }

  const Time now_ = from_ms(1'767'323'045'678);
  SeededIds ids_{1};
  Caller caller_;
  HandleKey handle_key_{};
  storage::Batch batch_;
  Fetched fetched_;
  std::optional<Time> deadline_;
  RuleDirectory directory_;
  Broker broker_{Settings{}, directory_};
  storage::CommitNumber number_ = 1;
};

constexpr auto matches_a = R"({"detail":{"x":["a"]}})";
constexpr auto matches_b = R"({"detail":{"x":["b"]}})";
constexpr auto event_a = R"({"x":"a"})";

}  // namespace

TEST_CASE("an event meets a rule put after it was prepared", "[events]") {
  Halves halves;
  const auto before_any_rule = halves.prepare(event_a);
  halves.put_rule("r", matches_a);
  CHECK(halves.decide(before_any_rule) == 1);
  halves.commit();
  const auto before_second = halves.prepare(event_a);
  CHECK(before_second.prepared[0].matched.size() == 1);
  halves.put_rule("r2", matches_a);
  CHECK(halves.decide(before_second) == 2);
}

TEST_CASE("an event does not meet a rule deleted, disabled or changed since", "[events]") {
  Halves halves;
  halves.put_rule("deleted", matches_a);
  halves.put_rule("disabled", matches_a);
  halves.put_rule("changed", matches_a);
  halves.put_rule("stays", matches_a);
  halves.commit();
  const auto event = halves.prepare(event_a);
  REQUIRE(event.prepared[0].matched.size() == 4);
  CHECK(halves.decide(event) == 4);
  halves.delete_rule("deleted");
  CHECK(halves.decide(event) == 3);
  halves.set_state("disabled", false);
  CHECK(halves.decide(event) == 2);
  halves.put_rule("changed", matches_b);
  CHECK(halves.decide(event) == 1);
  halves.set_state("disabled", true);
  CHECK(halves.decide(event) == 2);
}

TEST_CASE("an event does not meet the namesake of a deleted rule by the old one's pattern",
          "[events]") {
  Halves halves;
  halves.put_rule("r", matches_a);
  halves.commit();
  const auto event = halves.prepare(event_a);
  halves.delete_rule("r");
  halves.put_rule("r", matches_b);
  CHECK(halves.decide(event) == 0);
}

TEST_CASE("an event prepared for a bus deleted and made again meets the new one's rules",
          "[events]") {
  Halves halves;
  api::CreateEventBusRequest create;
  create.name = "b";
  REQUIRE(halves.run<&Broker::create_event_bus>(create).has_value());
  halves.put_rule("r", matches_a);
  halves.commit();
  auto event = halves.prepare(event_a);
  event.prepared[0].bus_name = "b";  // with a version and matches of another bus
  CHECK(halves.decide(event) == 0);
}

TEST_CASE("whatever changed meanwhile, an event meets exactly the rules of the moment",
          "[events]") {
  Halves halves;
  std::mt19937 random(20'260'101);
  const auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  struct Model {
    std::string pattern;
    bool enabled;
  };
  std::map<std::string, Model> model;
  const auto change = [&] {
    const std::string name = "r" + std::to_string(below(40));
    const auto at = model.find(name);
    const unsigned what = below(4);
    if (at == model.end() || what == 0) {
      const Model rule{below(2) == 0 ? matches_a : matches_b, below(4) != 0};
      halves.put_rule(name, rule.pattern, rule.enabled);
      model[name] = rule;
    } else if (what == 1) {
      halves.delete_rule(name);
      model.erase(at);
    } else {
      halves.set_state(name, what == 2);
      at->second.enabled = what == 2;
    }
  };
  int stale = 0;
  int past_the_change_list = 0;
  for (int round = 0; round < 400; ++round) {
    if (below(3) == 0) halves.commit();
    const auto event = halves.prepare(event_a);
    // Sometimes more changes than the core remembers.
    const unsigned changes = below(10) == 0 ? 50 + below(100) : below(12);
    for (unsigned i = 0; i < changes; ++i) change();
    past_the_change_list += changes > rule_changes_max ? 1 : 0;
    std::size_t expected = 0;
    rules::PatternError error;
    for (const auto& [name, rule] : model) {
      const auto pattern = rules::Pattern::compile(rule.pattern, error);
      expected += rule.enabled && pattern->matches(event.prepared[0].json) ? 1 : 0;
    }
    stale += event.prepared[0].matched.size() != expected ? 1 : 0;
    REQUIRE(halves.decide(event) == expected);
  }
  // The control: what was matched at preparation alone would have been wrong often.
  CHECK(stale > 100);
  CHECK(past_the_change_list > 10);
}
