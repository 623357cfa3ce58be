#include "rules/explainer.h"

#include <algorithm>
#include <utility>

#include "rules/evaluator.h"
#include "rules/explain_hints.h"
#include "rules/readable_json.h"

namespace signalbox::rules {
namespace {

using Field = EventFields::Field;
using Fields = std::span<const Field* const>;

bool in_array(Fields fields) {
  return std::any_of(fields.begin(), fields.end(),
                     [](const Field* field) { return field->element != EventFields::none; });
}

bool wants_only_absence(const FieldPattern& pattern) {
  return pattern.absent && !pattern.exists && pattern.any_of.empty() && pattern.none_of.empty();
}

// The part of the pattern that matched, alone.
FieldPattern matching_part(const FieldPattern& pattern, const Field& field) {
  FieldPattern part;
  part.path = pattern.path;
  for (const ValueMatcher& matcher : pattern.any_of) {
    part.any_of.assign(1, matcher);
    if (matches_value(part, field)) return part;
  }
  part.any_of.clear();
  for (const auto& items : pattern.none_of) {
    part.none_of.assign(1, items);
    if (matches_value(part, field)) return part;
  }
  part.none_of.clear();
  part.exists = true;
  return part;
}

std::string shown_path(std::string_view path) {
  return cut_text(path, ExplainLimits::text_bytes_max);
}

void show_values(Fields values, FieldExplanation& out) {
  out.seen_count = values.size();
  for (std::size_t i = 0; i < values.size() && i < ExplainLimits::values_max; ++i) {
    out.seen.push_back(readable_value(values[i]->value));
  }
}

}  // namespace

bool is_nearer(const Standing& a, const Standing& b) {
  const std::size_t share_a = a.fields_matched * b.fields_total;
  const std::size_t share_b = b.fields_matched * a.fields_total;
  return share_a != share_b ? share_a > share_b : a.fields_matched > b.fields_matched;
}

Explainer::Explainer(std::string_view event_json) : event_json_(event_json) {
  if (fields_.read(event_json_)) return;
  problem_ = outline().problem();
  if (problem_.empty()) problem_ = "The event is not valid JSON.";
}

const EventOutline& Explainer::outline() {
  if (outline_ == nullptr) outline_ = std::make_unique<EventOutline>(event_json_);
  return *outline_;
}

// --- judging ------------------------------------------------------------------------------------

Fields Explainer::present_at(const std::string& path) {
  if (const auto known = present_.find(path); known != present_.end()) return known->second;
  std::vector<const Field*> present;
  const auto [first, last] = fields_.fields_of(PathHash(path).value());
  for (const Field* field = first; field != last; ++field) {
    if (fields_.has_path(*field, path)) present.push_back(field);
  }
  if (present.empty()) return {};
  return present_.emplace(path, std::move(present)).first->second;
}

Explainer::Finding Explainer::find(const FieldPattern& pattern) {
  Finding finding{&pattern, present_at(pattern.path), {}, pattern.absent};
  for (const Field* field : finding.present) {
    if (matches_value(pattern, *field)) finding.matching.push_back(field);
  }
  return finding;
}

Explainer::Verdict Explainer::judge_field(const FieldPattern& pattern, std::uint64_t& steps) {
  const Finding finding = find(pattern);
  steps += 1 + finding.present.size() * predicate_count(pattern);
  const bool arrays = in_array(finding.present);
  const bool absent = pattern.absent && (finding.present.empty() || arrays);
  return {!finding.matching.empty() || absent, arrays, finding.present.size()};
}

Standing Explainer::judge(const PatternModel& model, std::uint64_t& steps) {
  std::vector<Verdict> verdicts;
  verdicts.reserve(model.fields.size());
  for (const FieldPattern& field : model.fields) verdicts.push_back(judge_field(field, steps));

  Standing best;
  for (std::size_t i = 0; i < model.alternatives.size() && !best.matched; ++i) {
    const auto& indices = model.alternatives[i];
    Standing standing{false, i, 0, indices.size(), false, 0};
    bool arrays = false;
    for (const std::uint32_t index : indices) {
      standing.fields_matched += verdicts[index].matches ? 1 : 0;
      arrays = arrays || verdicts[index].in_array;
      steps += 1;
    }
    if (standing.fields_matched == standing.fields_total) {
      std::vector<Finding> findings;
      if (arrays) {
        for (const std::uint32_t index : indices) {
          findings.push_back(find(model.fields[index]));
          steps += findings.back().present.size();
        }
      }
      standing.matched = !arrays || hold_together(findings, findings.size());
      standing.apart = !standing.matched;
      standing.fields_matched -= standing.apart ? 1 : 0;
    }
    if (i == 0 || standing.matched || is_nearer(standing, best)) best = standing;
  }
  if (best.matched || best.apart || model.alternatives.empty()) return best;
  for (const std::uint32_t index : model.alternatives[best.alternative]) {
    if (verdicts[index].matches || verdicts[index].present_count == 0) continue;
    const FieldPattern& field = model.fields[index];
    best.close_count += value_hint(field, find(field).present).empty() ? 0 : 1;
    steps += verdicts[index].present_count;
  }
  return best;
}

// --- explaining ---------------------------------------------------------------------------------

FieldExplanation Explainer::explain_match(const Finding& finding) const {
  FieldExplanation out;
  out.path = shown_path(finding.pattern->path);
  out.matched = true;
  out.predicate_count = 1;
  FieldPattern part;
  part.absent = true;
  if (!finding.matching.empty()) {
    part = matching_part(*finding.pattern, *finding.matching.front());
    show_values(Fields(finding.matching).first(1), out);
  }
  out.predicates = readable_predicates(part, 1);
  return out;
}

FieldExplanation Explainer::explain_miss(const Finding& finding) {
  const FieldPattern& pattern = *finding.pattern;
  FieldExplanation out;
  out.path = shown_path(pattern.path);
  out.predicate_count = predicate_count(pattern);
  out.predicates = readable_predicates(pattern, ExplainLimits::predicates_max);
  show_values(finding.present, out);
  if (!finding.present.empty()) {
    out.reason = wants_only_absence(pattern) ? MissReason::present : MissReason::other_value;
    out.hint = value_hint(pattern, finding.present);
    return out;
  }
  out.found = container_at(pattern.path, outline());
  out.reason = out.found.empty() ? MissReason::absent : MissReason::not_a_value;
  if (out.found.empty()) {
    out.hint = absence_hint(pattern, outline());
  } else if (out.found.find(" with ") != std::string::npos) {
    out.hint = "Patterns compare values: name one inside it.";
  }
  return out;
}

FieldExplanation Explainer::explain_apart(const std::vector<Finding>& findings, std::size_t index) {
  const Finding& finding = findings[index];
  FieldExplanation out = explain_miss(finding);
  if (finding.matching.empty()) {
    // Absence was fine by itself; in the elements that the fields before it chose, it is not.
    return out;
  }
  out.reason = MissReason::not_in_one_element;
  out.seen.clear();
  show_values(finding.matching, out);
  out.hint = array_note(findings, index);
  return out;
}

Explanation Explainer::explain(const PatternModel& model) {
  std::uint64_t steps = 0;
  const Standing standing = judge(model, steps);
  Explanation out;
  out.outcome = standing.matched ? Explanation::Outcome::matched : Explanation::Outcome::missed;
  out.fields_matched = standing.fields_matched;
  out.fields_total = standing.fields_total;
  out.alternative_count = model.alternatives.size();
  std::vector<Finding> findings;
  bool arrays = false;
  for (const std::uint32_t index : model.alternatives[standing.alternative]) {
    findings.push_back(find(model.fields[index]));
    arrays = arrays || in_array(findings.back().present);
  }
  if (standing.matched && arrays) choose_together(findings);
  const std::size_t apart = standing.apart ? first_apart(findings) : findings.size();
  std::size_t matched_shown = 0;
  std::size_t missed_shown = 0;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Finding& finding = findings[i];
    const bool absent =
        finding.may_be_absent && (finding.present.empty() || in_array(finding.present));
    const bool matches = i != apart && (!finding.matching.empty() || absent);
    if (matches && matched_shown < ExplainLimits::matched_fields_max) {
      ++matched_shown;
      out.fields.push_back(explain_match(finding));
    } else if (!matches && missed_shown < ExplainLimits::missed_fields_max) {
      ++missed_shown;
      out.fields.push_back(i == apart ? explain_apart(findings, i) : explain_miss(finding));
    }
  }
  return out;
}

}  // namespace signalbox::rules
