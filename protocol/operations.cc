// Every operation the broker answers: one row each. The request and response types, their fields
// and so every codec follow from the function's signature.
#include "broker/api/archives.h"
#include "broker/api/connections.h"
#include "broker/api/events.h"
#include "broker/api/operator.h"
#include "broker/api/partners.h"
#include "broker/api/scheduler.h"
#include "broker/api/sqs.h"
#include "broker/endpoints/endpoints.h"
#include "broker/functions/functions.h"
#include "broker/functions/mappings.h"
#include "broker/identity/identity.h"
#include "broker/schemas/schemas.h"
#include "protocol/request_job.h"

namespace signalbox::protocol {

namespace {

using broker::Broker;
using broker::Endpoints;
using broker::functions::Functions;
using broker::functions::Mappings;
using broker::identity::Identity;
using broker::schemas::Schemas;

enum class Kind : std::uint8_t { reads, writes, waits };

template <auto function>
constexpr Row row(Service service, std::string_view name, Kind kind) {
  Row row;
  row.service = service;
  row.name = name;
  row.read_only = kind == Kind::reads;
  row.may_wait = kind == Kind::waits;
  row.make = []() -> std::unique_ptr<RequestJob> { return std::make_unique<TypedJob<function>>(); };
  return row;
}

// An operation of REST-JSON: "POST /schedules/{Name}".
template <auto function>
constexpr Row rest(Service service, std::string_view name, Kind kind, std::string_view route,
                   unsigned success_status = 200) {
  Row made = row<function>(service, name, kind);
  made.success_status = success_status;
  const auto space = route.find(' ');
  made.method = route.substr(0, space);
  made.path = route.substr(space + 1);
  return made;
}

constexpr Row with_content_type(Row made, std::string_view type) {
  made.content_type = type;
  return made;
}

// A function's code comes in its request: 50 MB, in base64. As the service has it.
constexpr std::uint64_t code_request_bytes_max = 69'905'067;
constexpr Row with_code(Row made, std::string_view too_large) {
  made.own_body_limit = {code_request_bytes_max, too_large};
  return made;
}

constexpr auto sqs = Service::sqs;
constexpr auto events = Service::events;
constexpr auto scheduler = Service::scheduler;
constexpr auto schemas = Service::schemas;
constexpr auto iam = Service::iam;
constexpr auto sts = Service::sts;
constexpr auto lambda = Service::lambda;
constexpr auto runtime = Service::runtime;

#define MAPPINGS_PATH "/2015-03-31/event-source-mappings"
#define FUNCTION_PATH "/2015-03-31/functions/{FunctionName}"
#define INVOKE_CONFIG_PATH "/2019-09-25/functions/{FunctionName}/event-invoke-config"
#define RUNTIME_PATH "/functions/{FunctionName}/2018-06-01/runtime"
#define REGISTRY_PATH "/v1/registries/name/{registryName}"
#define SCHEMA_PATH REGISTRY_PATH "/schemas/name/{schemaName}"

// In order of service and name; the order is checked below.
constexpr Row rows[] = {
    row<&Broker::add_permission>(sqs, "AddPermission", Kind::writes),
    row<&Broker::cancel_message_move_task>(sqs, "CancelMessageMoveTask", Kind::writes),
    row<&Broker::change_message_visibility>(sqs, "ChangeMessageVisibility", Kind::writes),
    row<&Broker::change_message_visibility_batch>(sqs, "ChangeMessageVisibilityBatch",
                                                  Kind::writes),
    row<&Broker::create_queue>(sqs, "CreateQueue", Kind::writes),
    row<&Broker::delete_message>(sqs, "DeleteMessage", Kind::writes),
    row<&Broker::delete_message_batch>(sqs, "DeleteMessageBatch", Kind::writes),
    row<&Broker::delete_queue>(sqs, "DeleteQueue", Kind::writes),
    row<&Broker::get_queue_attributes>(sqs, "GetQueueAttributes", Kind::reads),
    row<&Broker::get_queue_url>(sqs, "GetQueueUrl", Kind::reads),
    row<&Broker::list_dead_letter_source_queues>(sqs, "ListDeadLetterSourceQueues", Kind::reads),
    row<&Broker::list_message_move_tasks>(sqs, "ListMessageMoveTasks", Kind::reads),
    row<&Broker::list_queue_tags>(sqs, "ListQueueTags", Kind::reads),
    row<&Broker::list_queues>(sqs, "ListQueues", Kind::reads),
    row<&Broker::purge_queue>(sqs, "PurgeQueue", Kind::writes),
    row<&Broker::receive_message>(sqs, "ReceiveMessage", Kind::waits),
    row<&Broker::remove_permission>(sqs, "RemovePermission", Kind::writes),
    row<&Broker::send_message>(sqs, "SendMessage", Kind::writes),
    row<&Broker::send_message_batch>(sqs, "SendMessageBatch", Kind::writes),
    row<&Broker::set_queue_attributes>(sqs, "SetQueueAttributes", Kind::writes),
    row<&Broker::start_message_move_task>(sqs, "StartMessageMoveTask", Kind::writes),
    row<&Broker::tag_queue>(sqs, "TagQueue", Kind::writes),
    row<&Broker::untag_queue>(sqs, "UntagQueue", Kind::writes),

    row<&Broker::activate_event_source>(events, "ActivateEventSource", Kind::writes),
    row<&Broker::cancel_replay>(events, "CancelReplay", Kind::writes),
    row<&Broker::create_api_destination>(events, "CreateApiDestination", Kind::writes),
    row<&Broker::create_archive>(events, "CreateArchive", Kind::writes),
    row<&Broker::create_connection>(events, "CreateConnection", Kind::writes),
    row<&Endpoints::create_endpoint>(events, "CreateEndpoint", Kind::writes),
    row<&Broker::create_event_bus>(events, "CreateEventBus", Kind::writes),
    row<&Broker::create_partner_event_source>(events, "CreatePartnerEventSource", Kind::writes),
    row<&Broker::deactivate_event_source>(events, "DeactivateEventSource", Kind::writes),
    row<&Broker::deauthorize_connection>(events, "DeauthorizeConnection", Kind::writes),
    row<&Broker::delete_api_destination>(events, "DeleteApiDestination", Kind::writes),
    row<&Broker::delete_archive>(events, "DeleteArchive", Kind::writes),
    row<&Broker::delete_connection>(events, "DeleteConnection", Kind::writes),
    row<&Endpoints::delete_endpoint>(events, "DeleteEndpoint", Kind::writes),
    row<&Broker::delete_event_bus>(events, "DeleteEventBus", Kind::writes),
    row<&Broker::delete_partner_event_source>(events, "DeletePartnerEventSource", Kind::writes),
    row<&Broker::delete_rule>(events, "DeleteRule", Kind::writes),
    row<&Broker::describe_api_destination>(events, "DescribeApiDestination", Kind::reads),
    row<&Broker::describe_archive>(events, "DescribeArchive", Kind::reads),
    row<&Broker::describe_connection>(events, "DescribeConnection", Kind::reads),
    row<&Endpoints::describe_endpoint>(events, "DescribeEndpoint", Kind::reads),
    row<&Broker::describe_event_bus>(events, "DescribeEventBus", Kind::reads),
    row<&Broker::describe_event_source>(events, "DescribeEventSource", Kind::reads),
    row<&Broker::describe_partner_event_source>(events, "DescribePartnerEventSource", Kind::reads),
    row<&Broker::describe_replay>(events, "DescribeReplay", Kind::reads),
    row<&Broker::describe_rule>(events, "DescribeRule", Kind::reads),
    row<&Broker::disable_rule>(events, "DisableRule", Kind::writes),
    row<&Broker::enable_rule>(events, "EnableRule", Kind::writes),
    row<&Broker::list_api_destinations>(events, "ListApiDestinations", Kind::reads),
    row<&Broker::list_archives>(events, "ListArchives", Kind::reads),
    row<&Broker::list_connections>(events, "ListConnections", Kind::reads),
    row<&Endpoints::list_endpoints>(events, "ListEndpoints", Kind::reads),
    row<&Broker::list_event_buses>(events, "ListEventBuses", Kind::reads),
    row<&Broker::list_event_sources>(events, "ListEventSources", Kind::reads),
    row<&Broker::list_partner_event_source_accounts>(events, "ListPartnerEventSourceAccounts",
                                                     Kind::reads),
    row<&Broker::list_partner_event_sources>(events, "ListPartnerEventSources", Kind::reads),
    row<&Broker::list_replays>(events, "ListReplays", Kind::reads),
    row<&Broker::list_rule_names_by_target>(events, "ListRuleNamesByTarget", Kind::reads),
    row<&Broker::list_rules>(events, "ListRules", Kind::reads),
    row<&Broker::list_tags_for_resource>(events, "ListTagsForResource", Kind::reads),
    row<&Broker::list_targets_by_rule>(events, "ListTargetsByRule", Kind::reads),
    row<&Broker::put_events>(events, "PutEvents", Kind::writes),
    row<&Broker::put_partner_events>(events, "PutPartnerEvents", Kind::writes),
    row<&Broker::put_permission>(events, "PutPermission", Kind::writes),
    row<&Broker::put_rule>(events, "PutRule", Kind::writes),
    row<&Broker::put_targets>(events, "PutTargets", Kind::writes),
    row<&Broker::remove_bus_permission>(events, "RemovePermission", Kind::writes),
    row<&Broker::remove_targets>(events, "RemoveTargets", Kind::writes),
    row<&Broker::start_replay>(events, "StartReplay", Kind::writes),
    row<&Broker::tag_resource>(events, "TagResource", Kind::writes),
    row<&Broker::test_event_pattern>(events, "TestEventPattern", Kind::reads),
    row<&Broker::untag_resource>(events, "UntagResource", Kind::writes),
    row<&Broker::update_api_destination>(events, "UpdateApiDestination", Kind::writes),
    row<&Broker::update_archive>(events, "UpdateArchive", Kind::writes),
    row<&Broker::update_connection>(events, "UpdateConnection", Kind::writes),
    row<&Endpoints::update_endpoint>(events, "UpdateEndpoint", Kind::writes),
    row<&Broker::update_event_bus>(events, "UpdateEventBus", Kind::writes),

    rest<&Broker::create_schedule>(scheduler, "CreateSchedule", Kind::writes,
                                   "POST /schedules/{Name}"),
    rest<&Broker::create_schedule_group>(scheduler, "CreateScheduleGroup", Kind::writes,
                                         "POST /schedule-groups/{Name}"),
    rest<&Broker::delete_schedule>(scheduler, "DeleteSchedule", Kind::writes,
                                   "DELETE /schedules/{Name}"),
    rest<&Broker::delete_schedule_group>(scheduler, "DeleteScheduleGroup", Kind::writes,
                                         "DELETE /schedule-groups/{Name}"),
    rest<&Broker::get_schedule>(scheduler, "GetSchedule", Kind::reads, "GET /schedules/{Name}"),
    rest<&Broker::get_schedule_group>(scheduler, "GetScheduleGroup", Kind::reads,
                                      "GET /schedule-groups/{Name}"),
    rest<&Broker::list_schedule_groups>(scheduler, "ListScheduleGroups", Kind::reads,
                                        "GET /schedule-groups"),
    rest<&Broker::list_schedules>(scheduler, "ListSchedules", Kind::reads, "GET /schedules"),
    rest<&Broker::list_tags_of_schedule_group>(scheduler, "ListTagsForResource", Kind::reads,
                                               "GET /tags/{ResourceArn}"),
    rest<&Broker::tag_schedule_group>(scheduler, "TagResource", Kind::writes,
                                      "POST /tags/{ResourceArn}"),
    rest<&Broker::untag_schedule_group>(scheduler, "UntagResource", Kind::writes,
                                        "DELETE /tags/{ResourceArn}"),
    rest<&Broker::update_schedule>(scheduler, "UpdateSchedule", Kind::writes,
                                   "PUT /schedules/{Name}"),

    rest<&Schemas::create_discoverer>(schemas, "CreateDiscoverer", Kind::writes,
                                      "POST /v1/discoverers", 201),
    rest<&Schemas::create_registry>(schemas, "CreateRegistry", Kind::writes, "POST " REGISTRY_PATH,
                                    201),
    rest<&Schemas::create_schema>(schemas, "CreateSchema", Kind::writes, "POST " SCHEMA_PATH, 201),
    rest<&Schemas::delete_discoverer>(schemas, "DeleteDiscoverer", Kind::writes,
                                      "DELETE /v1/discoverers/id/{discovererId}", 204),
    rest<&Schemas::delete_registry>(schemas, "DeleteRegistry", Kind::writes,
                                    "DELETE " REGISTRY_PATH, 204),
    rest<&Schemas::delete_resource_policy>(schemas, "DeleteResourcePolicy", Kind::writes,
                                           "DELETE /v1/policy", 204),
    rest<&Schemas::delete_schema>(schemas, "DeleteSchema", Kind::writes, "DELETE " SCHEMA_PATH,
                                  204),
    rest<&Schemas::delete_schema_version>(schemas, "DeleteSchemaVersion", Kind::writes,
                                          "DELETE " SCHEMA_PATH "/version/{schemaVersion}", 204),
    rest<&Schemas::describe_code_binding>(schemas, "DescribeCodeBinding", Kind::reads,
                                          "GET " SCHEMA_PATH "/language/{language}"),
    rest<&Schemas::describe_discoverer>(schemas, "DescribeDiscoverer", Kind::reads,
                                        "GET /v1/discoverers/id/{discovererId}"),
    rest<&Schemas::describe_registry>(schemas, "DescribeRegistry", Kind::reads,
                                      "GET " REGISTRY_PATH),
    rest<&Schemas::describe_schema>(schemas, "DescribeSchema", Kind::reads, "GET " SCHEMA_PATH),
    rest<&Schemas::export_schema>(schemas, "ExportSchema", Kind::reads,
                                  "GET " SCHEMA_PATH "/export"),
    with_content_type(
        rest<&Schemas::get_code_binding_source>(schemas, "GetCodeBindingSource", Kind::reads,
                                                "GET " SCHEMA_PATH "/language/{language}/source"),
        "application/zip"),
    rest<&Schemas::get_discovered_schema>(schemas, "GetDiscoveredSchema", Kind::reads,
                                          "POST /v1/discover"),
    rest<&Schemas::get_resource_policy>(schemas, "GetResourcePolicy", Kind::reads,
                                        "GET /v1/policy"),
    rest<&Schemas::list_discoverers>(schemas, "ListDiscoverers", Kind::reads,
                                     "GET /v1/discoverers"),
    rest<&Schemas::list_registries>(schemas, "ListRegistries", Kind::reads, "GET /v1/registries"),
    rest<&Schemas::list_schema_versions>(schemas, "ListSchemaVersions", Kind::reads,
                                         "GET " SCHEMA_PATH "/versions"),
    rest<&Schemas::list_schemas>(schemas, "ListSchemas", Kind::reads,
                                 "GET " REGISTRY_PATH "/schemas"),
    rest<&Schemas::list_tags_for_resource>(schemas, "ListTagsForResource", Kind::reads,
                                           "GET /tags/{resource-arn}"),
    rest<&Schemas::put_code_binding>(schemas, "PutCodeBinding", Kind::writes,
                                     "POST " SCHEMA_PATH "/language/{language}", 202),
    rest<&Schemas::put_resource_policy>(schemas, "PutResourcePolicy", Kind::writes,
                                        "PUT /v1/policy"),
    rest<&Schemas::search_schemas>(schemas, "SearchSchemas", Kind::reads,
                                   "GET " REGISTRY_PATH "/schemas/search"),
    rest<&Schemas::start_discoverer>(schemas, "StartDiscoverer", Kind::writes,
                                     "POST /v1/discoverers/id/{discovererId}/start"),
    rest<&Schemas::stop_discoverer>(schemas, "StopDiscoverer", Kind::writes,
                                    "POST /v1/discoverers/id/{discovererId}/stop"),
    rest<&Schemas::tag_resource>(schemas, "TagResource", Kind::writes, "POST /tags/{resource-arn}",
                                 204),
    rest<&Schemas::untag_resource>(schemas, "UntagResource", Kind::writes,
                                   "DELETE /tags/{resource-arn}", 204),
    rest<&Schemas::update_discoverer>(schemas, "UpdateDiscoverer", Kind::writes,
                                      "PUT /v1/discoverers/id/{discovererId}"),
    rest<&Schemas::update_registry>(schemas, "UpdateRegistry", Kind::writes, "PUT " REGISTRY_PATH),
    rest<&Schemas::update_schema>(schemas, "UpdateSchema", Kind::writes, "PUT " SCHEMA_PATH),

    row<&Identity::attach_role_policy>(iam, "AttachRolePolicy", Kind::writes),
    row<&Identity::create_policy>(iam, "CreatePolicy", Kind::writes),
    row<&Identity::create_policy_version>(iam, "CreatePolicyVersion", Kind::writes),
    row<&Identity::create_role>(iam, "CreateRole", Kind::writes),
    row<&Identity::delete_policy>(iam, "DeletePolicy", Kind::writes),
    row<&Identity::delete_policy_version>(iam, "DeletePolicyVersion", Kind::writes),
    row<&Identity::delete_role>(iam, "DeleteRole", Kind::writes),
    row<&Identity::delete_role_permissions_boundary>(iam, "DeleteRolePermissionsBoundary",
                                                     Kind::writes),
    row<&Identity::delete_role_policy>(iam, "DeleteRolePolicy", Kind::writes),
    row<&Identity::detach_role_policy>(iam, "DetachRolePolicy", Kind::writes),
    row<&Identity::get_policy>(iam, "GetPolicy", Kind::reads),
    row<&Identity::get_policy_version>(iam, "GetPolicyVersion", Kind::reads),
    row<&Identity::get_role>(iam, "GetRole", Kind::reads),
    row<&Identity::get_role_policy>(iam, "GetRolePolicy", Kind::reads),
    row<&Identity::list_attached_role_policies>(iam, "ListAttachedRolePolicies", Kind::reads),
    row<&Identity::list_entities_for_policy>(iam, "ListEntitiesForPolicy", Kind::reads),
    row<&Identity::list_instance_profiles_for_role>(iam, "ListInstanceProfilesForRole",
                                                    Kind::reads),
    row<&Identity::list_policies>(iam, "ListPolicies", Kind::reads),
    row<&Identity::list_policy_tags>(iam, "ListPolicyTags", Kind::reads),
    row<&Identity::list_policy_versions>(iam, "ListPolicyVersions", Kind::reads),
    row<&Identity::list_role_policies>(iam, "ListRolePolicies", Kind::reads),
    row<&Identity::list_role_tags>(iam, "ListRoleTags", Kind::reads),
    row<&Identity::list_roles>(iam, "ListRoles", Kind::reads),
    row<&Identity::put_role_permissions_boundary>(iam, "PutRolePermissionsBoundary", Kind::writes),
    row<&Identity::put_role_policy>(iam, "PutRolePolicy", Kind::writes),
    row<&Identity::set_default_policy_version>(iam, "SetDefaultPolicyVersion", Kind::writes),
    row<&Identity::tag_policy>(iam, "TagPolicy", Kind::writes),
    row<&Identity::tag_role>(iam, "TagRole", Kind::writes),
    row<&Identity::untag_policy>(iam, "UntagPolicy", Kind::writes),
    row<&Identity::untag_role>(iam, "UntagRole", Kind::writes),
    row<&Identity::update_assume_role_policy>(iam, "UpdateAssumeRolePolicy", Kind::writes),
    row<&Identity::update_role>(iam, "UpdateRole", Kind::writes),
    row<&Identity::update_role_description>(iam, "UpdateRoleDescription", Kind::writes),

    row<&Identity::assume_role>(sts, "AssumeRole", Kind::reads),
    row<&Identity::get_caller_identity>(sts, "GetCallerIdentity", Kind::reads),

    rest<&Functions::add_permission>(lambda, "AddPermission", Kind::writes,
                                     "POST " FUNCTION_PATH "/policy", 201),
    rest<&Functions::create_alias>(lambda, "CreateAlias", Kind::writes,
                                   "POST " FUNCTION_PATH "/aliases", 201),
    rest<&Mappings::create_event_source_mapping>(lambda, "CreateEventSourceMapping", Kind::writes,
                                                 "POST " MAPPINGS_PATH, 202),
    with_code(rest<&Functions::create_function>(lambda, "CreateFunction", Kind::writes,
                                                "POST /2015-03-31/functions", 201),
              "Request must be smaller than 69905067 bytes for the CreateFunction operation"),
    rest<&Functions::delete_alias>(lambda, "DeleteAlias", Kind::writes,
                                   "DELETE " FUNCTION_PATH "/aliases/{Name}", 204),
    rest<&Mappings::delete_event_source_mapping>(lambda, "DeleteEventSourceMapping", Kind::writes,
                                                 "DELETE " MAPPINGS_PATH "/{UUID}", 202),
    rest<&Functions::delete_function>(lambda, "DeleteFunction", Kind::writes,
                                      "DELETE " FUNCTION_PATH, 204),
    rest<&Functions::delete_function_concurrency>(
        lambda, "DeleteFunctionConcurrency", Kind::writes,
        "DELETE /2017-10-31/functions/{FunctionName}/concurrency", 204),
    rest<&Functions::delete_function_event_invoke_config>(
        lambda, "DeleteFunctionEventInvokeConfig", Kind::writes, "DELETE " INVOKE_CONFIG_PATH, 204),
    rest<&Functions::get_account_settings>(lambda, "GetAccountSettings", Kind::reads,
                                           "GET /2016-08-19/account-settings"),
    rest<&Functions::get_alias>(lambda, "GetAlias", Kind::reads,
                                "GET " FUNCTION_PATH "/aliases/{Name}"),
    rest<&Mappings::get_event_source_mapping>(lambda, "GetEventSourceMapping", Kind::reads,
                                              "GET " MAPPINGS_PATH "/{UUID}"),
    rest<&Functions::get_function>(lambda, "GetFunction", Kind::reads, "GET " FUNCTION_PATH),
    rest<&Functions::get_function_code_signing_config>(
        lambda, "GetFunctionCodeSigningConfig", Kind::reads,
        "GET /2020-06-30/functions/{FunctionName}/code-signing-config"),
    rest<&Functions::get_function_concurrency>(
        lambda, "GetFunctionConcurrency", Kind::reads,
        "GET /2019-09-30/functions/{FunctionName}/concurrency"),
    rest<&Functions::get_function_configuration>(lambda, "GetFunctionConfiguration", Kind::reads,
                                                 "GET " FUNCTION_PATH "/configuration"),
    rest<&Functions::get_function_event_invoke_config>(lambda, "GetFunctionEventInvokeConfig",
                                                       Kind::reads, "GET " INVOKE_CONFIG_PATH),
    rest<&Functions::get_function_recursion_config>(
        lambda, "GetFunctionRecursionConfig", Kind::reads,
        "GET /2024-08-31/functions/{FunctionName}/recursion-config"),
    rest<&Functions::get_policy>(lambda, "GetPolicy", Kind::reads, "GET " FUNCTION_PATH "/policy"),
    rest<&Functions::get_runtime_management_config>(
        lambda, "GetRuntimeManagementConfig", Kind::reads,
        "GET /2021-07-20/functions/{FunctionName}/runtime-management-config"),
    rest<&Functions::invoke>(lambda, "Invoke", Kind::waits, "POST " FUNCTION_PATH "/invocations"),
    rest<&Functions::list_aliases>(lambda, "ListAliases", Kind::reads,
                                   "GET " FUNCTION_PATH "/aliases"),
    rest<&Mappings::list_event_source_mappings>(lambda, "ListEventSourceMappings", Kind::reads,
                                                "GET " MAPPINGS_PATH),
    rest<&Functions::list_function_event_invoke_configs>(
        lambda, "ListFunctionEventInvokeConfigs", Kind::reads, "GET " INVOKE_CONFIG_PATH "/list"),
    rest<&Functions::list_functions>(lambda, "ListFunctions", Kind::reads,
                                     "GET /2015-03-31/functions"),
    rest<&Mappings::list_tags>(lambda, "ListTags", Kind::reads, "GET /2017-03-31/tags/{Resource}"),
    rest<&Functions::list_versions_by_function>(lambda, "ListVersionsByFunction", Kind::reads,
                                                "GET " FUNCTION_PATH "/versions"),
    rest<&Functions::publish_version>(lambda, "PublishVersion", Kind::writes,
                                      "POST " FUNCTION_PATH "/versions", 201),
    rest<&Functions::put_function_concurrency>(
        lambda, "PutFunctionConcurrency", Kind::writes,
        "PUT /2017-10-31/functions/{FunctionName}/concurrency"),
    rest<&Functions::put_function_event_invoke_config>(lambda, "PutFunctionEventInvokeConfig",
                                                       Kind::writes, "PUT " INVOKE_CONFIG_PATH),
    rest<&Functions::remove_permission>(lambda, "RemovePermission", Kind::writes,
                                        "DELETE " FUNCTION_PATH "/policy/{StatementId}", 204),
    rest<&Mappings::tag_resource>(lambda, "TagResource", Kind::writes,
                                  "POST /2017-03-31/tags/{Resource}", 204),
    rest<&Mappings::untag_resource>(lambda, "UntagResource", Kind::writes,
                                    "DELETE /2017-03-31/tags/{Resource}", 204),
    rest<&Functions::update_alias>(lambda, "UpdateAlias", Kind::writes,
                                   "PUT " FUNCTION_PATH "/aliases/{Name}"),
    rest<&Mappings::update_event_source_mapping>(lambda, "UpdateEventSourceMapping", Kind::writes,
                                                 "PUT " MAPPINGS_PATH "/{UUID}", 202),
    with_code(rest<&Functions::update_function_code>(lambda, "UpdateFunctionCode", Kind::writes,
                                                     "PUT " FUNCTION_PATH "/code"),
              "Request must be smaller than 69905067 bytes for the UpdateFunctionCode operation"),
    rest<&Functions::update_function_configuration>(
        lambda, "UpdateFunctionConfiguration", Kind::writes, "PUT " FUNCTION_PATH "/configuration"),
    rest<&Functions::update_function_event_invoke_config>(lambda, "UpdateFunctionEventInvokeConfig",
                                                          Kind::writes, "POST " INVOKE_CONFIG_PATH),

    rest<&Functions::init_error>(runtime, "InitError", Kind::writes,
                                 "POST " RUNTIME_PATH "/init/error", 202),
    rest<&Functions::invocation_error>(runtime, "InvocationError", Kind::writes,
                                       "POST " RUNTIME_PATH "/invocation/{AwsRequestId}/error",
                                       202),
    rest<&Functions::invocation_response>(
        runtime, "InvocationResponse", Kind::writes,
        "POST " RUNTIME_PATH "/invocation/{AwsRequestId}/response", 202),
    rest<&Functions::next_invocation>(runtime, "Next", Kind::waits,
                                      "GET " RUNTIME_PATH "/invocation/next"),
};
#undef INVOKE_CONFIG_PATH
#undef RUNTIME_PATH
#undef FUNCTION_PATH
#undef MAPPINGS_PATH
#undef SCHEMA_PATH
#undef REGISTRY_PATH
static_assert(is_operation_table(std::span<const Row>(rows)));

}  // namespace

std::span<const Row> operation_rows() { return rows; }

}  // namespace signalbox::protocol
