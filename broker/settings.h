// The broker's own knobs. Where they come from (flags, environment, file) is signalbox/settings.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "rules/rules.h"

namespace signalbox::broker {

class TimeZones;

struct Settings {
  std::string region = "us-east-1";
  std::string account = "000000000000";
  std::size_t worlds_max = 1000;
  // Messages of a queue whose place is known in memory; the rest is read from disk in order.
  std::size_t queue_window_messages = 1024;
  // Delayed messages whose due time is known in memory, over all queues.
  std::size_t due_horizon_count = 4096;
  // Received messages of a queue that are visible again and still remembered one by one; past that
  // they join the queue's tail.
  std::size_t returned_messages_max = 120'000;
  // Acceptances of a FIFO queue known in memory; for more, the disk is asked.
  std::size_t deduplication_ids_max = 65'536;
  std::chrono::seconds purge_cooldown{60};         // 0: PurgeQueue may be called at any time
  bool queue_deleted_recently = false;             // a deleted queue's name is blocked for 60 s
  std::chrono::seconds bus_log_retention{86'400};  // 0: no bus log
  std::uint64_t bus_log_bytes_max = 1ull << 30;
  // Past either of these an event is stored with a cursor and expanded in slices.
  std::size_t fan_out_messages_max = 1000;
  std::size_t fan_out_bytes_max = 16u << 20;
  // Attempts under way at a time, to one target and to all.
  std::size_t delivery_concurrency = 16;
  std::size_t delivery_concurrency_total = 256;
  std::shared_ptr<TimeZones> time_zones;  // null: every zone is UTC
  // API destinations may have URLs of http on any host; on loopback they always may.
  bool plain_http_destinations = false;
  rules::PatternLimits pattern_limits;
  std::size_t rules_per_bus = 0;  // 0: as many as there is room for
  // Worker processes, and requests to a URL, of one function at a time.
  std::size_t function_concurrency = 10;
  bool function_processes = false;               // functions are run as processes
  std::chrono::seconds function_idle{300};       // then a worker process is stopped
  std::chrono::seconds function_retry_wait{60};  // before a failed event is tried again; then twice
  bool lineage_steps = false;  // log deleted, moved, redriven and expired messages
  // Tests: every lookup that memory could answer goes to the disk too.
  bool force_fetch = false;
};

}  // namespace signalbox::broker
