// Whether an account may do something to a bus: its owner may do everything, others what its policy
// allows. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/bus.h"

namespace signalbox::broker {

struct BusAction {
  std::string_view name;  // as in "events:PutRule"
  std::string_view rule;  // its name, when it is done to a rule
};

// Why not, in the service's words; nothing: it may.
std::optional<std::string> refusal_of(const Bus& bus, std::string_view account,
                                      const BusAction& action);
// The same of an event for the bus, as its entry's failure.
std::optional<EntryFailure> refusal_of_event(const Bus& bus, std::string_view account);

}  // namespace signalbox::broker
