// Which variables a function may have.
// Source: "Defined runtime environment variables" in the service's documentation.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "broker/events_envelope.h"
#include "broker/functions/functions.h"

namespace signalbox::broker::functions {

namespace {

constexpr std::size_t bytes_max = 4096;  // of all names and values

constexpr std::array<std::string_view, 18> reserved_names{
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
};

std::string json_of(const api::StringMap& variables) {
  std::string json = "{";
  for (const auto& [name, value] : variables) {
    if (json.size() > 1) json += ',';
    append_json_string(json, name);
    json += ':';
    append_json_string(json, value);
  }
  return json += '}';
}

}  // namespace

Status check_environment(const api::StringMap& variables) {
  std::string reserved;
  std::size_t bytes = 0;
  for (const auto& [name, value] : variables) {
    bytes += name.size() + value.size();
    if (!std::binary_search(reserved_names.begin(), reserved_names.end(), name)) continue;
    reserved += reserved.empty() ? "" : ", ";
    reserved += name;
  }
  constexpr std::string_view unable =
      "Lambda was unable to configure your environment variables because the environment variables "
      "you have provided";
  if (!reserved.empty()) {
    return Error{ErrorCode::invalid_parameter_value,
                 fmt::format("{} contains reserved keys that are currently not supported for "
                             "modification. Reserved keys used in this request: {}",
                             unable, reserved)};
  }
  if (bytes > bytes_max) {
    return Error{
        ErrorCode::invalid_parameter_value,
        fmt::format("{} exceeded the 4KB limit. String measured: {}", unable, json_of(variables))};
  }
  return ok();
}

}  // namespace signalbox::broker::functions
