#include "storage/keys.h"

#include <cassert>

namespace signalbox::storage {

void Key::append(char byte) {
  assert(size_ < bytes_max);
  bytes_[size_++] = byte;
}

void Key::append_big_endian(std::uint64_t number, std::size_t byte_count) {
  assert(size_ + byte_count <= bytes_max);
  for (std::size_t i = byte_count; i-- > 0;) {
    bytes_[size_++] = static_cast<char>(number >> (8 * i));
  }
}

namespace keys {

namespace {

constexpr char shard = 0;

// Flipped, the sign bit sorts negative numbers before positive ones.
constexpr std::uint64_t sign_bit = 1ULL << 63;
std::uint64_t ordered(std::int64_t number) { return static_cast<std::uint64_t>(number) ^ sign_bit; }
std::int64_t unordered(std::uint64_t bits) { return static_cast<std::int64_t>(bits ^ sign_bit); }

class Builder {
 public:
  explicit Builder(Prefix prefix) {
    key_.append(shard);
    key_.append(static_cast<char>(prefix));
  }
  Builder& u8(std::uint8_t number) { return number_of(number, 1); }
  Builder& u32(std::uint32_t number) { return number_of(number, 4); }
  Builder& u64(std::uint64_t number) { return number_of(number, 8); }
  Builder& i64(std::int64_t number) { return number_of(ordered(number), 8); }
  Builder& bytes(const DeduplicationDigest& digest) {
    for (const unsigned char byte : digest) key_.append(static_cast<char>(byte));
    return *this;
  }
  Key key() const { return key_; }

 private:
  Builder& number_of(std::uint64_t number, std::size_t byte_count) {
    key_.append_big_endian(number, byte_count);
    return *this;
  }
  Key key_;
};

class Parser {
 public:
  Parser(std::string_view key, Prefix prefix) : rest_(key) {
    ok_ = key.size() >= 2 && key[0] == shard && key[1] == static_cast<char>(prefix);
    if (ok_) rest_.remove_prefix(2);
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number_of(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number_of(4)); }
  std::uint64_t u64() { return number_of(8); }
  std::int64_t i64() { return unordered(number_of(8)); }
  std::string_view rest() {
    const auto all = rest_;
    rest_ = {};
    return all;
  }
  // Whether the key had this prefix and exactly the fields that were read.
  bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::uint64_t number_of(std::size_t byte_count) {
    if (!ok_ || rest_.size() < byte_count) {
      ok_ = false;
      return 0;
    }
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < byte_count; ++i) {
      number = number << 8 | static_cast<unsigned char>(rest_[i]);
    }
    rest_.remove_prefix(byte_count);
    return number;
  }
  std::string_view rest_;
  bool ok_;
};

template <class T>
std::optional<T> if_complete(const Parser& parser, T value) {
  return parser.complete() ? std::optional<T>(std::move(value)) : std::nullopt;
}

std::optional<std::uint64_t> parse_id(std::string_view key, Prefix prefix) {
  Parser parser(key, prefix);
  const auto id = parser.u64();
  return if_complete(parser, id);
}

std::optional<std::string_view> parse_name(std::string_view key, Prefix prefix) {
  Parser parser(key, prefix);
  const auto name = parser.rest();
  return if_complete(parser, name);
}

// The least key that has not this prefix and is not less than all that have. Carries: no key starts
// with 0xff, the shard byte would have to be 255.
Key past(const Key& prefix) {
  const auto bytes = prefix.view();
  auto size = bytes.size();
  while (size > 0 && static_cast<unsigned char>(bytes[size - 1]) == 0xff) --size;
  assert(size > 0);
  Key key;
  for (std::size_t i = 0; i + 1 < size; ++i) key.append(bytes[i]);
  key.append(static_cast<char>(static_cast<unsigned char>(bytes[size - 1]) + 1));
  return key;
}

KeyRange all_with(const Builder& prefix) { return {prefix.key(), past(prefix.key())}; }

Key place_key(Prefix prefix, const MessagePlace& place) {
  return Builder(prefix)
      .u64(place.queue_id)
      .u32(place.generation)
      .u8(place.lane)
      .u64(place.sequence)
      .key();
}

std::optional<MessagePlace> parse_place(std::string_view key, Prefix prefix) {
  Parser parser(key, prefix);
  MessagePlace place;
  place.queue_id = parser.u64();
  place.generation = parser.u32();
  place.lane = parser.u8();
  place.sequence = parser.u64();
  return if_complete(parser, place);
}

std::string with_name(Prefix prefix, std::string_view name) {
  return Builder(prefix).key().str().append(name);
}

std::string big_endian(std::uint64_t number, std::size_t byte_count) {
  Key bytes;
  bytes.append_big_endian(number, byte_count);
  return bytes.str();
}

std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

Key commit_number() { return Builder(Prefix::commit_number).key(); }
Key format_version() { return Builder(Prefix::format_version).key(); }
std::string secret(std::string_view name) { return with_name(Prefix::secret, name); }
std::string next_id(std::string_view name) { return with_name(Prefix::next_id, name); }
Key world(std::uint32_t world_id) { return Builder(Prefix::world).u32(world_id).key(); }
Key queue(std::uint64_t queue_id) { return Builder(Prefix::queue).u64(queue_id).key(); }
Key queue_state(std::uint64_t queue_id) { return Builder(Prefix::queue_state).u64(queue_id).key(); }
Key message(const MessagePlace& place) { return place_key(Prefix::message, place); }
Key lease(const MessagePlace& place) { return place_key(Prefix::lease, place); }

Key due(const DuePlace& place) {
  return Builder(Prefix::due)
      .i64(place.due_ms)
      .u64(place.queue_id)
      .u32(place.generation)
      .u64(place.sequence)
      .key();
}

Key bus(std::uint64_t bus_id) { return Builder(Prefix::bus).u64(bus_id).key(); }

Key rule(const RulePlace& place) {
  return Builder(Prefix::rule).u64(place.bus_id).u64(place.rule_id).key();
}

std::string target(std::uint64_t bus_id, std::uint64_t rule_id, std::string_view target_id) {
  return Builder(Prefix::target).u64(bus_id).u64(rule_id).key().str().append(target_id);
}

Key event(const EventPlace& place) {
  return Builder(Prefix::event).u64(place.bus_id).u64(place.segment).u64(place.position).key();
}

Key event_segment(const SegmentPlace& place) {
  return Builder(Prefix::event_segment).u64(place.bus_id).u64(place.segment).key();
}

Key connection(std::uint64_t connection_id) {
  return Builder(Prefix::connection).u64(connection_id).key();
}
Key api_destination(std::uint64_t api_destination_id) {
  return Builder(Prefix::api_destination).u64(api_destination_id).key();
}

Key archive(std::uint64_t archive_id) { return Builder(Prefix::archive).u64(archive_id).key(); }

Key replay(const ReplayPlace& place) {
  return Builder(Prefix::replay).u64(place.replay_id).u8(place.is_progress ? 1 : 0).key();
}

Key endpoint(std::uint64_t endpoint_id) { return Builder(Prefix::endpoint).u64(endpoint_id).key(); }

Key partner_source(std::uint64_t source_id) {
  return Builder(Prefix::partner_source).u64(source_id).key();
}

Key schema_registry(std::uint64_t registry_id) {
  return Builder(Prefix::schema_registry).u64(registry_id).key();
}

Key schema(const SchemaPlace& place) {
  return Builder(Prefix::schema).u64(place.registry_id).u64(place.schema_id).key();
}

Key schema_content(const SchemaContentPlace& place) {
  return Builder(Prefix::schema_content).u64(place.schema_id).u64(place.version).key();
}

Key discoverer(std::uint64_t number) { return Builder(Prefix::discoverer).u64(number).key(); }

Key iam_role(std::uint64_t role_id) { return Builder(Prefix::iam_role).u64(role_id).key(); }

Key iam_policy(std::uint64_t policy_id) { return Builder(Prefix::iam_policy).u64(policy_id).key(); }

Key function(std::uint64_t function_id) { return Builder(Prefix::function).u64(function_id).key(); }

Key function_code(std::uint64_t function_id, std::uint64_t code_number) {
  return Builder(Prefix::function_code).u64(function_id).u64(code_number).key();
}

std::string function_alias(std::uint64_t function_id, std::string_view name) {
  return Builder(Prefix::function_alias).u64(function_id).key().str().append(name);
}

Key function_event(const FunctionEventPlace& place) {
  return Builder(Prefix::function_event)
      .u64(place.function_id)
      .i64(place.due_ms)
      .u64(place.number)
      .key();
}

Key event_source_mapping(std::uint64_t mapping_id) {
  return Builder(Prefix::event_source_mapping).u64(mapping_id).key();
}

Key fan_out_task(std::uint64_t task_id) { return Builder(Prefix::fan_out_task).u64(task_id).key(); }

Key fan_out_cursor(std::uint64_t task_id) {
  return Builder(Prefix::fan_out_cursor).u64(task_id).key();
}

Key terminal_step(const StepPlace& place) {
  return Builder(Prefix::terminal_step).i64(place.time_ms).u64(place.number).key();
}

Key deduplication(const DeduplicationPlace& place) {
  return Builder(Prefix::deduplication)
      .u64(place.queue_id)
      .u32(place.generation)
      .u32(place.minute)
      .bytes(place.digest)
      .key();
}

Key move_task(const MoveTaskPlace& place) {
  return Builder(Prefix::move_task).u64(place.queue_id).u64(place.task_id).key();
}

Key schedule_group(std::uint64_t group_id) {
  return Builder(Prefix::schedule_group).u64(group_id).key();
}

std::string schedule(std::uint64_t group_id, std::string_view name) {
  return Builder(Prefix::schedule).u64(group_id).key().str().append(name);
}

std::string schedule_due(std::int64_t due_ms, std::uint64_t group_id, std::string_view name) {
  return Builder(Prefix::schedule_due).i64(due_ms).u64(group_id).key().str().append(name);
}

Key delivery(const DeliveryPlace& place) {
  return Builder(Prefix::delivery).u64(place.lane_id).u64(place.number).key();
}

Key delivery_due(const DeliveryDuePlace& place) {
  return Builder(Prefix::delivery_due).u64(place.lane_id).i64(place.due_ms).u64(place.number).key();
}

std::optional<std::string_view> parse_secret(std::string_view key) {
  return parse_name(key, Prefix::secret);
}

std::optional<std::string_view> parse_next_id(std::string_view key) {
  return parse_name(key, Prefix::next_id);
}

std::optional<std::uint32_t> parse_world(std::string_view key) {
  Parser parser(key, Prefix::world);
  const auto id = parser.u32();
  return if_complete(parser, id);
}

std::optional<std::uint64_t> parse_queue(std::string_view key) {
  return parse_id(key, Prefix::queue);
}

std::optional<std::uint64_t> parse_queue_state(std::string_view key) {
  return parse_id(key, Prefix::queue_state);
}

std::optional<MessagePlace> parse_message(std::string_view key) {
  return parse_place(key, Prefix::message);
}

std::optional<MessagePlace> parse_lease(std::string_view key) {
  return parse_place(key, Prefix::lease);
}

std::optional<DuePlace> parse_due(std::string_view key) {
  Parser parser(key, Prefix::due);
  DuePlace place;
  place.due_ms = parser.i64();
  place.queue_id = parser.u64();
  place.generation = parser.u32();
  place.sequence = parser.u64();
  return if_complete(parser, place);
}

std::optional<std::uint64_t> parse_bus(std::string_view key) { return parse_id(key, Prefix::bus); }

std::optional<RulePlace> parse_rule(std::string_view key) {
  Parser parser(key, Prefix::rule);
  RulePlace place;
  place.bus_id = parser.u64();
  place.rule_id = parser.u64();
  return if_complete(parser, place);
}

std::optional<TargetPlace> parse_target(std::string_view key) {
  Parser parser(key, Prefix::target);
  TargetPlace place;
  place.bus_id = parser.u64();
  place.rule_id = parser.u64();
  place.target_id = parser.rest();
  return if_complete(parser, std::move(place));
}

std::optional<EventPlace> parse_event(std::string_view key) {
  Parser parser(key, Prefix::event);
  EventPlace place;
  place.bus_id = parser.u64();
  place.segment = parser.u64();
  place.position = parser.u64();
  return if_complete(parser, place);
}

std::optional<SegmentPlace> parse_event_segment(std::string_view key) {
  Parser parser(key, Prefix::event_segment);
  SegmentPlace place;
  place.bus_id = parser.u64();
  place.segment = parser.u64();
  return if_complete(parser, place);
}

std::optional<std::uint64_t> parse_connection(std::string_view key) {
  return parse_id(key, Prefix::connection);
}

std::optional<std::uint64_t> parse_api_destination(std::string_view key) {
  return parse_id(key, Prefix::api_destination);
}

std::optional<std::uint64_t> parse_archive(std::string_view key) {
  return parse_id(key, Prefix::archive);
}

std::optional<ReplayPlace> parse_replay(std::string_view key) {
  Parser parser(key, Prefix::replay);
  ReplayPlace place;
  place.replay_id = parser.u64();
  const std::uint8_t part = parser.u8();
  if (part > 1) return std::nullopt;
  place.is_progress = part == 1;
  return if_complete(parser, place);
}

std::optional<std::uint64_t> parse_endpoint(std::string_view key) {
  return parse_id(key, Prefix::endpoint);
}

std::optional<std::uint64_t> parse_schema_registry(std::string_view key) {
  return parse_id(key, Prefix::schema_registry);
}

std::optional<SchemaPlace> parse_schema(std::string_view key) {
  Parser parser(key, Prefix::schema);
  SchemaPlace place;
  place.registry_id = parser.u64();
  place.schema_id = parser.u64();
  return if_complete(parser, place);
}

std::optional<SchemaContentPlace> parse_schema_content(std::string_view key) {
  Parser parser(key, Prefix::schema_content);
  SchemaContentPlace place;
  place.schema_id = parser.u64();
  place.version = parser.u64();
  return if_complete(parser, place);
}

std::optional<std::uint64_t> parse_discoverer(std::string_view key) {
  return parse_id(key, Prefix::discoverer);
}

std::optional<std::uint64_t> parse_iam_role(std::string_view key) {
  return parse_id(key, Prefix::iam_role);
}

std::optional<std::uint64_t> parse_iam_policy(std::string_view key) {
  return parse_id(key, Prefix::iam_policy);
}

std::optional<std::uint64_t> parse_function(std::string_view key) {
  return parse_id(key, Prefix::function);
}

std::optional<FunctionEventPlace> parse_function_event(std::string_view key) {
  Parser parser(key, Prefix::function_event);
  FunctionEventPlace place;
  place.function_id = parser.u64();
  place.due_ms = parser.i64();
  place.number = parser.u64();
  return if_complete(parser, place);
}

std::optional<std::uint64_t> parse_event_source_mapping(std::string_view key) {
  return parse_id(key, Prefix::event_source_mapping);
}

std::optional<std::uint64_t> parse_partner_source(std::string_view key) {
  return parse_id(key, Prefix::partner_source);
}

std::optional<std::uint64_t> parse_fan_out_task(std::string_view key) {
  return parse_id(key, Prefix::fan_out_task);
}

std::optional<std::uint64_t> parse_fan_out_cursor(std::string_view key) {
  return parse_id(key, Prefix::fan_out_cursor);
}

std::optional<StepPlace> parse_terminal_step(std::string_view key) {
  Parser parser(key, Prefix::terminal_step);
  StepPlace place;
  place.time_ms = parser.i64();
  place.number = parser.u64();
  return if_complete(parser, place);
}

std::optional<DeduplicationPlace> parse_deduplication(std::string_view key) {
  Parser parser(key, Prefix::deduplication);
  DeduplicationPlace place;
  place.queue_id = parser.u64();
  place.generation = parser.u32();
  place.minute = parser.u32();
  for (unsigned char& byte : place.digest) byte = parser.u8();
  return if_complete(parser, place);
}

std::optional<std::uint64_t> parse_schedule_group(std::string_view key) {
  return parse_id(key, Prefix::schedule_group);
}

std::optional<AliasPlace> parse_function_alias(std::string_view key) {
  Parser parser(key, Prefix::function_alias);
  AliasPlace place;
  place.function_id = parser.u64();
  place.name = parser.rest();
  return if_complete(parser, std::move(place));
}

std::optional<SchedulePlace> parse_schedule(std::string_view key) {
  Parser parser(key, Prefix::schedule);
  SchedulePlace place;
  place.group_id = parser.u64();
  place.name = parser.rest();
  return if_complete(parser, std::move(place));
}

std::optional<ScheduleDuePlace> parse_schedule_due(std::string_view key) {
  Parser parser(key, Prefix::schedule_due);
  ScheduleDuePlace place;
  place.due_ms = parser.i64();
  place.group_id = parser.u64();
  place.name = parser.rest();
  return if_complete(parser, std::move(place));
}

std::optional<DeliveryPlace> parse_delivery(std::string_view key) {
  Parser parser(key, Prefix::delivery);
  DeliveryPlace place;
  place.lane_id = parser.u64();
  place.number = parser.u64();
  return if_complete(parser, place);
}

std::optional<DeliveryDuePlace> parse_delivery_due(std::string_view key) {
  Parser parser(key, Prefix::delivery_due);
  DeliveryDuePlace place;
  place.lane_id = parser.u64();
  place.due_ms = parser.i64();
  place.number = parser.u64();
  return if_complete(parser, place);
}

std::optional<MoveTaskPlace> parse_move_task(std::string_view key) {
  Parser parser(key, Prefix::move_task);
  MoveTaskPlace place;
  place.queue_id = parser.u64();
  place.task_id = parser.u64();
  return if_complete(parser, place);
}

KeyRange all() {
  Key first;
  first.append(shard);
  return {first, past(first)};
}

KeyRange all_of(Prefix prefix) { return all_with(Builder(prefix)); }

KeyRange messages_of_queue(std::uint64_t queue_id) {
  return all_with(Builder(Prefix::message).u64(queue_id));
}

KeyRange messages_of_generation(std::uint64_t queue_id, std::uint32_t generation) {
  return all_with(Builder(Prefix::message).u64(queue_id).u32(generation));
}

KeyRange messages_from(const MessagePlace& first) {
  const auto lane =
      all_with(Builder(Prefix::message).u64(first.queue_id).u32(first.generation).u8(first.lane));
  return {message(first), lane.past_last};
}

KeyRange messages_before(const MessagePlace& past_last) {
  auto first = past_last;
  first.sequence = 0;
  return {message(first), message(past_last)};
}

KeyRange leases_of_queue(std::uint64_t queue_id) {
  return all_with(Builder(Prefix::lease).u64(queue_id));
}

KeyRange leases_of_generation(std::uint64_t queue_id, std::uint32_t generation) {
  return all_with(Builder(Prefix::lease).u64(queue_id).u32(generation));
}

KeyRange deduplication_of_queue(std::uint64_t queue_id) {
  return all_with(Builder(Prefix::deduplication).u64(queue_id));
}

KeyRange deduplication_of_generation(std::uint64_t queue_id, std::uint32_t generation) {
  return all_with(Builder(Prefix::deduplication).u64(queue_id).u32(generation));
}

KeyRange deduplication_before(const DeduplicationPlace& place) {
  const Builder generation =
      Builder(Prefix::deduplication).u64(place.queue_id).u32(place.generation);
  return {generation.key(), Builder(generation).u32(place.minute).key()};
}

KeyRange move_tasks_of_queue(std::uint64_t queue_id) {
  return all_with(Builder(Prefix::move_task).u64(queue_id));
}

KeyRange contents_of_schema(std::uint64_t schema_id) {
  return all_with(Builder(Prefix::schema_content).u64(schema_id));
}

KeyRange codes_of_function(std::uint64_t function_id) {
  return all_with(Builder(Prefix::function_code).u64(function_id));
}

KeyRange aliases_of_function(std::uint64_t function_id) {
  return all_with(Builder(Prefix::function_alias).u64(function_id));
}

KeyRange schedules_of_group(std::uint64_t group_id) {
  return all_with(Builder(Prefix::schedule).u64(group_id));
}

KeyRange deliveries_of_lane(std::uint64_t lane_id) {
  return all_with(Builder(Prefix::delivery).u64(lane_id));
}

KeyRange deliveries_due_of_lane(std::uint64_t lane_id) {
  return all_with(Builder(Prefix::delivery_due).u64(lane_id));
}

KeyRange deliveries_due_from(const DeliveryDuePlace& first) {
  return {delivery_due(first), deliveries_due_of_lane(first.lane_id).past_last};
}

KeyRange deliveries_due_of_lanes_from(std::uint64_t first_lane_id) {
  return {deliveries_due_of_lane(first_lane_id).first, all_of(Prefix::delivery_due).past_last};
}

KeyRange events_of_function(std::uint64_t function_id) {
  return all_with(Builder(Prefix::function_event).u64(function_id));
}

KeyRange function_events_from(const FunctionEventPlace& first) {
  return {function_event(first), events_of_function(first.function_id).past_last};
}

KeyRange function_events_of_all_from(std::uint64_t first_function_id) {
  return {events_of_function(first_function_id).first, all_of(Prefix::function_event).past_last};
}

KeyRange due_between(std::int64_t from_ms, std::int64_t until_ms) {
  return {Builder(Prefix::due).i64(from_ms).key(), Builder(Prefix::due).i64(until_ms).key()};
}

KeyRange due_from(const DuePlace& first) { return {due(first), all_of(Prefix::due).past_last}; }

KeyRange rules_of_bus(std::uint64_t bus_id) { return all_with(Builder(Prefix::rule).u64(bus_id)); }

KeyRange targets_of_bus(std::uint64_t bus_id) {
  return all_with(Builder(Prefix::target).u64(bus_id));
}

KeyRange targets_of_rule(const RulePlace& place) {
  return all_with(Builder(Prefix::target).u64(place.bus_id).u64(place.rule_id));
}

KeyRange events_of_bus(std::uint64_t bus_id) {
  return all_with(Builder(Prefix::event).u64(bus_id));
}

KeyRange events_of_segment(const SegmentPlace& place) {
  return all_with(Builder(Prefix::event).u64(place.bus_id).u64(place.segment));
}

KeyRange events_from(const EventPlace& first) {
  return {event(first), events_of_bus(first.bus_id).past_last};
}

KeyRange segments_of_bus(std::uint64_t bus_id) {
  return all_with(Builder(Prefix::event_segment).u64(bus_id));
}

KeyRange events_between(const EventPlace& first, std::uint64_t past_last) {
  auto end = first;
  end.position = past_last;
  return {event(first), event(end)};
}

KeyRange segments_before(const SegmentPlace& past_last) {
  return {segments_of_bus(past_last.bus_id).first, event_segment(past_last)};
}

KeyRange terminal_steps_before(std::int64_t time_ms) {
  return {all_of(Prefix::terminal_step).first, Builder(Prefix::terminal_step).i64(time_ms).key()};
}

std::string encode_u32(std::uint32_t number) { return big_endian(number, 4); }
std::string encode_u64(std::uint64_t number) { return big_endian(number, 8); }

std::optional<std::uint32_t> decode_u32(std::string_view bytes) {
  if (bytes.size() != 4) return std::nullopt;
  return static_cast<std::uint32_t>(from_big_endian(bytes));
}

std::optional<std::uint64_t> decode_u64(std::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  return from_big_endian(bytes);
}

}  // namespace keys
}  // namespace signalbox::storage
