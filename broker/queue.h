// A queue's state in memory: only what a scan can rebuild, bounded by settings, not by the backlog.
//
// Messages live on disk. Memory knows, in order of arrival, the window (the next messages to hand
// out) and, for messages received and not deleted, their lease. Core thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "broker/api/fields.h"
#include "broker/clock.h"
#include "broker/fifo.h"
#include "broker/message.h"
#include "broker/message_groups.h"
#include "broker/move_task.h"
#include "broker/recent_time.h"
#include "broker/slot.h"
#include "broker/world.h"
#include "storage/keys.h"

namespace signalbox::broker {

struct RedrivePolicy {
  std::string dead_letter_target_arn;
  std::uint32_t max_receive_count = 0;
};

// The attributes the broker acts on, read from the attribute texts.
struct QueueSettings {
  std::chrono::seconds delay{0};
  std::int64_t message_bytes_max = 1'048'576;
  std::chrono::seconds retention{345'600};
  std::chrono::seconds receive_wait{0};
  std::chrono::seconds visibility_timeout{30};
  std::optional<RedrivePolicy> redrive;
  bool content_based_deduplication = false;
};

// A message received and not deleted.
struct Lease {
  std::int64_t visible_at_ms = 0;
  std::int64_t received_ms = 0;  // the latest receive: visibility ends 12 h after it
  std::int64_t first_received_ms = 0;
  std::int64_t sent_ms = 0;
  std::uint64_t receive_number = 0;
  std::uint64_t commit = 0;
  std::uint32_t receive_count = 0;
  GroupIndex group = no_group;  // when the queue has groups
  bool in_flight = true;        // false: visible again, waiting in returned
  // Whether returned has an entry of it. Then a handle that hid it again left that entry stale, and
  // a second one would hand the message out twice.
  bool is_listed = false;
};

// As it waits again; without a number in the ready lane of its own.
inline WindowEntry returned_entry(Slot slot, const Lease& lease) {
  WindowEntry entry;
  entry.body = slot;
  entry.sent_ms = lease.sent_ms;
  entry.first_received_ms = lease.first_received_ms;
  entry.commit = lease.commit;
  entry.receive_count = lease.receive_count;
  entry.group = lease.group;
  return entry;
}

struct Queue {
  std::uint64_t id = 0;
  World* world = nullptr;
  std::string name;
  api::StringMap attributes;  // those that were set, as texts
  api::StringMap tags;
  std::int64_t created_s = 0;
  std::int64_t modified_s = 0;
  QueueSettings settings;

  // Stored in the queue's state record, once per commit group.
  std::uint32_t generation = 0;  // bumped by a purge
  std::uint64_t next_sequence = 1;
  std::uint64_t ready_total = 0;    // messages in the ready lane, leased ones included
  std::uint64_t delayed_total = 0;  // messages not due yet

  // The next messages, oldest first; all of the ready lane below load_from is here, leased or gone.
  std::deque<WindowEntry> window;
  std::uint64_t load_from = 1;
  std::uint64_t durable_next_sequence = 1;  // next_sequence as the last durable batch left it
  bool loading = false;
  std::unordered_set<Slot, SlotHash> deleted_while_loading;
  // Null: a standard queue. All messages of a FIFO queue are in the ready lane, delayed or not.
  std::unique_ptr<Fifo> fifo;
  // Of a FIFO queue, and of a standard one once a message named a group. Then window and returned
  // stay empty: messages wait in their groups.
  std::unique_ptr<MessageGroups> groups;
  RecentTime processing;  // of all tenants

  std::unordered_map<Slot, Lease, SlotHash> leases;
  std::uint64_t in_flight_count = 0;
  std::deque<Slot> returned;  // visible again; entries whose lease is gone or in flight are stale
  // (visible_at_ms, slot) as a min-heap; stale entries are dropped when they surface or when they
  // are more than half.
  std::vector<std::pair<std::int64_t, Slot>> lease_heap;

  // Those it was the source of, oldest first; only the last may be active.
  std::vector<MoveTask> move_tasks;

  std::optional<Time> purged_at;
  bool touched = false;  // the open batch must carry the state record
  bool retention_armed = false;

  // Everything of the ready lane below it has been handed out or deleted.
  std::uint64_t head_sequence() const {
    if (const auto* oldest = oldest_waiting()) return oldest->sequence;
    return load_from;
  }
  // Of those never received, that memory knows.
  const WindowEntry* oldest_waiting() const {
    if (groups != nullptr) return groups->oldest_fresh();
    return window.empty() ? nullptr : &window.front();
  }
  std::size_t waiting_count() const {
    return groups != nullptr ? groups->fresh_count() : window.size();
  }
  std::uint64_t visible_count() const { return ready_total - in_flight_count; }
  std::string arn() const { return world->arn("sqs", name); }
  MessageRef ref(Slot slot) const { return {id, generation, slot.lane(), slot.sequence()}; }
  storage::keys::MessagePlace place_of(Slot slot) const {
    return {id, generation, static_cast<std::uint8_t>(slot.lane()), slot.sequence()};
  }
};

}  // namespace signalbox::broker
