// The numbers that patterns compare: decimal texts that a double holds without loss.
#pragma once

#include <optional>
#include <string_view>

namespace signalbox::rules {

// The double a JSON number stands for, or nothing when the text says more (or other) than the
// shortest decimal of that double: 9007199254740993 and 0.1234567890123456789 compare with nothing,
// 1e2 and 100.0 are the same number. The text must follow JSON's grammar of numbers.
std::optional<double> comparable_number(std::string_view text);

// The same where that is easily told: digits with a point among them, so few that their double
// compares for certain. False for any other text, a number or not.
bool read_short_number(std::string_view text, double& out);

}  // namespace signalbox::rules
