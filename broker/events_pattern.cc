#include "broker/events_pattern.h"

#include <fmt/format.h>

namespace signalbox::broker {

Result<std::shared_ptr<const rules::Pattern>> compile_pattern(const std::string& pattern_json,
                                                              const rules::PatternLimits& limits) {
  rules::PatternError error;
  auto pattern = rules::Pattern::compile(pattern_json, error, limits);
  if (pattern == nullptr) {
    return Error{ErrorCode::invalid_event_pattern,
                 fmt::format("Event pattern is not valid. Reason: {}", error.reason)};
  }
  return pattern;
}

}  // namespace signalbox::broker
