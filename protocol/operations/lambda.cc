// The operations of Lambda, and those of its Runtime API.
#include "broker/functions/functions.h"
#include "broker/functions/mappings.h"
#include "protocol/operations/rows.h"

namespace signalbox::protocol::operations {

namespace {

using broker::functions::Functions;
using broker::functions::Mappings;

constexpr auto lambda = Service::lambda;
constexpr auto runtime = Service::runtime;

#define MAPPINGS_PATH "/2015-03-31/event-source-mappings"
#define FUNCTION_PATH "/2015-03-31/functions/{FunctionName}"
#define INVOKE_CONFIG_PATH "/2019-09-25/functions/{FunctionName}/event-invoke-config"
#define RUNTIME_PATH "/functions/{FunctionName}/2018-06-01/runtime"

constexpr Row rows[] = {
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
    with_outcome(rest<&Functions::invocation_error>(
        runtime, "InvocationError", Kind::writes,
        "POST " RUNTIME_PATH "/invocation/{AwsRequestId}/error", 202)),
    with_outcome(rest<&Functions::invocation_response>(
        runtime, "InvocationResponse", Kind::writes,
        "POST " RUNTIME_PATH "/invocation/{AwsRequestId}/response", 202)),
    rest<&Functions::next_invocation>(runtime, "Next", Kind::waits,
                                      "GET " RUNTIME_PATH "/invocation/next"),
};
#undef RUNTIME_PATH
#undef INVOKE_CONFIG_PATH
#undef FUNCTION_PATH
#undef MAPPINGS_PATH
static_assert(is_operation_table(std::span<const Row>(rows)));

}  // namespace

std::span<const Row> lambda_rows() { return rows; }

}  // namespace signalbox::protocol::operations
