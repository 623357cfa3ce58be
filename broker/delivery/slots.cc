#include "broker/delivery/slots.h"

#include <algorithm>

namespace signalbox::broker {

void LaneWindow::attempt_ended(Duration took, bool was_answered, std::size_t limit) {
  is_slow_ = took > slow_attempt;
  const std::size_t width = was_answered ? width_ + 1 : width_ / 2;
  width_ = std::clamp<std::size_t>(width, 1, std::max<std::size_t>(limit, 1));
}

std::size_t AttemptSlots::room(bool is_slow) const {
  const auto left = [](std::size_t limit, std::size_t used) {
    return limit - std::min(limit, used);
  };
  std::size_t count = left(count_max_, fast_.count + slow_.count);
  if (fast_.bytes + slow_.bytes >= bytes_max) return 0;
  if (!is_slow) return count;
  if (slow_.bytes >= bytes_max / 2) return 0;
  return std::min(count, left(std::max<std::size_t>(count_max_ / 2, 1), slow_.count));
}

void AttemptSlots::take(bool is_slow, std::size_t bytes) {
  ++of(is_slow).count;
  of(is_slow).bytes += bytes;
}

void AttemptSlots::give_back(bool is_slow, std::size_t bytes) {
  --of(is_slow).count;
  of(is_slow).bytes -= bytes;
}

std::optional<std::uint64_t> AttemptSlots::next_waiting(bool is_slow) {
  auto& waiting = of(is_slow).waiting;
  if (waiting.empty() || room(is_slow) == 0) return std::nullopt;
  const std::uint64_t lane_id = waiting.front();
  waiting.pop_front();
  return lane_id;
}

}  // namespace signalbox::broker
