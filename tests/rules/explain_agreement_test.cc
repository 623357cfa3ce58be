// Explanations say "matched" exactly where Pattern::matches() does, for the cases of
// tests/rules/cases, for pairs of their patterns and events, and for random ones with arrays.
#include <simdjson.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "rules/explain.h"
#include "rules/nearest.h"
#include "rules/rules.h"

namespace signalbox::rules {
namespace {

// A number that no double holds, repeated from the event, is JSON all the same.
bool is_json(const std::string& text) {
  simdjson::dom::parser parser;
  const auto error = parser.parse(text).error();
  return error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR;
}

// Whether both agree; what comes out is JSON whatever went in.
bool agrees(const std::string& pattern_json, const std::string& event_json) {
  PatternError error;
  const auto pattern = Pattern::compile(pattern_json, error);
  const auto explanation = explain(pattern_json, event_json);
  if (!is_json(to_json(explanation)) || to_text(explanation).empty()) return false;
  if (pattern == nullptr) return explanation.outcome == Explanation::Outcome::invalid_pattern;
  const bool has_miss = explanation.first_missed() != nullptr;
  return explanation.matched() == pattern->matches(event_json) &&
         has_miss == (explanation.outcome == Explanation::Outcome::missed);
}

std::string text_member(simdjson::ondemand::document& document, const std::string& name) {
  std::string_view text;
  if (document[name + "_text"].get_string().get(text) == simdjson::SUCCESS) {
    return std::string(text);
  }
  simdjson::ondemand::object object;
  if (document[name].get_object().get(object) == simdjson::SUCCESS) text = object.raw_json();
  return std::string(text);
}

struct Cases {
  std::vector<std::string> patterns;
  std::vector<std::string> events;  // of the pattern at the same place; empty where it is invalid
};

Cases read_cases() {
  Cases cases;
  const std::filesystem::path folder =
      std::filesystem::path(SIGNALBOX_SOURCE_DIR) / "tests/rules/cases";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      simdjson::ondemand::parser parser;
      const simdjson::padded_string padded(line);
      simdjson::ondemand::document document = parser.iterate(padded);
      std::string pattern = text_member(document, "pattern");
      if (pattern.empty()) continue;
      cases.patterns.push_back(std::move(pattern));
      cases.events.push_back(text_member(document, "event"));
    }
  }
  return cases;
}

TEST_CASE("explanations agree with the matcher on every case of the language") {
  const Cases cases = read_cases();
  CHECK(cases.patterns.size() > 300);
  for (std::size_t i = 0; i < cases.patterns.size(); ++i) {
    INFO(cases.patterns[i] << " " << cases.events[i]);
    CHECK(agrees(cases.patterns[i], cases.events[i]));
  }
}

TEST_CASE("explanations agree with the matcher on patterns and events of different cases") {
  const Cases cases = read_cases();
  std::mt19937 random(20'240'601);
  std::uniform_int_distribution<std::size_t> any(0, cases.patterns.size() - 1);
  for (int i = 0; i < 5000; ++i) {
    const std::string& pattern = cases.patterns[any(random)];
    const std::string& event = cases.events[any(random)];
    INFO(pattern << " " << event);
    REQUIRE(agrees(pattern, event));
  }
}

// Few names and values, so that they meet often, and many arrays.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  // Every other event is an array of objects in which each other pattern looks for some fields.
  std::string event() {
    if (below(2) == 0) return object(3);
    return "{\"a\":" + list('[', ']', 2, [&] { return object(below(2)); }) + "}";
  }
  std::string pattern() {
    if (below(2) == 0) return pattern_object(3, true);
    return "{\"a\":{\"a\":" + predicates() + ",\"b\":" + predicates() + "}}";
  }

 private:
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  std::string pick(const std::vector<std::string>& of) { return of[below(of.size())]; }
  std::string name() { return pick({"\"a\"", "\"b\"", "\"c\""}); }
  std::string scalar() { return pick({"1", "2", "\"x\"", "\"X\"", "\"xy\"", "null", "\"1\""}); }

  template <class Entry>
  std::string list(char open, char close, std::size_t least, Entry entry) {
    std::string out(1, open);
    const std::size_t count = least + below(3);
    for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + entry();
    return out + close;
  }

  std::string value(std::size_t depth) {
    if (depth == 0 || below(3) == 0) return scalar();
    if (below(2) == 0) return object(depth - 1);
    return list('[', ']', 0, [&] { return value(depth - 1); });
  }
  std::string object(std::size_t depth) {
    return list('{', '}', 1, [&] { return name() + ":" + value(depth); });
  }
  std::string predicate() {
    return pick({"1", "\"x\"", "\"xy\"", "null", R"({"prefix":"x"})", R"({"exists":true})",
                 R"({"exists":false})", R"({"anything-but":"x"})", R"({"numeric":["<",2]})"});
  }
  std::string predicates() {
    return list('[', ']', 1, [&] { return predicate(); });
  }
  std::string pattern_object(std::size_t depth, bool may_branch) {
    if (may_branch && below(4) == 0) {
      return "{\"$or\":[" + pattern_object(depth, false) + "," + pattern_object(depth, false) +
             "]}";
    }
    return list('{', '}', 1, [&] {
      const bool is_leaf = depth == 0 || below(2) == 0;
      return name() + ":" + (is_leaf ? predicates() : pattern_object(depth - 1, may_branch));
    });
  }

  std::mt19937 random_;
};

TEST_CASE("explanations agree with the matcher on random patterns and events with arrays") {
  Generator generator(7);
  std::size_t matched = 0;
  std::size_t apart = 0;
  for (int i = 0; i < 8000; ++i) {
    const std::string pattern = generator.pattern();
    const std::string event = generator.event();
    INFO(pattern << " " << event);
    REQUIRE(agrees(pattern, event));
    const auto explanation = explain(pattern, event);
    matched += explanation.matched() ? 1 : 0;
    const auto* missed = explanation.first_missed();
    apart += missed != nullptr && missed->reason == MissReason::not_in_one_element ? 1 : 0;
  }
  // Both were put to the test.
  CHECK(matched > 500);
  CHECK(apart > 20);
}

// What an explanation claims, taken literally: an event with nothing but the values shown, at the
// paths shown, matches too. Absence holds there as well, since nothing else is in it.
TEST_CASE("the values shown of a match make the pattern match on their own") {
  Generator generator(11);
  std::size_t checked = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string pattern = generator.pattern();
    const auto explanation = explain(pattern, generator.event());
    if (!explanation.matched()) continue;
    std::string shown;
    for (const FieldExplanation& field : explanation.fields) {
      if (field.seen.empty()) continue;
      shown += (shown.empty() ? "\"" : ",\"") + field.path + "\":" + field.seen.front();
    }
    PatternError error;
    INFO(pattern << " {" << shown << "}");
    REQUIRE(Pattern::compile(pattern, error)->matches("{" + shown + "}"));
    ++checked;
  }
  CHECK(checked > 500);
}

TEST_CASE("hostile patterns and events are explained in short") {
  const auto check = [](const std::string& pattern, const std::string& event) {
    const auto explanation = explain(pattern, event);
    CHECK(to_json(explanation).size() < 200'000);
    CHECK(to_text(explanation).size() < 200'000);
    CHECK(agrees(pattern, event));
  };
  const std::string deep(500, '[');
  std::string nested;
  for (int i = 0; i < 900; ++i) nested += R"({"a":)";
  std::string path_pattern = nested + "[1]" + std::string(900, '}');
  check(path_pattern, nested + "1" + std::string(900, '}'));
  check(path_pattern, nested + "2" + std::string(900, '}'));
  check(path_pattern, nested + "{}" + std::string(900, '}'));
  check(path_pattern, R"({"a":)" + deep + "1" + std::string(500, ']') + "}");
  std::string elements;
  for (int i = 0; i < 10'000; ++i) {
    elements += (i == 0 ? "" : ",") + std::string(R"({"f":)") + std::to_string(i) + "},";
    elements += R"({"g":)" + std::to_string(i) + "}";
  }
  check(R"({"l":{"f":[{"exists":true}],"g":[{"exists":true}]}})", R"({"l":[)" + elements + "]}");
  check(R"({"l":{"f":[5],"g":[{"exists":false}]}})", R"({"l":[)" + elements + "]}");
  const std::string name(100'000, 'n');
  check("{\"" + name + "\":[1]}", "{\"" + name + "\":{\"" + name + "\":1}}");
  check("{\"" + name + "." + name + "\":[1]}", "{\"" + name + "\":\"x\"}");
  check(R"({"a":[1e400]})", R"({"a":1e400})");
  check(R"({"a":[1]})", R"({"a":1e400,"a":)" + std::string(5000, '9') + "}");
  check("{\"\":[1],\"a\":{\"\":[1]}}", "{\"\":1,\"a\":{\"\":2}}");
  check("{\"a\":[\"\xED\xA0\x80\"]}", "{\"a\":\"\\ud800\"}");
  check(std::string(1'000'000, '['), std::string(1'000'000, '{'));
}

TEST_CASE("broken bytes in any place of either text never do harm") {
  const std::string pattern = R"({"a":{"b":["x",{"prefix":"y"},{"numeric":[">",1]}]}})";
  const std::string event = R"({"a":[{"b":"\u00e9"},{"b":[1,"z"]}],"c":{}})";
  std::mt19937 random(3);
  const auto break_one = [&](std::string text) {
    const std::size_t at = std::uniform_int_distribution<std::size_t>(0, text.size() - 1)(random);
    text[at] = static_cast<char>(std::uniform_int_distribution<int>(0, 255)(random));
    return text;
  };
  for (int i = 0; i < 5000; ++i) {
    for (const auto& explanation :
         {explain(break_one(pattern), event), explain(pattern, break_one(event))}) {
      const std::string json = to_json(explanation);
      INFO(json);
      REQUIRE(is_json(json));
    }
  }
}

}  // namespace
}  // namespace signalbox::rules
