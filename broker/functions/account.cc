// What Terraform, CDK and SAM read of every function, of features that are not here: the service's
// own answers for a function that has them not set. And what an account may use, as at the service.
#include <algorithm>

#include "broker/functions/functions.h"

namespace signalbox::broker::functions {

namespace {

constexpr std::int64_t concurrent_executions_max = 1000;
constexpr std::int64_t unreserved_min = 100;

}  // namespace

Result<wire::GetFunctionCodeSigningConfigResponse> Functions::get_function_code_signing_config(
    const wire::GetFunctionCodeSigningConfigRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Function* const function, find_function(request.function_name, {}, ctx));
  return wire::GetFunctionCodeSigningConfigResponse{*function->config.function_name};
}

Result<wire::GetRuntimeManagementConfigResponse> Functions::get_runtime_management_config(
    const wire::FunctionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Qualified place,
                find_qualified(request.function_name, request.qualifier, ctx));
  return wire::GetRuntimeManagementConfigResponse{"Auto", place.arn, {}};
}

Result<wire::GetFunctionRecursionConfigResponse> Functions::get_function_recursion_config(
    const wire::GetFunctionRecursionConfigRequest& request, Context& ctx) {
  SIGNALBOX_TRY(find_latest(request.function_name, ctx));
  return wire::GetFunctionRecursionConfigResponse{"Terminate"};
}

Status Functions::check_reserved(const Function& function, std::int64_t count) {
  std::int64_t unreserved = concurrent_executions_max - count;
  for (const auto& [name, other] : by_world_[function.world->id]) {
    if (&other != &function) unreserved -= other.reserved_concurrency.value_or(0);
  }
  if (unreserved >= unreserved_min) return ok();
  return Error{ErrorCode::invalid_parameter_value,
               "Specified ReservedConcurrentExecutions for function decreases account's "
               "UnreservedConcurrentExecution below its minimum value of [100]."};
}

Result<wire::GetAccountSettingsResponse> Functions::get_account_settings(const api::Empty&,
                                                                         Context& ctx) {
  SIGNALBOX_TRY(const ByName* const functions, functions_of(ctx));
  wire::GetAccountSettingsResponse response;
  response.account_limit = {.total_code_size = 80'530'636'800,
                            .code_size_unzipped = 262'144'000,
                            .code_size_zipped = 52'428'800,
                            .concurrent_executions = concurrent_executions_max,
                            .unreserved_concurrent_executions = concurrent_executions_max};
  auto& usage = response.account_usage;
  auto& unreserved = response.account_limit.unreserved_concurrent_executions;
  for (const auto& [name, function] : *functions) {
    ++usage.function_count;
    usage.total_code_size += function.config.code_size.value_or(0);
    for (const auto& [number, version] : function.versions) {
      usage.total_code_size += version.config.code_size.value_or(0);
    }
    unreserved -= std::min(function.reserved_concurrency.value_or(0), unreserved);
  }
  return response;
}

}  // namespace signalbox::broker::functions
