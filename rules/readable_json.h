// Values of events and predicates of patterns as JSON for people: valid, printable, and cut where
// they are long.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rules/pattern_model.h"

namespace signalbox::rules {

// The first bytes_max bytes of a text, less what would split a character, and an ellipsis when that
// is not all of it.
std::string cut_text(std::string_view text, std::size_t bytes_max);

// Appends the text as a JSON string. Control characters and those that turn the direction of
// writing are escaped, bytes that are not UTF-8 become U+FFFD.
void append_readable_string(std::string& json, std::string_view text);
// The same without quotes and JSON's escapes, for a line of words.
std::string readable_text(std::string_view text);

// A value as pattern_model.h compares them.
std::string readable_value(std::string_view value);

// In the forms of the language, e.g. {"prefix":"ord"}: what they mean, not how they were spelled.
// Those of any_of come first, then anything-but, then exists.
std::vector<std::string> readable_predicates(const FieldPattern& pattern, std::size_t count_max);
std::size_t predicate_count(const FieldPattern& pattern);

}  // namespace signalbox::rules
