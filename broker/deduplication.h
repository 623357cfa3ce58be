// Which messages a FIFO queue accepted lately, so that a message sent again is not a second one.
//
// Every acceptance is a record on disk, too. Memory alone answers while it holds all of the last
// five minutes; after a restart, or when more were accepted than it may remember, the disk is asked
// for what memory does not know. Core thread only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "broker/ids.h"
#include "storage/keys.h"

namespace signalbox::broker {

constexpr std::chrono::minutes deduplication_window{5};

using DeduplicationDigest = storage::keys::DeduplicationDigest;
// Of the deduplication id, and of the group where ids count within one.
DeduplicationDigest deduplication_digest(std::string_view group_id, std::string_view id);
// The id of a message whose sender gave none: SHA-256 of the body in 64 hex digits.
std::string content_deduplication_id(std::string_view body);

// SequenceNumber as clients see it: 20 decimal digits.
std::string sequence_number_text(std::uint64_t sequence);

// What was accepted, and when.
struct Acceptance {
  std::int64_t at_ms = 0;
  IdBytes message_id{};
  std::uint64_t sequence = 0;
  bool is_recent(std::int64_t now_ms) const {
    return now_ms - at_ms < std::chrono::milliseconds(deduplication_window).count();
  }
};

class Deduplication {
 public:
  // Of a queue that may have records on disk from before since_ms.
  explicit Deduplication(std::int64_t since_ms = 0)
      : complete_since_ms_(since_ms), latest_ms_(since_ms) {}

  // Null: memory knows of none, and may have forgotten one unless it is complete.
  const Acceptance* find(const DeduplicationDigest& digest, std::int64_t now_ms) const;
  // Whether nothing of the last five minutes has been forgotten.
  bool is_complete(std::int64_t now_ms) const;
  void add(const DeduplicationDigest& digest, const Acceptance& acceptance, std::size_t count_max);
  // Of the latest acceptance in this run, or when the run began.
  std::int64_t latest_ms() const { return latest_ms_; }

 private:
  struct Hash {
    std::size_t operator()(const DeduplicationDigest& digest) const;
  };
  std::unordered_map<DeduplicationDigest, Acceptance, Hash> known_;
  std::deque<std::pair<std::int64_t, DeduplicationDigest>> by_age_;
  std::int64_t complete_since_ms_;
  std::int64_t latest_ms_;
};

}  // namespace signalbox::broker
