// Finding places in a queue's ready lane by time, on disk. In any thread, under a view.
#pragma once

#include <cstdint>
#include <optional>

#include "broker/clock.h"

namespace signalbox::storage {
class View;
}

namespace signalbox::broker {

struct ReadyLane {
  std::uint64_t queue_id = 0;
  std::uint32_t generation = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t next_sequence = 0;
};

// Of messages in the order in which they were sent: the first sequence from which on all were sent
// later than that; next_sequence when none was. Some twenty reads in a lane of a million. Nothing:
// the disk failed.
std::optional<std::uint64_t> first_sent_after(const storage::View& view, const ReadyLane& lane,
                                              Time time);

}  // namespace signalbox::broker
