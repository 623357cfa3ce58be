// Rules over arrays of objects, many at once: the rules of a set must match as each pattern alone
// does, which decides every pattern by ArrayConsistency, and where that is quick enough as the
// naive evaluator does. SIGNALBOX_LONG_TESTS=1 runs fifty times as much.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "rules/rules.h"
#include "tests/rules/generator.h"
#include "tests/rules/naive.h"

namespace signalbox::rules {
namespace {

using reference::NaiveEvent;
using reference::NaivePattern;
using reference::parse_json;
using reference::Random;

std::uint64_t long_factor() { return std::getenv("SIGNALBOX_LONG_TESTS") != nullptr ? 50 : 1; }

// How the events of one run look.
struct Shape {
  int depth;
  std::size_t elements_max;  // of an array
  bool has_repeated_names;   // an element may have two arrays of one name
  bool has_dotted_names;     // fields may be met in arrays of different depth
  bool has_objects;          // where others have arrays
  bool asks_absence;
  std::vector<std::string> names;   // of arrays
  std::vector<std::string> fields;  // of values
};

Shape random_shape(Random& random) {
  static const std::vector<std::vector<std::string>> names = {{"a"}, {"a", "b"}, {"a", "b", "c"}};
  static const std::vector<std::vector<std::string>> fields = {
      {"x", "y"}, {"x", "y", "z"}, {"u", "x", "y", "z"}};
  static const std::vector<std::size_t> sizes = {2, 4, 4, 12, 90};
  const std::size_t elements_max = random.pick(sizes);
  return {elements_max > 12 ? 1 + static_cast<int>(random.below(2))
                            : 1 + static_cast<int>(random.below(3)),
          elements_max,
          random.one_in(4),
          random.one_in(4),
          random.one_in(4),
          random.one_in(2),
          random.pick(names),
          random.pick(fields)};
}

std::string value(Random& random) {
  static const std::vector<std::string> values = {
      "1", "2", "3", "4", "\"ab\"", "\"abc\"", "\"b\"", "\"abcd\"", "\"abcx\"", "null", "[1,2]"};
  return random.pick(values);
}

std::string object(const Shape& shape, Random& random, int depth);

std::string array(const Shape& shape, Random& random, int depth) {
  std::string out = "[";
  const std::size_t count = 1 + random.below(depth == shape.depth ? shape.elements_max : 4);
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    switch (random.below(20)) {
      case 0: out += "1"; break;
      case 1:
        out += shape.has_dotted_names ? "[" + object(shape, random, depth - 1) + "]" : "2";
        break;
      default: out += object(shape, random, depth - 1);
    }
  }
  return out + "]";
}

// With values, and arrays of further objects while there is depth left.
std::string object(const Shape& shape, Random& random, int depth) {
  std::string out = "{";
  const auto add = [&](const std::string& name, const std::string& what) {
    out += fmt::format("{}\"{}\":{}", out.size() > 1 ? "," : "", name, what);
  };
  for (const auto& field : shape.fields) {
    if (random.below(10) < 7) add(field, value(random));
  }
  if (depth == 0) return out + "}";
  for (const auto& name : shape.names) {
    const std::size_t times = shape.has_repeated_names ? random.below(3)
                              : random.below(10) < 8   ? 1
                                                       : 0;
    for (std::size_t i = 0; i < times; ++i) {
      const bool is_dotted = shape.has_dotted_names && random.one_in(5);
      const bool is_array = !shape.has_objects || !random.one_in(4);
      add(is_dotted ? name + "." + random.pick(shape.names) : name,
          is_array ? array(shape, random, depth) : object(shape, random, depth - 1));
    }
  }
  return out + "}";
}

// Fields that mostly lie along one path down the arrays.
std::string pattern(const Shape& shape, Random& random) {
  static const std::vector<std::string> wanted = {"1",
                                                  "2",
                                                  "\"ab\"",
                                                  "1,2",
                                                  R"({"prefix":"ab"})",
                                                  R"({"numeric":[">",1]})",
                                                  R"({"numeric":[">=",1,"<",3]})",
                                                  R"({"anything-but":1})",
                                                  R"({"exists":true})",
                                                  R"({"wildcard":"a*c"})",
                                                  R"({"wildcard":"abc*d"})"};
  static const std::vector<std::string> absent = {R"({"exists":false})", R"({"exists":false},1)"};
  std::vector<std::string> way;
  for (int i = 0; i < shape.depth; ++i) way.push_back(random.pick(shape.names));
  std::vector<std::string> paths;
  std::string out = "{";
  for (std::size_t left = 2 + random.below(3); left > 0; --left) {
    std::string path;
    for (std::size_t i = random.below(way.size() + 1); i < way.size(); ++i) {
      const bool is_astray = random.one_in(6);
      path += (is_astray ? random.pick(shape.names) : way[way.size() - 1 - i]) + ".";
    }
    path += random.pick(shape.fields);
    if (std::find(paths.begin(), paths.end(), path) != paths.end()) continue;
    paths.push_back(path);
    const bool is_absent = shape.asks_absence && random.one_in(4);
    out += fmt::format("{}\"{}\":[{}]", out.size() > 1 ? "," : "", path,
                       random.pick(is_absent ? absent : wanted));
  }
  return out + "}";
}

struct Counts {
  std::size_t pairs = 0;
  std::size_t matches = 0;
};

std::string compare(std::uint64_t seed, Counts& counts) {
  Random random(seed);
  const Shape shape = random_shape(random);
  const auto set = RuleSet::create();
  std::vector<std::string> texts;
  std::vector<std::shared_ptr<const Pattern>> patterns;
  // Few rules share no conditions, many do.
  const std::size_t rule_count = random.one_in(2) ? 200 : 1 + random.below(20);
  for (std::size_t i = 0; i < rule_count; ++i) {
    PatternError error;
    texts.push_back(pattern(shape, random));
    patterns.push_back(Pattern::compile(texts.back(), error));
    if (patterns.back() == nullptr) return texts.back() + ": " + error.reason;
    set->put(i, patterns.back());
  }
  const auto snapshot = set->snapshot();
  for (int i = 0; i < 12; ++i) {
    const std::string event = object(shape, random, shape.depth);
    const bool is_small = event.size() < 400;
    const NaiveEvent naive(*parse_json(is_small ? event : "{}"));
    std::vector<RuleId> found;
    snapshot->match(event, found);
    std::sort(found.begin(), found.end());
    for (RuleId id = 0; id < rule_count; ++id) {
      const bool alone = patterns[id]->matches(event);
      const bool in_set = std::binary_search(found.begin(), found.end(), id);
      counts.pairs += 1;
      counts.matches += alone ? 1 : 0;
      if (alone != in_set || std::adjacent_find(found.begin(), found.end()) != found.end()) {
        return fmt::format("seed {}\npattern {}\nevent {}\nalone {}, in the set {}", seed,
                           texts[id], event, alone, in_set);
      }
      if (is_small && alone != NaivePattern(*parse_json(texts[id])).matches(naive)) {
        return fmt::format("seed {}\npattern {}\nevent {}\nalone {}", seed, texts[id], event,
                           alone);
      }
    }
  }
  return "";
}

TEST_CASE("rules over arrays of objects match in a set as each alone does") {
  Counts counts;
  for (std::uint64_t seed = 1; seed <= 120 * long_factor(); ++seed) {
    REQUIRE(compare(seed, counts) == "");
  }
  // Worth its time only while both answers are frequent.
  CHECK(counts.matches * 20 > counts.pairs);
  CHECK(counts.matches * 2 < counts.pairs);
}

}  // namespace
}  // namespace signalbox::rules
