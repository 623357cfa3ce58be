// The Lambda Runtime API: what a function's worker asks for, and tells. As its documentation
// describes it; it has no model.
#pragma once

#include "broker/api/fields.h"

namespace signalbox::broker::api::runtime {

constexpr Traits function_in_path = required_member.at(Location::uri);
constexpr Traits id_in_path = required_member.at(Location::uri, "AwsRequestId");
constexpr Traits as_payload = Traits{}.at(Location::payload);
constexpr Traits error_type_in_header =
    Traits{}.at(Location::header, "Lambda-Runtime-Function-Error-Type");

struct NextRequest {
  std::string function_name;
  static constexpr auto fields() {
    using T = NextRequest;
    return std::tuple{field("FunctionName", &T::function_name, function_in_path)};
  }
};

struct NextResponse {
  std::string request_id;
  std::string deadline_ms;
  std::string function_arn;
  std::optional<std::string> trace_id;
  std::optional<std::string> client_context;
  Blob payload;
  // What it hands out; empty: nothing.
  const std::string& invocation() const { return request_id; }
  static constexpr auto fields() {
    using T = NextResponse;
    return std::tuple{
        field("RequestId", &T::request_id,
              Traits{}.at(Location::header, "Lambda-Runtime-Aws-Request-Id")),
        field("DeadlineMs", &T::deadline_ms,
              Traits{}.at(Location::header, "Lambda-Runtime-Deadline-Ms")),
        field("FunctionArn", &T::function_arn,
              Traits{}.at(Location::header, "Lambda-Runtime-Invoked-Function-Arn")),
        field("TraceId", &T::trace_id, Traits{}.at(Location::header, "Lambda-Runtime-Trace-Id")),
        field("ClientContext", &T::client_context,
              Traits{}.at(Location::header, "Lambda-Runtime-Client-Context")),
        field("Payload", &T::payload, as_payload)};
  }
};

// What an invocation came to: its response, or why there is none.
struct OutcomeRequest {
  std::string function_name;
  std::string request_id;
  Blob payload;
  std::optional<std::string> error_type = {};
  static constexpr auto fields() {
    using T = OutcomeRequest;
    return std::tuple{field("FunctionName", &T::function_name, function_in_path),
                      field("RequestId", &T::request_id, id_in_path),
                      field("ErrorType", &T::error_type, error_type_in_header),
                      field("Payload", &T::payload, as_payload)};
  }
};

struct InitErrorRequest {
  std::string function_name;
  Blob payload;
  std::optional<std::string> error_type = {};
  static constexpr auto fields() {
    using T = InitErrorRequest;
    return std::tuple{field("FunctionName", &T::function_name, function_in_path),
                      field("ErrorType", &T::error_type, error_type_in_header),
                      field("Payload", &T::payload, as_payload)};
  }
};

struct Accepted {
  std::string status = "OK";
  static constexpr auto fields() {
    using T = Accepted;
    return std::tuple{field("status", &T::status)};
  }
};

}  // namespace signalbox::broker::api::runtime
