// The one index of everything that happens at a time: leases, delays, retention, long polls, tasks.
// Core thread only. One entry per kind and id: a queue's thousand leases are one entry, the
// earliest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "broker/clock.h"

namespace signalbox::broker {

enum class DeadlineKind : std::uint8_t {
  leases,           // id: queue; the earliest visibility timeout
  delays,           // id: 0; the earliest delayed message
  retention,        // id: queue; the oldest message expires
  fan_out,          // id: task; its next slice
  bus_log,          // id: bus or archive; its oldest segment expires
  long_poll,        // id: waiting job
  fifo_delay,       // id: queue; the first group whose next message is delayed
  deduplication,    // id: queue; records that no longer count
  move_task,        // id: source queue; its task's next slice
  delivery,         // id: lane; the next attempt
  due_rules,        // id: 0; the first rule whose schedule comes up
  schedules,        // id: 0; the first schedule that comes up
  authorization,    // id: connection; it asks for its first token
  invocation_turn,  // id: API destination; the next lane's turn
  replay,           // id: 0; the next slice of the replay whose turn it is
  replay_record,    // id: replay that has ended; it is forgotten
  invocation,       // id: of a function; its time is up
  function_events,  // id: function; the next of its events, or its work again
  mapping,          // id: event source mapping; its work again
  worker,           // id: worker process; it has been idle for long
};

class Deadlines {
 public:
  using Key = std::pair<DeadlineKind, std::uint64_t>;

  // Sets or moves the entry.
  void set(DeadlineKind kind, std::uint64_t id, Time due);
  void clear(DeadlineKind kind, std::uint64_t id);
  std::optional<Time> next() const;
  // Takes the earliest entry that is due, if any.
  std::optional<Key> pop_due(Time now);

 private:
  std::map<Key, Time> due_of_;
  std::set<std::pair<Time, Key>> by_due_;
};

}  // namespace signalbox::broker
