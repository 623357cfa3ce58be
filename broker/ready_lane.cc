#include "broker/ready_lane.h"

#include "broker/message_record.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace signalbox::broker {

namespace keys = storage::keys;

std::optional<std::uint64_t> first_sent_after(const storage::View& view, const ReadyLane& lane,
                                              Time time) {
  std::uint64_t low = lane.first_sequence;
  std::uint64_t high = lane.next_sequence;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto range = keys::messages_from(
        {lane.queue_id, lane.generation, static_cast<std::uint8_t>(Lane::ready), middle});
    bool is_later = true;  // nothing there: look further ahead
    const bool read =
        view.scan(range.first, range.past_last, storage::Direction::forward, [&](auto, auto value) {
          const auto head = read_message_head(value);
          is_later = !head || from_ms(head->sent_ms) > time;
          return false;
        });
    if (!read) return std::nullopt;
    is_later ? high = middle : low = middle + 1;
  }
  return low;
}

}  // namespace signalbox::broker
