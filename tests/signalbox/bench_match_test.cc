#include "signalbox/bench_match.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "signalbox/bench_match_input.h"

using namespace signalbox;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

namespace {

// A file of the given text that is gone when the test is.
class TextFile {
 public:
  explicit TextFile(std::string_view text) {
    std::string path = std::filesystem::temp_directory_path() / "signalbox-bench-XXXXXX";
    const int file = mkstemp(path.data());
    REQUIRE(file >= 0);
    close(file);
    path_ = path;
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TextFile() { std::filesystem::remove(path_); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

MatchBenchArguments parse(std::vector<std::string> more) {
  std::vector<std::string> arguments = {"--rules", "r.jsonl", "--events", "e.jsonl"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return parse_match_bench(arguments);
}

std::string problem_of_rules(std::string_view text, std::optional<std::size_t> count = {}) {
  const TextFile file(text);
  std::vector<RuleLine> rules;
  auto problem = read_rule_lines(file.path(), count, rules);
  // Every problem names the file.
  if (!problem.empty()) CHECK_THAT(problem, Contains(file.path()));
  return problem;
}

std::string problem_of_events(std::string_view text) {
  const TextFile file(text);
  std::vector<std::string> events;
  return read_event_lines(file.path(), events);
}

MatchBenchResult some_result() {
  MatchBenchResult result;
  result.rule_count = 3;
  result.event_count = 20;
  result.checked_event_count = 10;
  result.match_count = 7;
  result.match_count_max = 2;
  result.hash = 0xabc;
  result.rules_per_s = 1234.4;
  result.add = {.p50_us = 1.25, .p99_us = 9};
  result.events_per_s_passes = {300, 100, 200};
  return result;
}

}  // namespace

TEST_CASE("the two files are all that a match benchmark needs to be told") {
  const auto parsed = parse({});
  CHECK(parsed.error.empty());
  CHECK(parsed.options.rules_path == "r.jsonl");
  CHECK(parsed.options.events_path == "e.jsonl");
  CHECK_FALSE(parsed.options.rule_count.has_value());
  CHECK(parsed.options.thread_count == 1);
}

TEST_CASE("options of a match benchmark take their value behind a blank or an equals sign") {
  const auto parsed = parse(
      {"--count", "10", "--seconds=0.5", "--threads", "2", "--passes=3", "--check-events", "100"});
  CHECK(parsed.error.empty());
  CHECK(parsed.options.rule_count == 10);
  CHECK(parsed.options.pass_seconds == 0.5);
  CHECK(parsed.options.thread_count == 2);
  CHECK(parsed.options.pass_count == 3);
  CHECK(parsed.options.check_count == 100);
  CHECK(parse({"--paced"}).options.paced);
  CHECK(parse({"-h"}).options.help);
}

TEST_CASE("what is wrong with an option of a match benchmark is said with what would be right") {
  CHECK(parse({"--count", "0"}).error == "--count 0: give a whole number from 1.");
  CHECK(parse({"--count", "-1"}).error == "--count -1: give a whole number from 1.");
  CHECK(parse({"--threads", "2x"}).error == "--threads 2x: give a whole number from 1 to 256.");
  CHECK(parse({"--seconds", "nan"}).error == "--seconds nan: give seconds from 0.001 to 3600.");
  CHECK(parse({"--seconds", "0"}).error == "--seconds 0: give seconds from 0.001 to 3600.");
  CHECK(parse({"--count"}).error == "--count needs a value.");
  CHECK(parse({"--cuont"}).error ==
        "there is no option --cuont. Try signalbox bench match --help.");
  CHECK(parse({"stray"}).error == "there is no option stray. Try signalbox bench match --help.");
  CHECK_THAT(parse({"--paced", "--threads", "2"}).error, Contains("leave --threads out"));
  CHECK_THAT(parse_match_bench({}).error, Contains("--rules FILE is missing"));
  CHECK_THAT(parse_match_bench({"--rules", "r"}).error, Contains("--events FILE is missing"));
}

TEST_CASE("the help of the match benchmark names every option") {
  for (const auto* option : {"--rules", "--events", "--count", "--seconds", "--passes", "--threads",
                             "--check-events", "--paced"}) {
    CHECK_THAT(std::string(match_bench_help()), Contains(option));
  }
}

TEST_CASE("rules are read in the order of their lines, patterns as they are written") {
  const TextFile file(
      "{\"id\":\"a\",\"pattern\":{\"x\": [1.0]}}\n"
      "  {\"pattern\":{},\"note\":[{}],\"id\":\"\\u00e9\"}\r\n"
      "{\"id\":\"c\",\"pattern\":{\"x\":[3]}}");
  std::vector<RuleLine> rules;
  REQUIRE(read_rule_lines(file.path(), std::nullopt, rules).empty());
  REQUIRE(rules.size() == 3);
  CHECK(rules[0].id == "a");
  CHECK(rules[0].pattern == R"({"x": [1.0]})");
  CHECK(rules[1].id == "é");
  CHECK(rules[1].pattern == "{}");
  rules.clear();
  REQUIRE(read_rule_lines(file.path(), 2, rules).empty());
  CHECK(rules.size() == 2);
}

TEST_CASE("a bad line of a file of rules is named with what a line holds") {
  const std::string good = R"({"id":"a","pattern":{}})"
                           "\n";
  CHECK_THAT(problem_of_rules(good + "{\"id\""), Contains(":2: not valid JSON"));
  CHECK_THAT(problem_of_rules(good + "{} {}"), Contains(":2: not valid JSON"));
  CHECK_THAT(problem_of_rules(good + "[]"), Contains(":2: not a JSON object"));
  CHECK_THAT(problem_of_rules("{\"pattern\":{}}"), Contains(":1: id is missing"));
  CHECK_THAT(problem_of_rules("{\"id\":1,\"pattern\":{}}"), Contains(":1: id is no string"));
  CHECK_THAT(problem_of_rules("{\"id\":\"a\"}"), Contains(":1: pattern is missing"));
  CHECK_THAT(problem_of_rules("{\"id\":\"a\",\"pattern\":[]}"), Contains("pattern is no object"));
  CHECK_THAT(problem_of_rules(good + "\n" + good), Contains(":2: the line is empty"));
  CHECK_THAT(problem_of_rules(good + good), Contains(":2: the id a stands in line 1 already"));
  CHECK_THAT(problem_of_rules(good, 2), Contains("--count 2: "));
  CHECK_THAT(problem_of_rules(""), Contains("is empty"));
  CHECK_THAT(problem_of_rules("{\"id\""),
             EndsWith(R"({"id":"r1","pattern":{"source":["my.app"]}}.)"));
}

TEST_CASE("a bad line of a file of events is named, a hostile number is not bad") {
  CHECK(problem_of_events("{\"a\":1}\n{\"a\":1e999,\"b\":123456789012345678901234}\n").empty());
  CHECK_THAT(problem_of_events("{\"a\":1}\n{\"a\":}\n"), Contains(":2: not valid JSON"));
  CHECK_THAT(problem_of_events("7\n"), Contains(":1: not a JSON object"));
  CHECK_THAT(problem_of_events("{\"a\":\"\xff\"}\n"), Contains(":1: not valid JSON"));
}

TEST_CASE("a file that cannot be read is named with the reason") {
  std::vector<std::string> events;
  const auto directory = std::filesystem::temp_directory_path().string();
  CHECK_THAT(read_event_lines(directory + "/signalbox-no-such-file", events),
             Contains("signalbox-no-such-file: No such file or directory"));
  CHECK_THAT(read_event_lines(directory, events), Contains("Is a directory"));
}

TEST_CASE("an invalid pattern is reported on one line with its file, line and rule") {
  CHECK(invalid_pattern("r.jsonl", 4, "r3", "Filter is not an object\n at [Source: ...]") ==
        "r.jsonl:4: the pattern of rule r3 is not valid: Filter is not an object at [Source: ...]."
        " Correct it or delete the line.");
}

TEST_CASE("the result of a match benchmark is one line with the median of its passes") {
  auto result = some_result();
  const auto json = to_json(result);
  CHECK_THAT(json, Contains(R"("rules":3,"events":20,"checked_events":10,"matches":7,)"));
  CHECK_THAT(json, Contains(R"("hash":"0000000000000abc","rules_per_s":1234,)"));
  CHECK_THAT(json, Contains(R"("events_per_s":200,"slowest_pass":100,"fastest_pass":300,)"));
  CHECK_THAT(json, EndsWith(R"("us_per_event":5000.000})"));
  CHECK(json.find('\n') == std::string::npos);
  CHECK(json.find("scaling") == std::string::npos);

  result.thread_count = 2;
  result.events_per_s_one_thread_passes = {110, 100, 90};
  CHECK_THAT(to_json(result), EndsWith(R"("us_per_event":10000.000,)"
                                       R"("events_per_s_one_thread":100,"scaling":2.00})"));
}
