#include "rules/evaluator.h"

#include <algorithm>

#include "rules/array_consistency.h"

namespace signalbox::rules {
namespace {

using Field = EventFields::Field;

struct MatchesField {
  const Field& field;

  bool operator()(const ExactText& exact) const { return field.value == exact.text; }
  bool operator()(const EqualNumber& equal) const {
    return EventFields::number(field) == equal.number;
  }
  bool operator()(const NumberRange& range) const {
    const auto number = EventFields::number(field);
    return number && (range.bottom_open ? *number > range.bottom : *number >= range.bottom) &&
           (range.top_open ? *number < range.top : *number <= range.top);
  }
  bool operator()(const Prefix& prefix) const { return field.value.starts_with(prefix.text); }
  bool operator()(const Suffix& suffix) const { return field.value.ends_with(suffix.text); }
  bool operator()(const IgnoreCase& ignore_case) const {
    switch (ignore_case.where) {
      case IgnoreCase::Where::whole: return ignore_case.text.equals(field.value);
      case IgnoreCase::Where::prefix: return ignore_case.text.is_prefix_of(field.value);
      case IgnoreCase::Where::suffix: return ignore_case.text.is_suffix_of(field.value);
    }
    return false;
  }
  bool operator()(const Wildcard& wildcard) const { return wildcard.matches(field.value); }
  bool operator()(const IpRange& range) const {
    if (!field.is_string()) {
      return false;
    }
    const auto address = parse_ip(field.value.substr(1, field.value.size() - 2));
    return address && range.contains(*address);
  }
};

bool matches_any(const std::vector<ValueMatcher>& matchers, const Field& field) {
  return std::any_of(matchers.begin(), matchers.end(), [&](const ValueMatcher& matcher) {
    return std::visit(MatchesField{field}, matcher);
  });
}

// What one field of the pattern finds in the event.
struct Found {
  std::vector<const Field*> present;   // at the path
  std::vector<const Field*> matching;  // of those, with a value the pattern wants
};

void find(const EventFields& event, const FieldPattern& pattern, std::uint64_t path_hash,
          Found& out) {
  out.present.clear();
  out.matching.clear();
  const auto [first, last] = event.fields_of(path_hash);
  for (const Field* field = first; field != last; ++field) {
    if (!event.has_path(*field, pattern.path)) {
      continue;
    }
    out.present.push_back(field);
    if (matches_value(pattern, *field)) {
      out.matching.push_back(field);
    }
  }
}

bool in_array(const std::vector<const Field*>& fields) {
  return std::any_of(fields.begin(), fields.end(),
                     [](const Field* field) { return field->element != EventFields::none; });
}

bool matches_alternative(const CompiledModel& compiled, const std::vector<std::uint32_t>& indices,
                         const std::vector<std::uint64_t>& path_hashes, const EventFields& event) {
  const auto& fields = compiled.model().fields;
  thread_local Found found;
  bool arrays = false;
  for (const std::uint32_t index : indices) {
    find(event, fields[index], path_hashes[index], found);
    const bool absent = fields[index].absent && (found.present.empty() || in_array(found.present));
    if (found.matching.empty() && !absent) {
      return false;
    }
    arrays = arrays || in_array(found.present);
  }
  if (!arrays) {
    return true;
  }
  thread_local ArrayConsistency consistency;
  consistency.start(event.array_elements(), event.array_count());
  for (const std::uint32_t index : indices) {
    find(event, fields[index], path_hashes[index], found);
    consistency.add_field(fields[index].absent);
    for (const Field* field : found.matching) consistency.add_value(field->element, true);
    for (const Field* field : found.present) consistency.add_value(field->element, false);
  }
  return consistency.holds();
}

}  // namespace

bool matches_value(const FieldPattern& pattern, const Field& field) {
  return pattern.exists || matches_any(pattern.any_of, field) ||
         std::any_of(pattern.none_of.begin(), pattern.none_of.end(),
                     [&](const auto& matchers) { return !matches_any(matchers, field); });
}

CompiledModel::CompiledModel(PatternModel model) : model_(std::move(model)) {
  for (const FieldPattern& field : model_.fields) {
    path_hashes_.push_back(PathHash(field.path).value());
  }
}

bool CompiledModel::matches(const EventFields& event) const {
  return std::any_of(model_.alternatives.begin(), model_.alternatives.end(),
                     [&](const auto& indices) {
                       return matches_alternative(*this, indices, path_hashes_, event);
                     });
}

}  // namespace signalbox::rules
