// An event source of a partner: offered by one account to another, whose bus of the same name takes
// its events while it is ACTIVE. Core thread only.
#pragma once

#include <cstdint>
#include <string>

#include "broker/clock.h"
#include "broker/world.h"

namespace signalbox::broker {

enum class SourceState : std::uint8_t { pending, active, deleted };

struct PartnerSource {
  // An offer that nobody has made a bus for is gone after this time.
  static constexpr std::chrono::days pending_max{14};

  std::uint64_t id = 0;
  World* partner = nullptr;
  World* customer = nullptr;  // of the same region
  std::string name;           // aws.partner/PARTNER/NAME…
  std::int64_t created_ms = 0;

  SourceState state = SourceState::pending;

  Time expires() const { return from_ms(created_ms) + pending_max; }
  bool is_gone(Time wall) const { return state == SourceState::pending && wall >= expires(); }
  std::string_view state_text() const {
    switch (state) {
      case SourceState::pending: return "PENDING";
      case SourceState::active: return "ACTIVE";
      case SourceState::deleted: break;
    }
    return "DELETED";
  }
};

}  // namespace signalbox::broker
