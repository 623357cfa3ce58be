// How functions are invoked by events, what becomes of those, and what their account may use: as
// lambda.h.
#pragma once

#include "broker/api/lambda_versions.h"

namespace signalbox::broker::api::lambda {

inline constexpr std::string_view destination_arn_pattern =
    R"re($|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:()re"
    R"re((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*))re";
inline constexpr std::string_view unqualified_function_name_pattern =
    R"re((arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-)re"
    R"re(\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+))re";

constexpr Traits destination_arn{
    .max = 350, .pattern = destination_arn_pattern, .matches = fits<destination_arn_pattern>};

struct OnSuccess {
  std::optional<std::string> destination;
  static constexpr auto fields() {
    using T = OnSuccess;
    return std::tuple{field("Destination", &T::destination, destination_arn)};
  }
};

struct OnFailure {
  std::optional<std::string> destination;
  static constexpr auto fields() {
    using T = OnFailure;
    return std::tuple{field("Destination", &T::destination, destination_arn)};
  }
};

struct DestinationConfig {
  std::optional<OnSuccess> on_success;
  std::optional<OnFailure> on_failure;
  static constexpr auto fields() {
    using T = DestinationConfig;
    return std::tuple{field("OnSuccess", &T::on_success), field("OnFailure", &T::on_failure)};
  }
};

// PutFunctionEventInvokeConfig and UpdateFunctionEventInvokeConfig take the same.
struct FunctionEventInvokeConfigRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  std::optional<std::int64_t> maximum_retry_attempts;
  std::optional<std::int64_t> maximum_event_age_in_seconds;
  std::optional<DestinationConfig> destination_config;
  static constexpr auto fields() {
    using T = FunctionEventInvokeConfigRequest;
    return std::tuple{
        field("FunctionName", &T::function_name, function_in_path),
        field("Qualifier", &T::qualifier, qualifier_in_query),
        field("MaximumRetryAttempts", &T::maximum_retry_attempts, {.min = 0, .max = 2}),
        field("MaximumEventAgeInSeconds", &T::maximum_event_age_in_seconds,
              {.min = 60, .max = 21600}),
        field("DestinationConfig", &T::destination_config)};
  }
};

struct FunctionEventInvokeConfig {
  std::optional<Timestamp> last_modified;
  std::optional<std::string> function_arn;
  std::optional<std::int64_t> maximum_retry_attempts;
  std::optional<std::int64_t> maximum_event_age_in_seconds;
  std::optional<DestinationConfig> destination_config;
  static constexpr auto fields() {
    using T = FunctionEventInvokeConfig;
    return std::tuple{field("LastModified", &T::last_modified),
                      field("FunctionArn", &T::function_arn),
                      field("MaximumRetryAttempts", &T::maximum_retry_attempts),
                      field("MaximumEventAgeInSeconds", &T::maximum_event_age_in_seconds),
                      field("DestinationConfig", &T::destination_config)};
  }
};

struct ListFunctionEventInvokeConfigsRequest {
  std::string function_name;
  std::optional<std::string> marker;
  std::optional<std::int64_t> max_items;
  static constexpr auto fields() {
    using T = ListFunctionEventInvokeConfigsRequest;
    return std::tuple{field("FunctionName", &T::function_name, function_in_path),
                      field("Marker", &T::marker, Traits{}.at(Location::query, "Marker")),
                      field("MaxItems", &T::max_items,
                            Traits{.min = 1, .max = 50}.at(Location::query, "MaxItems"))};
  }
};

struct ListFunctionEventInvokeConfigsResponse {
  std::optional<std::vector<FunctionEventInvokeConfig>> function_event_invoke_configs;
  std::optional<std::string> next_marker;
  static constexpr auto fields() {
    using T = ListFunctionEventInvokeConfigsResponse;
    return std::tuple{field("FunctionEventInvokeConfigs", &T::function_event_invoke_configs),
                      field("NextMarker", &T::next_marker)};
  }
};

}  // namespace signalbox::broker::api::lambda
