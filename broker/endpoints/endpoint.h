// A global endpoint as the core keeps it. Core thread only.
#pragma once

#include <cstdint>

#include "broker/api/endpoints.h"
#include "broker/world.h"

namespace signalbox::broker {

struct Endpoint {
  std::uint64_t id = 0;
  World* world = nullptr;
  api::Endpoint shown;
};

}  // namespace signalbox::broker
