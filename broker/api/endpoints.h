// Requests and responses of global endpoints (EventBridge, service "events"), as botocore 1.44.8's
// model describes them.
#pragma once

#include "broker/api/archives.h"
#include "broker/api/events.h"

namespace signalbox::broker::api {

bool is_health_check(std::string_view text);   // ^arn:aws([a-z]|\-)*:route53:::healthcheck/…
bool is_route(std::string_view text);          // ^[\-a-z0-9]+$
bool is_endpoint_bus(std::string_view text);   // ^arn:aws[a-z-]*:events:…:event-bus/[\w.-]+$
bool is_endpoint_role(std::string_view text);  // ^arn:aws[a-z-]*:iam::\d{12}:role\/…

constexpr Traits home_region_traits{
    .min = 9, .max = 20, .pattern = R"(^[\-a-z0-9]+$)", .matches = is_route};
constexpr Traits endpoint_role{.min = 1,
                               .max = 256,
                               .pattern = R"(^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$)",
                               .matches = is_endpoint_role};

struct Primary {
  std::string health_check;
  static constexpr auto fields() {
    return std::tuple{field("HealthCheck", &Primary::health_check,
                            {.required = true,
                             .min = 1,
                             .max = 1600,
                             .pattern = R"(^arn:aws([a-z]|\-)*:route53:::healthcheck/[\-a-z0-9]+$)",
                             .matches = is_health_check})};
  }
};
struct Secondary {
  std::string route;
  static constexpr auto fields() {
    return std::tuple{field("Route", &Secondary::route,
                            {.required = true,
                             .min = 9,
                             .max = 20,
                             .pattern = R"(^[\-a-z0-9]+$)",
                             .matches = is_route})};
  }
};
struct FailoverConfig {
  Primary primary;
  Secondary secondary;
  static constexpr auto fields() {
    using T = FailoverConfig;
    return std::tuple{field("Primary", &T::primary, required_member),
                      field("Secondary", &T::secondary, required_member)};
  }
};
struct RoutingConfig {
  FailoverConfig failover_config;
  static constexpr auto fields() {
    return std::tuple{field("FailoverConfig", &RoutingConfig::failover_config, required_member)};
  }
};
struct ReplicationConfig {
  std::optional<std::string> state;
  static constexpr auto fields() {
    return std::tuple{field("State", &ReplicationConfig::state, {.one_of = "ENABLED, DISABLED"})};
  }
};
struct EndpointEventBus {
  std::string event_bus_arn;
  static constexpr auto fields() {
    return std::tuple{
        field("EventBusArn", &EndpointEventBus::event_bus_arn,
              {.required = true,
               .min = 1,
               .max = 512,
               .pattern = R"(^arn:aws[a-z-]*:events:[a-z]+-[a-z-]+-\d+:\d{12}:event-bus/[\w.-]+$)",
               .matches = is_endpoint_bus})};
  }
};

struct CreateEndpointRequest {
  std::string name;
  std::optional<std::string> description;
  RoutingConfig routing_config;
  std::optional<ReplicationConfig> replication_config;
  std::vector<EndpointEventBus> event_buses;
  std::optional<std::string> role_arn;
  static constexpr auto fields() {
    using T = CreateEndpointRequest;
    return std::tuple{field("Name", &T::name, name_required),
                      field("Description", &T::description, description_line),
                      field("RoutingConfig", &T::routing_config, required_member),
                      field("ReplicationConfig", &T::replication_config),
                      field("EventBuses", &T::event_buses, {.required = true, .min = 2, .max = 2}),
                      field("RoleArn", &T::role_arn, endpoint_role)};
  }
};
struct CreateEndpointResponse {
  std::string name, arn;
  RoutingConfig routing_config;
  std::optional<ReplicationConfig> replication_config;
  std::vector<EndpointEventBus> event_buses;
  std::optional<std::string> role_arn;
  std::string state;
  static constexpr auto fields() {
    using T = CreateEndpointResponse;
    return std::tuple{field("Name", &T::name),
                      field("Arn", &T::arn),
                      field("RoutingConfig", &T::routing_config),
                      field("ReplicationConfig", &T::replication_config),
                      field("EventBuses", &T::event_buses),
                      field("RoleArn", &T::role_arn),
                      field("State", &T::state)};
  }
};

struct UpdateEndpointRequest {
  std::string name;
  std::optional<std::string> description;
  std::optional<RoutingConfig> routing_config;
  std::optional<ReplicationConfig> replication_config;
  std::optional<std::vector<EndpointEventBus>> event_buses;
  std::optional<std::string> role_arn;
  static constexpr auto fields() {
    using T = UpdateEndpointRequest;
    return std::tuple{field("Name", &T::name, name_required),
                      field("Description", &T::description, description_line),
                      field("RoutingConfig", &T::routing_config),
                      field("ReplicationConfig", &T::replication_config),
                      field("EventBuses", &T::event_buses, {.min = 2, .max = 2}),
                      field("RoleArn", &T::role_arn, endpoint_role)};
  }
};
struct UpdateEndpointResponse {
  std::string name, arn;
  RoutingConfig routing_config;
  std::optional<ReplicationConfig> replication_config;
  std::vector<EndpointEventBus> event_buses;
  std::optional<std::string> role_arn;
  std::string endpoint_id, endpoint_url, state;
  static constexpr auto fields() {
    using T = UpdateEndpointResponse;
    return std::tuple{field("Name", &T::name),
                      field("Arn", &T::arn),
                      field("RoutingConfig", &T::routing_config),
                      field("ReplicationConfig", &T::replication_config),
                      field("EventBuses", &T::event_buses),
                      field("RoleArn", &T::role_arn),
                      field("EndpointId", &T::endpoint_id),
                      field("EndpointUrl", &T::endpoint_url),
                      field("State", &T::state)};
  }
};

struct DeleteEndpointRequest {
  std::string name;
  static constexpr auto fields() {
    return std::tuple{field("Name", &DeleteEndpointRequest::name, name_required)};
  }
};
struct DescribeEndpointRequest {
  std::string name;
  std::optional<std::string> home_region;
  static constexpr auto fields() {
    using T = DescribeEndpointRequest;
    return std::tuple{field("Name", &T::name, name_required),
                      field("HomeRegion", &T::home_region, home_region_traits)};
  }
};

// What DescribeEndpoint and ListEndpoints show.
struct Endpoint {
  std::string name;
  std::optional<std::string> description;
  std::string arn;
  RoutingConfig routing_config;
  std::optional<ReplicationConfig> replication_config;
  std::vector<EndpointEventBus> event_buses;
  std::optional<std::string> role_arn;
  std::string endpoint_id, endpoint_url, state;
  std::optional<std::string> state_reason;
  Timestamp creation_time, last_modified_time;
  static constexpr auto fields() {
    using T = Endpoint;
    return std::tuple{field("Name", &T::name),
                      field("Description", &T::description),
                      field("Arn", &T::arn),
                      field("RoutingConfig", &T::routing_config),
                      field("ReplicationConfig", &T::replication_config),
                      field("EventBuses", &T::event_buses),
                      field("RoleArn", &T::role_arn),
                      field("EndpointId", &T::endpoint_id),
                      field("EndpointUrl", &T::endpoint_url),
                      field("State", &T::state),
                      field("StateReason", &T::state_reason),
                      field("CreationTime", &T::creation_time),
                      field("LastModifiedTime", &T::last_modified_time)};
  }
};

struct ListEndpointsRequest {
  std::optional<std::string> name_prefix, home_region, next_token;
  std::optional<std::int64_t> max_results;
  static constexpr auto fields() {
    using T = ListEndpointsRequest;
    return std::tuple{field("NamePrefix", &T::name_prefix, api::name_prefix),
                      field("HomeRegion", &T::home_region, home_region_traits),
                      field("NextToken", &T::next_token, next_token_traits),
                      field("MaxResults", &T::max_results, limit_traits)};
  }
};
struct ListEndpointsResponse {
  std::vector<Endpoint> endpoints;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListEndpointsResponse;
    return std::tuple{field("Endpoints", &T::endpoints), field("NextToken", &T::next_token)};
  }
};

}  // namespace signalbox::broker::api
