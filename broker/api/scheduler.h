// The Scheduler operations' requests and responses, as botocore 1.44.8's model describes them,
// constraints included. In a namespace of their own: EventBridge has other structs of these names.
#pragma once

#include "broker/api/fields.h"
#include "broker/api/scheduler_target.h"

namespace signalbox::broker::api::scheduler {

bool is_schedule_name(std::string_view text);  // [0-9a-zA-Z-_.]+
bool is_token(std::string_view text);          // [a-zA-Z0-9-_]+
bool is_group_arn(std::string_view text);      // of a schedule group
bool is_kms_key_arn(std::string_view text);    // of a key or an alias of one

constexpr Traits schedule_name{
    .min = 1, .max = 64, .pattern = R"([0-9a-zA-Z-_.]+)", .matches = is_schedule_name};
constexpr Traits schedule_name_required{.required = true,
                                        .min = 1,
                                        .max = 64,
                                        .pattern = R"([0-9a-zA-Z-_.]+)",
                                        .matches = is_schedule_name};
constexpr Traits schedule_token{
    .min = 1, .max = 64, .pattern = R"([a-zA-Z0-9-_]+)", .matches = is_token};
constexpr Traits next_page{.min = 1, .max = 2048};
constexpr Traits results_max{.min = 1, .max = 100};
constexpr Traits group_arn{
    .required = true,
    .min = 1,
    .max = 1011,
    .pattern = R"(arn:aws[a-z-]*:scheduler:[a-z0-9\-]+:\d{12}:schedule-group\/[0-9a-zA-Z-_.]+)",
    .matches = is_group_arn};
constexpr Traits tag_key_text{.min = 1, .max = 128};

// ---- schedules ----

struct FlexibleTimeWindow {
  std::string mode;
  std::optional<std::int64_t> maximum_window_in_minutes;
  static constexpr auto fields() {
    using T = FlexibleTimeWindow;
    return std::tuple{
        field("Mode", &T::mode, {.required = true, .one_of = "OFF, FLEXIBLE"}),
        field("MaximumWindowInMinutes", &T::maximum_window_in_minutes, {.min = 1, .max = 1440})};
  }
};

// CreateSchedule and UpdateSchedule take the same.
struct ScheduleRequest {
  std::string name;
  std::optional<std::string> group_name;
  std::string schedule_expression;
  std::optional<Timestamp> start_date;
  std::optional<Timestamp> end_date;
  std::optional<std::string> description;
  std::optional<std::string> schedule_expression_timezone;
  std::optional<std::string> state;
  std::optional<std::string> kms_key_arn;
  Target target;
  FlexibleTimeWindow flexible_time_window;
  std::optional<std::string> client_token;
  std::optional<std::string> action_after_completion;
  static constexpr auto fields() {
    using T = ScheduleRequest;
    return std::tuple{
        field("Name", &T::name, schedule_name_required.at(Location::uri)),
        field("GroupName", &T::group_name, schedule_name),
        field("ScheduleExpression", &T::schedule_expression,
              {.required = true, .min = 1, .max = 256}),
        field("StartDate", &T::start_date),
        field("EndDate", &T::end_date),
        field("Description", &T::description, {.max = 512}),
        field("ScheduleExpressionTimezone", &T::schedule_expression_timezone,
              {.min = 1, .max = 50}),
        field("State", &T::state, {.one_of = "ENABLED, DISABLED"}),
        field("KmsKeyArn", &T::kms_key_arn,
              {.min = 1,
               .max = 2048,
               .pattern = R"(arn:aws[a-z-]*:kms:[a-z0-9\-]+:\d{12}:(key|alias)\/[0-9a-zA-Z-_]*)",
               .matches = is_kms_key_arn}),
        field("Target", &T::target, required_member),
        field("FlexibleTimeWindow", &T::flexible_time_window, required_member),
        field("ClientToken", &T::client_token, schedule_token),
        field("ActionAfterCompletion", &T::action_after_completion, {.one_of = "NONE, DELETE"})};
  }
};

struct ScheduleResponse {
  std::string schedule_arn;
  static constexpr auto fields() {
    using T = ScheduleResponse;
    return std::tuple{field("ScheduleArn", &T::schedule_arn)};
  }
};

struct DeleteScheduleRequest {
  std::string name;
  std::optional<std::string> group_name;
  std::optional<std::string> client_token;
  static constexpr auto fields() {
    using T = DeleteScheduleRequest;
    return std::tuple{
        field("Name", &T::name, schedule_name_required.at(Location::uri)),
        field("GroupName", &T::group_name, schedule_name.at(Location::query, "groupName")),
        field("ClientToken", &T::client_token, schedule_token.at(Location::query, "clientToken"))};
  }
};

struct GetScheduleRequest {
  std::string name;
  std::optional<std::string> group_name;
  static constexpr auto fields() {
    using T = GetScheduleRequest;
    return std::tuple{
        field("Name", &T::name, schedule_name_required.at(Location::uri)),
        field("GroupName", &T::group_name, schedule_name.at(Location::query, "groupName"))};
  }
};

struct GetScheduleResponse {
  std::string arn;
  std::string group_name;
  std::string name;
  std::string schedule_expression;
  std::optional<Timestamp> start_date;
  std::optional<Timestamp> end_date;
  std::optional<std::string> description;
  std::string schedule_expression_timezone;
  std::string state;
  Timestamp creation_date;
  Timestamp last_modification_date;
  std::optional<std::string> kms_key_arn;
  Target target;
  FlexibleTimeWindow flexible_time_window;
  std::string action_after_completion;
  static constexpr auto fields() {
    using T = GetScheduleResponse;
    return std::tuple{field("Arn", &T::arn),
                      field("GroupName", &T::group_name),
                      field("Name", &T::name),
                      field("ScheduleExpression", &T::schedule_expression),
                      field("StartDate", &T::start_date),
                      field("EndDate", &T::end_date),
                      field("Description", &T::description),
                      field("ScheduleExpressionTimezone", &T::schedule_expression_timezone),
                      field("State", &T::state),
                      field("CreationDate", &T::creation_date),
                      field("LastModificationDate", &T::last_modification_date),
                      field("KmsKeyArn", &T::kms_key_arn),
                      field("Target", &T::target),
                      field("FlexibleTimeWindow", &T::flexible_time_window),
                      field("ActionAfterCompletion", &T::action_after_completion)};
  }
};

struct ListSchedulesRequest {
  std::optional<std::string> group_name;
  std::optional<std::string> name_prefix;
  std::optional<std::string> state;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> max_results;
  static constexpr auto fields() {
    using T = ListSchedulesRequest;
    return std::tuple{
        field("GroupName", &T::group_name, schedule_name.at(Location::query, "ScheduleGroup")),
        field("NamePrefix", &T::name_prefix, schedule_name.at(Location::query)),
        field("State", &T::state, {.one_of = "ENABLED, DISABLED", .location = Location::query}),
        field("NextToken", &T::next_token, next_page.at(Location::query)),
        field("MaxResults", &T::max_results, results_max.at(Location::query))};
  }
};

struct TargetSummary {
  std::string arn;
  static constexpr auto fields() {
    using T = TargetSummary;
    return std::tuple{field("Arn", &T::arn)};
  }
};

struct ScheduleSummary {
  std::string arn;
  std::string name;
  std::string group_name;
  std::string state;
  Timestamp creation_date;
  Timestamp last_modification_date;
  TargetSummary target;
  static constexpr auto fields() {
    using T = ScheduleSummary;
    return std::tuple{field("Arn", &T::arn),
                      field("Name", &T::name),
                      field("GroupName", &T::group_name),
                      field("State", &T::state),
                      field("CreationDate", &T::creation_date),
                      field("LastModificationDate", &T::last_modification_date),
                      field("Target", &T::target)};
  }
};

struct ListSchedulesResponse {
  std::optional<std::string> next_token;
  std::vector<ScheduleSummary> schedules;
  static constexpr auto fields() {
    using T = ListSchedulesResponse;
    return std::tuple{field("NextToken", &T::next_token), field("Schedules", &T::schedules)};
  }
};

// ---- groups ----

struct Tag {
  std::string key;
  std::string value;
  static constexpr auto fields() {
    using T = Tag;
    return std::tuple{field("Key", &T::key, {.required = true, .min = 1, .max = 128}),
                      field("Value", &T::value, {.required = true, .min = 1, .max = 256})};
  }
};
using TagList = std::vector<Tag>;

struct CreateScheduleGroupRequest {
  std::string name;
  TagList tags;
  std::optional<std::string> client_token;
  static constexpr auto fields() {
    using T = CreateScheduleGroupRequest;
    return std::tuple{field("Name", &T::name, schedule_name_required.at(Location::uri)),
                      field("Tags", &T::tags, {.max = 200}),
                      field("ClientToken", &T::client_token, schedule_token)};
  }
};

struct CreateScheduleGroupResponse {
  std::string schedule_group_arn;
  static constexpr auto fields() {
    using T = CreateScheduleGroupResponse;
    return std::tuple{field("ScheduleGroupArn", &T::schedule_group_arn)};
  }
};

struct DeleteScheduleGroupRequest {
  std::string name;
  std::optional<std::string> client_token;
  static constexpr auto fields() {
    using T = DeleteScheduleGroupRequest;
    return std::tuple{
        field("Name", &T::name, schedule_name_required.at(Location::uri)),
        field("ClientToken", &T::client_token, schedule_token.at(Location::query, "clientToken"))};
  }
};

struct GetScheduleGroupRequest {
  std::string name;
  static constexpr auto fields() {
    using T = GetScheduleGroupRequest;
    return std::tuple{field("Name", &T::name, schedule_name_required.at(Location::uri))};
  }
};

struct GetScheduleGroupResponse {
  std::string arn;
  std::string name;
  std::string state;
  Timestamp creation_date;
  Timestamp last_modification_date;
  static constexpr auto fields() {
    using T = GetScheduleGroupResponse;
    return std::tuple{field("Arn", &T::arn), field("Name", &T::name), field("State", &T::state),
                      field("CreationDate", &T::creation_date),
                      field("LastModificationDate", &T::last_modification_date)};
  }
};
using ScheduleGroupSummary = GetScheduleGroupResponse;

struct ListScheduleGroupsRequest {
  std::optional<std::string> name_prefix;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> max_results;
  static constexpr auto fields() {
    using T = ListScheduleGroupsRequest;
    return std::tuple{field("NamePrefix", &T::name_prefix, schedule_name.at(Location::query)),
                      field("NextToken", &T::next_token, next_page.at(Location::query)),
                      field("MaxResults", &T::max_results, results_max.at(Location::query))};
  }
};

struct ListScheduleGroupsResponse {
  std::optional<std::string> next_token;
  std::vector<ScheduleGroupSummary> schedule_groups;
  static constexpr auto fields() {
    using T = ListScheduleGroupsResponse;
    return std::tuple{field("NextToken", &T::next_token),
                      field("ScheduleGroups", &T::schedule_groups)};
  }
};

// ---- tags, which groups alone have ----

struct TagResourceRequest {
  std::string resource_arn;
  TagList tags;
  static constexpr auto fields() {
    using T = TagResourceRequest;
    return std::tuple{field("ResourceArn", &T::resource_arn, group_arn.at(Location::uri)),
                      field("Tags", &T::tags, {.required = true, .max = 200})};
  }
};

struct UntagResourceRequest {
  std::string resource_arn;
  StringList tag_keys;
  static constexpr auto fields() {
    using T = UntagResourceRequest;
    return std::tuple{
        field("ResourceArn", &T::resource_arn, group_arn.at(Location::uri)),
        field("TagKeys", &T::tag_keys,
              {.required = true, .max = 200, .each = &tag_key_text, .location = Location::query})};
  }
};

struct ListTagsForResourceRequest {
  std::string resource_arn;
  static constexpr auto fields() {
    using T = ListTagsForResourceRequest;
    return std::tuple{field("ResourceArn", &T::resource_arn, group_arn.at(Location::uri))};
  }
};

struct ListTagsForResourceResponse {
  TagList tags;
  static constexpr auto fields() {
    using T = ListTagsForResourceResponse;
    return std::tuple{field("Tags", &T::tags)};
  }
};

}  // namespace signalbox::broker::api::scheduler
