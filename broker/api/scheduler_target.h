// What a schedule of the Scheduler service invokes, as botocore 1.44.8's model describes it,
// constraints included.
#pragma once

#include "broker/api/fields.h"
#include "broker/api/target_parameters.h"

namespace signalbox::broker::api::scheduler {

// Character sets of the model's patterns, next to the text its messages quote.
bool is_role_arn(std::string_view text);         // of a role
bool is_dead_letter_arn(std::string_view text);  // of a standard queue
bool is_event_source(std::string_view text);     // not one of aws., or a path into the input
bool is_metadata_key(std::string_view text);     // [^/]+
bool is_parameter_name(std::string_view text);   // [A-Za-z0-9\-_]*

constexpr Traits event_source{
    .required = true,
    .min = 1,
    .max = 256,
    .pattern = R"((?=[/\.\-_A-Za-z0-9]+)((?!aws\.).*)|(\$(\.[\w_-]+(\[(\d+|\*)\])*)*))",
    .matches = is_event_source};
constexpr Traits each_network_id{.min = 1, .max = 1000};
constexpr Traits metadata_key{
    .min = 1, .max = 128, .pattern = R"([^/]+)", .matches = is_metadata_key};
constexpr Traits metadata_value{.min = 1};

struct DeadLetterConfig {
  std::optional<std::string> arn;
  static constexpr auto fields() {
    using T = DeadLetterConfig;
    return std::tuple{field("Arn", &T::arn,
                            {.min = 1,
                             .max = 1600,
                             .pattern = R"(arn:aws[a-z-]*:sqs:[a-z0-9\-]+:\d{12}:[a-zA-Z0-9\-_]+)",
                             .matches = is_dead_letter_arn})};
  }
};

struct RetryPolicy {
  std::optional<std::int64_t> maximum_event_age_in_seconds;
  std::optional<std::int64_t> maximum_retry_attempts;
  static constexpr auto fields() {
    using T = RetryPolicy;
    return std::tuple{
        field("MaximumEventAgeInSeconds", &T::maximum_event_age_in_seconds,
              {.min = 60, .max = 86400}),
        field("MaximumRetryAttempts", &T::maximum_retry_attempts, {.min = 0, .max = 185})};
  }
};

struct AwsVpcConfiguration {
  StringList subnets;
  std::optional<StringList> security_groups;
  std::optional<std::string> assign_public_ip;
  static constexpr auto fields() {
    using T = AwsVpcConfiguration;
    return std::tuple{
        field("Subnets", &T::subnets,
              {.required = true, .min = 1, .max = 16, .each = &each_network_id}),
        field("SecurityGroups", &T::security_groups,
              {.min = 1, .max = 5, .each = &each_network_id}),
        field("AssignPublicIp", &T::assign_public_ip, {.one_of = "ENABLED, DISABLED"})};
  }
};

struct NetworkConfiguration {
  std::optional<AwsVpcConfiguration> awsvpc_configuration;
  static constexpr auto fields() {
    using T = NetworkConfiguration;
    return std::tuple{field("awsvpcConfiguration", &T::awsvpc_configuration)};
  }
};

struct EcsParameters {
  std::string task_definition_arn;
  std::optional<std::int64_t> task_count;
  std::optional<std::string> launch_type;
  std::optional<NetworkConfiguration> network_configuration;
  std::optional<std::string> platform_version;
  std::optional<std::string> group;
  std::optional<std::vector<CapacityProviderStrategyItem>> capacity_provider_strategy;
  std::optional<bool> enable_ecs_managed_tags;
  std::optional<bool> enable_execute_command;
  std::optional<std::vector<PlacementConstraint>> placement_constraints;
  std::optional<std::vector<PlacementStrategy>> placement_strategy;
  std::optional<std::string> propagate_tags;
  std::optional<std::string> reference_id;
  std::optional<std::vector<StringMap>> tags;
  static constexpr auto fields() {
    using T = EcsParameters;
    return std::tuple{field("TaskDefinitionArn", &T::task_definition_arn,
                            {.required = true, .min = 1, .max = 1600}),
                      field("TaskCount", &T::task_count, {.min = 1, .max = 10}),
                      field("LaunchType", &T::launch_type, {.one_of = "EC2, FARGATE, EXTERNAL"}),
                      field("NetworkConfiguration", &T::network_configuration),
                      field("PlatformVersion", &T::platform_version, {.min = 1, .max = 64}),
                      field("Group", &T::group, {.min = 1, .max = 255}),
                      field("CapacityProviderStrategy", &T::capacity_provider_strategy, {.max = 6}),
                      field("EnableECSManagedTags", &T::enable_ecs_managed_tags),
                      field("EnableExecuteCommand", &T::enable_execute_command),
                      field("PlacementConstraints", &T::placement_constraints, {.max = 10}),
                      field("PlacementStrategy", &T::placement_strategy, {.max = 5}),
                      field("PropagateTags", &T::propagate_tags, {.one_of = "TASK_DEFINITION"}),
                      field("ReferenceId", &T::reference_id, {.max = 1024}),
                      field("Tags", &T::tags, {.max = 50})};
  }
};

struct EventBridgeParameters {
  std::string detail_type;
  std::string source;
  static constexpr auto fields() {
    using T = EventBridgeParameters;
    return std::tuple{
        field("DetailType", &T::detail_type, {.required = true, .min = 1, .max = 128}),
        field("Source", &T::source, event_source)};
  }
};

struct EventBridgePutEventsV2Parameters {
  std::string detail_type;
  std::string source;
  static constexpr auto fields() {
    using T = EventBridgePutEventsV2Parameters;
    return std::tuple{
        field("DetailType", &T::detail_type, {.required = true, .min = 1, .max = 128}),
        field("Source", &T::source, event_source)};
  }
};

struct EventBridgePutRawEventsParameters {
  std::optional<StringMap> metadata;
  static constexpr auto fields() {
    using T = EventBridgePutRawEventsParameters;
    return std::tuple{field("Metadata", &T::metadata,
                            {.max = 100, .each = &metadata_value, .each_key = &metadata_key})};
  }
};

struct KinesisParameters {
  std::string partition_key;
  static constexpr auto fields() {
    using T = KinesisParameters;
    return std::tuple{
        field("PartitionKey", &T::partition_key, {.required = true, .min = 1, .max = 256})};
  }
};

struct SageMakerPipelineParameter {
  std::string name;
  std::string value;
  static constexpr auto fields() {
    using T = SageMakerPipelineParameter;
    return std::tuple{field("Name", &T::name,
                            {.required = true,
                             .min = 1,
                             .max = 256,
                             .pattern = R"([A-Za-z0-9\-_]*)",
                             .matches = is_parameter_name}),
                      field("Value", &T::value, {.required = true, .min = 1, .max = 1024})};
  }
};

struct SageMakerPipelineParameters {
  std::optional<std::vector<SageMakerPipelineParameter>> pipeline_parameter_list;
  static constexpr auto fields() {
    using T = SageMakerPipelineParameters;
    return std::tuple{field("PipelineParameterList", &T::pipeline_parameter_list, {.max = 200})};
  }
};

struct SqsParameters {
  std::optional<std::string> message_group_id;
  static constexpr auto fields() {
    using T = SqsParameters;
    return std::tuple{field("MessageGroupId", &T::message_group_id, {.min = 1, .max = 128})};
  }
};

struct Target {
  std::string arn;
  std::string role_arn;
  std::optional<DeadLetterConfig> dead_letter_config;
  std::optional<RetryPolicy> retry_policy;
  std::optional<std::string> input;
  std::optional<EcsParameters> ecs_parameters;
  std::optional<EventBridgeParameters> event_bridge_parameters;
  std::optional<EventBridgePutEventsV2Parameters> event_bridge_put_events_v2_parameters;
  std::optional<EventBridgePutRawEventsParameters> event_bridge_put_raw_events_parameters;
  std::optional<KinesisParameters> kinesis_parameters;
  std::optional<SageMakerPipelineParameters> sage_maker_pipeline_parameters;
  std::optional<SqsParameters> sqs_parameters;
  static constexpr auto fields() {
    using T = Target;
    return std::tuple{
        field("Arn", &T::arn, {.required = true, .min = 1, .max = 1600}),
        field("RoleArn", &T::role_arn,
              {.required = true,
               .min = 1,
               .max = 1600,
               .pattern = R"(arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@\/-]+)",
               .matches = is_role_arn}),
        field("DeadLetterConfig", &T::dead_letter_config),
        field("RetryPolicy", &T::retry_policy),
        field("Input", &T::input, {.min = 1}),
        field("EcsParameters", &T::ecs_parameters),
        field("EventBridgeParameters", &T::event_bridge_parameters),
        field("EventBridgePutEventsV2Parameters", &T::event_bridge_put_events_v2_parameters),
        field("EventBridgePutRawEventsParameters", &T::event_bridge_put_raw_events_parameters),
        field("KinesisParameters", &T::kinesis_parameters),
        field("SageMakerPipelineParameters", &T::sage_maker_pipeline_parameters),
        field("SqsParameters", &T::sqs_parameters)};
  }
};

}  // namespace signalbox::broker::api::scheduler
