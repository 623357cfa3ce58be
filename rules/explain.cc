#include "rules/explain.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "rules/explainer.h"
#include "rules/pattern_compiler.h"
#include "rules/readable_json.h"

namespace signalbox::rules {
namespace {

Explanation invalid(Explanation::Outcome outcome, std::string_view problem) {
  Explanation out;
  out.outcome = outcome;
  out.problem = cut_text(problem, ExplainLimits::message_bytes_max);
  return out;
}

// --- JSON ---------------------------------------------------------------------------------------

void append_member(std::string& json, std::string_view name, std::string_view text) {
  json += fmt::format(",\"{}\":", name);
  append_readable_string(json, text);
}

void append_list(std::string& json, std::string_view name, const std::vector<std::string>& items) {
  json += fmt::format(",\"{}\":[{}]", name, fmt::join(items, ","));
}

void append_field(std::string& json, const FieldExplanation& field) {
  json += "{\"path\":";
  append_readable_string(json, field.path);
  json += fmt::format(",\"matched\":{}", field.matched);
  if (!field.matched) append_member(json, "reason", to_string(field.reason));
  append_list(json, field.matched ? "by" : "wanted", field.predicates);
  if (field.predicate_count > field.predicates.size()) {
    json += fmt::format(",\"wanted_count\":{}", field.predicate_count);
  }
  append_list(json, "seen", field.seen);
  if (field.seen_count > field.seen.size()) {
    json += fmt::format(",\"seen_count\":{}", field.seen_count);
  }
  if (!field.found.empty()) append_member(json, "found", field.found);
  if (!field.hint.empty()) append_member(json, "hint", field.hint);
  json += '}';
}

// --- text ---------------------------------------------------------------------------------------

constexpr std::size_t path_column_max = 40;

// How wide the text stands in a terminal, roughly: a column for each character.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string pad(std::string text, std::size_t columns) {
  const std::size_t has = width(text);
  if (has < columns) text.append(columns - has, ' ');
  return text;
}

std::string seen_text(const FieldExplanation& field) {
  if (!field.found.empty()) return readable_text(field.found);
  if (field.seen.empty()) return field.matched ? "nothing" : "nothing at that path";
  std::string text = fmt::format("{}", fmt::join(field.seen, ", "));
  if (field.seen_count > field.seen.size()) {
    text += fmt::format(" and {} more", field.seen_count - field.seen.size());
  }
  return text;
}

std::string wanted_text(const FieldExplanation& field) {
  std::string text = fmt::format("{}", fmt::join(field.predicates, " or "));
  if (field.predicate_count > field.predicates.size()) {
    text += fmt::format(" or {} more", field.predicate_count - field.predicates.size());
  }
  return text;
}

void append_field_lines(std::string& text, const FieldExplanation& field, std::size_t path_columns,
                        std::size_t seen_columns) {
  const std::string path = pad(readable_text(field.path), path_columns);
  if (field.matched) {
    text += fmt::format("  \u2713 {}  {}  by {}\n", path, pad(seen_text(field), seen_columns),
                        wanted_text(field));
    return;
  }
  const std::string margin(4 + path_columns + 2, ' ');
  text += fmt::format("  \u2717 {}  wants {}\n", path, wanted_text(field));
  text += fmt::format("{}finds {}\n", margin, seen_text(field));
  if (!field.hint.empty()) text += fmt::format("{}{}\n", margin, readable_text(field.hint));
}

std::string headline(const Explanation& explanation) {
  const std::size_t total = explanation.fields_total;
  const std::string fields = fmt::format("{} {}", total, total == 1 ? "field" : "fields");
  std::string text =
      explanation.matched()
          ? fmt::format("Matched: {}{}", total == 1 ? "its " : "all ", fields)
          : fmt::format("Did not match: {} of {} match", explanation.fields_matched, fields);
  if (explanation.alternative_count > 1) {
    text += fmt::format(", in {} {} ways through the $or",
                        explanation.matched() ? "one of" : "the nearest of",
                        explanation.alternative_count);
  }
  return text + ".\n";
}

}  // namespace

std::string_view to_string(MissReason reason) {
  switch (reason) {
    case MissReason::absent: return "absent";
    case MissReason::not_a_value: return "not_a_value";
    case MissReason::other_value: return "other_value";
    case MissReason::present: return "present";
    case MissReason::not_in_one_element: return "not_in_one_element";
  }
  return "";
}

const FieldExplanation* Explanation::first_missed() const {
  const auto at = std::find_if(fields.begin(), fields.end(),
                               [](const FieldExplanation& field) { return !field.matched; });
  return at == fields.end() ? nullptr : &*at;
}

Explanation explain(std::string_view pattern_json, std::string_view event_json) {
  if (!simdjson::validate_utf8(pattern_json.data(), pattern_json.size())) {
    return invalid(Explanation::Outcome::invalid_pattern, "The pattern is not valid UTF-8.");
  }
  PatternError error;
  const auto model = compile_pattern(pattern_json, error, PatternLimits::none());
  if (!model) return invalid(Explanation::Outcome::invalid_pattern, error.reason);
  Explainer explainer(event_json);
  if (!explainer.problem().empty()) {
    return invalid(Explanation::Outcome::invalid_event, explainer.problem());
  }
  return explainer.explain(*model);
}

void append_members(std::string& json, const Explanation& explanation) {
  using Outcome = Explanation::Outcome;
  json += fmt::format("\"matched\":{}", explanation.matched());
  if (explanation.outcome == Outcome::invalid_pattern ||
      explanation.outcome == Outcome::invalid_event) {
    append_member(
        json, "error",
        explanation.outcome == Outcome::invalid_event ? "invalid_event" : "invalid_pattern");
    append_member(json, "message", explanation.problem);
    return;
  }
  json += fmt::format(",\"fields_matched\":{},\"fields_total\":{},\"alternatives\":{}",
                      explanation.fields_matched, explanation.fields_total,
                      explanation.alternative_count);
  if (const auto* missed = explanation.first_missed()) {
    append_member(json, "first_missed", missed->path);
  }
  json += ",\"fields\":[";
  for (std::size_t i = 0; i < explanation.fields.size(); ++i) {
    json += i == 0 ? "" : ",";
    append_field(json, explanation.fields[i]);
  }
  json += ']';
}

std::string to_json(const Explanation& explanation) {
  std::string json = "{";
  append_members(json, explanation);
  return json += '}';
}

std::string to_text(const Explanation& explanation) {
  using Outcome = Explanation::Outcome;
  if (explanation.outcome == Outcome::invalid_pattern) {
    // The service puts the position on a line of its own, behind a blank.
    std::string problem = explanation.problem;
    std::erase(problem, '\n');
    return fmt::format("The pattern is not valid: {}\n", readable_text(problem));
  }
  if (explanation.outcome == Outcome::invalid_event) {
    return readable_text(explanation.problem) + "\n";
  }
  std::size_t path_columns = 0;
  std::size_t seen_columns = 0;
  for (const FieldExplanation& field : explanation.fields) {
    path_columns = std::max(path_columns, width(readable_text(field.path)));
    if (field.matched) seen_columns = std::max(seen_columns, width(seen_text(field)));
  }
  path_columns = std::min(path_columns, path_column_max);
  seen_columns = std::min(seen_columns, path_column_max);
  std::string text = headline(explanation) + "\n";
  for (const FieldExplanation& field : explanation.fields) {
    append_field_lines(text, field, path_columns, seen_columns);
  }
  std::size_t matched_shown = 0;
  for (const FieldExplanation& field : explanation.fields) matched_shown += field.matched ? 1 : 0;
  const std::size_t missed = explanation.fields_total - explanation.fields_matched;
  const std::size_t missed_shown = explanation.fields.size() - matched_shown;
  if (missed_shown < missed)
    text += fmt::format("  and {} more that miss\n", missed - missed_shown);
  if (matched_shown < explanation.fields_matched) {
    text += fmt::format("  and {} more that match\n", explanation.fields_matched - matched_shown);
  }
  return text;
}

}  // namespace signalbox::rules
