// Which rules an event matches, and how the others are ranked.
#include "rules/nearest.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace signalbox::rules {
namespace {

std::vector<std::string> names(const std::vector<RuleExplanation>& rules) {
  std::vector<std::string> out;
  for (const RuleExplanation& rule : rules) out.push_back(rule.rule);
  return out;
}

using Names = std::vector<std::string>;

TEST_CASE("rules that match are listed by name with why, and do not count as misses") {
  const auto result =
      nearest({{"z", R"({"a":[1]})"}, {"b", R"({"a":[2]})"}, {"c", R"({"a":[1]})"}}, R"({"a":1})");
  CHECK(names(result.matched) == Names{"c", "z"});
  CHECK(result.matched_count == 2);
  CHECK(names(result.nearest) == Names{"b"});
  CHECK(result.matched.front().explanation.fields.front().seen == Names{"1"});
  CHECK(result.examined_count == 3);
  CHECK(result.complete);
}

TEST_CASE("misses are ranked by share, then number of fields, then near values, then name") {
  const std::string event = R"({"a":1,"b":2,"c":3,"d":4,"s":"x"})";
  const auto result = nearest({{"none", R"({"q":[1]})"},
                               {"half", R"({"a":[1],"q":[1]})"},
                               {"half-of-four", R"({"a":[1],"b":[2],"q":[1],"r":[1]})"},
                               {"most", R"({"a":[1],"b":[2],"c":[3],"q":[1]})"},
                               {"none-but-near", R"({"s":["X"]})"},
                               {"another-half", R"({"a":[1],"q":[1]})"}},
                              event, {.count = 6});
  CHECK(names(result.nearest) ==
        Names{"most", "half-of-four", "another-half", "half", "none-but-near", "none"});
}

TEST_CASE("only as many misses are explained as were asked for, the best of them") {
  std::vector<RuleText> rules;
  for (int i = 0; i < 500; ++i) {
    rules.push_back({"r" + std::to_string(i), R"({"a":[1],"b":[)" + std::to_string(i) + "]}"});
  }
  rules.push_back({"best", R"({"a":[1],"c":[1],"b":[0]})"});
  const auto result = nearest(rules, R"({"a":1,"c":1})", {.count = 2});
  CHECK(names(result.nearest) == Names{"best", "r0"});
  CHECK(nearest(rules, R"({"a":1})", {.count = 0}).nearest.empty());
  CHECK(nearest(rules, R"({"a":1})", {.count = 100'000}).nearest.size() ==
        NearestOptions::count_max);
}

TEST_CASE("all matches are counted and the first of them explained") {
  std::vector<RuleText> rules;
  for (int i = 0; i < 20; ++i) rules.push_back({"r" + std::to_string(i), R"({"a":[1]})"});
  const auto result = nearest(rules, R"({"a":1})", {.matched_max = 3});
  CHECK(result.matched.size() == 3);
  CHECK(result.matched_count == 20);
}

TEST_CASE("a disabled rule that would match is the nearest miss") {
  const auto result =
      nearest({{"near", R"({"a":[1],"b":[1]})"}, {"off", R"({"a":[1]})", false}}, R"({"a":1})");
  CHECK(result.matched_count == 0);
  CHECK(names(result.nearest) == Names{"off", "near"});
  CHECK_FALSE(result.nearest.front().enabled);
  CHECK(result.nearest.front().explanation.matched());
  std::string json;
  append_members(json, result);
  CHECK(json.find(R"({"rule":"off","enabled":false,"matched":true)") != std::string::npos);
  CHECK(to_text(result).find("off (disabled: it gets no events)") != std::string::npos);
}

TEST_CASE("work ends when the steps are used up, and the result says so") {
  std::string values;
  for (int i = 0; i < 1000; ++i) values += (i == 0 ? "" : ",") + std::to_string(i);
  const std::string event = R"({"a":[)" + values + "]}";
  std::vector<RuleText> rules(100, {"r", R"({"a":["x"]})"});
  const auto result = nearest(rules, event, {.steps_max = 10'000});
  CHECK_FALSE(result.complete);
  CHECK(result.examined_count >= 5);
  CHECK(result.examined_count <= 10);
  CHECK(to_text(result).find("There are more rules") != std::string::npos);
  CHECK(nearest(rules, event).complete);
}

TEST_CASE("an event that is none and patterns that are none are told apart") {
  const auto no_event = nearest({{"r", R"({"a":[1]})"}}, "[1]");
  CHECK(no_event.problem == "The event must be a JSON object.");
  CHECK(no_event.examined_count == 0);
  const auto no_pattern =
      nearest({{"bad", R"({"a":1})"}, {"worse", "\xFF"}, {"good", R"({"a":[1]})"}}, R"({"a":1})");
  CHECK(no_pattern.problem.empty());
  CHECK(no_pattern.invalid_count == 2);
  CHECK(names(no_pattern.invalid) == Names{"bad", "worse"});
  CHECK(no_pattern.invalid.front().explanation.problem.find("must be an object or an array") !=
        std::string::npos);
  CHECK(names(no_pattern.matched) == Names{"good"});
  std::string json;
  append_members(json, no_pattern);
  CHECK(json.find(R"("invalid":[{"rule":"bad","matched":false,"error":"invalid_pattern")") !=
        std::string::npos);
}

}  // namespace
}  // namespace signalbox::rules
