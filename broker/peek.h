// Looking at a queue's messages without receiving them: the part that reads the disk.
//
// Messages of a state are listed in the queue's order: those received before and visible again (or
// in flight) by the number of their place, then those never received. A page is a short stretch of
// one of three ranges of keys: the queue's leases, its ready lane, or the delayed messages of all
// queues by due time. What memory knows better is corrected by the core afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/operator.h"
#include "broker/context.h"
#include "broker/slot.h"
#include "storage/keys.h"

namespace signalbox::storage {
class View;
}

namespace signalbox::broker {

struct Queue;
struct StoredMessage;

enum class MessageState : std::uint8_t { visible, in_flight, delayed };
std::string_view to_string(MessageState state);
std::optional<MessageState> parse_message_state(std::string_view text);

// Which message an operator means: opaque to clients, made by a peek. Names one message for ever.
struct MessagePosition {
  std::uint32_t generation = 0;
  Slot slot;
  std::uint64_t redirect = 0;  // the entry of the ready lane that leads to it; 0: none
};
std::string make_position(const MessagePosition& position);
std::optional<MessagePosition> parse_position(std::string_view text);

// Where the next page begins.
struct PeekCursor {
  enum class Range : std::uint8_t { leases, ready, due } range = Range::leases;
  std::uint64_t queue_id = 0;
  std::uint64_t from = 0;   // leases: slot; ready, due: sequence
  std::int64_t due_ms = 0;  // due only
};
std::string make_cursor(const PeekCursor& cursor);
std::optional<PeekCursor> parse_cursor(std::string_view text);

// What the core knows of the queue when the page is asked for.
struct PeekPlan {
  std::uint64_t queue_id = 0;
  std::uint32_t generation = 0;
  MessageState state = MessageState::visible;
  PeekCursor cursor;
  std::size_t count_max = 0;
  std::optional<std::string> id;    // only that message
  std::uint64_t head_sequence = 0;  // no message of the ready lane below it waits
  std::uint64_t next_sequence = 0;
  bool is_fifo = false;
  Time now;
  Duration delay{0};  // of a FIFO queue, which has delayed messages in its ready lane
  Duration retention{0};
};

// A page of them. On a reader thread until read() returns, in the core's turns after.
class PeekReading final : public Reading {
 public:
  struct Found {
    api::PeekedMessage message;
    Slot slot;
    bool was_leased = false;
    std::int64_t visible_at_ms = 0;  // 0: visible
  };

  explicit PeekReading(PeekPlan plan) : plan_(std::move(plan)) {}
  bool read(const storage::View& view) override;

  const PeekPlan& plan() const { return plan_; }
  std::vector<Found>& found() { return found_; }
  const std::optional<PeekCursor>& next() const { return next_; }

 private:
  // Each reads on from cursor; false when the disk failed.
  bool read_leases(const storage::View& view);
  bool read_ready(const storage::View& view, std::uint64_t first_sequence);
  bool read_due(const storage::View& view);
  // The first of a FIFO queue's messages that is not visible yet, in a few steps over the lane.
  std::optional<std::uint64_t> first_delayed(const storage::View& view);
  bool visit_ready(const storage::View& view, std::string_view key, std::string_view value);

  // Whether the page may go on at this place; otherwise the next one begins there.
  bool goes_on(const PeekCursor& here, std::size_t value_bytes);
  void add(Slot slot, std::uint64_t redirect, std::string_view value);
  // Adds the message there, if it is still there. False: the disk failed.
  bool add_from(const storage::View& view, Slot slot, std::uint64_t redirect);
  storage::keys::MessagePlace place_of(Slot slot) const;
  bool is_expired(std::int64_t sent_ms) const;

  const PeekPlan plan_;
  PeekCursor cursor_;
  std::vector<Found> found_;
  std::optional<PeekCursor> next_;
  std::size_t visited_count_ = 0;
  std::size_t visited_bytes_ = 0;
  std::size_t found_bytes_ = 0;
  bool failed_ = false;
};

// As the limit of a queue counts it: body, attribute names, types and values.
std::int64_t message_bytes(std::string_view body, const api::MessageAttributeMap& attributes);

}  // namespace signalbox::broker
