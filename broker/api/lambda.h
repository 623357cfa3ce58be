// The Lambda operations' requests and responses, as botocore 1.44.8's model describes them,
// constraints included. In a namespace of their own: other services have structs of these names.
#pragma once

#include "broker/api/fields.h"
#include "broker/api/pattern_text.h"

namespace signalbox::broker::api::lambda {

inline constexpr std::string_view runtime_names =
    "nodejs, nodejs4.3, nodejs6.10, nodejs8.10, nodejs10.x, nodejs12.x, nodejs14.x, nodejs16.x, "
    "nodejs18.x, nodejs20.x, nodejs22.x, nodejs24.x, java8, java8.al2, java11, java17, java21, "
    "java25, python2.7, python3.6, python3.7, python3.8, python3.9, python3.10, python3.11, "
    "python3.12, python3.13, python3.14, dotnetcore1.0, dotnetcore2.0, dotnetcore2.1, "
    "dotnetcore3.1, dotnet6, dotnet8, dotnet10, nodejs4.3-edge, go1.x, ruby2.5, ruby2.7, ruby3.2, "
    "ruby3.3, ruby3.4, ruby4.0, provided, provided.al2, provided.al2023, nodejs26.x, python3.15, "
    "java8.al2023, java11.al2023, java17.al2023, custom";
inline constexpr std::string_view package_type_names = "Zip, Image";
inline constexpr std::string_view tracing_mode_names = "Active, PassThrough";
inline constexpr std::string_view architecture_names = "x86_64, arm64";
inline constexpr std::string_view snap_start_apply_on_names = "PublishedVersions, None";
inline constexpr std::string_view log_format_names = "JSON, Text";
inline constexpr std::string_view application_log_level_names =
    "TRACE, DEBUG, INFO, WARN, ERROR, FATAL";
inline constexpr std::string_view system_log_level_names = "DEBUG, INFO, WARN";
inline constexpr std::string_view function_version_names = "ALL";
inline constexpr std::string_view invocation_type_names = "Event, RequestResponse, DryRun";
inline constexpr std::string_view log_type_names = "None, Tail";
inline constexpr std::string_view function_name_pattern =
    R"re((arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-)re"
    R"re(\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?)re";
inline constexpr std::string_view role_arn_pattern =
    R"re(arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+)re";
inline constexpr std::string_view handler_pattern = R"re([^\s]+)re";
inline constexpr std::string_view s3_key_pattern = R"re(.*)re";
inline constexpr std::string_view subnet_id_pattern = R"re(subnet-[0-9a-z]*)re";
inline constexpr std::string_view security_group_id_pattern = R"re(sg-[0-9a-zA-Z]*)re";
inline constexpr std::string_view resource_arn_pattern =
    R"re((arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|())re";
inline constexpr std::string_view environment_variable_name_pattern =
    R"re([a-zA-Z]([a-zA-Z0-9_])+)re";
inline constexpr std::string_view tag_value_pattern = R"re(([\p{L}\p{Z}\p{N}_.:/=+\-@]*))re";
inline constexpr std::string_view layer_version_arn_pattern =
    R"re(((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d)re"
    R"re({1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-)re"
    R"re(zA-Z0-9-_]+)))re";
inline constexpr std::string_view log_group_pattern = R"re([\.\-_/#A-Za-z0-9]+)re";
inline constexpr std::string_view namespaced_function_name_pattern =
    R"re((arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-)re"
    R"re(\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-)re"
    R"re(Z0-9-_]+))?)re";
inline constexpr std::string_view numeric_latest_published_or_alias_qualifier_pattern =
    R"re(\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+)re";
inline constexpr std::string_view master_region_pattern =
    R"re(ALL|(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})re";
constexpr Traits subnet_id_entry{
    .max = 1024, .pattern = subnet_id_pattern, .matches = fits<subnet_id_pattern>};
constexpr Traits security_group_id_entry{
    .max = 1024, .pattern = security_group_id_pattern, .matches = fits<security_group_id_pattern>};
constexpr Traits environment_variable_value_entry{.is_secret = true};
constexpr Traits environment_variable_name_entry{.pattern = environment_variable_name_pattern,
                                                 .matches = fits<environment_variable_name_pattern>,
                                                 .is_secret = true};
constexpr Traits tag_value_entry{
    .max = 256, .pattern = tag_value_pattern, .matches = fits<tag_value_pattern>};
constexpr Traits tag_key_entry{
    .min = 1, .max = 128, .pattern = tag_value_pattern, .matches = fits<tag_value_pattern>};
constexpr Traits layer_version_arn_entry{.min = 1,
                                         .max = 2048,
                                         .pattern = layer_version_arn_pattern,
                                         .matches = fits<layer_version_arn_pattern>};
constexpr Traits architecture_entry{.one_of = architecture_names};

struct FunctionCode {
  std::optional<Blob> zip_file;
  std::optional<std::string> s3_bucket;
  std::optional<std::string> s3_key;
  std::optional<std::string> s3_object_version;
  std::optional<std::string> image_uri;
  static constexpr auto fields() {
    using T = FunctionCode;
    return std::tuple{
        field("ZipFile", &T::zip_file, {.is_secret = true}),
        field("S3Bucket", &T::s3_bucket, {.min = 3, .max = 63}),
        field("S3Key", &T::s3_key,
              {.min = 1, .max = 1024, .pattern = s3_key_pattern, .matches = fits<s3_key_pattern>}),
        field("S3ObjectVersion", &T::s3_object_version,
              {.min = 1, .max = 1024, .pattern = s3_key_pattern, .matches = fits<s3_key_pattern>}),
        field("ImageUri", &T::image_uri)};
  }
};

struct VpcConfig {
  std::optional<StringList> subnet_ids;
  std::optional<StringList> security_group_ids;
  std::optional<bool> ipv6_allowed_for_dual_stack;
  static constexpr auto fields() {
    using T = VpcConfig;
    return std::tuple{field("SubnetIds", &T::subnet_ids, {.max = 16, .each = &subnet_id_entry}),
                      field("SecurityGroupIds", &T::security_group_ids,
                            {.max = 5, .each = &security_group_id_entry}),
                      field("Ipv6AllowedForDualStack", &T::ipv6_allowed_for_dual_stack)};
  }
};

struct DeadLetterConfig {
  std::optional<std::string> target_arn;
  static constexpr auto fields() {
    using T = DeadLetterConfig;
    return std::tuple{field(
        "TargetArn", &T::target_arn,
        {.max = 10000, .pattern = resource_arn_pattern, .matches = fits<resource_arn_pattern>})};
  }
};

struct Environment {
  StringMap variables;
  static constexpr auto fields() {
    using T = Environment;
    return std::tuple{field("Variables", &T::variables,
                            {.each = &environment_variable_value_entry,
                             .each_key = &environment_variable_name_entry,
                             .is_secret = true})};
  }
};

struct TracingConfig {
  std::optional<std::string> mode;
  static constexpr auto fields() {
    using T = TracingConfig;
    return std::tuple{field("Mode", &T::mode, {.one_of = tracing_mode_names})};
  }
};

struct EphemeralStorage {
  std::int64_t size = 0;
  static constexpr auto fields() {
    using T = EphemeralStorage;
    return std::tuple{field("Size", &T::size, {.required = true, .min = 512, .max = 32768})};
  }
};

struct ImageConfig {
  std::optional<StringList> entry_point;
  std::optional<StringList> command;
  std::optional<std::string> working_directory;
  static constexpr auto fields() {
    using T = ImageConfig;
    return std::tuple{field("EntryPoint", &T::entry_point, {.max = 1500}),
                      field("Command", &T::command, {.max = 1500}),
                      field("WorkingDirectory", &T::working_directory, {.max = 1000})};
  }
};

struct ImageConfigResponse {
  std::optional<ImageConfig> image_config;
  static constexpr auto fields() {
    using T = ImageConfigResponse;
    return std::tuple{field("ImageConfig", &T::image_config)};
  }
};

struct SnapStart {
  std::optional<std::string> apply_on;
  static constexpr auto fields() {
    using T = SnapStart;
    return std::tuple{field("ApplyOn", &T::apply_on, {.one_of = snap_start_apply_on_names})};
  }
};

struct LoggingConfig {
  std::optional<std::string> log_format;
  std::optional<std::string> application_log_level;
  std::optional<std::string> system_log_level;
  std::optional<std::string> log_group;
  static constexpr auto fields() {
    using T = LoggingConfig;
    return std::tuple{
        field("LogFormat", &T::log_format, {.one_of = log_format_names}),
        field("ApplicationLogLevel", &T::application_log_level,
              {.one_of = application_log_level_names}),
        field("SystemLogLevel", &T::system_log_level, {.one_of = system_log_level_names}),
        field("LogGroup", &T::log_group,
              {.min = 1,
               .max = 512,
               .pattern = log_group_pattern,
               .matches = fits<log_group_pattern>})};
  }
};

struct CreateFunctionRequest {
  std::string function_name;
  std::optional<std::string> runtime;
  std::string role;
  std::optional<std::string> handler;
  FunctionCode code;
  std::optional<std::string> description;
  std::optional<std::int64_t> timeout;
  std::optional<std::int64_t> memory_size;
  std::optional<bool> publish;
  std::optional<VpcConfig> vpc_config;
  std::optional<std::string> package_type;
  std::optional<DeadLetterConfig> dead_letter_config;
  std::optional<Environment> environment;
  std::optional<TracingConfig> tracing_config;
  StringMap tags;
  std::optional<StringList> layers;
  std::optional<StringList> architectures;
  std::optional<EphemeralStorage> ephemeral_storage;
  std::optional<ImageConfig> image_config;
  std::optional<SnapStart> snap_start;
  std::optional<LoggingConfig> logging_config;
  std::string code_sha256;  // in base64, filled on the io thread; not on the wire
  static constexpr auto fields() {
    using T = CreateFunctionRequest;
    return std::tuple{
        field("FunctionName", &T::function_name,
              {.required = true,
               .min = 1,
               .max = 140,
               .pattern = function_name_pattern,
               .matches = fits<function_name_pattern>}),
        field("Runtime", &T::runtime, {.one_of = runtime_names}),
        field("Role", &T::role,
              {.required = true,
               .max = 10000,
               .pattern = role_arn_pattern,
               .matches = fits<role_arn_pattern>}),
        field("Handler", &T::handler,
              {.max = 128, .pattern = handler_pattern, .matches = fits<handler_pattern>}),
        field("Code", &T::code, {.required = true}),
        field("Description", &T::description, {.max = 256}),
        field("Timeout", &T::timeout, {.min = 1, .max = 5400}),
        field("MemorySize", &T::memory_size, {.min = 128, .max = 32768}),
        field("Publish", &T::publish),
        field("VpcConfig", &T::vpc_config),
        field("PackageType", &T::package_type, {.one_of = package_type_names}),
        field("DeadLetterConfig", &T::dead_letter_config),
        field("Environment", &T::environment),
        field("TracingConfig", &T::tracing_config),
        field("Tags", &T::tags, {.each = &tag_value_entry, .each_key = &tag_key_entry}),
        field("Layers", &T::layers, {.each = &layer_version_arn_entry}),
        field("Architectures", &T::architectures,
              {.min = 1, .max = 1, .each = &architecture_entry}),
        field("EphemeralStorage", &T::ephemeral_storage),
        field("ImageConfig", &T::image_config),
        field("SnapStart", &T::snap_start),
        field("LoggingConfig", &T::logging_config)};
  }
};

struct VpcConfigResponse {
  std::optional<StringList> subnet_ids;
  std::optional<StringList> security_group_ids;
  std::optional<std::string> vpc_id;
  std::optional<bool> ipv6_allowed_for_dual_stack;
  static constexpr auto fields() {
    using T = VpcConfigResponse;
    return std::tuple{field("SubnetIds", &T::subnet_ids),
                      field("SecurityGroupIds", &T::security_group_ids), field("VpcId", &T::vpc_id),
                      field("Ipv6AllowedForDualStack", &T::ipv6_allowed_for_dual_stack)};
  }
};

struct EnvironmentError {
  std::optional<std::string> error_code;
  std::optional<std::string> message;
  static constexpr auto fields() {
    using T = EnvironmentError;
    return std::tuple{field("ErrorCode", &T::error_code), field("Message", &T::message)};
  }
};

struct EnvironmentResponse {
  StringMap variables;
  std::optional<EnvironmentError> error;
  static constexpr auto fields() {
    using T = EnvironmentResponse;
    return std::tuple{field("Variables", &T::variables), field("Error", &T::error)};
  }
};

struct TracingConfigResponse {
  std::optional<std::string> mode;
  static constexpr auto fields() {
    using T = TracingConfigResponse;
    return std::tuple{field("Mode", &T::mode)};
  }
};

struct Layer {
  std::optional<std::string> arn;
  std::optional<std::int64_t> code_size;
  static constexpr auto fields() {
    using T = Layer;
    return std::tuple{field("Arn", &T::arn), field("CodeSize", &T::code_size)};
  }
};

struct SnapStartResponse {
  std::optional<std::string> apply_on;
  std::optional<std::string> optimization_status;
  static constexpr auto fields() {
    using T = SnapStartResponse;
    return std::tuple{field("ApplyOn", &T::apply_on),
                      field("OptimizationStatus", &T::optimization_status)};
  }
};

struct FunctionConfiguration {
  std::optional<std::string> function_name;
  std::optional<std::string> function_arn;
  std::optional<std::string> runtime;
  std::optional<std::string> role;
  std::optional<std::string> handler;
  std::optional<std::int64_t> code_size;
  std::optional<std::string> description;
  std::optional<std::int64_t> timeout;
  std::optional<std::int64_t> memory_size;
  std::optional<std::string> last_modified;
  std::optional<std::string> code_sha256;
  std::optional<std::string> version;
  std::optional<VpcConfigResponse> vpc_config;
  std::optional<DeadLetterConfig> dead_letter_config;
  std::optional<EnvironmentResponse> environment;
  std::optional<TracingConfigResponse> tracing_config;
  std::optional<std::string> revision_id;
  std::optional<std::vector<Layer>> layers;
  std::optional<std::string> state;
  std::optional<std::string> state_reason;
  std::optional<std::string> state_reason_code;
  std::optional<std::string> last_update_status;
  std::optional<std::string> last_update_status_reason;
  std::optional<std::string> last_update_status_reason_code;
  std::optional<std::string> package_type;
  std::optional<StringList> architectures;
  std::optional<EphemeralStorage> ephemeral_storage;
  std::optional<ImageConfigResponse> image_config_response;
  std::optional<SnapStartResponse> snap_start;
  std::optional<LoggingConfig> logging_config;
  static constexpr auto fields() {
    using T = FunctionConfiguration;
    return std::tuple{field("FunctionName", &T::function_name),
                      field("FunctionArn", &T::function_arn),
                      field("Runtime", &T::runtime),
                      field("Role", &T::role),
                      field("Handler", &T::handler),
                      field("CodeSize", &T::code_size),
                      field("Description", &T::description),
                      field("Timeout", &T::timeout),
                      field("MemorySize", &T::memory_size),
                      field("LastModified", &T::last_modified),
                      field("CodeSha256", &T::code_sha256),
                      field("Version", &T::version),
                      field("VpcConfig", &T::vpc_config),
                      field("DeadLetterConfig", &T::dead_letter_config),
                      field("Environment", &T::environment),
                      field("TracingConfig", &T::tracing_config),
                      field("RevisionId", &T::revision_id),
                      field("Layers", &T::layers),
                      field("State", &T::state),
                      field("StateReason", &T::state_reason),
                      field("StateReasonCode", &T::state_reason_code),
                      field("LastUpdateStatus", &T::last_update_status),
                      field("LastUpdateStatusReason", &T::last_update_status_reason),
                      field("LastUpdateStatusReasonCode", &T::last_update_status_reason_code),
                      field("PackageType", &T::package_type),
                      field("Architectures", &T::architectures),
                      field("EphemeralStorage", &T::ephemeral_storage),
                      field("ImageConfigResponse", &T::image_config_response),
                      field("SnapStart", &T::snap_start),
                      field("LoggingConfig", &T::logging_config)};
  }
};

// GetFunction, GetFunctionConfiguration and DeleteFunction take the same.
struct FunctionRequest {
  std::string function_name;
  std::optional<std::string> qualifier;
  static constexpr auto fields() {
    using T = FunctionRequest;
    return std::tuple{
        field("FunctionName", &T::function_name,
              Traits{.required = true,
                     .min = 1,
                     .max = 256,
                     .pattern = namespaced_function_name_pattern,
                     .matches = fits<namespaced_function_name_pattern>}
                  .at(Location::uri)),
        field("Qualifier", &T::qualifier,
              Traits{.min = 1,
                     .max = 128,
                     .pattern = numeric_latest_published_or_alias_qualifier_pattern,
                     .matches = fits<numeric_latest_published_or_alias_qualifier_pattern>}
                  .at(Location::query, "Qualifier"))};
  }
};

struct FunctionCodeLocationError {
  std::optional<std::string> error_code;
  std::optional<std::string> message;
  static constexpr auto fields() {
    using T = FunctionCodeLocationError;
    return std::tuple{field("ErrorCode", &T::error_code), field("Message", &T::message)};
  }
};

struct FunctionCodeLocation {
  std::optional<std::string> repository_type;
  std::optional<std::string> location;
  std::optional<std::string> image_uri;
  std::optional<FunctionCodeLocationError> error;
  static constexpr auto fields() {
    using T = FunctionCodeLocation;
    return std::tuple{field("RepositoryType", &T::repository_type), field("Location", &T::location),
                      field("ImageUri", &T::image_uri), field("Error", &T::error)};
  }
};

struct Concurrency {
  std::optional<std::int64_t> reserved_concurrent_executions;
  static constexpr auto fields() {
    using T = Concurrency;
    return std::tuple{field("ReservedConcurrentExecutions", &T::reserved_concurrent_executions)};
  }
};

struct GetFunctionResponse {
  std::optional<FunctionConfiguration> configuration;
  std::optional<FunctionCodeLocation> code;
  StringMap tags;
  std::optional<Concurrency> concurrency;
  static constexpr auto fields() {
    using T = GetFunctionResponse;
    return std::tuple{field("Configuration", &T::configuration), field("Code", &T::code),
                      field("Tags", &T::tags), field("Concurrency", &T::concurrency)};
  }
};

struct DeleteFunctionResponse {
  std::optional<std::int64_t> status_code;
  static constexpr auto fields() {
    using T = DeleteFunctionResponse;
    return std::tuple{field("StatusCode", &T::status_code, Traits{}.at(Location::status))};
  }
};

struct ListFunctionsRequest {
  std::optional<std::string> master_region;
  std::optional<std::string> function_version;
  std::optional<std::string> marker;
  std::optional<std::int64_t> max_items;
  static constexpr auto fields() {
    using T = ListFunctionsRequest;
    return std::tuple{
        field("MasterRegion", &T::master_region,
              Traits{.min = 1,
                     .max = 50,
                     .pattern = master_region_pattern,
                     .matches = fits<master_region_pattern>}
                  .at(Location::query, "MasterRegion")),
        field("FunctionVersion", &T::function_version,
              Traits{.one_of = function_version_names}.at(Location::query, "FunctionVersion")),
        field("Marker", &T::marker, Traits{}.at(Location::query, "Marker")),
        field("MaxItems", &T::max_items,
              Traits{.min = 1, .max = 10000}.at(Location::query, "MaxItems"))};
  }
};

struct ListFunctionsResponse {
  std::optional<std::string> next_marker;
  std::optional<std::vector<FunctionConfiguration>> functions;
  static constexpr auto fields() {
    using T = ListFunctionsResponse;
    return std::tuple{field("NextMarker", &T::next_marker), field("Functions", &T::functions)};
  }
};

struct InvokeRequest {
  std::string function_name;
  std::optional<std::string> invocation_type;
  std::optional<std::string> log_type;
  std::optional<std::string> client_context;
  std::optional<Blob> payload;
  std::optional<std::string> qualifier;
  static constexpr auto fields() {
    using T = InvokeRequest;
    return std::tuple{
        field("FunctionName", &T::function_name,
              Traits{.required = true,
                     .min = 1,
                     .max = 256,
                     .pattern = namespaced_function_name_pattern,
                     .matches = fits<namespaced_function_name_pattern>}
                  .at(Location::uri)),
        field(
            "InvocationType", &T::invocation_type,
            Traits{.one_of = invocation_type_names}.at(Location::header, "x-amz-invocation-type")),
        field("LogType", &T::log_type,
              Traits{.one_of = log_type_names}.at(Location::header, "x-amz-log-type")),
        field("ClientContext", &T::client_context,
              Traits{}.at(Location::header, "x-amz-client-context")),
        field("Payload", &T::payload, Traits{.is_secret = true}.at(Location::payload)),
        field("Qualifier", &T::qualifier,
              Traits{.min = 1,
                     .max = 128,
                     .pattern = numeric_latest_published_or_alias_qualifier_pattern,
                     .matches = fits<numeric_latest_published_or_alias_qualifier_pattern>}
                  .at(Location::query, "Qualifier"))};
  }
};

struct InvokeResponse {
  std::optional<std::int64_t> status_code;
  std::optional<std::string> function_error;
  std::optional<std::string> log_result;
  std::optional<Blob> payload;
  std::optional<std::string> executed_version;
  static constexpr auto fields() {
    using T = InvokeResponse;
    return std::tuple{
        field("StatusCode", &T::status_code, Traits{}.at(Location::status)),
        field("FunctionError", &T::function_error,
              Traits{}.at(Location::header, "x-amz-function-error")),
        field("LogResult", &T::log_result, Traits{}.at(Location::header, "x-amz-log-result")),
        field("Payload", &T::payload, Traits{}.at(Location::payload)),
        field("ExecutedVersion", &T::executed_version,
              Traits{}.at(Location::header, "x-amz-executed-version"))};
  }
};

}  // namespace signalbox::broker::api::lambda
