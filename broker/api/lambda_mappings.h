// The requests of event source mappings and what they answer: as lambda.h.
#pragma once

#include "broker/api/lambda_invoke_config.h"

namespace signalbox::broker::api::lambda {

inline constexpr std::string_view event_source_arn_pattern =
    R"re(arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?))))re"
    R"re(?-[a-z]+-\d{1})?:(\d{12})?:(.*))re";
constexpr std::string_view event_source_position_names = "TRIM_HORIZON, LATEST, AT_TIMESTAMP";
constexpr std::string_view function_response_type_names = "ReportBatchItemFailures";
constexpr Traits function_response_type_entry{.one_of = function_response_type_names};

struct Filter {
  std::optional<std::string> pattern;
  static constexpr auto fields() {
    using T = Filter;
    return std::tuple{field("Pattern", &T::pattern, {.max = 4096})};
  }
};

struct FilterCriteria {
  std::optional<std::vector<Filter>> filters;
  static constexpr auto fields() {
    using T = FilterCriteria;
    return std::tuple{field("Filters", &T::filters)};
  }
};

struct ScalingConfig {
  std::optional<std::int64_t> maximum_concurrency;
  static constexpr auto fields() {
    using T = ScalingConfig;
    return std::tuple{
        field("MaximumConcurrency", &T::maximum_concurrency, {.min = 2, .max = 1000})};
  }
};

struct CreateEventSourceMappingRequest {
  std::optional<std::string> event_source_arn;
  std::string function_name;
  std::optional<bool> enabled;
  std::optional<std::int64_t> batch_size;
  std::optional<FilterCriteria> filter_criteria;
  std::optional<ScalingConfig> scaling_config;
  std::optional<std::int64_t> maximum_batching_window_in_seconds;
  std::optional<std::int64_t> parallelization_factor;
  std::optional<std::string> starting_position;
  std::optional<Timestamp> starting_position_timestamp;
  std::optional<DestinationConfig> destination_config;
  std::optional<std::int64_t> maximum_record_age_in_seconds;
  std::optional<bool> bisect_batch_on_function_error;
  std::optional<std::int64_t> maximum_retry_attempts;
  StringMap tags;
  std::optional<std::int64_t> tumbling_window_in_seconds;
  std::optional<StringList> function_response_types;
  static constexpr auto fields() {
    using T = CreateEventSourceMappingRequest;
    return std::tuple{
        field("EventSourceArn", &T::event_source_arn,
              {.max = 10000,
               .pattern = event_source_arn_pattern,
               .matches = fits<event_source_arn_pattern>}),
        field("FunctionName", &T::function_name,
              {.required = true,
               .min = 1,
               .max = 256,
               .pattern = namespaced_function_name_pattern,
               .matches = fits<namespaced_function_name_pattern>}),
        field("Enabled", &T::enabled),
        field("BatchSize", &T::batch_size, {.min = 1, .max = 10000}),
        field("FilterCriteria", &T::filter_criteria),
        field("ScalingConfig", &T::scaling_config),
        field("MaximumBatchingWindowInSeconds", &T::maximum_batching_window_in_seconds,
              {.min = 0, .max = 300}),
        field("ParallelizationFactor", &T::parallelization_factor, {.min = 1, .max = 10}),
        field("StartingPosition", &T::starting_position, {.one_of = event_source_position_names}),
        field("StartingPositionTimestamp", &T::starting_position_timestamp),
        field("DestinationConfig", &T::destination_config),
        field("MaximumRecordAgeInSeconds", &T::maximum_record_age_in_seconds,
              {.min = -1, .max = 604800}),
        field("BisectBatchOnFunctionError", &T::bisect_batch_on_function_error),
        field("MaximumRetryAttempts", &T::maximum_retry_attempts, {.min = -1, .max = 10000}),
        field("Tags", &T::tags, {.each = &tag_value_entry, .each_key = &tag_key_entry}),
        field("TumblingWindowInSeconds", &T::tumbling_window_in_seconds, {.min = 0, .max = 900}),
        field("FunctionResponseTypes", &T::function_response_types,
              {.max = 1, .each = &function_response_type_entry})};
  }
};

struct EventSourceMappingConfiguration {
  std::optional<std::string> uuid;
  std::optional<std::string> starting_position;
  std::optional<Timestamp> starting_position_timestamp;
  std::optional<std::int64_t> batch_size;
  std::optional<std::int64_t> maximum_batching_window_in_seconds;
  std::optional<std::int64_t> parallelization_factor;
  std::optional<std::string> event_source_arn;
  std::optional<FilterCriteria> filter_criteria;
  std::optional<ScalingConfig> scaling_config;
  std::optional<std::string> function_arn;
  std::optional<Timestamp> last_modified;
  std::optional<std::string> last_processing_result;
  std::optional<std::string> state;
  std::optional<std::string> state_transition_reason;
  std::optional<DestinationConfig> destination_config;
  std::optional<std::int64_t> maximum_record_age_in_seconds;
  std::optional<bool> bisect_batch_on_function_error;
  std::optional<std::int64_t> maximum_retry_attempts;
  std::optional<std::int64_t> tumbling_window_in_seconds;
  std::optional<StringList> function_response_types;
  std::optional<std::string> event_source_mapping_arn;
  static constexpr auto fields() {
    using T = EventSourceMappingConfiguration;
    return std::tuple{
        field("UUID", &T::uuid),
        field("StartingPosition", &T::starting_position),
        field("StartingPositionTimestamp", &T::starting_position_timestamp),
        field("BatchSize", &T::batch_size),
        field("MaximumBatchingWindowInSeconds", &T::maximum_batching_window_in_seconds),
        field("ParallelizationFactor", &T::parallelization_factor),
        field("EventSourceArn", &T::event_source_arn),
        field("FilterCriteria", &T::filter_criteria),
        field("ScalingConfig", &T::scaling_config),
        field("FunctionArn", &T::function_arn),
        field("LastModified", &T::last_modified),
        field("LastProcessingResult", &T::last_processing_result),
        field("State", &T::state),
        field("StateTransitionReason", &T::state_transition_reason),
        field("DestinationConfig", &T::destination_config),
        field("MaximumRecordAgeInSeconds", &T::maximum_record_age_in_seconds),
        field("BisectBatchOnFunctionError", &T::bisect_batch_on_function_error),
        field("MaximumRetryAttempts", &T::maximum_retry_attempts),
        field("TumblingWindowInSeconds", &T::tumbling_window_in_seconds),
        field("FunctionResponseTypes", &T::function_response_types),
        field("EventSourceMappingArn", &T::event_source_mapping_arn)};
  }
};

struct EventSourceMappingRequest {
  std::string uuid;
  static constexpr auto fields() {
    using T = EventSourceMappingRequest;
    return std::tuple{
        field("UUID", &T::uuid, Traits{.required = true, .min = 36, .max = 36}.at(Location::uri))};
  }
};

struct UpdateEventSourceMappingRequest {
  std::string uuid;
  std::optional<std::string> function_name;
  std::optional<bool> enabled;
  std::optional<std::int64_t> batch_size;
  std::optional<FilterCriteria> filter_criteria;
  std::optional<ScalingConfig> scaling_config;
  std::optional<std::int64_t> maximum_batching_window_in_seconds;
  std::optional<std::int64_t> parallelization_factor;
  std::optional<DestinationConfig> destination_config;
  std::optional<std::int64_t> maximum_record_age_in_seconds;
  std::optional<bool> bisect_batch_on_function_error;
  std::optional<std::int64_t> maximum_retry_attempts;
  std::optional<std::int64_t> tumbling_window_in_seconds;
  std::optional<StringList> function_response_types;
  static constexpr auto fields() {
    using T = UpdateEventSourceMappingRequest;
    return std::tuple{
        field("UUID", &T::uuid, Traits{.required = true, .min = 36, .max = 36}.at(Location::uri)),
        field("FunctionName", &T::function_name,
              {.min = 1,
               .max = 256,
               .pattern = namespaced_function_name_pattern,
               .matches = fits<namespaced_function_name_pattern>}),
        field("Enabled", &T::enabled),
        field("BatchSize", &T::batch_size, {.min = 1, .max = 10000}),
        field("FilterCriteria", &T::filter_criteria),
        field("ScalingConfig", &T::scaling_config),
        field("MaximumBatchingWindowInSeconds", &T::maximum_batching_window_in_seconds,
              {.min = 0, .max = 300}),
        field("ParallelizationFactor", &T::parallelization_factor, {.min = 1, .max = 10}),
        field("DestinationConfig", &T::destination_config),
        field("MaximumRecordAgeInSeconds", &T::maximum_record_age_in_seconds,
              {.min = -1, .max = 604800}),
        field("BisectBatchOnFunctionError", &T::bisect_batch_on_function_error),
        field("MaximumRetryAttempts", &T::maximum_retry_attempts, {.min = -1, .max = 10000}),
        field("TumblingWindowInSeconds", &T::tumbling_window_in_seconds, {.min = 0, .max = 900}),
        field("FunctionResponseTypes", &T::function_response_types,
              {.max = 1, .each = &function_response_type_entry})};
  }
};

struct ListEventSourceMappingsRequest {
  std::optional<std::string> event_source_arn;
  std::optional<std::string> function_name;
  std::optional<std::string> marker;
  std::optional<std::int64_t> max_items;
  static constexpr auto fields() {
    using T = ListEventSourceMappingsRequest;
    return std::tuple{field("EventSourceArn", &T::event_source_arn,
                            Traits{.max = 10000,
                                   .pattern = event_source_arn_pattern,
                                   .matches = fits<event_source_arn_pattern>}
                                .at(Location::query, "EventSourceArn")),
                      field("FunctionName", &T::function_name,
                            Traits{.min = 1,
                                   .max = 256,
                                   .pattern = namespaced_function_name_pattern,
                                   .matches = fits<namespaced_function_name_pattern>}
                                .at(Location::query, "FunctionName")),
                      field("Marker", &T::marker, Traits{}.at(Location::query, "Marker")),
                      field("MaxItems", &T::max_items,
                            Traits{.min = 1, .max = 10000}.at(Location::query, "MaxItems"))};
  }
};

struct ListEventSourceMappingsResponse {
  std::optional<std::string> next_marker;
  std::optional<std::vector<EventSourceMappingConfiguration>> event_source_mappings;
  static constexpr auto fields() {
    using T = ListEventSourceMappingsResponse;
    return std::tuple{field("NextMarker", &T::next_marker),
                      field("EventSourceMappings", &T::event_source_mappings)};
  }
};

}  // namespace signalbox::broker::api::lambda
