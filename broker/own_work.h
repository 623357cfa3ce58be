// Work of the broker's own: what the engine runs beside requests.
#pragma once

#include <cstdint>

namespace signalbox::broker {

// Work of the broker's own that is due. Like an operation it may need keys or a window first.
struct OwnWork {
  enum class Kind : std::uint8_t {
    move_slice,       // id: source queue; the next messages of its task, and how far it is
    attempts,         // id: lane; the next deliveries
    schedules,        // id: 0; the next that come up
    replay_slice,     // id: replay; its next events, and how far it is
    function_events,  // id: function; the next of its events that wait
    mapping,          // id: a piece of work of an event source mapping
  } kind;
  std::uint64_t id;
};

}  // namespace signalbox::broker
