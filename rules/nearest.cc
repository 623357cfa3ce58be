#include "rules/nearest.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "rules/explainer.h"
#include "rules/pattern_compiler.h"
#include "rules/readable_json.h"

namespace signalbox::rules {
namespace {

constexpr std::size_t invalid_shown_max = 10;
// Reading a text is cheap beside judging it, but not free.
constexpr std::size_t pattern_bytes_per_step = 8;

struct Candidate {
  RuleText rule;
  Standing standing;
};

bool ranks_before(const Candidate& a, const Candidate& b) {
  if (a.standing.matched != b.standing.matched) return a.standing.matched;  // but not enabled
  if (is_nearer(a.standing, b.standing)) return true;
  if (is_nearer(b.standing, a.standing)) return false;
  if (a.standing.close_count != b.standing.close_count) {
    return a.standing.close_count > b.standing.close_count;
  }
  return a.rule.name < b.rule.name;
}

}  // namespace

struct NearestMisses::Impl {
  Impl(std::string event_json, NearestOptions given)
      : event(std::move(event_json)), options(given), explainer(event) {
    options.count = std::min(options.count, NearestOptions::count_max);
  }

  void keep(Candidate&& candidate);
  RuleExplanation explain(const RuleText& rule);

  const std::string event;
  NearestOptions options;
  Explainer explainer;
  std::uint64_t steps = 0;
  std::vector<RuleText> matched;
  std::vector<Candidate> nearest;  // sorted
  NearestResult result;
};

NearestMisses::NearestMisses(std::string event_json, NearestOptions options)
    : impl_(std::make_unique<Impl>(std::move(event_json), options)) {
  impl_->result.problem = impl_->explainer.problem();
}

NearestMisses::~NearestMisses() = default;

void NearestMisses::Impl::keep(Candidate&& candidate) {
  const auto at = std::upper_bound(nearest.begin(), nearest.end(), candidate, ranks_before);
  if (static_cast<std::size_t>(at - nearest.begin()) >= options.count) return;
  nearest.insert(at, std::move(candidate));
  if (nearest.size() > options.count) nearest.pop_back();
}

RuleExplanation NearestMisses::Impl::explain(const RuleText& rule) {
  PatternError error;
  const auto model = compile_pattern(rule.pattern, error, PatternLimits::none());
  // It was compiled before.
  return {rule.name, rule.enabled, model ? explainer.explain(*model) : Explanation{}};
}

bool NearestMisses::add(RuleText rule) {
  Impl& impl = *impl_;
  NearestResult& result = impl.result;
  if (!result.problem.empty()) return false;
  if (!result.complete || impl.steps >= impl.options.steps_max) {
    result.complete = false;
    return false;
  }
  ++result.examined_count;
  impl.steps += 1 + rule.pattern.size() / pattern_bytes_per_step;
  PatternError error;
  const bool is_text = simdjson::validate_utf8(rule.pattern.data(), rule.pattern.size());
  const auto model =
      is_text ? compile_pattern(rule.pattern, error, PatternLimits::none()) : std::nullopt;
  if (!model) {
    ++result.invalid_count;
    if (result.invalid.size() < invalid_shown_max) {
      result.invalid.push_back({rule.name, rule.enabled, rules::explain(rule.pattern, impl.event)});
    }
    return true;
  }
  Candidate candidate{std::move(rule), impl.explainer.judge(*model, impl.steps)};
  if (candidate.standing.matched && candidate.rule.enabled) {
    ++result.matched_count;
    if (impl.matched.size() < impl.options.matched_max) {
      impl.matched.push_back(std::move(candidate.rule));
    }
  } else {
    impl.keep(std::move(candidate));
  }
  return true;
}

std::uint64_t NearestMisses::steps() const { return impl_->steps; }

NearestResult NearestMisses::finish() {
  Impl& impl = *impl_;
  std::sort(impl.matched.begin(), impl.matched.end(),
            [](const RuleText& a, const RuleText& b) { return a.name < b.name; });
  for (const RuleText& rule : impl.matched) impl.result.matched.push_back(impl.explain(rule));
  for (const Candidate& candidate : impl.nearest) {
    impl.result.nearest.push_back(impl.explain(candidate.rule));
  }
  impl.matched.clear();
  impl.nearest.clear();
  return std::move(impl.result);
}

NearestResult nearest(std::vector<RuleText> rules, std::string event_json, NearestOptions options) {
  NearestMisses misses(std::move(event_json), options);
  for (RuleText& rule : rules) {
    if (!misses.add(std::move(rule))) break;
  }
  return misses.finish();
}

namespace {

std::string shown_name(std::string_view name) {
  return cut_text(name, ExplainLimits::text_bytes_max);
}

void append_rules(std::string& json, std::string_view name,
                  const std::vector<RuleExplanation>& rules) {
  json += fmt::format(",\"{}\":[", name);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    json += i == 0 ? "{\"rule\":" : ",{\"rule\":";
    append_readable_string(json, shown_name(rules[i].rule));
    if (!rules[i].enabled) json += ",\"enabled\":false";
    json += ',';
    append_members(json, rules[i].explanation);
    json += '}';
  }
  json += ']';
}

std::string rule_text(const RuleExplanation& rule) {
  const std::string_view note = rule.enabled ? "" : " (disabled: it gets no events)";
  return fmt::format("{}{}\n{}", readable_text(shown_name(rule.rule)), note,
                     to_text(rule.explanation));
}

}  // namespace

void append_members(std::string& json, const NearestResult& result) {
  json += fmt::format("\"rules_examined\":{},\"complete\":{},\"matched_count\":{}",
                      result.examined_count, result.complete, result.matched_count);
  append_rules(json, "matched", result.matched);
  append_rules(json, "nearest", result.nearest);
  if (!result.invalid.empty()) append_rules(json, "invalid", result.invalid);
}

std::string to_text(const NearestResult& result) {
  std::string text =
      fmt::format("{} of {} rules match.\n", result.matched_count, result.examined_count);
  if (!result.complete)
    text += "There are more rules: looking at these took all the steps allowed.\n";
  for (const RuleExplanation& rule : result.matched) text += "\n" + rule_text(rule);
  if (result.matched.size() < result.matched_count) {
    text +=
        fmt::format("\nand {} more that match.\n", result.matched_count - result.matched.size());
  }
  if (!result.nearest.empty()) text += "\nNearest misses:\n";
  for (const RuleExplanation& rule : result.nearest) text += "\n" + rule_text(rule);
  return text;
}

}  // namespace signalbox::rules
