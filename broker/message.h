// A message: its stored record, where it is, and the receipt handle that names it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/error.h"
#include "broker/ids.h"

namespace signalbox::broker {

// Two places for a queue's messages, so that a scan for the next visible ones passes no delayed
// ones.
enum class Lane : std::uint8_t {
  ready = 0,    // visible on arrival, in order of arrival
  delayed = 1,  // kept apart until due; then a redirect to it joins the ready lane
};

// Names one message for ever: queue ids, generations and sequences are not reused.
struct MessageRef {
  std::uint64_t queue_id = 0;
  std::uint32_t generation = 0;
  Lane lane = Lane::ready;
  std::uint64_t sequence = 0;
  bool operator==(const MessageRef&) const = default;
};

// Made on the io thread, so that the core only numbers and stores it.
struct PreparedMessage {
  std::string head;  // the encoded record up to the body; the core patches the times in
  IdBytes id{};
  std::int64_t size_bytes = 0;  // as the service counts it: body, attribute names, types and values
  std::string md5_of_body;
  std::optional<std::string> md5_of_attributes;
  std::optional<std::string> md5_of_system_attributes;
  // Of the body, for queues that deduplicate by content; made when there is a group and no other
  // id.
  std::string content_deduplication_id;
  std::optional<Error> refused;  // a batch entry that fails alone
};

// A message handed to a consumer: the decision; the body follows on the io thread.
struct HandedOut {
  MessageRef ref;
  std::uint32_t receive_count = 0;
  std::int64_t first_received_ms = 0;
  std::uint64_t receive_number = 0;  // tells the handles of different receives apart
  bool is_fifo = false;
};

// A message about to be stored.
struct NewMessage {
  std::string_view head, body;
  std::string_view group_id;
  std::int64_t sent_ms = 0;
  std::int64_t first_received_ms = 0;
  std::uint32_t receive_count = 0;
};

// What a send answers.
struct Sent {
  IdBytes message_id{};
  std::optional<std::uint64_t> sequence;  // FIFO queues only
};

}  // namespace signalbox::broker
