// What PutTargets takes by kind of target, as botocore 1.44.8's model describes it, constraints
// included. What is for services of AWS other than queues is kept and told; nothing here runs
// tasks, jobs or statements.
#pragma once

#include "broker/api/fields.h"
#include "broker/api/tag.h"

namespace signalbox::broker::api {

// Character sets of the model's patterns, next to the text its messages quote.
bool is_run_command_key(std::string_view text);     // any letters, separators, digits, _.:/=+-@
bool is_pipeline_parameter(std::string_view text);  // [a-zA-Z0-9](-*[a-zA-Z0-9])*
bool is_secret_arn(std::string_view text);          // of a secret, or a path into the event

constexpr Traits run_command_value{.min = 1, .max = 256};
constexpr Traits sql_statement{.min = 1, .max = 100000, .is_secret = true};

struct SqsParameters {
  std::optional<std::string> message_group_id;
  static constexpr auto fields() {
    return std::tuple{field("MessageGroupId", &SqsParameters::message_group_id, {.max = 100})};
  }
};

struct RetryPolicy {
  std::optional<std::int64_t> maximum_retry_attempts;
  std::optional<std::int64_t> maximum_event_age_in_seconds;
  static constexpr auto fields() {
    using T = RetryPolicy;
    return std::tuple{
        field("MaximumRetryAttempts", &T::maximum_retry_attempts, {.min = 0, .max = 185}),
        field("MaximumEventAgeInSeconds", &T::maximum_event_age_in_seconds,
              {.min = 60, .max = 86400})};
  }
};

struct KinesisParameters {
  std::string partition_key_path;
  static constexpr auto fields() {
    return std::tuple{field("PartitionKeyPath", &KinesisParameters::partition_key_path,
                            {.required = true, .max = 256})};
  }
};

struct RunCommandTarget {
  std::string key;
  StringList values;
  static constexpr auto fields() {
    using T = RunCommandTarget;
    return std::tuple{field("Key", &T::key,
                            {.required = true,
                             .min = 1,
                             .max = 128,
                             .pattern = R"(^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$)",
                             .matches = is_run_command_key}),
                      field("Values", &T::values,
                            {.required = true, .min = 1, .max = 50, .each = &run_command_value})};
  }
};

struct RunCommandParameters {
  std::vector<RunCommandTarget> run_command_targets;
  static constexpr auto fields() {
    using T = RunCommandParameters;
    return std::tuple{field("RunCommandTargets", &T::run_command_targets,
                            {.required = true, .min = 1, .max = 5})};
  }
};

struct AwsVpcConfiguration {
  StringList subnets;
  std::optional<StringList> security_groups;
  std::optional<std::string> assign_public_ip;
  static constexpr auto fields() {
    using T = AwsVpcConfiguration;
    return std::tuple{
        field("Subnets", &T::subnets, required_member),
        field("SecurityGroups", &T::security_groups),
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

struct CapacityProviderStrategyItem {
  std::string capacity_provider;
  std::optional<std::int64_t> weight;
  std::optional<std::int64_t> base;
  static constexpr auto fields() {
    using T = CapacityProviderStrategyItem;
    return std::tuple{
        field("capacityProvider", &T::capacity_provider, {.required = true, .min = 1, .max = 255}),
        field("weight", &T::weight, {.min = 0, .max = 1000}),
        field("base", &T::base, {.min = 0, .max = 100000})};
  }
};

struct PlacementConstraint {
  std::optional<std::string> type;
  std::optional<std::string> expression;
  static constexpr auto fields() {
    using T = PlacementConstraint;
    return std::tuple{field("type", &T::type, {.one_of = "distinctInstance, memberOf"}),
                      field("expression", &T::expression, {.max = 2000})};
  }
};

struct PlacementStrategy {
  std::optional<std::string> type;
  std::optional<std::string> by;
  static constexpr auto fields() {
    using T = PlacementStrategy;
    return std::tuple{field("type", &T::type, {.one_of = "random, spread, binpack"}),
                      field("field", &T::by, {.max = 255})};
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
  std::optional<TagList> tags;
  static constexpr auto fields() {
    using T = EcsParameters;
    return std::tuple{field("TaskDefinitionArn", &T::task_definition_arn,
                            {.required = true, .min = 1, .max = 1600}),
                      field("TaskCount", &T::task_count, {.min = 1}),
                      field("LaunchType", &T::launch_type, {.one_of = "EC2, FARGATE, EXTERNAL"}),
                      field("NetworkConfiguration", &T::network_configuration),
                      field("PlatformVersion", &T::platform_version),
                      field("Group", &T::group),
                      field("CapacityProviderStrategy", &T::capacity_provider_strategy, {.max = 6}),
                      field("EnableECSManagedTags", &T::enable_ecs_managed_tags),
                      field("EnableExecuteCommand", &T::enable_execute_command),
                      field("PlacementConstraints", &T::placement_constraints, {.max = 10}),
                      field("PlacementStrategy", &T::placement_strategy, {.max = 5}),
                      field("PropagateTags", &T::propagate_tags, {.one_of = "TASK_DEFINITION"}),
                      field("ReferenceId", &T::reference_id, {.max = 1024}),
                      field("Tags", &T::tags)};
  }
};

struct BatchArrayProperties {
  std::optional<std::int64_t> size;
  static constexpr auto fields() { return std::tuple{field("Size", &BatchArrayProperties::size)}; }
};

struct BatchRetryStrategy {
  std::optional<std::int64_t> attempts;
  static constexpr auto fields() {
    return std::tuple{field("Attempts", &BatchRetryStrategy::attempts)};
  }
};

struct BatchParameters {
  std::string job_definition;
  std::string job_name;
  std::optional<BatchArrayProperties> array_properties;
  std::optional<BatchRetryStrategy> retry_strategy;
  static constexpr auto fields() {
    using T = BatchParameters;
    return std::tuple{field("JobDefinition", &T::job_definition, required_member),
                      field("JobName", &T::job_name, required_member),
                      field("ArrayProperties", &T::array_properties),
                      field("RetryStrategy", &T::retry_strategy)};
  }
};

struct RedshiftDataParameters {
  std::optional<std::string> secret_manager_arn;
  std::string database;
  std::optional<std::string> db_user;
  std::optional<std::string> sql;
  std::optional<std::string> statement_name;
  std::optional<bool> with_event;
  std::optional<StringList> sqls;
  static constexpr auto fields() {
    using T = RedshiftDataParameters;
    return std::tuple{
        field("SecretManagerArn", &T::secret_manager_arn,
              {.min = 1,
               .max = 1600,
               .pattern = R"((^arn:aws([a-z]|\-)*:secretsmanager:[a-z0-9-.]+:.*)|)"
                          R"((\$(\.[\w_-]+(\[(\d+|\*)\])*)*))",
               .matches = is_secret_arn}),
        field("Database", &T::database, {.required = true, .min = 1, .max = 64}),
        field("DbUser", &T::db_user, {.min = 1, .max = 128}),
        field("Sql", &T::sql, sql_statement),
        field("StatementName", &T::statement_name, {.min = 1, .max = 500}),
        field("WithEvent", &T::with_event),
        field("Sqls", &T::sqls, {.max = 40, .each = &sql_statement, .is_secret = true})};
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
                             .pattern = "^[a-zA-Z0-9](-*[a-zA-Z0-9])*$",
                             .matches = is_pipeline_parameter}),
                      field("Value", &T::value, {.required = true, .max = 1024})};
  }
};

struct SageMakerPipelineParameters {
  std::optional<std::vector<SageMakerPipelineParameter>> pipeline_parameter_list;
  static constexpr auto fields() {
    using T = SageMakerPipelineParameters;
    return std::tuple{field("PipelineParameterList", &T::pipeline_parameter_list, {.max = 200})};
  }
};

struct AppSyncParameters {
  std::optional<std::string> graph_ql_operation;
  static constexpr auto fields() {
    return std::tuple{field("GraphQLOperation", &AppSyncParameters::graph_ql_operation,
                            {.min = 1, .max = 1048576, .is_secret = true})};
  }
};

}  // namespace signalbox::broker::api
