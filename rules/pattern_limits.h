// Whether a pattern costs more than it may.
#pragma once

#include <string>

#include "rules/pattern_model.h"
#include "rules/rules.h"

namespace signalbox::rules {

// Why the model is refused; empty when it is within the limits.
std::string reason_past_limits(const PatternModel& model, const PatternLimits& limits);

}  // namespace signalbox::rules
