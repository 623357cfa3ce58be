// What a pattern means, free of JSON: what the compiler makes and a matching engine reads.
//
// Values of events are compared as texts in JSON's form without escapes: strings with their quotes
// ("abc" is five characters), numbers as written, true, false, null. So no string ever equals a
// number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rules/ignore_case.h"
#include "rules/ip_range.h"
#include "rules/wildcard.h"

namespace signalbox::rules {

struct ExactText {
  std::string text;
};
// Equal as numbers; only numbers that a double holds without loss compare.
struct EqualNumber {
  double number;
};
struct NumberRange {
  double bottom;
  double top;
  bool bottom_open;  // bottom itself is outside
  bool top_open;
};
struct Prefix {
  std::string text;  // with the opening quote
};
struct Suffix {
  std::string text;  // with the closing quote
};
struct IgnoreCase {
  enum class Where : std::uint8_t { whole, prefix, suffix };
  IgnoreCaseText text;
  Where where;
};

// One condition on one value.
using ValueMatcher = std::variant<ExactText, EqualNumber, NumberRange, Prefix, Suffix, IgnoreCase,
                                  Wildcard, IpRange>;

// The array that stands behind a path: the field matches when any part of it does.
struct FieldPattern {
  std::string path;  // joined with dots
  std::vector<ValueMatcher> any_of;
  std::vector<std::vector<ValueMatcher>> none_of;  // one list for each anything-but
  bool exists = false;                             // any value will do
  bool absent = false;                             // no value will do, too
};

struct PatternModel {
  std::vector<FieldPattern> fields;
  // The event matches when every field of any alternative does. Indices into fields, no path twice,
  // in the order of the paths' UTF-16 units: `exists: false` depends on that order where arrays
  // are.
  std::vector<std::vector<std::uint32_t>> alternatives;
};

}  // namespace signalbox::rules
