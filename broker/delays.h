// Delayed messages, all queues' together.
#pragma once

#include <cstdint>
#include <tuple>

#include "broker/due_horizon.h"

namespace signalbox::broker {

// A delayed message and when it becomes visible; ordered as its key on disk is.
struct DueEntry {
  std::int64_t due_ms = 0;
  std::uint64_t queue_id = 0;
  std::uint32_t generation = 0;
  std::uint64_t sequence = 0;
  std::int64_t sent_ms = 0;  // not part of the order; the value on disk
  std::uint64_t commit = 0;  // not part of the order: fired only once that batch is durable

  auto order() const { return std::tie(due_ms, queue_id, generation, sequence); }
  bool operator<(const DueEntry& other) const { return order() < other.order(); }
  DueEntry next() const {
    DueEntry entry = *this;
    ++entry.sequence;
    return entry;
  }
};

using Delays = DueHorizon<DueEntry>;

}  // namespace signalbox::broker
