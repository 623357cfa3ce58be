// The stored form of a lease. Pure functions on bytes; callable from anywhere.
//
//   u8 format version  u32 receive count  i64 visible_at_ms  i64 received_ms
//   i64 first_received_ms  i64 sent_ms  u64 receive number  with a group: its id
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/queue.h"

namespace signalbox::broker {

struct StoredLease {
  Lease lease;
  std::optional<std::string_view> group_id;  // points into the record
};

// group_id: of a queue with groups, empty for a message without one.
std::string encode_lease(const Lease& lease, std::optional<std::string_view> group_id);
// Nullopt for a newer format or damage.
std::optional<StoredLease> read_lease(std::string_view value);

}  // namespace signalbox::broker
