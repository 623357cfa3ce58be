// What rows of operations are written with. For the tables of this folder alone.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "protocol/request_job.h"

namespace signalbox::protocol::operations {

enum class Kind : std::uint8_t { reads, writes, waits };

template <auto function>
constexpr Row row(Service service, std::string_view name, Kind kind) {
  Row row;
  row.service = service;
  row.name = name;
  row.read_only = kind == Kind::reads;
  row.may_wait = kind == Kind::waits;
  row.make = []() -> std::unique_ptr<RequestJob> { return std::make_unique<TypedJob<function>>(); };
  return row;
}

// An operation of REST-JSON: "POST /schedules/{Name}".
template <auto function>
constexpr Row rest(Service service, std::string_view name, Kind kind, std::string_view route,
                   unsigned success_status = 200) {
  Row made = row<function>(service, name, kind);
  made.success_status = success_status;
  const auto space = route.find(' ');
  made.method = route.substr(0, space);
  made.path = route.substr(space + 1);
  return made;
}

constexpr Row with_content_type(Row made, std::string_view type) {
  made.content_type = type;
  return made;
}

// A function's code comes in its request: 50 MB, in base64. As the service has it.
constexpr std::uint64_t code_request_bytes_max = 69'905'067;
constexpr Row with_code(Row made, std::string_view too_large) {
  made.own_body_limit = {code_request_bytes_max, too_large};
  return made;
}

// What a function answers may be larger than it may be, so that its client is told so.
constexpr Row with_outcome(Row made) {
  made.own_body_limit = {std::uint64_t{64} << 20,
                         "Response payload size exceeded maximum allowed payload size (6291556 "
                         "bytes)."};
  return made;
}

// A table for each service, or for two that belong together, in order of service and name.
std::span<const Row> sqs_rows();
std::span<const Row> events_rows();
std::span<const Row> scheduler_rows();
std::span<const Row> schemas_rows();
std::span<const Row> identity_rows();
std::span<const Row> lambda_rows();

}  // namespace signalbox::protocol::operations
