// Guesses at the slip behind a field that found nothing it wants: one sentence each, or nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/event_fields.h"
#include "rules/event_outline.h"
#include "rules/pattern_model.h"

namespace signalbox::rules {

// Of values that are there and not wanted. Looks at the first few of both.
std::string value_hint(const FieldPattern& pattern,
                       std::span<const EventFields::Field* const> values);

// Of a path where no value is.
std::string absence_hint(const FieldPattern& pattern, const EventOutline& event);

// What is at the path though no value is, e.g. "an object with id and total"; empty: nothing.
std::string container_at(std::string_view path, const EventOutline& event);

}  // namespace signalbox::rules
