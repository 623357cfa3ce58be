// What a bus's LogConfig asks to be told: a record for each step an event goes through, as the
// service documents them (EventBridge user guide, "event bus log schema"). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/api/events.h"
#include "broker/delivery/attempt.h"
#include "broker/ids.h"
#include "broker/log_line.h"

namespace signalbox::broker {

enum class Step : std::uint8_t {
  event_receipt,
  event_ingest_success,
  event_ingest_failure,
  rule_match_start,
  rule_match,
  no_standard_rules_matched,
  invocation_start,
  invocation_attempt_start,
  invocation_attempt_success,
  invocation_attempt_retryable_failure,
  invocation_attempt_permanent_failure,
  invocation_attempt_throttle,
  invocation_throttle_start,
  invocation_success,
  invocation_failure,
  invocation_dlq,
  schema_violation,  // ours: an event breaks its schema, and the bus only warns of it
};

enum class StepLevel : std::uint8_t { off, error, info, trace };

std::string_view name_of(Step step);        // EVENT_RECEIPT and so on
StepLevel level_of(Step step);              // the lowest level that shows it
std::string_view text_of(StepLevel level);  // ERROR, INFO, TRACE
// Off when there is none.
StepLevel level_of(const std::optional<api::LogConfig>& config);
bool shows_detail(const std::optional<api::LogConfig>& config);

struct StepError {
  int http_status = 0;  // 0: none
  std::string_view message;
};

struct StepFacts {
  Step step{};
  std::string_view bus_arn;
  std::string_view request_id;  // these may be empty
  std::string_view event_id;
  std::string_view invocation_id;
  std::int64_t timestamp_ms = 0;
  std::string_view details = "{}";  // JSON
  std::optional<StepError> error;
};
std::string step_json(const StepFacts& facts);

// Details of an event by itself: who sent it, its time, source, type, resources, and its detail if
// that may be shown.
std::string event_details(std::string_view event_json, bool with_detail);

// One delivery on its way, as the records of its steps have it.
struct Invocation {
  IdBytes id{};
  std::int64_t attempts = 0;  // made so far, this one included
  std::string_view target_input;
  const DeliveryFailure* failure = nullptr;
  int http_status = 0;  // of the failure, if there was an answer
};
// The same for all attempts of a delivery, over restarts.
IdBytes invocation_id(const DeliveryId& delivery);

// The record on its way out: a line of the bus's log group, /aws/vendedlogs/events/event-bus/BUS.
struct StepRecord {
  StepLevel level{};
  LogLine line;
};

}  // namespace signalbox::broker
