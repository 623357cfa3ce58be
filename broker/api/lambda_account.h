// What is asked about a function, or about its account, of features that are not here: as lambda.h.
#pragma once

#include "broker/api/lambda_invoke_config.h"

namespace signalbox::broker::api::lambda {

struct GetFunctionCodeSigningConfigRequest {
  std::string function_name;
  static constexpr auto fields() {
    using T = GetFunctionCodeSigningConfigRequest;
    return std::tuple{field("FunctionName", &T::function_name, function_in_path)};
  }
};

struct GetFunctionCodeSigningConfigResponse {
  std::string function_name;
  static constexpr auto fields() {
    using T = GetFunctionCodeSigningConfigResponse;
    return std::tuple{field("FunctionName", &T::function_name)};
  }
};

struct GetRuntimeManagementConfigResponse {
  std::optional<std::string> update_runtime_on;
  std::optional<std::string> function_arn;
  std::optional<std::string> runtime_version_arn;
  static constexpr auto fields() {
    using T = GetRuntimeManagementConfigResponse;
    return std::tuple{field("UpdateRuntimeOn", &T::update_runtime_on),
                      field("FunctionArn", &T::function_arn),
                      field("RuntimeVersionArn", &T::runtime_version_arn)};
  }
};

struct GetFunctionRecursionConfigRequest {
  std::string function_name;
  static constexpr auto fields() {
    using T = GetFunctionRecursionConfigRequest;
    return std::tuple{field("FunctionName", &T::function_name,
                            Traits{.required = true,
                                   .min = 1,
                                   .max = 140,
                                   .pattern = unqualified_function_name_pattern,
                                   .matches = fits<unqualified_function_name_pattern>}
                                .at(Location::uri))};
  }
};

struct GetFunctionRecursionConfigResponse {
  std::optional<std::string> recursive_loop;
  static constexpr auto fields() {
    using T = GetFunctionRecursionConfigResponse;
    return std::tuple{field("RecursiveLoop", &T::recursive_loop)};
  }
};

struct AccountLimit {
  std::int64_t total_code_size = 0;
  std::int64_t code_size_unzipped = 0;
  std::int64_t code_size_zipped = 0;
  std::int64_t concurrent_executions = 0;
  std::int64_t unreserved_concurrent_executions = 0;
  static constexpr auto fields() {
    using T = AccountLimit;
    return std::tuple{
        field("TotalCodeSize", &T::total_code_size),
        field("CodeSizeUnzipped", &T::code_size_unzipped),
        field("CodeSizeZipped", &T::code_size_zipped),
        field("ConcurrentExecutions", &T::concurrent_executions),
        field("UnreservedConcurrentExecutions", &T::unreserved_concurrent_executions)};
  }
};

struct AccountUsage {
  std::int64_t total_code_size = 0;
  std::int64_t function_count = 0;
  static constexpr auto fields() {
    using T = AccountUsage;
    return std::tuple{field("TotalCodeSize", &T::total_code_size),
                      field("FunctionCount", &T::function_count)};
  }
};

struct GetAccountSettingsResponse {
  AccountLimit account_limit;
  AccountUsage account_usage;
  static constexpr auto fields() {
    using T = GetAccountSettingsResponse;
    return std::tuple{field("AccountLimit", &T::account_limit),
                      field("AccountUsage", &T::account_usage)};
  }
};

}  // namespace signalbox::broker::api::lambda
