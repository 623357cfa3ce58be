// A lane: the deliveries to one target that are not done, in the order in which they are due. Most
// are on disk; memory knows the next few and those under way, so that a target that is dead for
// days costs no more than one that answers, and holds up nobody else. Core thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "broker/bus.h"
#include "broker/delivery/slots.h"
#include "broker/due_horizon.h"
#include "broker/schedules/invocation.h"

namespace signalbox::broker {

struct PendingDelivery {
  std::int64_t due_ms = 0;
  std::uint64_t number = 0;
  std::uint64_t commit = 0;  // not part of the order: tried only once that batch is durable

  auto order() const { return std::tie(due_ms, number); }
  bool operator<(const PendingDelivery& other) const { return order() < other.order(); }
  PendingDelivery next() const { return {due_ms, number + 1, 0}; }
};

// What does not change over the attempts; one record each.
struct DeliveryRecord {
  IdBytes event_id{};
  std::int64_t accepted_ms = 0;  // system clock
  std::int64_t created_ms = 0;   // the clock of deadlines: its age counts from here
  std::string trace_header;
  std::string md5_of_json;  // 16 raw bytes
  std::string json;
  std::optional<ScheduleInvocation> invocation;  // of a schedule; the json is its input

  AcceptedEvent event() const { return {event_id, json, md5_of_json, trace_header, accepted_ms}; }
};
std::string encode_delivery(const DeliveryRecord& record);
bool decode_delivery(std::string_view bytes, DeliveryRecord& record);

// What does; it stands under the key that says when the delivery is due.
struct DeliveryProgress {
  std::uint32_t attempts = 0;
  DeliveryFailure last_failure;
};
std::string encode_progress(const DeliveryProgress& progress);
bool decode_progress(std::string_view bytes, DeliveryProgress& progress);

struct RunningDelivery {
  PendingDelivery pending;
  DeliveryProgress progress;
  std::shared_ptr<const DeliveryRecord> record;
  std::uint64_t token = 0;  // of its connection, that it carries; by number
  Time started{};
  bool is_to_slow_target = false;  // as it was when the attempt started
};

// Attempts that were turned away (the disk failed, the commit queue is full) are started after
// this.
constexpr std::chrono::seconds start_retry{1};

struct DeliveryLane {
  static constexpr std::size_t known_max = 64;

  std::uint64_t id = 0;
  // Whose target: a rule's, or a schedule's, whose deliveries say all there is to know.
  bool is_of_schedule = false;
  std::uint64_t bus_id = 0;
  rules::RuleId rule_id = 0;
  std::string target_id;
  DueHorizon<PendingDelivery> due{known_max};
  std::unordered_map<std::uint64_t, RunningDelivery> running;  // by number
  LaneWindow window;
  Time reading_until;        // until then its next deliveries are being read: once is enough
  bool is_held_up = false;   // until something lets it go on
  bool lacks_token = false;  // none could be had: this once its attempts fail for it
  std::uint64_t throttled =
      0;  // the last delivery of which a step record says that its turn came late
};

struct DeliveryState {
  explicit DeliveryState(std::size_t concurrency_total) : slots(concurrency_total) {}

  std::unordered_map<std::uint64_t, DeliveryLane> lanes;  // those with deliveries, by id
  std::vector<std::uint64_t> to_publish;  // lanes whose next delivery is not durable yet
  AttemptSlots slots;                     // over all lanes
};

}  // namespace signalbox::broker
