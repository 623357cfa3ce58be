// What tags a bus may have: those that any resource may, and those that Signalbox gives a meaning.
#pragma once

#include "broker/api/events.h"
#include "broker/result.h"
#include "broker/schemas/enforcement.h"
#include "broker/tag_limits.h"

namespace signalbox::broker {

// For the tags that would be added to those.
inline Status check_bus_tags(const api::StringMap& existing, const api::TagList& added) {
  for (const auto& tag : added) {
    if (auto problem = schemas::problem_of_bus_tag(tag.key, tag.value)) {
      return Error{ErrorCode::validation, *std::move(problem)};
    }
  }
  return check_tags(existing, added);
}

}  // namespace signalbox::broker
