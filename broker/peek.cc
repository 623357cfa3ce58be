#include "broker/peek.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "broker/deduplication.h"
#include "broker/lease_record.h"
#include "broker/md5.h"
#include "broker/message_record.h"
#include "broker/page_token.h"
#include "broker/ready_lane.h"
#include "storage/store.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

// What one page may read before it is handed over as it is, so that a reader thread is soon free
// for others: some 10 ms.
constexpr std::size_t visited_count_max = 10'000;
constexpr std::size_t visited_bytes_max = 16u << 20;
// Past this the page is full; one more message, of any size, has found its place in it.
constexpr std::size_t found_bytes_max = 1u << 20;

constexpr std::array<std::string_view, 3> state_names{"visible", "in_flight", "delayed"};
constexpr std::string_view range_letters = "lrd";

// Numbers with dashes between them, all of the text.
template <std::size_t count>
std::optional<std::array<std::uint64_t, count>> read_numbers(std::string_view text) {
  std::array<std::uint64_t, count> numbers{};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0 && (at == end || *at++ != '-')) return std::nullopt;
    const auto [stop, error] = std::from_chars(at, end, numbers[i]);
    if (error != std::errc()) return std::nullopt;
    at = stop;
  }
  return at == end ? std::optional(numbers) : std::nullopt;
}

template <class T>
void set_unless_empty(std::optional<T>& member, const T& value) {
  if (!value.empty()) member = value;
}

api::PeekedMessage peeked(const StoredMessage& stored, Slot slot, bool is_fifo) {
  const auto& record = stored.record;
  api::PeekedMessage message;
  message.message_id = format_uuid(record.id);
  message.body = stored.body;
  message.md5_of_body = hex(record.body_md5);
  message.size_bytes = message_bytes(stored.body, record.attributes);
  message.sent_ms = record.shown_sent_ms.value_or(record.sent_ms);
  message.receive_count = record.receive_count;
  if (record.first_received_ms != 0) message.first_received_ms = record.first_received_ms;
  set_unless_empty(message.group_id, record.group_id);
  set_unless_empty(message.deduplication_id, record.deduplication_id);
  if (is_fifo) {
    message.sequence_number = sequence_number_text(slot.sequence());
    if (!message.deduplication_id) {
      message.deduplication_id = content_deduplication_id(stored.body);
    }
  }
  set_unless_empty(message.sender_id, record.sender_id);
  set_unless_empty(message.trace_header, record.trace_header);
  set_unless_empty(message.dead_letter_source_arn, record.dead_letter_source_arn);
  set_unless_empty(message.event_id, record.origin.event_id);
  set_unless_empty(message.rule_arn, record.origin.rule_arn);
  set_unless_empty(message.message_attributes, record.attributes);
  return message;
}

}  // namespace

std::string_view to_string(MessageState state) {
  return state_names[static_cast<std::size_t>(state)];
}

std::optional<MessageState> parse_message_state(std::string_view text) {
  const auto at = std::find(state_names.begin(), state_names.end(), text);
  if (at == state_names.end()) return std::nullopt;
  return static_cast<MessageState>(at - state_names.begin());
}

std::string make_position(const MessagePosition& position) {
  return fmt::format("{}-{}-{}-{}", position.generation, static_cast<int>(position.slot.lane()),
                     position.slot.sequence(), position.redirect);
}

std::optional<MessagePosition> parse_position(std::string_view text) {
  const auto numbers = read_numbers<4>(text);
  if (!numbers) return std::nullopt;
  const auto [generation, lane, sequence, redirect] = *numbers;
  constexpr std::uint64_t sequence_max = (1ull << 63) - 1;
  if (generation > UINT32_MAX || lane > 1 || sequence > sequence_max || redirect > sequence_max) {
    return std::nullopt;
  }
  return MessagePosition{static_cast<std::uint32_t>(generation),
                         Slot(static_cast<Lane>(lane), sequence), redirect};
}

std::string make_cursor(const PeekCursor& cursor) {
  return make_page_token(fmt::format("{}{}-{}-{}",
                                     range_letters[static_cast<std::size_t>(cursor.range)],
                                     cursor.queue_id, cursor.from, cursor.due_ms));
}

std::optional<PeekCursor> parse_cursor(std::string_view text) {
  const auto plain = read_page_token(text);
  if (!plain || plain->empty()) return std::nullopt;
  const auto range = range_letters.find(plain->front());
  const auto numbers = read_numbers<3>(std::string_view(*plain).substr(1));
  if (range == std::string_view::npos || !numbers) return std::nullopt;
  const auto [queue_id, from, due_ms] = *numbers;
  return PeekCursor{static_cast<PeekCursor::Range>(range), queue_id, from,
                    static_cast<std::int64_t>(due_ms)};
}

std::int64_t message_bytes(std::string_view body, const api::MessageAttributeMap& attributes) {
  std::size_t bytes = body.size();
  for (const auto& [name, value] : attributes) {
    bytes += name.size() + value.data_type.size();
    if (value.string_value) bytes += value.string_value->size();
    if (value.binary_value) bytes += value.binary_value->bytes.size();
  }
  return static_cast<std::int64_t>(bytes);
}

bool PeekReading::read(const storage::View& view) {
  using Range = PeekCursor::Range;
  found_.clear();
  next_.reset();
  visited_count_ = visited_bytes_ = found_bytes_ = 0;
  failed_ = false;
  cursor_ = plan_.cursor;
  if (plan_.state == MessageState::delayed && !plan_.is_fifo) return read_due(view);
  if (plan_.state == MessageState::delayed) {
    if (plan_.delay == Duration::zero()) return true;
    if (cursor_.range == Range::ready) return read_ready(view, cursor_.from);
    const auto first = first_delayed(view);
    return first ? read_ready(view, *first) : !failed_;
  }
  if (cursor_.range == Range::leases) {
    if (!read_leases(view)) return false;
    if (next_ || plan_.state == MessageState::in_flight) return true;
    cursor_ = {Range::ready, plan_.queue_id, 0, 0};
  }
  return read_ready(view, std::max(cursor_.from, plan_.head_sequence));
}

keys::MessagePlace PeekReading::place_of(Slot slot) const {
  return {plan_.queue_id, plan_.generation, static_cast<std::uint8_t>(slot.lane()),
          slot.sequence()};
}

bool PeekReading::is_expired(std::int64_t sent_ms) const {
  return from_ms(sent_ms) + plan_.retention <= plan_.now;
}

bool PeekReading::goes_on(const PeekCursor& here, std::size_t value_bytes) {
  const bool is_full = found_.size() >= plan_.count_max || found_bytes_ >= found_bytes_max ||
                       visited_count_ >= visited_count_max || visited_bytes_ >= visited_bytes_max;
  if (is_full) {
    next_ = here;
    return false;
  }
  ++visited_count_;
  visited_bytes_ += value_bytes;
  return true;
}

void PeekReading::add(Slot slot, std::uint64_t redirect, std::string_view value) {
  const auto stored = read_message(value);
  if (!stored || (plan_.id && format_uuid(stored->record.id) != *plan_.id)) return;
  Found found;
  found.message = peeked(*stored, slot, plan_.is_fifo);
  found.message.position = make_position({plan_.generation, slot, redirect});
  found.slot = slot;
  found_.push_back(std::move(found));
  found_bytes_ += value.size();
}

bool PeekReading::add_from(const storage::View& view, Slot slot, std::uint64_t redirect) {
  std::string value;
  const auto status = view.get(keys::message(place_of(slot)), value);
  if (status == storage::ReadStatus::found) {
    visited_bytes_ += value.size();
    add(slot, redirect, value);
  }
  return status != storage::ReadStatus::failed;
}

bool PeekReading::read_leases(const storage::View& view) {
  const auto range = keys::leases_of_generation(plan_.queue_id, plan_.generation);
  const bool is_first = cursor_.from == 0;
  const auto first = is_first ? range.first : keys::lease(place_of(Slot::from_bits(cursor_.from)));
  const std::int64_t now_ms = to_ms(plan_.now);
  const bool read =
      view.scan(first, range.past_last, storage::Direction::forward, [&](auto key, auto value) {
        const auto place = keys::parse_lease(key);
        const auto stored = read_lease(value);
        if (!place || !stored) return true;
        const Slot slot(static_cast<Lane>(place->lane), place->sequence);
        if (!goes_on({PeekCursor::Range::leases, plan_.queue_id, slot.bits(), 0}, value.size())) {
          return false;
        }
        const Lease& lease = stored->lease;
        const bool is_in_flight = lease.visible_at_ms > now_ms;
        if (is_in_flight != (plan_.state == MessageState::in_flight)) return true;
        if (!is_in_flight && is_expired(lease.sent_ms)) return true;
        const auto count = found_.size();
        failed_ = !add_from(view, slot, 0);
        if (found_.size() == count) return !failed_;
        Found& found = found_.back();
        found.was_leased = true;
        found.visible_at_ms = is_in_flight ? lease.visible_at_ms : 0;
        found.message.receive_count = lease.receive_count;
        found.message.first_received_ms = lease.first_received_ms;
        return true;
      });
  return read && !failed_;
}

bool PeekReading::read_ready(const storage::View& view, std::uint64_t first_sequence) {
  const auto range = keys::messages_from(place_of(Slot(Lane::ready, first_sequence)));
  const bool read = view.scan(range.first, range.past_last, storage::Direction::forward,
                              [&](auto key, auto value) { return visit_ready(view, key, value); });
  return read && !failed_;
}

bool PeekReading::visit_ready(const storage::View& view, std::string_view key,
                              std::string_view value) {
  const auto place = keys::parse_message(key);
  const auto head = read_message_head(value);
  if (!place || !head) return true;
  if (!goes_on({PeekCursor::Range::ready, plan_.queue_id, place->sequence, 0}, value.size())) {
    return false;
  }
  const Time due = from_ms(head->sent_ms) + plan_.delay;
  const bool is_delayed = plan_.is_fifo && due > plan_.now;
  const bool wants_delayed = plan_.state == MessageState::delayed;
  // Those behind it were sent later still.
  if (is_delayed && !wants_delayed) return false;
  if (is_delayed != wants_delayed || is_expired(head->sent_ms)) return true;
  // Of queues with groups messages do not leave in the order of the lane.
  const Slot slot = head->redirect ? head->body : Slot(Lane::ready, place->sequence);
  std::string lease;
  const auto status = view.get(keys::lease(place_of(slot)), lease);
  failed_ = status == storage::ReadStatus::failed;
  if (status != storage::ReadStatus::absent) return !failed_;
  const auto count = found_.size();
  if (head->redirect) {
    failed_ = !add_from(view, slot, place->sequence);
  } else {
    add(slot, 0, value);
  }
  if (found_.size() == count) return !failed_;
  Found& found = found_.back();
  found.message.receive_count = head->receive_count;
  if (head->first_received_ms != 0) found.message.first_received_ms = head->first_received_ms;
  if (is_delayed) found.visible_at_ms = to_ms(due);
  return true;
}

bool PeekReading::read_due(const storage::View& view) {
  keys::DuePlace from;
  if (cursor_.range == PeekCursor::Range::due) {
    from = {cursor_.due_ms, plan_.queue_id, plan_.generation, cursor_.from};
  }
  const auto range = keys::due_from(from);
  const bool read = view.scan(
      range.first, range.past_last, storage::Direction::forward, [&](auto key, auto value) {
        const auto place = keys::parse_due(key);
        if (!place) return true;
        if (place->queue_id != plan_.queue_id || place->generation != plan_.generation) {
          // Of another queue: the next page begins with the next key that can be this queue's.
          const std::int64_t next_ms = place->due_ms + (place->queue_id > plan_.queue_id ? 1 : 0);
          return goes_on({PeekCursor::Range::due, plan_.queue_id, 0, next_ms}, value.size());
        }
        const PeekCursor here{PeekCursor::Range::due, plan_.queue_id, place->sequence,
                              place->due_ms};
        if (!goes_on(here, value.size())) return false;
        const auto count = found_.size();
        failed_ = !add_from(view, Slot(Lane::delayed, place->sequence), 0);
        if (found_.size() > count) found_.back().visible_at_ms = place->due_ms;
        return !failed_;
      });
  return read && !failed_;
}

std::optional<std::uint64_t> PeekReading::first_delayed(const storage::View& view) {
  const ReadyLane lane{plan_.queue_id, plan_.generation, plan_.head_sequence, plan_.next_sequence};
  const auto first = first_sent_after(view, lane, plan_.now - plan_.delay);
  failed_ = !first;
  return failed_ || *first >= plan_.next_sequence ? std::nullopt : first;
}

}  // namespace signalbox::broker
