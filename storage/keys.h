// The one place where keys are built and parsed. Pure functions on bytes; callable from anywhere.
//
// Every key is: shard u8 (0 while there is one), prefix char, fields. Integers are big-endian, so
// that the order of the bytes is the order of the numbers; signed ones have their sign bit flipped
// for the same reason. A string is the last field of its key and runs to the end.
//
//   prefix  owner    fields                                            value
//   'A'     schedule group id u64                                      schedule group
//   'B'     schedule group id u64, name string                         schedule
//   'C'     schedule due_ms i64, group id u64, name string             empty: its schedule comes up
//   'a'     bus      archive id u64                                    archive metadata
//   'b'     bus      bus id u64                                        bus metadata
//   'c'     storage  -                                                 commit number u64
//   'd'     queue    due_ms i64, queue id u64, generation u32,         empty: points at the message
//                    sequence u64                                      of the delayed lane
//   'e'     bus      bus or archive id u64, segment u64, position u64  event log record
//   'f'     storage  -                                                 format version u32
//   'g'     bus      bus or archive id u64, segment u64                event log segment summary
//   'h'     delivery lane id u64, number u64                           delivery: the event
//   'i'     delivery lane id u64, due_ms i64, number u64               delivery: attempts so far
//   'j'     bus      replay id u64, part u8                            0: replay, 1: how far it got
//   'k'     broker   name string                                       secret
//   'l'     queue    queue id u64, generation u32, lane u8,            lease
//                    sequence u64
//   'm'     queue    queue id u64, generation u32, lane u8,            message record
//                    sequence u64
//   'n'     broker   name string                                       next id of that name
//   'o'     bus      task id u64                                       fan-out task
//   'p'     bus      task id u64                                       how far a fan-out task got
//   'q'     queue    queue id u64                                      queue metadata
//   'r'     bus      bus id u64, rule id u64                           rule
//   's'     queue    queue id u64                                      queue state: cursor, counts
//   't'     bus      bus id u64, rule id u64, target id string         target
//   'u'     queue    queue id u64, generation u32, minute u32,         deduplication: which message
//                    digest 16 bytes                                   was accepted
//   'v'     queue    queue id u64, task id u64                         message move task
//   'w'     broker   world id u32                                      account and region
//   'x'     broker   time_ms i64, number u64                           terminal step
//   'y'     bus      connection id u64                                 connection, no secrets
//   'z'     bus      API destination id u64                            API destination
//   'D'     bus      endpoint id u64                                   global endpoint
//   'E'     bus      source id u64                                     partner event source
//   'F'     schemas  registry id u64                                   schema registry
//   'G'     schemas  registry id u64, schema id u64                    schema and its versions
//   'H'     schemas  schema id u64, version u64                        content of a schema version
//   'I'     schemas  discoverer number u64                             discoverer
//   'J'     identity role id u64                                       IAM role and its policies
//   'K'     identity policy id u64                                     IAM policy and its versions
//   'L'     function function id u64                                   function, no code
//   'M'     function function id u64, code number u64                  code: a zip
//   'N'     function function id u64, name string                      alias
//   'P'     function mapping id u64                                    event source mapping
//   'Q'     function function id u64, due_ms i64, number u64           event for a function
//
// Values are formats of their owners and carry their own version.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::storage {

// A key of bounded length that lives on the stack: keys are built on every operation.
class Key {
 public:
  static constexpr std::size_t bytes_max = 39;

  std::string_view view() const { return {bytes_.data(), size_}; }
  operator std::string_view() const { return view(); }  // NOLINT: a key is its bytes
  std::string str() const { return std::string(view()); }

  void append(char byte);
  void append_big_endian(std::uint64_t number, std::size_t byte_count);

  bool operator==(const Key& other) const { return view() == other.view(); }

 private:
  std::array<char, bytes_max> bytes_;
  std::uint8_t size_ = 0;
};

// The keys of [first, past_last).
struct KeyRange {
  Key first;
  Key past_last;
};

namespace keys {

enum class Prefix : char {
  schedule_group = 'A',
  schedule = 'B',
  schedule_due = 'C',
  archive = 'a',
  bus = 'b',
  commit_number = 'c',
  due = 'd',
  event = 'e',
  format_version = 'f',
  event_segment = 'g',
  delivery = 'h',
  delivery_due = 'i',
  replay = 'j',
  secret = 'k',
  lease = 'l',
  message = 'm',
  next_id = 'n',
  fan_out_task = 'o',
  fan_out_cursor = 'p',
  queue = 'q',
  rule = 'r',
  queue_state = 's',
  target = 't',
  deduplication = 'u',
  move_task = 'v',
  world = 'w',
  terminal_step = 'x',
  connection = 'y',
  api_destination = 'z',
  endpoint = 'D',
  partner_source = 'E',
  schema_registry = 'F',
  schema = 'G',
  schema_content = 'H',
  discoverer = 'I',
  iam_role = 'J',
  iam_policy = 'K',
  function = 'L',
  function_code = 'M',
  function_alias = 'N',
  event_source_mapping = 'P',
  function_event = 'Q',
};

// Where a message, or the lease of one, is.
struct MessagePlace {
  std::uint64_t queue_id = 0;
  std::uint32_t generation = 0;
  std::uint8_t lane = 0;
  std::uint64_t sequence = 0;
  auto operator<=>(const MessagePlace&) const = default;
};

using DeduplicationDigest = std::array<unsigned char, 16>;
struct DeduplicationPlace {
  std::uint64_t queue_id = 0;
  std::uint32_t generation = 0;
  std::uint32_t minute = 0;  // of the acceptance, since the Unix epoch
  DeduplicationDigest digest{};
  auto operator<=>(const DeduplicationPlace&) const = default;
};

struct MoveTaskPlace {
  std::uint64_t queue_id = 0;  // of the source
  std::uint64_t task_id = 0;
  auto operator<=>(const MoveTaskPlace&) const = default;
};

struct DeliveryPlace {
  std::uint64_t lane_id = 0;
  std::uint64_t number = 0;
  auto operator<=>(const DeliveryPlace&) const = default;
};

struct DeliveryDuePlace {
  std::uint64_t lane_id = 0;
  std::int64_t due_ms = 0;
  std::uint64_t number = 0;
  auto operator<=>(const DeliveryDuePlace&) const = default;
};

// An event that a function is to be invoked with.
struct FunctionEventPlace {
  std::uint64_t function_id = 0;
  std::int64_t due_ms = 0;
  std::uint64_t number = 0;
  auto operator<=>(const FunctionEventPlace&) const = default;
};

struct DuePlace {
  std::int64_t due_ms = 0;
  std::uint64_t queue_id = 0;
  std::uint32_t generation = 0;
  std::uint64_t sequence = 0;
  auto operator<=>(const DuePlace&) const = default;
};

struct RulePlace {
  std::uint64_t bus_id = 0;
  std::uint64_t rule_id = 0;
  auto operator<=>(const RulePlace&) const = default;
};

struct TargetPlace {
  std::uint64_t bus_id = 0;
  std::uint64_t rule_id = 0;
  std::string target_id;
  auto operator<=>(const TargetPlace&) const = default;
};

struct EventPlace {
  std::uint64_t bus_id = 0;
  std::uint64_t segment = 0;
  std::uint64_t position = 0;
  auto operator<=>(const EventPlace&) const = default;
};

struct SegmentPlace {
  std::uint64_t bus_id = 0;
  std::uint64_t segment = 0;
  auto operator<=>(const SegmentPlace&) const = default;
};

struct SchedulePlace {
  std::uint64_t group_id = 0;
  std::string name;
  auto operator<=>(const SchedulePlace&) const = default;
};

struct ScheduleDuePlace {
  std::int64_t due_ms = 0;
  std::uint64_t group_id = 0;
  std::string name;
  auto operator<=>(const ScheduleDuePlace&) const = default;
};

// A replay is two records: what it was asked for, and how far it got.
struct ReplayPlace {
  std::uint64_t replay_id = 0;
  bool is_progress = false;
  auto operator<=>(const ReplayPlace&) const = default;
};

struct SchemaPlace {
  std::uint64_t registry_id = 0;
  std::uint64_t schema_id = 0;
  auto operator<=>(const SchemaPlace&) const = default;
};

struct SchemaContentPlace {
  std::uint64_t schema_id = 0;
  std::uint64_t version = 0;
  auto operator<=>(const SchemaContentPlace&) const = default;
};

struct AliasPlace {
  std::uint64_t function_id = 0;
  std::string name;
  auto operator<=>(const AliasPlace&) const = default;
};

struct StepPlace {
  std::int64_t time_ms = 0;
  std::uint64_t number = 0;
  auto operator<=>(const StepPlace&) const = default;
};

// Builders.
Key commit_number();
Key format_version();
std::string secret(std::string_view name);
std::string next_id(std::string_view name);
Key world(std::uint32_t world_id);
Key queue(std::uint64_t queue_id);
Key queue_state(std::uint64_t queue_id);
Key message(const MessagePlace& place);
Key lease(const MessagePlace& place);
Key due(const DuePlace& place);
Key bus(std::uint64_t bus_id);
Key rule(const RulePlace& place);
std::string target(std::uint64_t bus_id, std::uint64_t rule_id, std::string_view target_id);
Key event(const EventPlace& place);
Key event_segment(const SegmentPlace& place);
Key archive(std::uint64_t archive_id);
Key replay(const ReplayPlace& place);
Key fan_out_task(std::uint64_t task_id);
Key endpoint(std::uint64_t endpoint_id);
Key partner_source(std::uint64_t source_id);
Key fan_out_cursor(std::uint64_t task_id);
Key schema_registry(std::uint64_t registry_id);
Key schema(const SchemaPlace& place);
Key schema_content(const SchemaContentPlace& place);
Key discoverer(std::uint64_t number);
Key iam_role(std::uint64_t role_id);
Key iam_policy(std::uint64_t policy_id);
Key function(std::uint64_t function_id);
Key function_code(std::uint64_t function_id, std::uint64_t code_number);
std::string function_alias(std::uint64_t function_id, std::string_view name);
Key function_event(const FunctionEventPlace& place);
Key event_source_mapping(std::uint64_t mapping_id);
Key terminal_step(const StepPlace& place);
Key deduplication(const DeduplicationPlace& place);
Key move_task(const MoveTaskPlace& place);
Key schedule_group(std::uint64_t group_id);
std::string schedule(std::uint64_t group_id, std::string_view name);
std::string schedule_due(std::int64_t due_ms, std::uint64_t group_id, std::string_view name);
Key delivery(const DeliveryPlace& place);
Key delivery_due(const DeliveryDuePlace& place);
Key connection(std::uint64_t connection_id);
Key api_destination(std::uint64_t api_destination_id);

// Parsers: nullopt for a key of another prefix, another shard or another length.
std::optional<std::string_view> parse_secret(std::string_view key);
std::optional<std::string_view> parse_next_id(std::string_view key);
std::optional<std::uint32_t> parse_world(std::string_view key);
std::optional<std::uint64_t> parse_queue(std::string_view key);
std::optional<std::uint64_t> parse_queue_state(std::string_view key);
std::optional<MessagePlace> parse_message(std::string_view key);
std::optional<MessagePlace> parse_lease(std::string_view key);
std::optional<DuePlace> parse_due(std::string_view key);
std::optional<std::uint64_t> parse_bus(std::string_view key);
std::optional<RulePlace> parse_rule(std::string_view key);
std::optional<TargetPlace> parse_target(std::string_view key);
std::optional<EventPlace> parse_event(std::string_view key);
std::optional<SegmentPlace> parse_event_segment(std::string_view key);
std::optional<std::uint64_t> parse_archive(std::string_view key);
std::optional<ReplayPlace> parse_replay(std::string_view key);
std::optional<std::uint64_t> parse_fan_out_task(std::string_view key);
std::optional<std::uint64_t> parse_endpoint(std::string_view key);
std::optional<std::uint64_t> parse_partner_source(std::string_view key);
std::optional<std::uint64_t> parse_fan_out_cursor(std::string_view key);
std::optional<std::uint64_t> parse_schema_registry(std::string_view key);
std::optional<SchemaPlace> parse_schema(std::string_view key);
std::optional<SchemaContentPlace> parse_schema_content(std::string_view key);
std::optional<std::uint64_t> parse_discoverer(std::string_view key);
std::optional<std::uint64_t> parse_iam_role(std::string_view key);
std::optional<std::uint64_t> parse_iam_policy(std::string_view key);
std::optional<std::uint64_t> parse_function(std::string_view key);
std::optional<FunctionEventPlace> parse_function_event(std::string_view key);
std::optional<std::uint64_t> parse_event_source_mapping(std::string_view key);
std::optional<AliasPlace> parse_function_alias(std::string_view key);
std::optional<StepPlace> parse_terminal_step(std::string_view key);
std::optional<DeduplicationPlace> parse_deduplication(std::string_view key);
std::optional<MoveTaskPlace> parse_move_task(std::string_view key);
std::optional<std::uint64_t> parse_schedule_group(std::string_view key);
std::optional<SchedulePlace> parse_schedule(std::string_view key);
std::optional<ScheduleDuePlace> parse_schedule_due(std::string_view key);
std::optional<DeliveryPlace> parse_delivery(std::string_view key);
std::optional<DeliveryDuePlace> parse_delivery_due(std::string_view key);
std::optional<std::uint64_t> parse_connection(std::string_view key);
std::optional<std::uint64_t> parse_api_destination(std::string_view key);

// Ranges.
KeyRange all();  // every key of the shard
KeyRange all_of(Prefix prefix);

KeyRange messages_of_queue(std::uint64_t queue_id);  // all generations and lanes
KeyRange messages_of_generation(std::uint64_t queue_id, std::uint32_t generation);
KeyRange messages_from(const MessagePlace& first);        // to the end of first's lane
KeyRange messages_before(const MessagePlace& past_last);  // from the start of past_last's lane
KeyRange leases_of_queue(std::uint64_t queue_id);
KeyRange leases_of_generation(std::uint64_t queue_id, std::uint32_t generation);

KeyRange deduplication_of_queue(std::uint64_t queue_id);
KeyRange deduplication_of_generation(std::uint64_t queue_id, std::uint32_t generation);
// Of the same generation, older than the place's minute.
KeyRange deduplication_before(const DeduplicationPlace& place);

KeyRange move_tasks_of_queue(std::uint64_t queue_id);

KeyRange contents_of_schema(std::uint64_t schema_id);

KeyRange codes_of_function(std::uint64_t function_id);
KeyRange aliases_of_function(std::uint64_t function_id);

KeyRange schedules_of_group(std::uint64_t group_id);

KeyRange deliveries_of_lane(std::uint64_t lane_id);
KeyRange deliveries_due_of_lane(std::uint64_t lane_id);
KeyRange deliveries_due_from(const DeliveryDuePlace& first);         // to the end of its lane
KeyRange deliveries_due_of_lanes_from(std::uint64_t first_lane_id);  // to the end of all lanes

KeyRange events_of_function(std::uint64_t function_id);
KeyRange function_events_from(const FunctionEventPlace& first);  // to the end of its function
KeyRange function_events_of_all_from(std::uint64_t first_function_id);

KeyRange due_between(std::int64_t from_ms, std::int64_t until_ms);  // from_ms <= due < until_ms
KeyRange due_from(const DuePlace& first);                           // to the end of all times

KeyRange rules_of_bus(std::uint64_t bus_id);
KeyRange targets_of_bus(std::uint64_t bus_id);
KeyRange targets_of_rule(const RulePlace& place);

KeyRange events_of_bus(std::uint64_t bus_id);
KeyRange events_of_segment(const SegmentPlace& place);
KeyRange events_from(const EventPlace& first);  // to the end of the bus
KeyRange segments_of_bus(std::uint64_t bus_id);
// From first on, before the other position of the same segment.
KeyRange events_between(const EventPlace& first, std::uint64_t past_last);
KeyRange segments_before(const SegmentPlace& past_last);  // older ones of the same bus

KeyRange terminal_steps_before(std::int64_t time_ms);

// Integers as values of the store's own records and of counters.
std::string encode_u32(std::uint32_t number);
std::string encode_u64(std::uint64_t number);
std::optional<std::uint32_t> decode_u32(std::string_view bytes);
std::optional<std::uint64_t> decode_u64(std::string_view bytes);

}  // namespace keys
}  // namespace signalbox::storage
