// Log groups as targets of rules. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "broker/bus.h"
#include "broker/log_line.h"

namespace signalbox::broker {

// The line for an event that reaches the target with this body. A target with an input may make an
// object of timestamp (milliseconds) and message, as the service documents; anything else is the
// message, at the time when the event was accepted. Nullopt: the ARN names no log group.
std::optional<LogLine> log_line_of(const Target& target, std::int64_t accepted_ms,
                                   std::string body);

}  // namespace signalbox::broker
