// Why an event matches a pattern, or which field of the pattern finds nothing it wants, in words
// and as JSON.
//
// Works on the plain evaluator's view of one event, apart from the engine that matches whole sets
// of rules, and says "matched" exactly where Pattern::matches() does. Pure functions, any thread.
// Whatever the texts are, what comes out is valid UTF-8 without control characters, and short: the
// bounds stand in ExplainLimits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::rules {

struct ExplainLimits {
  // Of each value, path and text in a predicate; what is cut ends in an ellipsis.
  static constexpr std::size_t text_bytes_max = 200;
  static constexpr std::size_t message_bytes_max = 1000;  // of a refusal
  // What is shown for one field; the counts beside the lists tell of the rest.
  static constexpr std::size_t values_max = 5;
  static constexpr std::size_t predicates_max = 20;
  static constexpr std::size_t anything_but_items_max = 20;  // of one list
  // What is shown for one pattern. The first field that missed is always among them.
  static constexpr std::size_t matched_fields_max = 50;
  static constexpr std::size_t missed_fields_max = 20;
};

enum class MissReason : std::uint8_t {
  absent,              // nothing at the path
  not_a_value,         // an object or an empty array at the path
  other_value,         // values, but none that is wanted
  present,             // a value where only {"exists":false} is wanted
  not_in_one_element,  // wanted values, but in another array element than those of other fields
};
// "absent", "not_a_value", ...
std::string_view to_string(MissReason reason);

// What one field of the pattern finds. Predicates and values are JSON texts.
struct FieldExplanation {
  std::string path;
  bool matched = false;
  // The one that matched; of a miss all that are wanted, of which any would do.
  std::vector<std::string> predicates;
  std::size_t predicate_count = 0;
  // The value that matched, none when being absent did; of a miss what is there.
  std::vector<std::string> seen;
  std::size_t seen_count = 0;
  // Only of a miss.
  MissReason reason = MissReason::absent;
  std::string found;  // what is there instead of a value, e.g. "an object with id and total"
  std::string hint;   // a sentence about a likely slip; often empty
};

struct Explanation {
  enum class Outcome : std::uint8_t { matched, missed, invalid_pattern, invalid_event };
  Outcome outcome = Outcome::missed;
  std::string problem;  // of what is invalid

  // Of the way through the pattern's $or that matched, or came nearest: the largest share of fields
  // that find a value they want, then the most of them, then the first. Where each field does but
  // not all in one array element, one field counts as missing.
  std::size_t fields_matched = 0;
  std::size_t fields_total = 0;
  std::size_t alternative_count = 1;     // ways through the $or
  std::vector<FieldExplanation> fields;  // in the order of their paths

  bool matched() const { return outcome == Outcome::matched; }
  // Null unless it missed.
  const FieldExplanation* first_missed() const;
};

Explanation explain(std::string_view pattern_json, std::string_view event_json);

std::string to_json(const Explanation& explanation);
// The same members without the braces around them.
void append_members(std::string& json, const Explanation& explanation);
// Lines for a person, each with its end.
std::string to_text(const Explanation& explanation);

}  // namespace signalbox::rules
