// Event patterns as PutRule, CreateArchive and TestEventPattern take them. Pure functions.
#pragma once

#include <memory>
#include <string>

#include "broker/result.h"
#include "rules/rules.h"

namespace signalbox::broker {

// The error is the service's InvalidEventPatternException.
Result<std::shared_ptr<const rules::Pattern>> compile_pattern(const std::string& pattern_json,
                                                              const rules::PatternLimits& limits);

}  // namespace signalbox::broker
