// The requests and responses of archives and replays (service "events"), as botocore 1.44.8's model
// describes them.
#pragma once

#include "broker/api/events.h"

namespace signalbox::broker::api {

// ^arn:aws([a-z]|\-)*:events:([a-z]|\d|\-)*:([0-9]{12})?:.+\/.+$
bool is_events_resource(std::string_view text);
bool is_one_line(std::string_view text);  // .*

constexpr std::string_view archive_states =
    "ENABLED, DISABLED, CREATING, UPDATING, CREATE_FAILED, UPDATE_FAILED";
constexpr std::string_view replay_states =
    "STARTING, RUNNING, CANCELLING, COMPLETED, CANCELLED, FAILED";

constexpr Traits archive_name_required{
    .required = true, .min = 1, .max = 48, .pattern = R"([\.\-_A-Za-z0-9]+)", .matches = is_name};
constexpr Traits archive_name_prefix{
    .min = 1, .max = 48, .pattern = R"([\.\-_A-Za-z0-9]+)", .matches = is_name};
constexpr Traits events_resource{
    .min = 1,
    .max = 1600,
    .pattern = R"(^arn:aws([a-z]|\-)*:events:([a-z]|\d|\-)*:([0-9]{12})?:.+\/.+$)",
    .matches = is_events_resource};
constexpr Traits events_resource_required{
    .required = true,
    .min = 1,
    .max = 1600,
    .pattern = R"(^arn:aws([a-z]|\-)*:events:([a-z]|\d|\-)*:([0-9]{12})?:.+\/.+$)",
    .matches = is_events_resource};
constexpr Traits description_line{.max = 512, .pattern = ".*", .matches = is_one_line};
constexpr Traits retention_days_traits{.min = 0};
constexpr Traits any_arn{.min = 1, .max = 1600};

// ---- archives ----

struct CreateArchiveRequest {
  std::string archive_name;
  std::string event_source_arn;
  std::optional<std::string> description;
  std::optional<std::string> event_pattern;
  std::optional<std::int64_t> retention_days;
  std::optional<std::string> kms_key_identifier;
  static constexpr auto fields() {
    using T = CreateArchiveRequest;
    return std::tuple{field("ArchiveName", &T::archive_name, archive_name_required),
                      field("EventSourceArn", &T::event_source_arn, events_resource_required),
                      field("Description", &T::description, description_line),
                      field("EventPattern", &T::event_pattern, {.max = 4096}),
                      field("RetentionDays", &T::retention_days, retention_days_traits),
                      field("KmsKeyIdentifier", &T::kms_key_identifier, kms_key)};
  }
};

struct UpdateArchiveRequest {
  std::string archive_name;
  std::optional<std::string> description;
  std::optional<std::string> event_pattern;
  std::optional<std::int64_t> retention_days;
  std::optional<std::string> kms_key_identifier;
  static constexpr auto fields() {
    using T = UpdateArchiveRequest;
    return std::tuple{field("ArchiveName", &T::archive_name, archive_name_required),
                      field("Description", &T::description, description_line),
                      field("EventPattern", &T::event_pattern, {.max = 4096}),
                      field("RetentionDays", &T::retention_days, retention_days_traits),
                      field("KmsKeyIdentifier", &T::kms_key_identifier, kms_key)};
  }
};

// What CreateArchive and UpdateArchive answer.
struct ArchiveResponse {
  std::string archive_arn;
  std::string state;
  std::optional<std::string> state_reason;
  Timestamp creation_time;
  static constexpr auto fields() {
    using T = ArchiveResponse;
    return std::tuple{field("ArchiveArn", &T::archive_arn), field("State", &T::state),
                      field("StateReason", &T::state_reason),
                      field("CreationTime", &T::creation_time)};
  }
};

// DeleteArchive and DescribeArchive name an archive and nothing else.
struct ArchiveRequest {
  std::string archive_name;
  static constexpr auto fields() {
    return std::tuple{field("ArchiveName", &ArchiveRequest::archive_name, archive_name_required)};
  }
};

struct DescribeArchiveResponse {
  std::string archive_arn;
  std::string archive_name;
  std::string event_source_arn;
  std::optional<std::string> description;
  std::optional<std::string> event_pattern;
  std::string state;
  std::optional<std::string> state_reason;
  std::optional<std::string> kms_key_identifier;
  std::int64_t retention_days = 0;
  std::int64_t size_bytes = 0;
  std::int64_t event_count = 0;
  Timestamp creation_time;
  static constexpr auto fields() {
    using T = DescribeArchiveResponse;
    return std::tuple{field("ArchiveArn", &T::archive_arn),
                      field("ArchiveName", &T::archive_name),
                      field("EventSourceArn", &T::event_source_arn),
                      field("Description", &T::description),
                      field("EventPattern", &T::event_pattern),
                      field("State", &T::state),
                      field("StateReason", &T::state_reason),
                      field("KmsKeyIdentifier", &T::kms_key_identifier),
                      field("RetentionDays", &T::retention_days),
                      field("SizeBytes", &T::size_bytes),
                      field("EventCount", &T::event_count),
                      field("CreationTime", &T::creation_time)};
  }
};

struct ListArchivesRequest {
  std::optional<std::string> name_prefix;
  std::optional<std::string> event_source_arn;
  std::optional<std::string> state;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> limit;
  static constexpr auto fields() {
    using T = ListArchivesRequest;
    return std::tuple{field("NamePrefix", &T::name_prefix, archive_name_prefix),
                      field("EventSourceArn", &T::event_source_arn, events_resource),
                      field("State", &T::state, {.one_of = archive_states}),
                      field("NextToken", &T::next_token, next_token_traits),
                      field("Limit", &T::limit, limit_traits)};
  }
};
struct Archive {
  std::string archive_name;
  std::string event_source_arn;
  std::string state;
  std::optional<std::string> state_reason;
  std::int64_t retention_days = 0;
  std::int64_t size_bytes = 0;
  std::int64_t event_count = 0;
  Timestamp creation_time;
  static constexpr auto fields() {
    using T = Archive;
    return std::tuple{field("ArchiveName", &T::archive_name),
                      field("EventSourceArn", &T::event_source_arn),
                      field("State", &T::state),
                      field("StateReason", &T::state_reason),
                      field("RetentionDays", &T::retention_days),
                      field("SizeBytes", &T::size_bytes),
                      field("EventCount", &T::event_count),
                      field("CreationTime", &T::creation_time)};
  }
};
struct ListArchivesResponse {
  std::vector<Archive> archives;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListArchivesResponse;
    return std::tuple{field("Archives", &T::archives), field("NextToken", &T::next_token)};
  }
};

// ---- replays ----

struct ReplayDestination {
  std::string arn;
  std::optional<StringList> filter_arns;
  static constexpr auto fields() {
    using T = ReplayDestination;
    return std::tuple{field("Arn", &T::arn, arn_required),
                      field("FilterArns", &T::filter_arns, {.each = &any_arn})};
  }
};

struct StartReplayRequest {
  std::string replay_name;
  std::optional<std::string> description;
  std::string event_source_arn;
  Timestamp event_start_time;
  Timestamp event_end_time;
  ReplayDestination destination;
  static constexpr auto fields() {
    using T = StartReplayRequest;
    return std::tuple{field("ReplayName", &T::replay_name, name_required),
                      field("Description", &T::description, description_line),
                      field("EventSourceArn", &T::event_source_arn, events_resource_required),
                      field("EventStartTime", &T::event_start_time, required_member),
                      field("EventEndTime", &T::event_end_time, required_member),
                      field("Destination", &T::destination, required_member)};
  }
};
struct StartReplayResponse {
  std::string replay_arn;
  std::string state;
  std::optional<std::string> state_reason;
  Timestamp replay_start_time;
  static constexpr auto fields() {
    using T = StartReplayResponse;
    return std::tuple{field("ReplayArn", &T::replay_arn), field("State", &T::state),
                      field("StateReason", &T::state_reason),
                      field("ReplayStartTime", &T::replay_start_time)};
  }
};

// CancelReplay and DescribeReplay name a replay and nothing else.
struct ReplayRequest {
  std::string replay_name;
  static constexpr auto fields() {
    return std::tuple{field("ReplayName", &ReplayRequest::replay_name, name_required)};
  }
};
struct CancelReplayResponse {
  std::string replay_arn;
  std::string state;
  std::optional<std::string> state_reason;
  static constexpr auto fields() {
    using T = CancelReplayResponse;
    return std::tuple{field("ReplayArn", &T::replay_arn), field("State", &T::state),
                      field("StateReason", &T::state_reason)};
  }
};

struct DescribeReplayResponse {
  std::string replay_name;
  std::string replay_arn;
  std::optional<std::string> description;
  std::string state;
  std::optional<std::string> state_reason;
  std::string event_source_arn;
  ReplayDestination destination;
  Timestamp event_start_time;
  Timestamp event_end_time;
  std::optional<Timestamp> event_last_replayed_time;
  Timestamp replay_start_time;
  std::optional<Timestamp> replay_end_time;
  static constexpr auto fields() {
    using T = DescribeReplayResponse;
    return std::tuple{field("ReplayName", &T::replay_name),
                      field("ReplayArn", &T::replay_arn),
                      field("Description", &T::description),
                      field("State", &T::state),
                      field("StateReason", &T::state_reason),
                      field("EventSourceArn", &T::event_source_arn),
                      field("Destination", &T::destination),
                      field("EventStartTime", &T::event_start_time),
                      field("EventEndTime", &T::event_end_time),
                      field("EventLastReplayedTime", &T::event_last_replayed_time),
                      field("ReplayStartTime", &T::replay_start_time),
                      field("ReplayEndTime", &T::replay_end_time)};
  }
};

struct ListReplaysRequest {
  std::optional<std::string> name_prefix;
  std::optional<std::string> state;
  std::optional<std::string> event_source_arn;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> limit;
  static constexpr auto fields() {
    using T = ListReplaysRequest;
    return std::tuple{field("NamePrefix", &T::name_prefix, api::name_prefix),
                      field("State", &T::state, {.one_of = replay_states}),
                      field("EventSourceArn", &T::event_source_arn, events_resource),
                      field("NextToken", &T::next_token, next_token_traits),
                      field("Limit", &T::limit, limit_traits)};
  }
};
struct Replay {
  std::string replay_name;
  std::string event_source_arn;
  std::string state;
  std::optional<std::string> state_reason;
  Timestamp event_start_time;
  Timestamp event_end_time;
  std::optional<Timestamp> event_last_replayed_time;
  Timestamp replay_start_time;
  std::optional<Timestamp> replay_end_time;
  static constexpr auto fields() {
    using T = Replay;
    return std::tuple{field("ReplayName", &T::replay_name),
                      field("EventSourceArn", &T::event_source_arn),
                      field("State", &T::state),
                      field("StateReason", &T::state_reason),
                      field("EventStartTime", &T::event_start_time),
                      field("EventEndTime", &T::event_end_time),
                      field("EventLastReplayedTime", &T::event_last_replayed_time),
                      field("ReplayStartTime", &T::replay_start_time),
                      field("ReplayEndTime", &T::replay_end_time)};
  }
};
struct ListReplaysResponse {
  std::vector<Replay> replays;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListReplaysResponse;
    return std::tuple{field("Replays", &T::replays), field("NextToken", &T::next_token)};
  }
};

}  // namespace signalbox::broker::api
