// A bus, its rules and their targets, as the core keeps them in memory. Core thread only.
//
// Each bus, rule and target is one record on disk; the encodings are in events_records.h.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/api/events.h"
#include "broker/bus_policy.h"
#include "broker/clock.h"
#include "broker/event_log.h"
#include "broker/ids.h"
#include "broker/schedules/expression.h"
#include "broker/world.h"
#include "rules/rules.h"
#include "storage/store.h"

namespace signalbox::broker {

class TargetInput;
struct BusPlace;
namespace functions {
struct Function;
}
namespace schemas {
struct Discoverer;
}
struct Queue;

// What a delivery to the target means.
enum class TargetKind : std::uint8_t {
  sqs,              // a message in a local queue, in the batch of the event
  bus,              // an event of another bus, in the batch of the event
  http,             // a request to a URL, by the delivery engine
  api_destination,  // the same to an API destination's, as its connection says
  function,         // an event of a function, in the batch of the event
  log_group,        // a line in a file, by the delivery engine
  other,            // accepted and stored; not delivered yet
};

struct Target {
  api::Target config;  // as PutTargets gave it
  TargetKind kind = TargetKind::other;
  std::uint64_t lane_id = 0;                 // of its deliveries; 0: it is a queue, and needs none
  std::shared_ptr<const TargetInput> input;  // null: the event as it is
};

struct Bus;

struct Rule {
  rules::RuleId id = 0;
  Bus* bus = nullptr;
  std::string name;
  std::optional<std::string> event_pattern;
  std::optional<std::string> schedule_expression;
  std::string state = "ENABLED";
  std::optional<std::string> description;
  std::optional<std::string> role_arn;
  api::StringMap tags;

  std::shared_ptr<const rules::Pattern> pattern;  // null when there is only a schedule
  std::map<std::string, Target, std::less<>> targets;

  std::optional<ScheduleExpression> schedule;  // of schedule_expression
  Time schedule_anchor{};                      // system clock; a rate counts from it
  // When it fires next, by the system clock; nothing when it is disabled or never comes up again.
  std::optional<Time> due;

  bool matching() const { return pattern != nullptr && state != "DISABLED"; }
  std::string arn() const;
};

// The last changes of a bus's rules, so that a match against an older snapshot is brought up to
// date by matching only those again.
struct RuleChange {
  std::uint64_t version = 0;
  rules::RuleId rule_id = 0;
};
constexpr std::size_t rule_changes_max = 64;

struct Archive;

struct Bus {
  std::uint64_t id = 0;
  World* world = nullptr;
  std::string name;
  std::optional<std::string> description;
  std::optional<std::string> kms_key_identifier;
  std::optional<api::DeadLetterConfig> dead_letter_config;
  std::optional<api::LogConfig> log_config;
  std::optional<BusPolicy> policy;
  api::StringMap tags;
  std::int64_t created_ms = 0;
  std::int64_t modified_ms = 0;
  bool stored = false;  // a default bus is not, until something depends on its id

  std::map<std::string, Rule, std::less<>> rules;  // by name: listings are pages of it
  std::unordered_map<rules::RuleId, Rule*> rules_by_id;
  // Target ARN -> names of the rules that have it among their targets.
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> rules_by_target;
  const schemas::Discoverer* discoverer = nullptr;  // one that is started
  std::vector<Archive*> archives;                   // of its events, in the order they were made

  std::unique_ptr<rules::RuleSet> rule_set;  // of the rules that are matching(), and of archives
  std::uint64_t version = 0;                 // of rule_set, from RuleDirectory::next_version()
  std::uint64_t changes_known_since = 0;     // every change after that version is in changes
  std::deque<RuleChange> changes;
  bool publish_pending = false;  // the directory has an older version
  // Of the rules at snapshot_version; null until first made.
  std::shared_ptr<const rules::Snapshot> snapshot;
  std::uint64_t snapshot_version = 0;

  // The rules as they are now. Kept until they change.
  const std::shared_ptr<const rules::Snapshot>& current_snapshot();
  // What the rule set has under that id now: the pattern of a rule or an archive, or null.
  std::shared_ptr<const rules::Pattern> pattern_of(rules::RuleId id) const;

  BusLog log;
  bool log_touched = false;  // the open batch has events of it

  std::string arn() const { return world->arn("events", "event-bus/" + name); }
  std::string rule_arn(std::string_view rule_name) const;
};

// An event on its way to the targets; the views outlive the delivery.
struct AcceptedEvent {
  IdBytes id{};
  std::string_view json;
  std::string_view md5_of_json;
  std::string_view trace_header;
  std::int64_t accepted_ms = 0;  // system clock
  bool was_forwarded = false;    // it came from another bus
};

// One target that is to get it.
struct Delivery {
  const Rule* rule = nullptr;
  const Target* target = nullptr;
};
// Why it cannot be delivered; the code is one of the service's, as in a dead letter's ERROR_CODE.
struct DeliveryFailure {
  std::string code;
  std::string message;
};
// A delivery about to be made.
struct Outgoing {
  Delivery delivery;
  Queue* queue = nullptr;  // the target, when it is one
  Bus* bus = nullptr;      // likewise
  functions::Function* function = nullptr;
  std::optional<std::string> rendered;  // the body, when the target's input makes another one
  std::optional<DeliveryFailure> failure;

  std::string_view body(const AcceptedEvent& event) const {
    return rendered ? std::string_view(*rendered) : event.json;
  }
};
// How much one PutEvents may still put into its batch.
struct FanOutBudget {
  std::size_t messages = 0;
  std::size_t bytes = 0;
};

// An event accepted with more deliveries than one batch should carry: they follow in slices. The
// record written with the event holds what does not change; a cursor beside it, how far it got.
struct FanOutTask {
  std::uint64_t id = 0;
  std::uint64_t bus_id = 0;
  IdBytes event_id{};
  std::string json;
  std::string md5_of_json;
  std::string trace_header;
  std::int64_t accepted_ms = 0;
  bool was_forwarded = false;
  std::vector<std::pair<rules::RuleId, std::string>> deliveries;  // rule, target id

  std::size_t position = 0;          // the first delivery not made yet
  storage::CommitNumber commit = 0;  // the batch of the latest slice: the next one waits for it
  Time decided{};                    // when that slice was

  AcceptedEvent event() const {
    return {event_id, json, md5_of_json, trace_header, accepted_ms, was_forwarded};
  }
  std::size_t memory_bytes() const;
};

// Things worth telling an operator, since start.
struct BusCounters {
  std::uint64_t events_accepted = 0;
  std::uint64_t rules_fired = 0;              // by their schedules
  std::uint64_t events_to_missing_buses = 0;  // accepted and dropped, as the service does
  std::uint64_t schema_rejections = 0;        // events refused
  std::uint64_t schema_warnings = 0;          // events that were taken all the same
  std::uint64_t events_archived = 0;          // once for each archive that took it
  std::uint64_t events_replayed = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t attempts_delivered = 0;  // to targets that are not queues
  std::uint64_t attempts_failed = 0;
  std::uint64_t dead_letters = 0;          // undeliverable, and kept in a dead-letter queue
  std::uint64_t lost = 0;                  // given up, and no dead-letter queue took it
  std::uint64_t undelivered_targets = 0;   // kinds of targets not delivered to yet
  std::uint64_t undelivered_missing = 0;   // no such queue
  std::uint64_t undelivered_oversize = 0;  // larger than the queue takes
  std::uint64_t undelivered_input = 0;     // the input transformer made no valid JSON
};

struct BusState {
  std::unordered_map<std::uint64_t, std::unique_ptr<Bus>> by_id;
  std::vector<Bus*> touched_logs;
  std::vector<Bus*> unpublished;  // rules changed in the open batch
  std::map<std::uint64_t, FanOutTask> tasks;
  std::deque<std::uint64_t> tasks_to_publish;  // in the order of their commits
  std::size_t task_bytes = 0;
  std::map<std::pair<Time, rules::RuleId>, Rule*> due_rules;  // those that have Rule::due
  BusCounters counters;
};

}  // namespace signalbox::broker
