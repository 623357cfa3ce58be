// Turns the text of an event pattern into its model, or says why it is none in the service's words.
#pragma once

#include <optional>
#include <string_view>

#include "rules/pattern_model.h"
#include "rules/rules.h"

namespace signalbox::rules {

// Nothing, with error filled, when the text is not a valid pattern. Text behind the pattern's
// object is not looked at. Needs a fixed amount of stack however deep the text nests.
std::optional<PatternModel> compile_pattern(std::string_view text, PatternError& error,
                                            const PatternLimits& limits = {});

}  // namespace signalbox::rules
