// Runs tests/rules/cases/*.jsonl, one case per line:
//
//   {"note": "..."}                                          what the next cases show
//   {"pattern": {..}, "event": {..}, "match": true}          whether the event matches
//   {"pattern_text": "..", "event_text": "..", "match": ..}  the same where the text itself matters
//   {"pattern_text": "..", "error": "reason", "line": 1, "column": 9}
//       refused; line is 1 when left out. Without a column the reason stands without a place, with
//       "twice" the place comes twice.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "rules/rules.h"

namespace signalbox::rules {
namespace {

struct Case {
  std::string pattern;
  std::string event;
  std::optional<bool> match;
  std::string error;
  std::uint64_t line = 1;
  std::uint64_t column = 0;
  bool twice = false;
};

// The member as text: as it stands in the file, or what the member NAME_text holds.
std::string text_member(simdjson::ondemand::document& document, const std::string& name) {
  std::string_view text;
  if (document[name + "_text"].get_string().get(text) == simdjson::SUCCESS) {
    return std::string(text);
  }
  simdjson::ondemand::object object;
  if (document[name].get_object().get(object) == simdjson::SUCCESS) {
    text = object.raw_json();
  }
  return std::string(text);
}

std::optional<Case> read_case(const std::string& line) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(line);
  simdjson::ondemand::document document = parser.iterate(padded);
  std::string_view text;
  if (document["note"].get_string().get(text) == simdjson::SUCCESS) {
    return std::nullopt;
  }
  Case out;
  out.pattern = text_member(document, "pattern");
  if (document["error"].get_string().get(text) == simdjson::SUCCESS) {
    out.error = std::string(text);
    std::ignore = document["line"].get_uint64().get(out.line);
    std::ignore = document["column"].get_uint64().get(out.column);
    std::ignore = document["twice"].get_bool().get(out.twice);
    return out;
  }
  out.event = text_member(document, "event");
  out.match = document["match"].get_bool().value();
  return out;
}

// The whole reason, for patterns short enough to be quoted in full.
std::string expected_reason(const Case& given) {
  if (given.column == 0) {
    return given.error;
  }
  const std::string place = fmt::format("\n at [Source: (String)\"{}\"; line: {}, column: {}]",
                                        given.pattern, given.line, given.column);
  return given.error + place + (given.twice ? place : "");
}

bool is_json(const std::string& text) {
  simdjson::dom::parser parser;
  return parser.parse(text).error() == simdjson::SUCCESS;
}

void run_case(const Case& given) {
  PatternError error;
  const auto pattern = Pattern::compile(given.pattern, error);
  if (!given.match) {
    CHECK(pattern == nullptr);
    CHECK(error.reason == expected_reason(given));
    return;
  }
  CHECK(error.reason.empty());
  REQUIRE(pattern);
  CHECK(pattern->matches(given.event) == *given.match);
  // The same through a rule set, which leaves it to others to check that the event is JSON.
  if (!is_json(given.event)) {
    return;
  }
  const auto rules = RuleSet::create();
  rules->put(1, pattern);
  std::vector<RuleId> matched;
  rules->snapshot()->match(given.event, matched);
  CHECK(matched.size() == (*given.match ? 1 : 0));
}

void run_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    INFO(path.filename().string() << ": " << line);
    if (const auto given = read_case(line)) {
      run_case(*given);
      ++count;
    }
  }
  INFO(path.string());
  CHECK(count > 20);  // a file that was not found or read would pass otherwise
}

TEST_CASE("each operator matches and refuses as its file of cases says") {
  const std::filesystem::path folder =
      std::filesystem::path(SIGNALBOX_SOURCE_DIR) / "tests/rules/cases";
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    run_file(entry.path());
    ++files;
  }
  CHECK(files == 11);
}

TEST_CASE("the runner of cases notices a wrong answer") {
  const auto given = read_case(R"({"pattern": {"a":[1.0]}, "event": {"a":2}, "match": true})");
  REQUIRE(given);
  CHECK(given->pattern == R"({"a":[1.0]})");
  PatternError error;
  CHECK(Pattern::compile(given->pattern, error)->matches(given->event) != *given->match);
  const auto refused =
      read_case(R"({"pattern_text": "[", "error": "r", "column": 7, "twice": true})");
  REQUIRE(refused);
  CHECK(expected_reason(*refused) ==
        "r\n at [Source: (String)\"[\"; line: 1, column: 7]"
        "\n at [Source: (String)\"[\"; line: 1, column: 7]");
}

}  // namespace
}  // namespace signalbox::rules
