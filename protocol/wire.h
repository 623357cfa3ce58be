// What the wire formats have in common: their names, how a body that is not what the protocol
// promises is reported, and the text forms of a timestamp. Pure functions, thread safe.
#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "broker/api/fields.h"
#include "broker/error.h"

namespace signalbox::protocol {

enum class Service : std::uint8_t { sqs, events, scheduler, schemas, iam, sts, lambda, runtime };

constexpr Service services[] = {Service::sqs,     Service::events, Service::scheduler,
                                Service::schemas, Service::iam,    Service::sts,
                                Service::lambda,  Service::runtime};

constexpr Service rest_services[] = {Service::scheduler, Service::schemas, Service::lambda,
                                     Service::runtime};

enum class Wire : std::uint8_t { json_1_0, json_1_1, query, rest_json };

// Its signing name, which is also what logs and metrics call it.
std::string_view service_name(Service service);
// The service of that signing name if it speaks REST-JSON: its operations are methods and paths.
std::optional<Service> rest_service(std::string_view signing_name);
constexpr bool is_rest(Service service) {
  return std::find(std::begin(rest_services), std::end(rest_services), service) !=
         std::end(rest_services);
}

// The Content-Type of a reply on that wire.
std::string_view content_type(Wire wire);

// Why a body could not be decoded. message is what the client is told: the service's own words,
// which for a malformed body are none. detail says what is wrong, for logs.
struct DecodeError {
  std::string message;
  std::string detail;
};
broker::Error to_error(DecodeError error);

// RFC 3339: "2026-01-01T00:00:00Z", with a fraction (cut to milliseconds) or a numeric offset,
// years 0000 to 9999. Nothing when the text is not one, or the date does not exist.
std::optional<broker::api::Timestamp> parse_rfc3339(std::string_view text);
// The form the services print: "2026-01-01T00:00:00.678Z".
void append_rfc3339(std::string& out, broker::api::Timestamp time);

// Timestamps outside these are refused on every wire: RFC 3339 has four digits for the year.
constexpr std::int64_t timestamp_ms_min = -62'167'219'200'000;
constexpr std::int64_t timestamp_ms_max = 253'402'300'799'999;

}  // namespace signalbox::protocol
