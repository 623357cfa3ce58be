// Where a message is in its queue, and what memory knows of one that waits.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "broker/clock.h"
#include "broker/message.h"

namespace signalbox::broker {

// A message group of a queue, numbered while any of its messages is in memory.
using GroupIndex = std::uint32_t;
constexpr GroupIndex no_group = 0;

// A message's place in its queue: the lane in the top bit, the sequence below.
class Slot {
 public:
  Slot() = default;
  Slot(Lane lane, std::uint64_t sequence)
      : bits_((lane == Lane::delayed ? delayed_bit : 0) | sequence) {}
  static Slot from_bits(std::uint64_t bits) {
    Slot slot;
    slot.bits_ = bits;
    return slot;
  }
  Lane lane() const { return (bits_ & delayed_bit) != 0 ? Lane::delayed : Lane::ready; }
  std::uint64_t sequence() const { return bits_ & ~delayed_bit; }
  std::uint64_t bits() const { return bits_; }
  auto operator<=>(const Slot&) const = default;

 private:
  static constexpr std::uint64_t delayed_bit = 1ull << 63;
  std::uint64_t bits_ = 0;
};

struct SlotHash {
  std::size_t operator()(Slot slot) const { return slot.bits() * 0x9e3779b97f4a7c15 >> 7; }
};

// A message never received (or forgotten to have been), in the order of the ready lane.
struct WindowEntry {
  std::uint64_t sequence = 0;  // in the ready lane
  Slot body;                   // elsewhere for a redirect
  std::int64_t sent_ms = 0;
  std::int64_t first_received_ms = 0;
  std::uint64_t commit = 0;  // the batch that put it there: handed out only once that is durable
  std::uint32_t receive_count = 0;
  GroupIndex group = no_group;  // when the queue has groups
};

// Whether the message is visible a time after it was sent; FIFO queues delay all of theirs so.
inline bool is_due(const WindowEntry& entry, Duration delay, Time now) {
  return from_ms(entry.sent_ms) + delay <= now;
}

}  // namespace signalbox::broker
