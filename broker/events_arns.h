// ARNs of buses and rules, and of whatever a target may name. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/context.h"
#include "broker/log_line.h"

namespace signalbox::broker {

constexpr std::string_view default_bus_name = "default";

struct BusPlace {
  std::string account;
  std::string region;
  std::string name;
};

// A bus name, which is the caller's, or an ARN, which may name another account's. Nothing is the
// caller's default bus.
BusPlace parse_bus(const std::optional<std::string>& name_or_arn, const Caller& caller);

// What TagResource can name: a bus, or a rule on it.
struct EventsResource {
  BusPlace bus;
  std::optional<std::string> rule;
};
// arn:PARTITION:events:REGION:ACCOUNT:event-bus/BUS, ...:rule/RULE (default bus) or
// ...:rule/BUS/RULE.
std::optional<EventsResource> parse_events_arn(std::string_view arn);
// Whether it is the ARN of a bus.
bool is_bus_arn(std::string_view arn);
// arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME, with or without ":*" at its end.
std::optional<LogGroup> parse_log_group_arn(std::string_view arn);

// A connection or an API destination, whose ARNs end in a name and an id: one that is made anew
// under the name of another is not the other.
struct NamedPlace {
  std::string account;
  std::string region;
  std::string name;
  std::string uuid;
};
std::optional<NamedPlace> parse_connection_arn(std::string_view arn);
std::optional<NamedPlace> parse_api_destination_arn(std::string_view arn);

// Whether the text has the six parts of an ARN: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE.
bool is_arn(std::string_view text);
// Whether it is a URL of HTTP or HTTPS: a target of our own kind, where the service has none.
bool is_http_url(std::string_view text);
// Whether the URL has a user name: a secret, perhaps, and the URL is shown to everybody.
bool has_user_info(std::string_view url);
// The SERVICE of an ARN, empty for anything else.
std::string_view arn_service(std::string_view arn);

}  // namespace signalbox::broker
