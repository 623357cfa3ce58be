// RuleSet and its snapshots.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "rules/rules.h"

namespace signalbox::rules {
namespace {

std::shared_ptr<const Pattern> pattern(std::string_view text) {
  PatternError error;
  auto compiled = Pattern::compile(text, error);
  INFO(error.reason);
  REQUIRE(compiled);
  return compiled;
}

std::vector<RuleId> matched(const Snapshot& snapshot, std::string_view event) {
  std::vector<RuleId> ids;
  snapshot.match(event, ids);
  std::sort(ids.begin(), ids.end());
  return ids;
}

using Ids = std::vector<RuleId>;

TEST_CASE("a rule set without rules matches nothing") {
  const auto rules = RuleSet::create();
  CHECK(rules->snapshot()->rule_count() == 0);
  CHECK(matched(*rules->snapshot(), R"({"a":1})").empty());
}

TEST_CASE("each rule that matches is named once, whatever the order of adding") {
  const auto rules = RuleSet::create();
  for (const RuleId id : {7, 3, 9, 1}) {
    rules->put(id, pattern(R"({"a":[1]})"));
  }
  rules->put(5, pattern(R"({"a":[2]})"));
  CHECK(matched(*rules->snapshot(), R"({"a":1})") == Ids{1, 3, 7, 9});
  CHECK(matched(*rules->snapshot(), R"({"a":2})") == Ids{5});
}

// No clock: what grows with the square of the names takes many minutes here.
TEST_CASE("a pattern of a hundred thousand names is added and removed name by name") {
  std::string text = "{\"a\":[1]";
  for (int i = 0; i < 100'000; ++i) text += ",\"f" + std::to_string(i) + "\":[{\"exists\":false}]";
  PatternError error;
  const auto large = Pattern::compile(text + "}", error, PatternLimits::none());
  const auto rules = RuleSet::create();
  rules->put(1, pattern(R"({"a":[1],"f500":[2]})"));
  for (int round = 0; round < 2; ++round) {
    rules->put(2, large);
    const auto seen = rules->snapshot();
    rules->remove(2);
    CHECK(matched(*seen, R"({"a":1})") == Ids{2});
    CHECK(matched(*rules->snapshot(), R"({"a":1,"f500":2})") == Ids{1});
  }
}

TEST_CASE("matching appends to the ids already there") {
  const auto rules = RuleSet::create();
  rules->put(2, pattern(R"({"a":[1]})"));
  Ids ids{100};
  rules->snapshot()->match(R"({"a":1})", ids);
  CHECK(ids == Ids{100, 2});
}

TEST_CASE("putting a rule again replaces its pattern") {
  const auto rules = RuleSet::create();
  rules->put(1, pattern(R"({"a":[1]})"));
  rules->put(1, pattern(R"({"a":[2]})"));
  CHECK(rules->snapshot()->rule_count() == 1);
  CHECK(matched(*rules->snapshot(), R"({"a":1})").empty());
  CHECK(matched(*rules->snapshot(), R"({"a":2})") == Ids{1});
}

TEST_CASE("a snapshot keeps showing the rules of its moment") {
  const auto rules = RuleSet::create();
  rules->put(1, pattern(R"({"a":[1]})"));
  const auto before = rules->snapshot();
  rules->put(2, pattern(R"({"a":[1]})"));
  rules->remove(1);
  CHECK(matched(*before, R"({"a":1})") == Ids{1});
  CHECK(before->rule_count() == 1);
  CHECK(matched(*rules->snapshot(), R"({"a":1})") == Ids{2});
}

TEST_CASE("removing a rule that is not there changes nothing") {
  const auto rules = RuleSet::create();
  rules->remove(1);
  rules->put(2, pattern(R"({"a":[1]})"));
  rules->remove(1);
  rules->remove(3);
  CHECK(rules->snapshot()->rule_count() == 1);
  rules->remove(2);
  CHECK(rules->snapshot()->rule_count() == 0);
  CHECK(matched(*rules->snapshot(), R"({"a":1})").empty());
}

TEST_CASE(
    "a set of thousands of rules, changed all over, holds exactly what was put and not removed") {
  const auto rules = RuleSet::create();
  const auto odd = pattern(R"({"n":["odd"]})");
  const auto even = pattern(R"({"n":["even"]})");
  constexpr RuleId id_end = 4'001;
  // 7 and 4,001 have no common factor: every id once, in scattered order.
  for (RuleId i = 0; i < id_end; ++i) {
    const RuleId id = i * 7 % id_end;
    rules->put(id, id % 2 == 0 ? even : odd);
  }
  for (RuleId id = 0; id < id_end; id += 3) {
    rules->remove(id);
  }
  Ids expected;
  for (RuleId id = 0; id < id_end; ++id) {
    if (id % 3 != 0 && id % 2 == 0) {
      expected.push_back(id);
    }
  }
  const auto snapshot = rules->snapshot();
  CHECK(matched(*snapshot, R"({"n":"even"})") == expected);
  CHECK(snapshot->rule_count() == id_end - (id_end + 2) / 3);
}

TEST_CASE("anything but a JSON object matches no rule") {
  const auto rules = RuleSet::create();
  rules->put(1, pattern(R"({"a":[{"exists":false}]})"));
  REQUIRE(matched(*rules->snapshot(), "{}") == Ids{1});
  // What no rule asks about is not read, so it is not checked either.
  rules->put(1, pattern(R"({"b":[{"exists":true}, {"exists":false}]})"));
  rules->put(2, pattern(R"({"b.c":[{"exists":false}]})"));
  for (const std::string_view text : {"",
                                      " ",
                                      "[]",
                                      "1",
                                      "null",
                                      "\"a\"",
                                      "{",
                                      "{}x",
                                      "{}{}",
                                      "{\"b\":1,}",
                                      "{\"b\" 1}",
                                      "{b:1}",
                                      "{\"b\":01}",
                                      "{\"b\":1.}",
                                      "{\"b\":.5}",
                                      "{\"b\":+1}",
                                      "{\"b\":1e}",
                                      "{\"b\":nul}",
                                      "{\"b\":tru",
                                      "{\"b\":\"x}",
                                      "{\"b\":\"\\x\"}",
                                      "{\"b\":\"\\u12g4\"}",
                                      "{\"b\":\"\\u12",
                                      "{\"b\":\"\n\"}",
                                      "{\"b\":[1 2]}",
                                      "{\"b\":[1,]}",
                                      "{\"b\":[}",
                                      "{\"b\":{]}",
                                      "{\"b\":\"\xFF\"}",
                                      "{\"b\":\"\xC0\x80\"}",
                                      "\xEF\xBB\xBF{}"}) {
    INFO(text);
    CHECK(matched(*rules->snapshot(), text).empty());
  }
}

TEST_CASE("patterns and snapshots are shared by threads while the set goes on changing") {
  const auto rules = RuleSet::create();
  const auto shared = pattern(R"({"a":[{"prefix":"x"}],"b":{"c":[1],"d":[2]}})");
  for (RuleId id = 0; id < 500; ++id) {
    rules->put(id, shared);
  }
  const auto snapshot = rules->snapshot();
  constexpr std::string_view event = R"({"a":"xy","b":[{"c":1,"d":2},{"c":3}]})";
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      for (int round = 0; round < 10; ++round) {
        wrong += matched(*snapshot, event).size() == 500 ? 0 : 1;
        wrong += shared->matches(event) ? 0 : 1;
      }
    });
  }
  for (RuleId id = 0; id < 500; ++id) {
    rules->remove(id);
    rules->put(id + 1'000, shared);
    rules->snapshot();
  }
  for (auto& reader : readers) {
    reader.join();
  }
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace signalbox::rules
