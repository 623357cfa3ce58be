// What an explainer says of arrays: whether and where fields are found in elements that agree.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "rules/array_consistency.h"
#include "rules/explainer.h"
#include "rules/readable_json.h"

namespace signalbox::rules {
namespace {

using Field = EventFields::Field;
using Fields = std::vector<const Field*>;

// Finding out which values match together costs about fields * values * log(values). Past this the
// first value that matches by itself is shown for each field.
constexpr std::size_t choosing_steps_max = 200'000;
// Values whose places among array elements are looked at for a note.
constexpr std::size_t noted_values_max = 256;
constexpr std::size_t noted_fields_max = 3;
constexpr std::size_t noted_elements_max = 3;

std::string shown_path(std::string_view path) {
  return readable_text(cut_text(path, ExplainLimits::text_bytes_max));
}

}  // namespace

// Whether the first fields find what they want without taking two elements of one array.
bool Explainer::hold_together(const std::vector<Finding>& findings, std::size_t count) const {
  thread_local ArrayConsistency consistency;
  consistency.start(fields_.array_elements(), fields_.array_count());
  for (std::size_t i = 0; i < count; ++i) {
    consistency.add_field(findings[i].may_be_absent);
    for (const Field* field : findings[i].matching) consistency.add_value(field->element, true);
    for (const Field* field : findings[i].present) consistency.add_value(field->element, false);
  }
  return consistency.holds();
}

// The first field that does not hold together with those before it. Since what fails with some
// fields fails with more, halving finds it.
std::size_t Explainer::first_apart(const std::vector<Finding>& findings) const {
  std::size_t good = 0;
  std::size_t bad = findings.size();
  while (bad - good > 1) {
    const std::size_t middle = good + (bad - good) / 2;
    (hold_together(findings, middle) ? good : bad) = middle;
  }
  return bad - 1;
}

// Leaves each field of a match one value at most, all of them in elements that agree. Since fields
// hold together with a list of values where they do with either half of it, halving finds one.
void Explainer::choose_together(std::vector<Finding>& findings) const {
  std::size_t value_count = 0;
  for (const Finding& finding : findings) value_count += finding.present.size();
  std::size_t rounds = findings.size();
  for (std::size_t left = value_count; left > 0; left /= 2) rounds += findings.size();
  if (rounds * value_count > choosing_steps_max) return;
  for (Finding& finding : findings) {
    if (!finding.may_be_absent || finding.matching.empty()) continue;
    // A value says more than that none will do.
    finding.may_be_absent = false;
    if (!hold_together(findings, findings.size())) {
      finding.may_be_absent = true;
      finding.matching.clear();
    }
  }
  for (Finding& finding : findings) {
    while (finding.matching.size() > 1) {
      const auto middle =
          finding.matching.begin() + static_cast<std::ptrdiff_t>(finding.matching.size() / 2);
      Fields second(middle, finding.matching.end());
      finding.matching.erase(middle, finding.matching.end());
      if (!hold_together(findings, findings.size())) finding.matching = std::move(second);
    }
  }
}

// Which elements of which array the fields were found in.
std::string Explainer::array_note(const std::vector<Finding>& findings, std::size_t index) {
  using Elements = std::map<std::uint32_t, std::set<std::uint32_t>>;  // by array
  const auto elements_of = [this](const Finding& finding) {
    Elements elements;
    for (std::size_t i = 0; i < finding.matching.size() && i < noted_values_max; ++i) {
      EventFields::Membership membership;
      fields_.append_membership(*finding.matching[i], membership);
      for (const auto& [array, element] : membership) elements[array].insert(element);
    }
    return elements;
  };
  const Elements mine = elements_of(findings[index]);
  // An array of which an earlier field has other elements only; failing that the innermost that
  // both are in.
  std::uint32_t culprit = EventFields::none;
  std::vector<std::pair<std::size_t, Elements>> others;
  bool is_sure = false;
  for (std::size_t i = 0; i < index; ++i) {
    Elements theirs = elements_of(findings[i]);
    for (const auto& [array, elements] : theirs) {
      const auto at = mine.find(array);
      if (at == mine.end() || is_sure) continue;
      culprit = array;
      is_sure = std::none_of(elements.begin(), elements.end(),
                             [&](std::uint32_t element) { return at->second.contains(element); });
    }
    others.emplace_back(i, std::move(theirs));
  }
  const std::string array_path =
      shown_path(culprit == EventFields::none ? "" : outline().array_path(culprit));
  if (array_path.empty())
    return "It matches by itself, but not in one array element with the others.";
  if (!outline().counts_all_elements(culprit)) {
    return fmt::format("Each matches by itself, but no one element of {} has them all.",
                       array_path);
  }
  std::string places;
  std::size_t noted = 0;
  const auto note = [&](std::size_t i, const Elements& elements) {
    const auto at = elements.find(culprit);
    if (at == elements.end() || noted == noted_fields_max) return;
    ++noted;
    std::size_t count = 0;
    std::string list;
    for (const std::uint32_t element : at->second) {
      if (count++ == noted_elements_max) break;
      list += fmt::format("{}[{}]", list.empty() ? "" : ", ", element);
    }
    if (at->second.size() > noted_elements_max) list += ", ...";
    places += fmt::format("{}{} in {}", places.empty() ? "" : "; ",
                          shown_path(findings[i].pattern->path), list);
  };
  note(index, mine);
  for (const auto& [i, elements] : others) note(i, elements);
  return fmt::format("No one element of {} has them all: {}.", array_path, places);
}

}  // namespace signalbox::rules
