// The HTTP requests that deliveries are. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "broker/delivery/attempt.h"
#include "broker/destinations/authorization.h"

namespace signalbox::broker {

// What an event has to do with its request besides the body.
struct RequestEvent {
  std::string_view json;
  std::string_view trace_header;
  IdBytes id{};
};

// A POST to a target that is a URL.
HttpAttempt url_request(const std::string& url, const RequestEvent& event, std::string body);

struct DestinationCall {
  std::string_view endpoint;
  std::string_view method;
  const Authorization& authorization;
  std::string_view token;                       // of OAuth
  const api::HttpParameters* target = nullptr;  // the target's parameters; may be null
};
// What is sent to an API destination, or why nothing can be: then trying again is of no use. Values
// of the target's parameters that are paths ($.detail.id) are looked up in the event. Where target
// and connection name the same, the connection's value counts.
std::variant<HttpAttempt, DeliveryFailure> destination_request(const DestinationCall& call,
                                                               const RequestEvent& event,
                                                               std::string body);

constexpr std::chrono::seconds attempt_timeout{5};
constexpr std::string_view destination_user_agent = "Amazon/EventBridge/ApiDestinations";

}  // namespace signalbox::broker
