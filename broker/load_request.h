// What the core asks a reader thread to read ahead of need, and what it gets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "broker/delays.h"
#include "broker/delivery/lane.h"
#include "broker/queue.h"
#include "broker/schedules/schedule_state.h"
#include "storage/store.h"

namespace signalbox::broker {

// A range of the ready lane to be read into a queue's window, or of a due index into its horizon.
struct LoadRequest {
  enum class Kind : std::uint8_t { window, delays, lane, schedules } kind = Kind::window;
  std::uint64_t queue_id = 0;    // window only
  std::uint64_t lane_id = 0;     // lane only
  std::uint32_t generation = 0;  // window only
  std::string first, past_last;  // keys
  std::size_t count_max = 0;
  // window: what durable_next_sequence was when the read was asked for.
  std::uint64_t durable_next_sequence = 0;
};

// What the disk holds in that range: window entries in order, or due entries in order.
struct LoadResult {
  std::vector<WindowEntry> window;
  std::vector<std::string> group_ids;  // of the window's entries, when asked for
  std::vector<DueEntry> due;
  std::vector<PendingDelivery> deliveries;
  std::vector<ScheduleDue> schedules;
  bool reached_end = false;  // no more in the range
  bool failed = false;       // the disk did: nothing above counts
};

// Reads what a LoadRequest asks for. On a reader thread, under a view taken after every batch
// decided before the request was durable.
LoadResult read_load(const storage::View& view, const LoadRequest& request);

}  // namespace signalbox::broker
