// Prints what the field lists say, for tests/protocol/check_model.py to compare with the services'
// own model: one line "model <json>" per operation. Hidden: run it by its tag, [model].
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "broker/api/archives.h"
#include "broker/api/connections.h"
#include "broker/api/endpoints.h"
#include "broker/api/events.h"
#include "broker/api/iam_policies.h"
#include "broker/api/lambda_account.h"
#include "broker/api/lambda_aliases.h"
#include "broker/api/lambda_invoke_config.h"
#include "broker/api/lambda_mappings.h"
#include "broker/api/lambda_permissions.h"
#include "broker/api/lambda_updates.h"
#include "broker/api/lambda_versions.h"
#include "broker/api/partners.h"
#include "broker/api/runtime.h"
#include "broker/api/scheduler.h"
#include "broker/api/schemas.h"
#include "broker/api/sqs.h"
#include "broker/api/sts.h"
#include "protocol/json_codec.h"
#include "protocol/request_job.h"

using namespace signalbox;
using namespace signalbox::broker::api;

namespace {

std::string quoted(std::string_view text) {
  std::string out;
  protocol::append_json_string(out, text);
  return out;
}

std::string constraints(const Traits& traits) {
  constexpr Traits none;
  std::string out = fmt::format(R"("required":{})", traits.required);
  if (traits.is_secret) out += R"(,"sensitive":true)";
  if (traits.min != none.min) out += fmt::format(R"(,"min":{})", traits.min);
  if (traits.max != none.max) out += fmt::format(R"(,"max":{})", traits.max);
  if (!traits.pattern.empty()) out += R"(,"pattern":)" + quoted(traits.pattern);
  if (!traits.one_of.empty()) out += R"(,"enum":)" + quoted(traits.one_of);
  if (traits.each != nullptr) out += fmt::format(R"(,"each":{{{}}})", constraints(*traits.each));
  if (traits.each_key != nullptr) {
    out += fmt::format(R"(,"each_key":{{{}}})", constraints(*traits.each_key));
  }
  return out;
}

// Where a member stands and under which name, as the model says it: [] in a body.
template <class Field>
std::string location(const Field& field) {
  constexpr std::string_view names[] = {"", "uri", "querystring", "header", "", "statusCode"};
  const auto place = field.traits.location;
  if (place == Location::body || place == Location::payload) return "[]";
  return fmt::format(R"(["{}",{}])", names[static_cast<std::size_t>(field.traits.location)],
                     quoted(field.location_name()));
}

template <class T>
struct Shape;
template <>
struct Shape<std::string> {
  static std::string text() { return R"("type":"string")"; }
};
template <>
struct Shape<bool> {
  static std::string text() { return R"("type":"boolean")"; }
};
template <>
struct Shape<std::int64_t> {
  static std::string text() { return R"("type":"integer")"; }
};
template <>
struct Shape<double> {
  static std::string text() { return R"("type":"double")"; }
};
template <>
struct Shape<Blob> {
  static std::string text() { return R"("type":"blob")"; }
};
template <>
struct Shape<Timestamp> {
  static std::string text() { return R"("type":"timestamp")"; }
};
template <>
struct Shape<IsoTimestamp> : Shape<Timestamp> {};
template <class T>
struct Shape<std::optional<T>> : Shape<T> {};
template <class T>
struct Shape<Boxed<T>> : Shape<T> {};
template <class T>
struct Shape<std::vector<T>> {
  static std::string text() {
    return fmt::format(R"("type":"list","member":{{{}}})", Shape<T>::text());
  }
};
template <class T>
struct Shape<std::map<std::string, T>> {
  static std::string text() {
    return fmt::format(R"("type":"map","value":{{{}}})", Shape<T>::text());
  }
};
template <Described T>
struct Shape<T> {
  static std::string text() {
    std::string members;
    for_each_field<T>([&](const auto& field) {
      using Member = std::remove_cvref_t<decltype(std::declval<T>().*(field.member))>;
      members +=
          fmt::format(R"({}{{"name":{},"query_name":{},"query_key":{},"query_value":{},)"
                      R"("location":{},{},{}}})",
                      members.empty() ? "" : ",", quoted(field.name), quoted(field.query_name()),
                      quoted(field.traits.query_key), quoted(field.traits.query_value),
                      location(field), constraints(field.traits), Shape<Member>::text());
    });
    return fmt::format(R"("type":"structure","members":[{}])", members);
  }
};

std::size_t printed_count = 0;

template <class Request, class Response = Empty>
void print(std::string_view service, std::string_view operation) {
  ++printed_count;
  std::printf("model %s\n",
              fmt::format(R"({{"service":"{}","operation":"{}","input":{{{}}},"output":{{{}}}}})",
                          service, operation, Shape<Request>::text(), Shape<Response>::text())
                  .c_str());
}

void print_sqs() {
  const auto sqs = "sqs";
  print<CreateQueueRequest, CreateQueueResponse>(sqs, "CreateQueue");
  print<GetQueueUrlRequest, GetQueueUrlResponse>(sqs, "GetQueueUrl");
  print<ListQueuesRequest, ListQueuesResponse>(sqs, "ListQueues");
  print<GetQueueAttributesRequest, GetQueueAttributesResponse>(sqs, "GetQueueAttributes");
  print<SetQueueAttributesRequest>(sqs, "SetQueueAttributes");
  print<DeleteQueueRequest>(sqs, "DeleteQueue");
  print<PurgeQueueRequest>(sqs, "PurgeQueue");
  print<AddPermissionRequest>(sqs, "AddPermission");
  print<RemovePermissionRequest>(sqs, "RemovePermission");
  print<ListDeadLetterSourceQueuesRequest, ListDeadLetterSourceQueuesResponse>(
      sqs, "ListDeadLetterSourceQueues");
  print<StartMessageMoveTaskRequest, StartMessageMoveTaskResponse>(sqs, "StartMessageMoveTask");
  print<ListMessageMoveTasksRequest, ListMessageMoveTasksResponse>(sqs, "ListMessageMoveTasks");
  print<CancelMessageMoveTaskRequest, CancelMessageMoveTaskResponse>(sqs, "CancelMessageMoveTask");
  print<TagQueueRequest>(sqs, "TagQueue");
  print<UntagQueueRequest>(sqs, "UntagQueue");
  print<ListQueueTagsRequest, ListQueueTagsResponse>(sqs, "ListQueueTags");
  print<SendMessageRequest, SendMessageResponse>(sqs, "SendMessage");
  print<SendMessageBatchRequest, SendMessageBatchResponse>(sqs, "SendMessageBatch");
  print<ReceiveMessageRequest, ReceiveMessageResponse>(sqs, "ReceiveMessage");
  print<DeleteMessageRequest>(sqs, "DeleteMessage");
  print<DeleteMessageBatchRequest, DeleteMessageBatchResponse>(sqs, "DeleteMessageBatch");
  print<ChangeMessageVisibilityRequest>(sqs, "ChangeMessageVisibility");
  print<ChangeMessageVisibilityBatchRequest, ChangeMessageVisibilityBatchResponse>(
      sqs, "ChangeMessageVisibilityBatch");
}

void print_schemas() {
  using namespace broker::api::schemas;
  const auto service = "schemas";
  print<CreateRegistryRequest, Registry>(service, "CreateRegistry");
  print<RegistryRequest, Registry>(service, "DescribeRegistry");
  print<UpdateRegistryRequest, Registry>(service, "UpdateRegistry");
  print<RegistryRequest>(service, "DeleteRegistry");
  print<ListRegistriesRequest, ListRegistriesResponse>(service, "ListRegistries");
  print<CreateSchemaRequest, Schema>(service, "CreateSchema");
  print<UpdateSchemaRequest, Schema>(service, "UpdateSchema");
  print<DescribeSchemaRequest, DescribeSchemaResponse>(service, "DescribeSchema");
  print<ExportSchemaRequest, ExportSchemaResponse>(service, "ExportSchema");
  print<DeleteSchemaRequest>(service, "DeleteSchema");
  print<DeleteSchemaVersionRequest>(service, "DeleteSchemaVersion");
  print<ListSchemasRequest, ListSchemasResponse>(service, "ListSchemas");
  print<ListSchemaVersionsRequest, ListSchemaVersionsResponse>(service, "ListSchemaVersions");
  print<SearchSchemasRequest, SearchSchemasResponse>(service, "SearchSchemas");
  print<CreateDiscovererRequest, Discoverer>(service, "CreateDiscoverer");
  print<DiscovererRequest, Discoverer>(service, "DescribeDiscoverer");
  print<UpdateDiscovererRequest, Discoverer>(service, "UpdateDiscoverer");
  print<DiscovererRequest>(service, "DeleteDiscoverer");
  print<DiscovererRequest, DiscovererState>(service, "StartDiscoverer");
  print<DiscovererRequest, DiscovererState>(service, "StopDiscoverer");
  print<ListDiscoverersRequest, ListDiscoverersResponse>(service, "ListDiscoverers");
  print<GetDiscoveredSchemaRequest, GetDiscoveredSchemaResponse>(service, "GetDiscoveredSchema");
  print<CodeBindingRequest, CodeBinding>(service, "PutCodeBinding");
  print<CodeBindingRequest, CodeBinding>(service, "DescribeCodeBinding");
  print<CodeBindingRequest, GetCodeBindingSourceResponse>(service, "GetCodeBindingSource");
  print<PutResourcePolicyRequest, ResourcePolicy>(service, "PutResourcePolicy");
  print<ResourcePolicyRequest, ResourcePolicy>(service, "GetResourcePolicy");
  print<ResourcePolicyRequest>(service, "DeleteResourcePolicy");
  print<broker::api::schemas::TagResourceRequest>(service, "TagResource");
  print<broker::api::schemas::UntagResourceRequest>(service, "UntagResource");
  print<broker::api::schemas::ListTagsForResourceRequest,
        broker::api::schemas::ListTagsForResourceResponse>(service, "ListTagsForResource");
}

void print_events() {
  const auto events = "events";
  print<CreateEventBusRequest, CreateEventBusResponse>(events, "CreateEventBus");
  print<UpdateEventBusRequest, UpdateEventBusResponse>(events, "UpdateEventBus");
  print<DeleteEventBusRequest>(events, "DeleteEventBus");
  print<DescribeEventBusRequest, DescribeEventBusResponse>(events, "DescribeEventBus");
  print<ListEventBusesRequest, ListEventBusesResponse>(events, "ListEventBuses");
  print<EventSourceRequest>(events, "ActivateEventSource");
  print<EventSourceRequest>(events, "DeactivateEventSource");
  print<EventSourceRequest, EventSource>(events, "DescribeEventSource");
  print<ListEventSourcesRequest, ListEventSourcesResponse>(events, "ListEventSources");
  print<PartnerEventSourceRequest, CreatePartnerEventSourceResponse>(events,
                                                                     "CreatePartnerEventSource");
  print<PartnerEventSourceRequest>(events, "DeletePartnerEventSource");
  print<EventSourceRequest, PartnerEventSource>(events, "DescribePartnerEventSource");
  print<ListPartnerEventSourcesRequest, ListPartnerEventSourcesResponse>(events,
                                                                         "ListPartnerEventSources");
  print<ListPartnerEventSourceAccountsRequest, ListPartnerEventSourceAccountsResponse>(
      events, "ListPartnerEventSourceAccounts");
  print<PutPartnerEventsRequest, PutEventsResponse>(events, "PutPartnerEvents");
  print<CreateEndpointRequest, CreateEndpointResponse>(events, "CreateEndpoint");
  print<UpdateEndpointRequest, UpdateEndpointResponse>(events, "UpdateEndpoint");
  print<DeleteEndpointRequest>(events, "DeleteEndpoint");
  print<DescribeEndpointRequest, Endpoint>(events, "DescribeEndpoint");
  print<ListEndpointsRequest, ListEndpointsResponse>(events, "ListEndpoints");
  print<PutRuleRequest, PutRuleResponse>(events, "PutRule");
  print<DeleteRuleRequest>(events, "DeleteRule");
  print<RuleRequest, DescribeRuleResponse>(events, "DescribeRule");
  print<RuleRequest>(events, "EnableRule");
  print<RuleRequest>(events, "DisableRule");
  print<ListRulesRequest, ListRulesResponse>(events, "ListRules");
  print<ListRuleNamesByTargetRequest, ListRuleNamesByTargetResponse>(events,
                                                                     "ListRuleNamesByTarget");
  print<PutPermissionRequest>(events, "PutPermission");
  print<RemoveBusPermissionRequest>(events, "RemovePermission");
  print<PutTargetsRequest, TargetsResponse>(events, "PutTargets");
  print<RemoveTargetsRequest, TargetsResponse>(events, "RemoveTargets");
  print<ListTargetsByRuleRequest, ListTargetsByRuleResponse>(events, "ListTargetsByRule");
  print<PutEventsRequest, PutEventsResponse>(events, "PutEvents");
  print<TestEventPatternRequest, TestEventPatternResponse>(events, "TestEventPattern");
  print<TagResourceRequest>(events, "TagResource");
  print<UntagResourceRequest>(events, "UntagResource");
  print<ListTagsForResourceRequest, ListTagsForResourceResponse>(events, "ListTagsForResource");
  print<CreateConnectionRequest, CreateConnectionResponse>(events, "CreateConnection");
  print<UpdateConnectionRequest, ConnectionStateResponse>(events, "UpdateConnection");
  print<ConnectionRequest, ConnectionStateResponse>(events, "DeauthorizeConnection");
  print<ConnectionRequest, ConnectionStateResponse>(events, "DeleteConnection");
  print<ConnectionRequest, DescribeConnectionResponse>(events, "DescribeConnection");
  print<ListConnectionsRequest, ListConnectionsResponse>(events, "ListConnections");
  print<CreateApiDestinationRequest, ApiDestinationStateResponse>(events, "CreateApiDestination");
  print<UpdateApiDestinationRequest, ApiDestinationStateResponse>(events, "UpdateApiDestination");
  print<ApiDestinationRequest>(events, "DeleteApiDestination");
  print<ApiDestinationRequest, DescribeApiDestinationResponse>(events, "DescribeApiDestination");
  print<ListApiDestinationsRequest, ListApiDestinationsResponse>(events, "ListApiDestinations");
  print<CreateArchiveRequest, ArchiveResponse>(events, "CreateArchive");
  print<UpdateArchiveRequest, ArchiveResponse>(events, "UpdateArchive");
  print<ArchiveRequest>(events, "DeleteArchive");
  print<ArchiveRequest, DescribeArchiveResponse>(events, "DescribeArchive");
  print<ListArchivesRequest, ListArchivesResponse>(events, "ListArchives");
  print<StartReplayRequest, StartReplayResponse>(events, "StartReplay");
  print<ReplayRequest, CancelReplayResponse>(events, "CancelReplay");
  print<ReplayRequest, DescribeReplayResponse>(events, "DescribeReplay");
  print<ListReplaysRequest, ListReplaysResponse>(events, "ListReplays");
}

void print_scheduler() {
  using namespace broker::api::scheduler;
  const auto service = "scheduler";
  print<ScheduleRequest, ScheduleResponse>(service, "CreateSchedule");
  print<ScheduleRequest, ScheduleResponse>(service, "UpdateSchedule");
  print<GetScheduleRequest, GetScheduleResponse>(service, "GetSchedule");
  print<DeleteScheduleRequest>(service, "DeleteSchedule");
  print<ListSchedulesRequest, ListSchedulesResponse>(service, "ListSchedules");
  print<CreateScheduleGroupRequest, CreateScheduleGroupResponse>(service, "CreateScheduleGroup");
  print<GetScheduleGroupRequest, GetScheduleGroupResponse>(service, "GetScheduleGroup");
  print<DeleteScheduleGroupRequest>(service, "DeleteScheduleGroup");
  print<ListScheduleGroupsRequest, ListScheduleGroupsResponse>(service, "ListScheduleGroups");
  print<scheduler::TagResourceRequest>(service, "TagResource");
  print<scheduler::UntagResourceRequest>(service, "UntagResource");
  print<scheduler::ListTagsForResourceRequest, scheduler::ListTagsForResourceResponse>(
      service, "ListTagsForResource");
}

void print_identity() {
  print<iam::AttachmentRequest>("iam", "AttachRolePolicy");
  print<iam::CreatePolicyRequest, iam::PolicyResponse>("iam", "CreatePolicy");
  print<iam::CreatePolicyVersionRequest, iam::PolicyVersionResponse>("iam", "CreatePolicyVersion");
  print<iam::CreateRoleRequest, iam::RoleResponse>("iam", "CreateRole");
  print<iam::PolicyRequest>("iam", "DeletePolicy");
  print<iam::PolicyVersionRequest>("iam", "DeletePolicyVersion");
  print<iam::RoleRequest>("iam", "DeleteRole");
  print<iam::RoleRequest>("iam", "DeleteRolePermissionsBoundary");
  print<iam::RolePolicyRequest>("iam", "DeleteRolePolicy");
  print<iam::AttachmentRequest>("iam", "DetachRolePolicy");
  print<iam::PolicyRequest, iam::PolicyResponse>("iam", "GetPolicy");
  print<iam::PolicyVersionRequest, iam::PolicyVersionResponse>("iam", "GetPolicyVersion");
  print<iam::RoleRequest, iam::RoleResponse>("iam", "GetRole");
  print<iam::RolePolicyRequest, iam::GetRolePolicyResponse>("iam", "GetRolePolicy");
  print<iam::ListAttachedRolePoliciesRequest, iam::ListAttachedRolePoliciesResponse>(
      "iam", "ListAttachedRolePolicies");
  print<iam::ListEntitiesForPolicyRequest, iam::ListEntitiesForPolicyResponse>(
      "iam", "ListEntitiesForPolicy");
  print<iam::ListOfRoleRequest, iam::ListInstanceProfilesForRoleResponse>(
      "iam", "ListInstanceProfilesForRole");
  print<iam::ListPoliciesRequest, iam::ListPoliciesResponse>("iam", "ListPolicies");
  print<iam::ListOfPolicyRequest, iam::ListTagsResponse>("iam", "ListPolicyTags");
  print<iam::ListOfPolicyRequest, iam::ListPolicyVersionsResponse>("iam", "ListPolicyVersions");
  print<iam::ListOfRoleRequest, iam::ListRolePoliciesResponse>("iam", "ListRolePolicies");
  print<iam::ListOfRoleRequest, iam::ListTagsResponse>("iam", "ListRoleTags");
  print<iam::ListRolesRequest, iam::ListRolesResponse>("iam", "ListRoles");
  print<iam::PutRolePermissionsBoundaryRequest>("iam", "PutRolePermissionsBoundary");
  print<iam::PutRolePolicyRequest>("iam", "PutRolePolicy");
  print<iam::PolicyVersionRequest>("iam", "SetDefaultPolicyVersion");
  print<iam::TagPolicyRequest>("iam", "TagPolicy");
  print<iam::TagRoleRequest>("iam", "TagRole");
  print<iam::UntagPolicyRequest>("iam", "UntagPolicy");
  print<iam::UntagRoleRequest>("iam", "UntagRole");
  print<iam::UpdateAssumeRolePolicyRequest>("iam", "UpdateAssumeRolePolicy");
  print<iam::UpdateRoleRequest, iam::UpdateRoleResponse>("iam", "UpdateRole");
  print<iam::UpdateRoleDescriptionRequest, iam::RoleResponse>("iam", "UpdateRoleDescription");
  print<sts::AssumeRoleRequest, sts::AssumeRoleResponse>("sts", "AssumeRole");
  print<Empty, sts::GetCallerIdentityResponse>("sts", "GetCallerIdentity");
}

void print_invoke_configs() {
  using lambda::FunctionEventInvokeConfig;
  using lambda::FunctionEventInvokeConfigRequest;
  using lambda::FunctionRequest;
  const auto service = "lambda";
  print<FunctionEventInvokeConfigRequest, FunctionEventInvokeConfig>(
      service, "PutFunctionEventInvokeConfig");
  print<FunctionEventInvokeConfigRequest, FunctionEventInvokeConfig>(
      service, "UpdateFunctionEventInvokeConfig");
  print<FunctionRequest, FunctionEventInvokeConfig>(service, "GetFunctionEventInvokeConfig");
  print<FunctionRequest>(service, "DeleteFunctionEventInvokeConfig");
  print<lambda::ListFunctionEventInvokeConfigsRequest,
        lambda::ListFunctionEventInvokeConfigsResponse>(service, "ListFunctionEventInvokeConfigs");
}

void print_functions() {
  print<lambda::CreateFunctionRequest, lambda::FunctionConfiguration>("lambda", "CreateFunction");
  print<lambda::FunctionRequest, lambda::DeleteFunctionResponse>("lambda", "DeleteFunction");
  print<lambda::FunctionRequest, lambda::GetFunctionResponse>("lambda", "GetFunction");
  print<lambda::FunctionRequest, lambda::FunctionConfiguration>("lambda",
                                                                "GetFunctionConfiguration");
  print<lambda::InvokeRequest, lambda::InvokeResponse>("lambda", "Invoke");
  print<lambda::ListFunctionsRequest, lambda::ListFunctionsResponse>("lambda", "ListFunctions");
  print<lambda::UpdateFunctionConfigurationRequest, lambda::FunctionConfiguration>(
      "lambda", "UpdateFunctionConfiguration");
  print<lambda::UpdateFunctionCodeRequest, lambda::FunctionConfiguration>("lambda",
                                                                          "UpdateFunctionCode");
  print<lambda::PublishVersionRequest, lambda::FunctionConfiguration>("lambda", "PublishVersion");
  print<lambda::ListVersionsByFunctionRequest, lambda::ListVersionsByFunctionResponse>(
      "lambda", "ListVersionsByFunction");
  print<lambda::CreateAliasRequest, lambda::AliasConfiguration>("lambda", "CreateAlias");
  print<lambda::AliasRequest, lambda::AliasConfiguration>("lambda", "GetAlias");
  print<lambda::UpdateAliasRequest, lambda::AliasConfiguration>("lambda", "UpdateAlias");
  print<lambda::AliasRequest>("lambda", "DeleteAlias");
  print<lambda::ListAliasesRequest, lambda::ListAliasesResponse>("lambda", "ListAliases");
  print<lambda::AddPermissionRequest, lambda::AddPermissionResponse>("lambda", "AddPermission");
  print<lambda::RemovePermissionRequest>("lambda", "RemovePermission");
  print<lambda::FunctionRequest, lambda::GetPolicyResponse>("lambda", "GetPolicy");
  print_invoke_configs();
  print<lambda::GetFunctionCodeSigningConfigRequest, lambda::GetFunctionCodeSigningConfigResponse>(
      "lambda", "GetFunctionCodeSigningConfig");
  print<lambda::FunctionRequest, lambda::GetRuntimeManagementConfigResponse>(
      "lambda", "GetRuntimeManagementConfig");
  print<lambda::GetFunctionRecursionConfigRequest, lambda::GetFunctionRecursionConfigResponse>(
      "lambda", "GetFunctionRecursionConfig");
  print<Empty, lambda::GetAccountSettingsResponse>("lambda", "GetAccountSettings");
  print<lambda::TagResourceRequest>("lambda", "TagResource");
  print<lambda::UntagResourceRequest>("lambda", "UntagResource");
  print<lambda::ListTagsRequest, lambda::ListTagsResponse>("lambda", "ListTags");
  print<lambda::PutFunctionConcurrencyRequest, lambda::Concurrency>("lambda",
                                                                    "PutFunctionConcurrency");
  print<lambda::FunctionConcurrencyRequest, lambda::GetFunctionConcurrencyResponse>(
      "lambda", "GetFunctionConcurrency");
  print<lambda::FunctionConcurrencyRequest>("lambda", "DeleteFunctionConcurrency");
  using Mapping = lambda::EventSourceMappingConfiguration;
  print<lambda::CreateEventSourceMappingRequest, Mapping>("lambda", "CreateEventSourceMapping");
  print<lambda::EventSourceMappingRequest, Mapping>("lambda", "DeleteEventSourceMapping");
  print<lambda::EventSourceMappingRequest, Mapping>("lambda", "GetEventSourceMapping");
  print<lambda::ListEventSourceMappingsRequest, lambda::ListEventSourceMappingsResponse>(
      "lambda", "ListEventSourceMappings");
  print<lambda::UpdateEventSourceMappingRequest, Mapping>("lambda", "UpdateEventSourceMapping");
  print<runtime::InitErrorRequest, runtime::Accepted>("lambda-runtime", "InitError");
  print<runtime::OutcomeRequest, runtime::Accepted>("lambda-runtime", "InvocationError");
  print<runtime::OutcomeRequest, runtime::Accepted>("lambda-runtime", "InvocationResponse");
  print<runtime::NextRequest, runtime::NextResponse>("lambda-runtime", "Next");
}

}  // namespace

TEST_CASE("the field lists can be printed", "[.][model]") {
  std::printf("\n");
  print_sqs();
  print_events();
  print_schemas();
  print_scheduler();
  print_identity();
  print_functions();
  std::fflush(stdout);
  CHECK(printed_count == protocol::operation_rows().size());
}
