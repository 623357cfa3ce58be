// What a receive, or a slice of a message move task, is going to do, before anything is changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "broker/slot.h"

namespace signalbox::broker {

struct ReceivePlan {
  // Bounds one plan: expired and dead messages past it wait for the next one.
  static constexpr std::size_t steps_max = 100;

  enum class Action : std::uint8_t { deliver, expire, move };
  struct Step {
    WindowEntry entry;  // sequence 0: it was received before
    Action action;
  };
  std::vector<Step> steps;
  std::size_t returned_count = 0;  // to take off the front of returned, stale ones included
  std::size_t window_count = 0;    // to take off the front of the window
  std::size_t deliver_count = 0;
  bool looks_further = false;  // it shall be made again with more of the queue in memory
  // A move task's: it wants the records of what it delivers, and nothing that arrived from this
  // sequence on.
  std::optional<std::uint64_t> moves_arrived_before;

  bool is_full(std::size_t count_max) const {
    return deliver_count >= count_max || steps.size() >= steps_max;
  }
};

}  // namespace signalbox::broker
