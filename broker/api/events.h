// The EventBridge (service "events") operations' requests and responses, as botocore 1.44.8's model
// describes them, constraints included: broker/validate.h turns a breach into the service's
// ValidationException.
#pragma once

#include <memory>

#include "broker/api/fields.h"
#include "broker/api/http_parameters.h"
#include "broker/api/tag.h"
#include "broker/api/target_parameters.h"
#include "broker/event.h"

namespace signalbox::broker::api {

// Character sets of the model's patterns, next to the text its messages quote.
bool is_name(std::string_view text);      // [\.\-_A-Za-z0-9]+
bool is_bus_name(std::string_view text);  // [/\.\-_A-Za-z0-9]+
// Takes the ARN of any region: a local one need not look like Amazon's.
bool is_bus_name_or_arn(std::string_view text);
bool is_bus_of_entry(std::string_view text);  // the same without the slash
bool is_partner_source(std::string_view text);
bool is_kms_key(std::string_view text);  // ^[a-zA-Z0-9_\-/:]*$
bool is_endpoint_id(std::string_view text);
bool is_path_key(std::string_view text);       // [A-Za-z0-9\_\-]+
bool is_events_action(std::string_view text);  // events:[a-zA-Z]+
bool is_principal(std::string_view text);      // (\d{12}|\*)

constexpr Traits name_required{
    .required = true, .min = 1, .max = 64, .pattern = R"([\.\-_A-Za-z0-9]+)", .matches = is_name};
constexpr Traits name_prefix{
    .min = 1, .max = 64, .pattern = R"([\.\-_A-Za-z0-9]+)", .matches = is_name};
constexpr Traits bus_name_or_arn{
    .min = 1,
    .max = 1600,
    .pattern = R"((arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?)"
               R"([/\.\-_A-Za-z0-9]+)",
    .matches = is_bus_name_or_arn};
constexpr Traits bus_of_entry{
    .min = 1,
    .max = 1600,
    .pattern = R"((arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?)"
               R"([\.\-_A-Za-z0-9]+)",
    .matches = is_bus_of_entry};
constexpr Traits kms_key{.max = 2048, .pattern = R"(^[a-zA-Z0-9_\-/:]*$)", .matches = is_kms_key};
constexpr Traits next_token_traits{.min = 1, .max = 2048};
constexpr Traits limit_traits{.min = 1, .max = 100};
constexpr Traits arn_required{.required = true, .min = 1, .max = 1600};
constexpr Traits tag_key{.min = 1, .max = 128};
constexpr Traits event_resource{.max = 2048};
constexpr Traits input_path_key{
    .min = 1, .max = 256, .pattern = R"([A-Za-z0-9\_\-]+)", .matches = is_path_key};
constexpr Traits input_path{.max = 256};

// ---- buses ----

struct DeadLetterConfig {
  std::optional<std::string> arn;
  static constexpr auto fields() {
    return std::tuple{field("Arn", &DeadLetterConfig::arn, {.min = 1, .max = 1600})};
  }
};

struct LogConfig {
  std::optional<std::string> include_detail;
  std::optional<std::string> level;
  static constexpr auto fields() {
    return std::tuple{field("IncludeDetail", &LogConfig::include_detail, {.one_of = "NONE, FULL"}),
                      field("Level", &LogConfig::level, {.one_of = "OFF, ERROR, INFO, TRACE"})};
  }
};

struct CreateEventBusRequest {
  std::string name;
  std::optional<std::string> event_source_name;
  std::optional<std::string> description;
  std::optional<std::string> kms_key_identifier;
  std::optional<DeadLetterConfig> dead_letter_config;
  std::optional<LogConfig> log_config;
  TagList tags;
  static constexpr auto fields() {
    using T = CreateEventBusRequest;
    return std::tuple{field("Name", &T::name,
                            {.required = true,
                             .min = 1,
                             .max = 256,
                             .pattern = R"([/\.\-_A-Za-z0-9]+)",
                             .matches = is_bus_name}),
                      field("EventSourceName", &T::event_source_name,
                            {.min = 1,
                             .max = 256,
                             .pattern = R"(aws\.partner(/[\.\-_A-Za-z0-9]+){2,})",
                             .matches = is_partner_source}),
                      field("Description", &T::description, {.max = 512}),
                      field("KmsKeyIdentifier", &T::kms_key_identifier, kms_key),
                      field("DeadLetterConfig", &T::dead_letter_config),
                      field("LogConfig", &T::log_config),
                      field("Tags", &T::tags)};
  }
};
struct CreateEventBusResponse {
  std::string event_bus_arn;
  std::optional<std::string> description;
  std::optional<std::string> kms_key_identifier;
  std::optional<DeadLetterConfig> dead_letter_config;
  std::optional<LogConfig> log_config;
  static constexpr auto fields() {
    using T = CreateEventBusResponse;
    return std::tuple{
        field("EventBusArn", &T::event_bus_arn), field("Description", &T::description),
        field("KmsKeyIdentifier", &T::kms_key_identifier),
        field("DeadLetterConfig", &T::dead_letter_config), field("LogConfig", &T::log_config)};
  }
};

struct UpdateEventBusRequest {
  std::optional<std::string> name;
  std::optional<std::string> kms_key_identifier;
  std::optional<std::string> description;
  std::optional<DeadLetterConfig> dead_letter_config;
  std::optional<LogConfig> log_config;
  static constexpr auto fields() {
    using T = UpdateEventBusRequest;
    return std::tuple{
        field("Name", &T::name,
              {.min = 1, .max = 256, .pattern = R"([/\.\-_A-Za-z0-9]+)", .matches = is_bus_name}),
        field("KmsKeyIdentifier", &T::kms_key_identifier, kms_key),
        field("Description", &T::description, {.max = 512}),
        field("DeadLetterConfig", &T::dead_letter_config), field("LogConfig", &T::log_config)};
  }
};
struct UpdateEventBusResponse {
  std::string arn;
  std::string name;
  std::optional<std::string> kms_key_identifier;
  std::optional<std::string> description;
  std::optional<DeadLetterConfig> dead_letter_config;
  std::optional<LogConfig> log_config;
  static constexpr auto fields() {
    using T = UpdateEventBusResponse;
    return std::tuple{field("Arn", &T::arn),
                      field("Name", &T::name),
                      field("KmsKeyIdentifier", &T::kms_key_identifier),
                      field("Description", &T::description),
                      field("DeadLetterConfig", &T::dead_letter_config),
                      field("LogConfig", &T::log_config)};
  }
};

struct DeleteEventBusRequest {
  std::string name;
  static constexpr auto fields() {
    return std::tuple{field("Name", &DeleteEventBusRequest::name,
                            {.required = true,
                             .min = 1,
                             .max = 256,
                             .pattern = R"([/\.\-_A-Za-z0-9]+)",
                             .matches = is_bus_name})};
  }
};

struct DescribeEventBusRequest {
  std::optional<std::string> name;
  static constexpr auto fields() {
    return std::tuple{field("Name", &DescribeEventBusRequest::name, bus_name_or_arn)};
  }
};
struct DescribeEventBusResponse {
  std::string name;
  std::string arn;
  std::optional<std::string> description;
  std::optional<std::string> kms_key_identifier;
  std::optional<DeadLetterConfig> dead_letter_config;
  std::optional<std::string> policy;
  std::optional<LogConfig> log_config;
  Timestamp creation_time;
  Timestamp last_modified_time;
  static constexpr auto fields() {
    using T = DescribeEventBusResponse;
    return std::tuple{field("Name", &T::name),
                      field("Arn", &T::arn),
                      field("Description", &T::description),
                      field("KmsKeyIdentifier", &T::kms_key_identifier),
                      field("DeadLetterConfig", &T::dead_letter_config),
                      field("Policy", &T::policy),
                      field("LogConfig", &T::log_config),
                      field("CreationTime", &T::creation_time),
                      field("LastModifiedTime", &T::last_modified_time)};
  }
};

struct ListEventBusesRequest {
  std::optional<std::string> name_prefix;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> limit;
  static constexpr auto fields() {
    using T = ListEventBusesRequest;
    return std::tuple{
        field("NamePrefix", &T::name_prefix,
              {.min = 1, .max = 256, .pattern = R"([/\.\-_A-Za-z0-9]+)", .matches = is_bus_name}),
        field("NextToken", &T::next_token, next_token_traits),
        field("Limit", &T::limit, limit_traits)};
  }
};
struct EventBus {
  std::string name;
  std::string arn;
  std::optional<std::string> description;
  std::optional<std::string> policy;
  Timestamp creation_time;
  Timestamp last_modified_time;
  static constexpr auto fields() {
    using T = EventBus;
    return std::tuple{field("Name", &T::name),
                      field("Arn", &T::arn),
                      field("Description", &T::description),
                      field("Policy", &T::policy),
                      field("CreationTime", &T::creation_time),
                      field("LastModifiedTime", &T::last_modified_time)};
  }
};
struct ListEventBusesResponse {
  std::vector<EventBus> event_buses;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListEventBusesResponse;
    return std::tuple{field("EventBuses", &T::event_buses), field("NextToken", &T::next_token)};
  }
};

// ---- permissions ----

constexpr Traits own_bus_name{
    .min = 1, .max = 256, .pattern = R"([\.\-_A-Za-z0-9]+)", .matches = is_name};
constexpr Traits statement_id_traits{
    .min = 1, .max = 64, .pattern = R"([a-zA-Z0-9-_]+)", .matches = is_path_key};

struct PermissionCondition {
  std::string type;
  std::string key;
  std::string value;
  static constexpr auto fields() {
    using T = PermissionCondition;
    return std::tuple{field("Type", &T::type, required_member),
                      field("Key", &T::key, required_member),
                      field("Value", &T::value, required_member)};
  }
};

struct PutPermissionRequest {
  std::optional<std::string> event_bus_name;
  std::optional<std::string> action;
  std::optional<std::string> principal;
  std::optional<std::string> statement_id;
  std::optional<PermissionCondition> condition;
  std::optional<std::string> policy;
  static constexpr auto fields() {
    using T = PutPermissionRequest;
    return std::tuple{
        field("EventBusName", &T::event_bus_name, own_bus_name),
        field("Action", &T::action,
              {.min = 1, .max = 64, .pattern = R"(events:[a-zA-Z]+)", .matches = is_events_action}),
        field("Principal", &T::principal,
              {.min = 1, .max = 12, .pattern = R"((\d{12}|\*))", .matches = is_principal}),
        field("StatementId", &T::statement_id, statement_id_traits),
        field("Condition", &T::condition),
        field("Policy", &T::policy)};
  }
};

// RemovePermission; SQS has one of the same name.
struct RemoveBusPermissionRequest {
  std::optional<std::string> statement_id;
  std::optional<bool> remove_all_permissions;
  std::optional<std::string> event_bus_name;
  static constexpr auto fields() {
    using T = RemoveBusPermissionRequest;
    return std::tuple{field("StatementId", &T::statement_id, statement_id_traits),
                      field("RemoveAllPermissions", &T::remove_all_permissions),
                      field("EventBusName", &T::event_bus_name, own_bus_name)};
  }
};

// ---- rules ----

constexpr std::string_view rule_states =
    "ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

struct PutRuleRequest {
  std::string name;
  std::optional<std::string> schedule_expression;
  std::optional<std::string> event_pattern;
  std::optional<std::string> state;
  std::optional<std::string> description;
  std::optional<std::string> role_arn;
  TagList tags;
  std::optional<std::string> event_bus_name;
  static constexpr auto fields() {
    using T = PutRuleRequest;
    return std::tuple{field("Name", &T::name, name_required),
                      field("ScheduleExpression", &T::schedule_expression, {.max = 256}),
                      field("EventPattern", &T::event_pattern, {.max = 4096}),
                      field("State", &T::state, {.one_of = rule_states}),
                      field("Description", &T::description, {.max = 512}),
                      field("RoleArn", &T::role_arn, {.min = 1, .max = 1600}),
                      field("Tags", &T::tags),
                      field("EventBusName", &T::event_bus_name, bus_name_or_arn)};
  }
};
struct PutRuleResponse {
  std::string rule_arn;
  static constexpr auto fields() {
    return std::tuple{field("RuleArn", &PutRuleResponse::rule_arn)};
  }
};

struct DeleteRuleRequest {
  std::string name;
  std::optional<std::string> event_bus_name;
  std::optional<bool> force;
  static constexpr auto fields() {
    using T = DeleteRuleRequest;
    return std::tuple{field("Name", &T::name, name_required),
                      field("EventBusName", &T::event_bus_name, bus_name_or_arn),
                      field("Force", &T::force)};
  }
};

// DescribeRule, EnableRule and DisableRule take the same members.
struct RuleRequest {
  std::string name;
  std::optional<std::string> event_bus_name;
  static constexpr auto fields() {
    using T = RuleRequest;
    return std::tuple{field("Name", &T::name, name_required),
                      field("EventBusName", &T::event_bus_name, bus_name_or_arn)};
  }
};
struct DescribeRuleResponse {
  std::string name;
  std::string arn;
  std::optional<std::string> event_pattern;
  std::optional<std::string> schedule_expression;
  std::string state;
  std::optional<std::string> description;
  std::optional<std::string> role_arn;
  std::optional<std::string> managed_by;
  std::string event_bus_name;
  std::optional<std::string> created_by;
  static constexpr auto fields() {
    using T = DescribeRuleResponse;
    return std::tuple{field("Name", &T::name),
                      field("Arn", &T::arn),
                      field("EventPattern", &T::event_pattern),
                      field("ScheduleExpression", &T::schedule_expression),
                      field("State", &T::state),
                      field("Description", &T::description),
                      field("RoleArn", &T::role_arn),
                      field("ManagedBy", &T::managed_by),
                      field("EventBusName", &T::event_bus_name),
                      field("CreatedBy", &T::created_by)};
  }
};

struct ListRulesRequest {
  std::optional<std::string> name_prefix;
  std::optional<std::string> event_bus_name;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> limit;
  static constexpr auto fields() {
    using T = ListRulesRequest;
    return std::tuple{field("NamePrefix", &T::name_prefix, api::name_prefix),
                      field("EventBusName", &T::event_bus_name, bus_name_or_arn),
                      field("NextToken", &T::next_token, next_token_traits),
                      field("Limit", &T::limit, limit_traits)};
  }
};
struct Rule {
  std::string name;
  std::string arn;
  std::optional<std::string> event_pattern;
  std::string state;
  std::optional<std::string> description;
  std::optional<std::string> schedule_expression;
  std::optional<std::string> role_arn;
  std::optional<std::string> managed_by;
  std::string event_bus_name;
  static constexpr auto fields() {
    using T = Rule;
    return std::tuple{field("Name", &T::name),
                      field("Arn", &T::arn),
                      field("EventPattern", &T::event_pattern),
                      field("State", &T::state),
                      field("Description", &T::description),
                      field("ScheduleExpression", &T::schedule_expression),
                      field("RoleArn", &T::role_arn),
                      field("ManagedBy", &T::managed_by),
                      field("EventBusName", &T::event_bus_name)};
  }
};
struct ListRulesResponse {
  std::vector<Rule> rules;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListRulesResponse;
    return std::tuple{field("Rules", &T::rules), field("NextToken", &T::next_token)};
  }
};

struct ListRuleNamesByTargetRequest {
  std::string target_arn;
  std::optional<std::string> event_bus_name;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> limit;
  static constexpr auto fields() {
    using T = ListRuleNamesByTargetRequest;
    return std::tuple{field("TargetArn", &T::target_arn, arn_required),
                      field("EventBusName", &T::event_bus_name, bus_name_or_arn),
                      field("NextToken", &T::next_token, next_token_traits),
                      field("Limit", &T::limit, limit_traits)};
  }
};
struct ListRuleNamesByTargetResponse {
  StringList rule_names;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListRuleNamesByTargetResponse;
    return std::tuple{field("RuleNames", &T::rule_names), field("NextToken", &T::next_token)};
  }
};

// ---- targets ----

struct InputTransformer {
  StringMap input_paths_map;
  std::string input_template;
  static constexpr auto fields() {
    using T = InputTransformer;
    return std::tuple{
        field("InputPathsMap", &T::input_paths_map,
              {.max = 100, .each = &input_path, .each_key = &input_path_key}),
        field("InputTemplate", &T::input_template, {.required = true, .min = 1, .max = 8192})};
  }
};

struct HttpParameters {
  StringList path_parameter_values;
  StringMap header_parameters;
  StringMap query_string_parameters;
  static constexpr auto fields() {
    using T = HttpParameters;
    return std::tuple{
        field("PathParameterValues", &T::path_parameter_values, {.each = &path_parameter}),
        field("HeaderParameters", &T::header_parameters,
              {.each = &header_value, .each_key = &header_key}),
        field("QueryStringParameters", &T::query_string_parameters,
              {.each = &query_string_value, .each_key = &query_string_key})};
  }
};

struct Target {
  std::string id;
  std::string arn;
  std::optional<std::string> role_arn;
  std::optional<std::string> input;
  std::optional<std::string> input_path;
  std::optional<InputTransformer> input_transformer;
  std::optional<KinesisParameters> kinesis_parameters;
  Boxed<RunCommandParameters> run_command_parameters;
  Boxed<EcsParameters> ecs_parameters;
  Boxed<BatchParameters> batch_parameters;
  std::optional<SqsParameters> sqs_parameters;
  std::optional<HttpParameters> http_parameters;
  Boxed<RedshiftDataParameters> redshift_data_parameters;
  Boxed<SageMakerPipelineParameters> sage_maker_pipeline_parameters;
  std::optional<DeadLetterConfig> dead_letter_config;
  std::optional<RetryPolicy> retry_policy;
  Boxed<AppSyncParameters> app_sync_parameters;
  static constexpr auto fields() {
    using T = Target;
    return std::tuple{field("Id", &T::id, name_required),
                      field("Arn", &T::arn, arn_required),
                      field("RoleArn", &T::role_arn, {.min = 1, .max = 1600}),
                      field("Input", &T::input, {.max = 8192}),
                      field("InputPath", &T::input_path, {.max = 256}),
                      field("InputTransformer", &T::input_transformer),
                      field("KinesisParameters", &T::kinesis_parameters),
                      field("RunCommandParameters", &T::run_command_parameters),
                      field("EcsParameters", &T::ecs_parameters),
                      field("BatchParameters", &T::batch_parameters),
                      field("SqsParameters", &T::sqs_parameters),
                      field("HttpParameters", &T::http_parameters),
                      field("RedshiftDataParameters", &T::redshift_data_parameters),
                      field("SageMakerPipelineParameters", &T::sage_maker_pipeline_parameters),
                      field("DeadLetterConfig", &T::dead_letter_config),
                      field("RetryPolicy", &T::retry_policy),
                      field("AppSyncParameters", &T::app_sync_parameters)};
  }
};

struct PutTargetsRequest {
  std::string rule;
  std::optional<std::string> event_bus_name;
  std::vector<Target> targets;
  static constexpr auto fields() {
    using T = PutTargetsRequest;
    return std::tuple{field("Rule", &T::rule, name_required),
                      field("EventBusName", &T::event_bus_name, bus_name_or_arn),
                      field("Targets", &T::targets, {.required = true, .min = 1, .max = 100})};
  }
};
// One entry of FailedEntries of PutTargets and RemoveTargets.
struct TargetResultEntry {
  std::string target_id;
  std::string error_code;
  std::string error_message;
  static constexpr auto fields() {
    using T = TargetResultEntry;
    return std::tuple{field("TargetId", &T::target_id), field("ErrorCode", &T::error_code),
                      field("ErrorMessage", &T::error_message)};
  }
};
// What PutTargets and RemoveTargets answer.
struct TargetsResponse {
  std::int64_t failed_entry_count = 0;
  std::vector<TargetResultEntry> failed_entries;
  static constexpr auto fields() {
    using T = TargetsResponse;
    return std::tuple{field("FailedEntryCount", &T::failed_entry_count),
                      field("FailedEntries", &T::failed_entries)};
  }
};

struct RemoveTargetsRequest {
  std::string rule;
  std::optional<std::string> event_bus_name;
  StringList ids;
  std::optional<bool> force;
  static constexpr auto fields() {
    using T = RemoveTargetsRequest;
    return std::tuple{
        field("Rule", &T::rule, name_required),
        field("EventBusName", &T::event_bus_name, bus_name_or_arn),
        field("Ids", &T::ids, {.required = true, .min = 1, .max = 100, .each = &name_prefix}),
        field("Force", &T::force)};
  }
};

struct ListTargetsByRuleRequest {
  std::string rule;
  std::optional<std::string> event_bus_name;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> limit;
  static constexpr auto fields() {
    using T = ListTargetsByRuleRequest;
    return std::tuple{field("Rule", &T::rule, name_required),
                      field("EventBusName", &T::event_bus_name, bus_name_or_arn),
                      field("NextToken", &T::next_token, next_token_traits),
                      field("Limit", &T::limit, limit_traits)};
  }
};
struct ListTargetsByRuleResponse {
  std::vector<Target> targets;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListTargetsByRuleResponse;
    return std::tuple{field("Targets", &T::targets), field("NextToken", &T::next_token)};
  }
};

// ---- events ----

struct PutEventsRequestEntry {
  std::optional<Timestamp> time;
  std::optional<std::string> source;
  StringList resources;
  std::optional<std::string> detail_type;
  std::optional<std::string> detail;
  std::optional<std::string> event_bus_name;
  std::optional<std::string> trace_header;
  static constexpr auto fields() {
    using T = PutEventsRequestEntry;
    return std::tuple{field("Time", &T::time),
                      field("Source", &T::source),
                      field("Resources", &T::resources, {.each = &event_resource}),
                      field("DetailType", &T::detail_type),
                      field("Detail", &T::detail),
                      field("EventBusName", &T::event_bus_name, bus_of_entry),
                      field("TraceHeader", &T::trace_header, {.min = 1, .max = 500})};
  }
};
struct PutEventsRequest {
  std::vector<PutEventsRequestEntry> entries;
  std::optional<std::string> endpoint_id;
  static constexpr auto fields() {
    using T = PutEventsRequest;
    return std::tuple{field("Entries", &T::entries, {.required = true, .min = 1, .max = 10}),
                      field("EndpointId", &T::endpoint_id,
                            {.min = 1,
                             .max = 50,
                             .pattern = R"(^[A-Za-z0-9\-]+[\.][A-Za-z0-9\-]+$)",
                             .matches = is_endpoint_id})};
  }
  std::vector<PreparedEvent> prepared;  // one per entry, made on the io thread
};
struct PutEventsResultEntry {
  std::optional<std::string> event_id;
  std::optional<std::string> error_code;
  std::optional<std::string> error_message;
  static constexpr auto fields() {
    using T = PutEventsResultEntry;
    return std::tuple{field("EventId", &T::event_id), field("ErrorCode", &T::error_code),
                      field("ErrorMessage", &T::error_message)};
  }
};
struct PutEventsResponse {
  std::int64_t failed_entry_count = 0;
  std::vector<PutEventsResultEntry> entries;
  static constexpr auto fields() {
    using T = PutEventsResponse;
    return std::tuple{field("FailedEntryCount", &T::failed_entry_count),
                      field("Entries", &T::entries)};
  }
};

struct TestEventPatternRequest {
  std::string event_pattern;
  std::string event;
  static constexpr auto fields() {
    using T = TestEventPatternRequest;
    return std::tuple{field("EventPattern", &T::event_pattern, {.required = true, .max = 4096}),
                      field("Event", &T::event, required_member)};
  }
};
struct TestEventPatternResponse {
  bool result = false;
  static constexpr auto fields() {
    return std::tuple{field("Result", &TestEventPatternResponse::result)};
  }
};

// ---- tags ----

struct TagResourceRequest {
  std::string resource_arn;
  TagList tags;
  static constexpr auto fields() {
    using T = TagResourceRequest;
    return std::tuple{field("ResourceARN", &T::resource_arn, arn_required),
                      field("Tags", &T::tags, required_member)};
  }
};
struct UntagResourceRequest {
  std::string resource_arn;
  StringList tag_keys;
  static constexpr auto fields() {
    using T = UntagResourceRequest;
    return std::tuple{field("ResourceARN", &T::resource_arn, arn_required),
                      field("TagKeys", &T::tag_keys, {.required = true, .each = &tag_key})};
  }
};
struct ListTagsForResourceRequest {
  std::string resource_arn;
  static constexpr auto fields() {
    return std::tuple{
        field("ResourceARN", &ListTagsForResourceRequest::resource_arn, arn_required)};
  }
};
struct ListTagsForResourceResponse {
  TagList tags;
  static constexpr auto fields() {
    return std::tuple{field("Tags", &ListTagsForResourceResponse::tags)};
  }
};

}  // namespace signalbox::broker::api
