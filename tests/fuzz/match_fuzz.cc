// A fuzz target over rules/: the input is a pattern, a zero byte and an event. README.md says how
// to run it.
//
// What must hold: nothing crashes; a pattern compiles the same twice; a pattern alone and a set of
// rules agree; for valid JSON of moderate size both agree with the naive evaluator of tests/rules.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rules.h"
#include "tests/rules/json_tree.h"
#include "tests/rules/naive.h"

namespace signalbox::rules {
namespace {

using reference::Json;
using reference::NaiveEvent;
using reference::NaivePattern;

// The naive evaluator tries every choice of leaves.
constexpr std::size_t naive_bytes_max = 400;
constexpr std::size_t naive_leaves_max = 30;
constexpr RuleId subject_id = 100;

// The other rules of the set, which share names and values with what is likely to come.
const std::vector<std::string_view> other_patterns = {
    R"({"a":["x",1,{"prefix":"a"}]})",
    R"({"a":{"b":[{"exists":false}],"c":[2]}})",
    R"({"a":[{"wildcard":"a*b*"},{"suffix":"b"}],"b":[{"anything-but":["x","y"]}]})",
    R"({"$or":[{"a":[{"numeric":[">",0,"<=",5]}]},{"a":{"b":[{"equals-ignore-case":"x"}]}}]})",
    R"({"a":[{"cidr":"10.0.0.0/8"}]})",
};

void require(bool holds, const char* what, std::string_view pattern, std::string_view event) {
  if (holds) {
    return;
  }
  std::fprintf(stderr, "match_fuzz: %s\npattern %.*s\nevent %.*s\n", what,
               static_cast<int>(pattern.size()), pattern.data(), static_cast<int>(event.size()),
               event.data());
  std::abort();
}

std::vector<RuleId> matched(const RuleSet& rules, std::string_view event) {
  std::vector<RuleId> ids;
  rules.snapshot()->match(event, ids);
  std::sort(ids.begin(), ids.end());
  return ids;
}

// Of all strings and names.
bool cases_are_known(const Json& json) {
  const auto known = [](std::string_view text) {
    const auto letters = reference::code_points(text);
    return std::all_of(letters.begin(), letters.end(), reference::is_case_known);
  };
  return known(json.text) && std::all_of(json.names.begin(), json.names.end(), known) &&
         std::all_of(json.items.begin(), json.items.end(), cases_are_known);
}

void compare_with_naive(std::string_view pattern, std::string_view event, bool matches) {
  if (pattern.size() > naive_bytes_max || event.size() > naive_bytes_max) {
    return;
  }
  const auto pattern_tree = reference::parse_json(pattern);
  const auto event_tree = reference::parse_json(event);
  if (!pattern_tree || !event_tree || event_tree->kind != Json::Kind::object) {
    return;
  }
  // The operator's name may be spelled with escapes.
  const bool asks_case =
      pattern.find("\\u") != pattern.npos || pattern.find("equals-ignore-case") != pattern.npos;
  if (asks_case && !cases_are_known(*pattern_tree)) {
    return;
  }
  const NaiveEvent naive_event(*event_tree);
  if (naive_event.leaves().size() <= naive_leaves_max) {
    require(NaivePattern(*pattern_tree).matches(naive_event) == matches,
            matches ? "matches but should not" : "does not match but should", pattern, event);
  }
}

void check_event(std::shared_ptr<const Pattern> pattern, std::string_view pattern_text,
                 std::string_view event) {
  const bool matches = pattern->matches(event);
  const auto alone = RuleSet::create();
  alone->put(subject_id, pattern);
  const bool matches_in_set = !matched(*alone, event).empty();

  const auto rules = RuleSet::create();
  PatternError error;
  std::vector<std::shared_ptr<const Pattern>> others;
  for (RuleId id = 0; id < other_patterns.size(); ++id) {
    others.push_back(Pattern::compile(other_patterns[id], error));
    rules->put(id, others.back());
  }
  const auto before = matched(*rules, event);
  rules->put(subject_id, std::move(pattern));
  const auto together = matched(*rules, event);
  rules->remove(subject_id);
  require(matched(*rules, event) == before, "a removed rule left a trace", pattern_text, event);

  if (!reference::parse_json(event)) {
    // A set reads only what some rule asks about, so it may not see where the text is broken.
    require(!matches || matches_in_set, "matches alone but not in a set", pattern_text, event);
    return;
  }
  require(matches == matches_in_set, "alone and in a set of one it differs", pattern_text, event);
  std::vector<RuleId> expected;
  for (RuleId id = 0; id < others.size(); ++id) {
    if (others[id]->matches(event)) {
      expected.push_back(id);
    }
  }
  require(before == expected, "the other rules differ alone and in a set", pattern_text, event);
  if (matches) {
    expected.push_back(subject_id);
  }
  require(together == expected, "among other rules it differs", pattern_text, event);
  compare_with_naive(pattern_text, event, matches);
}

}  // namespace
}  // namespace signalbox::rules

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signalbox::rules;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t split = std::min(input.find('\0'), input.size());
  const std::string_view pattern_text = input.substr(0, split);
  // Copied, so that a sanitizer sees a read past the end.
  const std::string event(split < size ? input.substr(split + 1) : std::string_view());
  PatternError error;
  PatternError again_error;
  auto pattern = Pattern::compile(pattern_text, error);
  const auto again = Pattern::compile(pattern_text, again_error);
  require((pattern == nullptr) == (again == nullptr) && error.reason == again_error.reason &&
              (pattern == nullptr) != error.reason.empty(),
          "compiles differently the second time", pattern_text, event);
  if (pattern != nullptr) {
    require(pattern->matches(event) == again->matches(event), "the same pattern differs",
            pattern_text, event);
    check_event(std::move(pattern), pattern_text, event);
  }
  return 0;
}
