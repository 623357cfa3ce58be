// Our side of compare: makes up questions, and answers them with rules/.
//
//   rules_oracle questions SEED COUNT   so many questions, one a line:
//                                       {"patterns":["..."],"events":["..."]}
//   rules_oracle answers                for each question on standard input
//                                       {"errors":[null or why the pattern is refused],
//                                        "matches":[the numbers of the patterns that match]}
//
// All patterns of a question that are valid are in one set of rules, as in RulerAnswers.java.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rules.h"
#include "tests/rules/generator.h"
#include "tests/rules/json_tree.h"

namespace signalbox::rules {
namespace {

using reference::Generator;
using reference::Json;

constexpr int valid_patterns = 9;
constexpr int broken_patterns = 3;
constexpr int event_count = 12;

// One character more or less.
std::string broken_text(Generator& generator, std::string text) {
  static const std::vector<std::string> inserted = {"{",  "}", "[", "]", ",", ":", "\"",
                                                    "\\", "1", "-", ".", "e", "x", " "};
  auto& random = generator.random();
  auto letters = reference::code_points(text);
  const auto at = static_cast<std::ptrdiff_t>(random.below(letters.size()));
  if (random.one_in(2)) {
    letters.erase(letters.begin() + at);
  } else {
    letters.insert(letters.begin() + at, static_cast<unsigned char>(random.pick(inserted)[0]));
  }
  text.clear();
  for (const std::uint32_t letter : letters) {
    reference::append_utf8(text, letter);
  }
  return text;
}

Json question(std::uint64_t seed) {
  Generator generator(seed);
  Json patterns = reference::json_array({});
  Json events = reference::json_array({});
  std::vector<Json> trees;
  const auto add_text = [](Json& list, std::string_view text) {
    list.items.push_back(reference::json_string(text));
  };
  for (int i = 0; i < valid_patterns; ++i) {
    trees.push_back(generator.pattern());
    add_text(patterns, render(trees.back()));
  }
  for (int i = 0; i < broken_patterns; ++i) {
    add_text(patterns, generator.random().one_in(4)
                           ? broken_text(generator, render(generator.random().pick(trees)))
                           : render(generator.broken_pattern()));
  }
  for (int i = 0; i < event_count; ++i) {
    add_text(events, render(generator.random().one_in(5)
                                ? generator.event()
                                : generator.event_for(generator.random().pick(trees))));
  }
  Json out = reference::json_object("patterns", std::move(patterns));
  add_member(out, "events", std::move(events));
  return out;
}

Json answer(const Json& asked) {
  const auto rules = RuleSet::create();
  Json errors = reference::json_array({});
  const auto& patterns = asked.items[0].items;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    PatternError error;
    if (auto pattern = Pattern::compile(patterns[i].text, error)) {
      rules->put(i, std::move(pattern));
      errors.items.push_back(reference::json_literal("null"));
    } else {
      errors.items.push_back(reference::json_string(error.reason));
    }
  }
  const auto snapshot = rules->snapshot();
  Json matches = reference::json_array({});
  for (const Json& event : asked.items[1].items) {
    std::vector<RuleId> ids;
    snapshot->match(event.text, ids);
    std::sort(ids.begin(), ids.end());
    Json& numbers = matches.items.emplace_back(reference::json_array({}));
    for (const RuleId id : ids) {
      numbers.items.push_back(reference::json_number(std::to_string(id)));
    }
  }
  Json out = reference::json_object("errors", std::move(errors));
  add_member(out, "matches", std::move(matches));
  return out;
}

int answer_all() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto asked = reference::parse_json(line);
    if (!asked || asked->names != std::vector<std::string>{"patterns", "events"}) {
      std::fprintf(stderr, "rules_oracle: not a question: %s\n", line.c_str());
      return 1;
    }
    std::cout << render(answer(*asked)) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace signalbox::rules

int main(int argument_count, char** arguments) {
  using namespace signalbox::rules;
  const std::vector<std::string> given(arguments + 1, arguments + argument_count);
  if (given == std::vector<std::string>{"answers"}) {
    return answer_all();
  }
  if (given.size() != 3 || given[0] != "questions") {
    std::fprintf(stderr, "rules_oracle questions SEED COUNT | rules_oracle answers\n");
    return 2;
  }
  const std::uint64_t seed = std::stoull(given[1]);
  for (std::uint64_t i = 0; i < std::stoull(given[2]); ++i) {
    std::cout << render(question(seed + i)) << '\n';
  }
  return 0;
}
