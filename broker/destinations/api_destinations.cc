// API destinations: create, update, delete, describe, list.
#include <fmt/format.h>

#include <utility>

#include "broker/broker.h"
#include "broker/destinations/records.h"
#include "broker/events_arns.h"
#include "broker/events_paging.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

Error no_such_destination(std::string_view name) {
  return {ErrorCode::resource_not_found,
          fmt::format("Failed to describe the api-destination(s). An api-destination '{}' does "
                      "not exist.",
                      name)};
}

}  // namespace

ApiDestination& Broker::add_api_destination(std::uint64_t id, World& world, ApiDestination made) {
  auto destination = std::make_unique<ApiDestination>(std::move(made));
  destination->id = id;
  destination->world = &world;
  world.api_destinations[destination->name] = destination.get();
  return *(destinations_->destinations[id] = std::move(destination));
}

Result<ApiDestination*> Broker::find_api_destination_or_error(const std::string& name,
                                                              Context& ctx) const {
  const World* const world = find_world(ctx.caller.account, ctx.caller.region);
  if (world == nullptr) return no_such_destination(name);
  const auto at = world->api_destinations.find(name);
  if (at == world->api_destinations.end()) return no_such_destination(name);
  return at->second;
}

ApiDestination* Broker::find_api_destination_by_arn(std::string_view arn) const {
  const auto place = parse_api_destination_arn(arn);
  const World* const world = place ? find_world(place->account, place->region) : nullptr;
  if (world == nullptr) return nullptr;
  const auto at = world->api_destinations.find(place->name);
  const bool is_found = at != world->api_destinations.end() && at->second->uuid == place->uuid;
  return is_found ? at->second : nullptr;
}

std::string Broker::state_of(const ApiDestination& destination) const {
  const Connection* const connection = find_connection_by_arn(destination.connection_arn);
  const bool is_active = connection != nullptr && connection->state == ConnectionState::authorized;
  return is_active ? "ACTIVE" : "INACTIVE";
}

template <bool is_new>
Status Broker::check_api_destination(const api::PutApiDestinationRequest<is_new>& request) const {
  if (request.invocation_endpoint) {
    SIGNALBOX_TRY(
        check_endpoint("InvocationEndpoint", *request.invocation_endpoint, authorization_rules()));
  }
  if (request.connection_arn && find_connection_by_arn(*request.connection_arn) == nullptr) {
    const auto place = parse_connection_arn(*request.connection_arn);
    return Error{ErrorCode::resource_not_found,
                 fmt::format("Connection '{}' does not exist.",
                             place ? place->name : *request.connection_arn)};
  }
  return ok();
}

Result<api::ApiDestinationStateResponse> Broker::create_api_destination(
    const api::CreateApiDestinationRequest& request, Context& ctx) {
  SIGNALBOX_TRY(check_api_destination(request));
  SIGNALBOX_TRY(World* const world, world_of(ctx.caller, ctx));
  if (world->api_destinations.contains(request.name)) {
    return Error{ErrorCode::resource_already_exists,
                 fmt::format("An api-destination '{}' already exists.", request.name)};
  }
  ApiDestination made;
  made.name = request.name;
  made.uuid = format_uuid(ctx.ids.uuid());
  made.created_ms = to_ms(ctx.wall);
  ApiDestination& destination = add_api_destination(next_id(), *world, std::move(made));
  put_next_ids(ctx);
  return change_api_destination(destination, request, ctx);
}

Result<api::ApiDestinationStateResponse> Broker::update_api_destination(
    const api::UpdateApiDestinationRequest& request, Context& ctx) {
  SIGNALBOX_TRY(ApiDestination* const destination,
                find_api_destination_or_error(request.name, ctx));
  SIGNALBOX_TRY(check_api_destination(request));
  return change_api_destination(*destination, request, ctx);
}

template <bool is_new>
api::ApiDestinationStateResponse Broker::change_api_destination(
    ApiDestination& destination, const api::PutApiDestinationRequest<is_new>& request,
    Context& ctx) {
  if (request.description) destination.description = request.description;
  destination.connection_arn = request.connection_arn.value_or(destination.connection_arn);
  destination.endpoint = request.invocation_endpoint.value_or(destination.endpoint);
  destination.method = request.http_method.value_or(destination.method);
  destination.rate_limit =
      request.invocation_rate_limit_per_second.value_or(destination.rate_limit);
  destination.modified_ms = to_ms(ctx.wall);
  ctx.batch.put(keys::api_destination(destination.id), encode_api_destination(destination));
  return {destination.arn(),
          state_of(destination),
          {destination.created_ms},
          {destination.modified_ms}};
}

Status Broker::delete_api_destination(const api::ApiDestinationRequest& request, Context& ctx) {
  SIGNALBOX_TRY(ApiDestination* const destination,
                find_api_destination_or_error(request.name, ctx));
  ctx.batch.erase(keys::api_destination(destination->id));
  deadlines_.clear(DeadlineKind::invocation_turn, destination->id);
  const auto lanes = std::move(destination->waiting_lanes);
  destination->world->api_destinations.erase(destination->name);
  destinations_->destinations.erase(destination->id);
  let_lanes_go({lanes.begin(), lanes.end()});
  return ok();
}

Result<api::DescribeApiDestinationResponse> Broker::describe_api_destination(
    const api::ApiDestinationRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const ApiDestination* const destination,
                find_api_destination_or_error(request.name, ctx));
  api::DescribeApiDestinationResponse response;
  response.api_destination_arn = destination->arn();
  response.name = destination->name;
  response.description = destination->description;
  response.api_destination_state = state_of(*destination);
  response.connection_arn = destination->connection_arn;
  response.invocation_endpoint = destination->endpoint;
  response.http_method = destination->method;
  response.invocation_rate_limit_per_second = destination->rate_limit;
  response.creation_time.ms = destination->created_ms;
  response.last_modified_time.ms = destination->modified_ms;
  return response;
}

Result<api::ListApiDestinationsResponse> Broker::list_api_destinations(
    const api::ListApiDestinationsRequest& request, Context& ctx) {
  api::ListApiDestinationsResponse response;
  const World* const world = find_world(ctx.caller.account, ctx.caller.region);
  static const World nowhere;
  const std::string prefix = request.name_prefix.value_or("");
  const auto is_asked_for = [&](const auto& entry) {
    return !request.connection_arn || *request.connection_arn == entry.second->connection_arn;
  };
  const auto add = [&](const auto& entry) {
    const ApiDestination& destination = *entry.second;
    response.api_destinations.push_back({destination.arn(),
                                         destination.name,
                                         state_of(destination),
                                         destination.connection_arn,
                                         destination.endpoint,
                                         destination.method,
                                         destination.rate_limit,
                                         {destination.created_ms},
                                         {destination.modified_ms}});
  };
  SIGNALBOX_TRY(response.next_token,
                visit_page_of((world != nullptr ? *world : nowhere).api_destinations,
                              {prefix, request.next_token, request.limit}, is_asked_for, add));
  return response;
}

}  // namespace signalbox::broker
