// Random patterns and events: a pattern alone, a set of rules and the naive evaluator must agree.
// A disagreement is made small before it is shown. SIGNALBOX_LONG_TESTS=1 runs fifty times as much.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "rules/rules.h"
#include "tests/rules/generator.h"
#include "tests/rules/naive.h"
#include "tests/rules/shrink.h"

namespace signalbox::rules {
namespace {

using reference::Generator;
using reference::Json;
using reference::NaiveEvent;
using reference::NaivePattern;
using reference::render;

using Compiled = std::shared_ptr<const Pattern>;
using Ids = std::vector<RuleId>;

std::uint64_t long_factor() { return std::getenv("SIGNALBOX_LONG_TESTS") != nullptr ? 50 : 1; }

Compiled compile(const std::string& text) {
  PatternError error;
  return Pattern::compile(text, error);
}

Ids sorted_matches(const Snapshot& snapshot, const std::string& event) {
  Ids ids;
  snapshot.match(event, ids);
  std::sort(ids.begin(), ids.end());
  return ids;
}

// What is compared with the naive evaluator: whether one pattern matches, and which of many.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual bool matches(const Pattern& pattern, const std::string& event) const {
    return pattern.matches(event);
  }
  virtual Ids matches(const std::vector<Compiled>& patterns, const std::string& event) const {
    const auto rules = RuleSet::create();
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      rules->put(i, patterns[i]);
    }
    return sorted_matches(*rules->snapshot(), event);
  }
};

// What the three say about one event; empty when they agree or a pattern is not valid.
std::string disagreement(const Subject& subject, const std::vector<Json>& patterns,
                         const Json& event) {
  const std::string event_text = render(event);
  const NaiveEvent naive_event(event);
  std::vector<Compiled> compiled;
  Ids expected;
  for (const Json& pattern : patterns) {
    const auto one = compile(render(pattern));
    if (one == nullptr) {
      return "";
    }
    const bool wanted = NaivePattern(pattern).matches(naive_event);
    if (subject.matches(*one, event_text) != wanted) {
      return fmt::format("pattern {}\nevent {}\nalone it {}", render(pattern), event_text,
                         wanted ? "does not match but should" : "matches but should not");
    }
    if (wanted) {
      expected.push_back(compiled.size());
    }
    compiled.push_back(one);
  }
  const Ids found = subject.matches(compiled, event_text);
  if (found == expected) {
    return "";
  }
  std::string out;
  for (const Json& pattern : patterns) {
    out += fmt::format("rule {}\n", render(pattern));
  }
  return fmt::format("{}event {}\nmatched rules {} but should {}", out, event_text,
                     fmt::join(found, ","), fmt::join(expected, ","));
}

// The same of the smallest case that can be made of this one.
std::string smallest_disagreement(const Subject& subject, std::vector<Json> patterns, Json event) {
  if (disagreement(subject, patterns, event).empty()) {
    return "";
  }
  shrink_list(patterns, [&](const std::vector<Json>& fewer) {
    return !disagreement(subject, fewer, event).empty();
  });
  const auto still = [&](const Json&) { return !disagreement(subject, patterns, event).empty(); };
  for (Json& pattern : patterns) {
    shrink_json(pattern, still);
  }
  shrink_json(event, still);
  for (Json& pattern : patterns) {
    shrink_json(pattern, still);
  }
  return disagreement(subject, patterns, event);
}

struct Counts {
  std::size_t patterns = 0;
  std::size_t refused = 0;
  std::size_t pairs = 0;
  std::size_t matches = 0;
};

// The patterns of a generator that compile.
struct Rules {
  Rules(Generator& generator, std::size_t count, Counts& counts) {
    for (std::size_t i = 0; i < count; ++i) {
      const Json tree = generator.pattern();
      const auto one = compile(render(tree));
      ++counts.patterns;
      if (one == nullptr) {
        ++counts.refused;
        continue;
      }
      trees.push_back(tree);
      naive.emplace_back(tree);
      compiled.push_back(one);
      set->put(compiled.size() - 1, one);
    }
  }

  std::vector<Json> trees;
  std::vector<NaivePattern> naive;
  std::vector<Compiled> compiled;
  std::unique_ptr<RuleSet> set = RuleSet::create();
};

// A set of rules and events from one seed; what went wrong, or nothing.
std::string compare_one_set(std::uint64_t seed, std::size_t rule_count, std::size_t event_count,
                            Counts& counts) {
  Generator generator(seed);
  const Rules rules(generator, rule_count, counts);
  const auto snapshot = rules.set->snapshot();
  for (std::size_t i = 0; i < event_count && !rules.trees.empty(); ++i) {
    const Json event = generator.random().one_in(4)
                           ? generator.event()
                           : generator.event_for(generator.random().pick(rules.trees));
    const std::string text = render(event);
    const NaiveEvent naive_event(event);
    Ids expected;
    bool agrees = true;
    for (RuleId id = 0; id < rules.compiled.size(); ++id) {
      const bool wanted = rules.naive[id].matches(naive_event);
      agrees = agrees && rules.compiled[id]->matches(text) == wanted;
      if (wanted) {
        expected.push_back(id);
      }
    }
    counts.pairs += rules.compiled.size();
    counts.matches += expected.size();
    if (!agrees || sorted_matches(*snapshot, text) != expected) {
      const std::string smallest = smallest_disagreement(Subject(), rules.trees, event);
      return fmt::format("seed {}: {}", seed,
                         smallest.empty() ? "wrong within the set only, event " + text : smallest);
    }
  }
  return "";
}

TEST_CASE("patterns alone, sets of rules and the naive evaluator agree on random events") {
  Counts counts;
  const std::uint64_t seed_count = 250 * long_factor();
  for (std::uint64_t seed = 1; seed <= seed_count; ++seed) {
    REQUIRE(compare_one_set(seed, 12, 12, counts) == "");
  }
  // The generator is worth its time only while patterns compile and both answers are frequent.
  CHECK(counts.refused * 20 < counts.patterns);
  CHECK(counts.matches * 20 > counts.pairs);
  CHECK(counts.matches * 2 < counts.pairs);
}

TEST_CASE("sets of hundreds of rules with few names and values agree with the naive evaluator") {
  Counts counts;
  const std::uint64_t seed_count = 4 * long_factor();
  for (std::uint64_t seed = 1'000'001; seed <= 1'000'000 + seed_count; ++seed) {
    REQUIRE(compare_one_set(seed, 700, 25, counts) == "");
  }
}

TEST_CASE("patterns that are nearly valid compile or are refused with a reason, and then agree") {
  for (std::uint64_t seed = 1; seed <= 150 * long_factor(); ++seed) {
    Generator generator(seed);
    for (int i = 0; i < 10; ++i) {
      const Json tree = generator.broken_pattern();
      PatternError error;
      const auto pattern = Pattern::compile(render(tree), error);
      INFO("seed " << seed << ": " << render(tree));
      REQUIRE((pattern == nullptr) != error.reason.empty());
      if (pattern != nullptr) {
        REQUIRE(smallest_disagreement(Subject(), {tree}, generator.event_for(tree)) == "");
      }
    }
  }
}

// ---- the comparison itself ----

class ForgetsExists final : public Subject {
 public:
  using Subject::matches;
  bool matches(const Pattern& pattern, const std::string& event) const override {
    return pattern.matches(event) && event.find("null") == event.npos;
  }
};

class LosesRules final : public Subject {
 public:
  using Subject::matches;
  Ids matches(const std::vector<Compiled>& patterns, const std::string& event) const override {
    Ids ids = Subject::matches(patterns, event);
    ids.resize(std::min<std::size_t>(ids.size(), 1));
    return ids;
  }
};

TEST_CASE("a matcher with a fault disagrees, and the case shown is the smallest") {
  const auto trees = [](std::vector<std::string> texts) {
    std::vector<Json> out;
    for (const auto& text : texts) {
      out.push_back(*reference::parse_json(text));
    }
    return out;
  };
  const auto patterns = trees({R"({"b":[1]})", R"({"a":{"x":["q",{"exists":true}]},"c":[2,3]})"});
  const auto event = *reference::parse_json(R"({"d":[1,"y"],"a":[{"x":[null,"q"]},4],"c":3})");
  REQUIRE(disagreement(Subject(), patterns, event) == "");
  CHECK(smallest_disagreement(ForgetsExists(), patterns, event) ==
        "pattern {\"c\":[3]}\nevent {\"a\":null,\"c\":3}\nalone it does not match but should");
  const auto twins = trees({R"({"a":[1],"c":[2]})", R"({"b":[5]})", R"({"a":[1,4],"b":[5]})"});
  CHECK(smallest_disagreement(LosesRules(), twins, *reference::parse_json(R"({"a":1,"b":5})")) ==
        "rule {\"b\":[5]}\nrule {\"b\":[5]}\nevent {\"b\":5}\nmatched rules 0 but should 0,1");
}

TEST_CASE("the reference reads and writes JSON as it is") {
  for (const char* text :
       {R"({"a":1.0,"a":[true,null,-0e+1],"é":{"b":""}})", R"([])", R"("\"\\")"}) {
    const auto tree = reference::parse_json(text);
    REQUIRE(tree);
    CHECK(render(*tree) == text);
  }
  for (const char* text : {"{", "[1,]", "{\"a\" 1}", "01", "1.", "nul", "\"\\x\"", "\"\xFF\"",
                           "1 2", "\"\n\"", "", "\"\\u12\"", "-", "1e", ".5", "+1"}) {
    INFO(text);
    CHECK_FALSE(reference::parse_json(text));
  }
  const auto escaped = reference::parse_json(R"("\u00e9\ud83d\ude00\ud800x\/\n")");
  REQUIRE(escaped);
  CHECK(escaped->text == "é😀?x/\n");
  // A style changes how a text is written, never what it says.
  Generator generator(1);
  for (int i = 0; i < 300; ++i) {
    const std::string spelled = render(generator.event());
    const auto tree = reference::parse_json(spelled);
    REQUIRE(tree);
    CHECK(render(*reference::parse_json(render(*tree))) == render(*tree));
  }
}

TEST_CASE("the naive evaluator tells numbers that a double holds from others") {
  const auto comparable = [](const std::string& text) {
    double number = 0;
    return reference::is_comparable(text, number);
  };
  for (const char* text :
       {"0", "-0.0", "1", "1.0", "10e-1", "0.1", "100", "1e2", "1e308", "0e99999",
        "9007199254740992", "4.9e-324", "1.7976931348623157e308", "1e22"}) {
    INFO(text);
    CHECK(comparable(text));
  }
  for (const char* text : {"9007199254740993", "0.1234567890123456789", "1e400", "1e-400", "5e-324",
                           "0.1000000000000000055511151231257827", "1e99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(comparable(text));
  }
}

}  // namespace
}  // namespace signalbox::rules
