// Requests that change a function that is there, and what they answer: as lambda.h.
#pragma once

#include "broker/api/lambda.h"

namespace signalbox::broker::api::lambda {

inline constexpr std::string_view taggable_resource_pattern =
    R"re(arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})re"
    R"re(:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-confi)re"
    R"re(g:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F)re"
    R"re(]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(capacity-provider|network-connector):[a-zA-)re"
    R"re(Z0-9-_]{1,64}))re";

struct UpdateFunctionConfigurationRequest {
  std::string function_name;
  std::optional<std::string> role;
  std::optional<std::string> handler;
  std::optional<std::string> description;
  std::optional<std::int64_t> timeout;
  std::optional<std::int64_t> memory_size;
  std::optional<VpcConfig> vpc_config;
  std::optional<Environment> environment;
  std::optional<std::string> runtime;
  std::optional<DeadLetterConfig> dead_letter_config;
  std::optional<TracingConfig> tracing_config;
  std::optional<std::string> revision_id;
  std::optional<StringList> layers;
  std::optional<EphemeralStorage> ephemeral_storage;
  std::optional<ImageConfig> image_config;
  std::optional<SnapStart> snap_start;
  std::optional<LoggingConfig> logging_config;
  static constexpr auto fields() {
    using T = UpdateFunctionConfigurationRequest;
    return std::tuple{
        field("FunctionName", &T::function_name,
              Traits{.required = true,
                     .min = 1,
                     .max = 140,
                     .pattern = function_name_pattern,
                     .matches = fits<function_name_pattern>}
                  .at(Location::uri)),
        field("Role", &T::role,
              {.max = 10000, .pattern = role_arn_pattern, .matches = fits<role_arn_pattern>}),
        field("Handler", &T::handler,
              {.max = 128, .pattern = handler_pattern, .matches = fits<handler_pattern>}),
        field("Description", &T::description, {.max = 256}),
        field("Timeout", &T::timeout, {.min = 1, .max = 5400}),
        field("MemorySize", &T::memory_size, {.min = 128, .max = 32768}),
        field("VpcConfig", &T::vpc_config),
        field("Environment", &T::environment),
        field("Runtime", &T::runtime, {.one_of = runtime_names}),
        field("DeadLetterConfig", &T::dead_letter_config),
        field("TracingConfig", &T::tracing_config),
        field("RevisionId", &T::revision_id),
        field("Layers", &T::layers, {.each = &layer_version_arn_entry}),
        field("EphemeralStorage", &T::ephemeral_storage),
        field("ImageConfig", &T::image_config),
        field("SnapStart", &T::snap_start),
        field("LoggingConfig", &T::logging_config)};
  }
};

struct TagResourceRequest {
  std::string resource;
  StringMap tags;
  static constexpr auto fields() {
    using T = TagResourceRequest;
    return std::tuple{
        field("Resource", &T::resource,
              Traits{.required = true,
                     .min = 1,
                     .max = 10000,
                     .pattern = taggable_resource_pattern,
                     .matches = fits<taggable_resource_pattern>}
                  .at(Location::uri)),
        field("Tags", &T::tags,
              {.required = true, .each = &tag_value_entry, .each_key = &tag_key_entry})};
  }
};

struct UntagResourceRequest {
  std::string resource;
  StringList tag_keys;
  static constexpr auto fields() {
    using T = UntagResourceRequest;
    return std::tuple{
        field("Resource", &T::resource,
              Traits{.required = true,
                     .min = 1,
                     .max = 10000,
                     .pattern = taggable_resource_pattern,
                     .matches = fits<taggable_resource_pattern>}
                  .at(Location::uri)),
        field("TagKeys", &T::tag_keys,
              Traits{.required = true, .each = &tag_key_entry}.at(Location::query, "tagKeys"))};
  }
};

struct ListTagsRequest {
  std::string resource;
  static constexpr auto fields() {
    using T = ListTagsRequest;
    return std::tuple{field("Resource", &T::resource,
                            Traits{.required = true,
                                   .min = 1,
                                   .max = 10000,
                                   .pattern = taggable_resource_pattern,
                                   .matches = fits<taggable_resource_pattern>}
                                .at(Location::uri))};
  }
};

struct ListTagsResponse {
  StringMap tags;
  static constexpr auto fields() {
    using T = ListTagsResponse;
    return std::tuple{field("Tags", &T::tags)};
  }
};

struct PutFunctionConcurrencyRequest {
  std::string function_name;
  std::int64_t reserved_concurrent_executions = 0;
  static constexpr auto fields() {
    using T = PutFunctionConcurrencyRequest;
    return std::tuple{field("FunctionName", &T::function_name,
                            Traits{.required = true,
                                   .min = 1,
                                   .max = 140,
                                   .pattern = function_name_pattern,
                                   .matches = fits<function_name_pattern>}
                                .at(Location::uri)),
                      field("ReservedConcurrentExecutions", &T::reserved_concurrent_executions,
                            {.required = true, .min = 0})};
  }
};

// DeleteFunctionConcurrency takes the same.
struct FunctionConcurrencyRequest {
  std::string function_name;
  static constexpr auto fields() {
    using T = FunctionConcurrencyRequest;
    return std::tuple{field("FunctionName", &T::function_name,
                            Traits{.required = true,
                                   .min = 1,
                                   .max = 140,
                                   .pattern = function_name_pattern,
                                   .matches = fits<function_name_pattern>}
                                .at(Location::uri))};
  }
};

struct GetFunctionConcurrencyResponse {
  std::optional<std::int64_t> reserved_concurrent_executions;
  static constexpr auto fields() {
    using T = GetFunctionConcurrencyResponse;
    return std::tuple{field("ReservedConcurrentExecutions", &T::reserved_concurrent_executions)};
  }
};

}  // namespace signalbox::broker::api::lambda
