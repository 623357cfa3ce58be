// What a target makes of an event: checked at PutTargets, rendered at delivery.
#pragma once

#include <optional>
#include <string>

#include "broker/bus.h"
#include "broker/result.h"

namespace signalbox::broker {

// Checks an entry of PutTargets by itself, with the service's errors, and compiles its input.
Result<Target> make_target(const api::Target& config);

// The body for a target whose input is not null. Nullopt: the result is not valid JSON, and the
// service delivers nothing.
std::optional<std::string> render_input(const Delivery& delivery, const AcceptedEvent& event);

}  // namespace signalbox::broker
