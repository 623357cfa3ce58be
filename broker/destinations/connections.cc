// Connections: create, update, deauthorize, delete, describe, list.
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

Error no_such_connection(std::string_view name) {
  return {
      ErrorCode::resource_not_found,
      fmt::format("Failed to describe the connection(s). Connection '{}' does not exist.", name)};
}

// As Secrets Manager ends its ARNs.
std::string secret_suffix(IdSource& ids) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string suffix;
  for (int i = 0; i < 6; ++i) suffix.push_back(letters[ids.random_bits() % letters.size()]);
  return suffix;
}

std::optional<std::string> secret_arn(const Connection& connection) {
  if (connection.secret_suffix.empty()) return std::nullopt;
  return connection.world->arn("secretsmanager",
                               fmt::format("secret:events!connection/{}/{}-{}", connection.name,
                                           connection.uuid, connection.secret_suffix));
}

// There is no private network here to associate with: an ARN of the right shape is all it is.
std::string association_arn(const Connection& connection) {
  std::string id;
  for (const char c : connection.uuid) {
    if (c != '-' && id.size() < 17) id.push_back(c);
  }
  return connection.world->arn("vpc-lattice", "servicenetworkresourceassociation/snra-" + id);
}

std::optional<std::string> configuration_of(
    const std::optional<api::ConnectivityResourceParameters>& parameters) {
  if (!parameters || parameters->resource_parameters.resource_configuration_arn.empty()) {
    return std::nullopt;
  }
  return parameters->resource_parameters.resource_configuration_arn;
}

std::optional<std::string> unless_empty(const std::optional<std::string>& text) {
  return text && !text->empty() ? text : std::nullopt;
}

std::optional<api::Timestamp> timestamp(const std::optional<std::int64_t>& ms) {
  return ms ? std::optional(api::Timestamp{*ms}) : std::nullopt;
}

api::ConnectionStateResponse state_response(const Connection& connection, std::string_view state) {
  return {connection.arn(),
          std::string(state),
          {connection.created_ms},
          {connection.modified_ms},
          timestamp(connection.authorized_ms)};
}

}  // namespace

std::string_view to_string(ConnectionState state) {
  switch (state) {
    case ConnectionState::authorized: return "AUTHORIZED";
    case ConnectionState::authorizing: return "AUTHORIZING";
    case ConnectionState::deauthorized: break;
  }
  return "DEAUTHORIZED";
}

Connection& Broker::add_connection(std::uint64_t id, World& world, Connection made) {
  auto connection = std::make_unique<Connection>(std::move(made));
  connection->id = id;
  connection->world = &world;
  world.connections[connection->name] = connection.get();
  return *(destinations_->connections[id] = std::move(connection));
}

void Broker::store_connection(const Connection& connection, Context& ctx) {
  ctx.batch.put(keys::connection(connection.id), encode_connection(connection));
  ctx.batch.put(secrets_key(connection.id), encode_secrets(connection));
}

Result<Connection*> Broker::find_connection_or_error(const std::string& name, Context& ctx) const {
  const World* const world = find_world(ctx.caller.account, ctx.caller.region);
  if (world == nullptr) return no_such_connection(name);
  const auto at = world->connections.find(name);
  if (at == world->connections.end()) return no_such_connection(name);
  return at->second;
}

Connection* Broker::find_connection_by_arn(std::string_view arn) const {
  const auto place = parse_connection_arn(arn);
  const World* const world = place ? find_world(place->account, place->region) : nullptr;
  if (world == nullptr) return nullptr;
  const auto at = world->connections.find(place->name);
  const bool is_found = at != world->connections.end() && at->second->uuid == place->uuid;
  return is_found ? at->second : nullptr;
}

AuthorizationRules Broker::authorization_rules() const {
  return {.allows_plain_http = settings_.plain_http_destinations};
}

Result<api::CreateConnectionResponse> Broker::create_connection(
    const api::CreateConnectionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(auto authorization, authorize({}, request, authorization_rules()));
  SIGNALBOX_TRY(World* const world, world_of(ctx.caller, ctx));
  if (world->connections.contains(request.name)) {
    return Error{ErrorCode::resource_already_exists,
                 fmt::format("Connection {} already exists.", request.name)};
  }
  Connection made;
  made.name = request.name;
  made.uuid = format_uuid(ctx.ids.uuid());
  made.secret_suffix = secret_suffix(ctx.ids);
  made.description = request.description;
  made.kms_key_identifier = unless_empty(request.kms_key_identifier);
  made.connectivity = configuration_of(request.invocation_connectivity_parameters);
  made.authorization = std::move(authorization);
  made.created_ms = made.modified_ms = to_ms(ctx.wall);
  Connection& connection = add_connection(next_id(), *world, std::move(made));
  put_next_ids(ctx);
  start_authorization(connection, ctx);
  store_connection(connection, ctx);
  return api::CreateConnectionResponse{connection.arn(),
                                       std::string(to_string(connection.state)),
                                       {connection.created_ms},
                                       {connection.modified_ms}};
}

Result<api::ConnectionStateResponse> Broker::update_connection(
    const api::UpdateConnectionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Connection* const connection, find_connection_or_error(request.name, ctx));
  // One without credentials may change its description, and stays as it is.
  const bool has_credentials =
      connection->authorization.name || request.authorization_type || request.auth_parameters;
  if (has_credentials) {
    SIGNALBOX_TRY(auto authorization,
                  authorize(connection->authorization, request, authorization_rules()));
    connection->authorization = std::move(authorization);
    if (connection->secret_suffix.empty()) connection->secret_suffix = secret_suffix(ctx.ids);
  }
  if (request.description) connection->description = request.description;
  if (request.kms_key_identifier) {
    connection->kms_key_identifier = unless_empty(request.kms_key_identifier);
  }
  if (request.invocation_connectivity_parameters) {
    connection->connectivity = configuration_of(request.invocation_connectivity_parameters);
  }
  connection->modified_ms = to_ms(ctx.wall);
  if (has_credentials) start_authorization(*connection, ctx);
  store_connection(*connection, ctx);
  return state_response(*connection, to_string(connection->state));
}

Result<api::ConnectionStateResponse> Broker::deauthorize_connection(
    const api::ConnectionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Connection* const connection, find_connection_or_error(request.name, ctx));
  const AuthorizationType type = connection->authorization.type;
  connection->authorization = {};
  connection->authorization.type = type;
  connection->secret_suffix.clear();
  connection->modified_ms = to_ms(ctx.wall);
  lose_authorization(*connection, {}, ctx);
  return state_response(*connection, "DEAUTHORIZING");
}

Result<api::ConnectionStateResponse> Broker::delete_connection(
    const api::ConnectionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Connection* const connection, find_connection_or_error(request.name, ctx));
  auto response = state_response(*connection, "DELETING");
  ctx.batch.erase(keys::connection(connection->id));
  ctx.batch.erase(secrets_key(connection->id));
  const TokenSource tokens = stop_authorization(*connection);
  connection->world->connections.erase(connection->name);
  destinations_->connections.erase(connection->id);
  let_lanes_go(tokens.waiting_lanes);
  return response;
}

Result<api::DescribeConnectionResponse> Broker::describe_connection(
    const api::ConnectionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Connection* const connection, find_connection_or_error(request.name, ctx));
  api::DescribeConnectionResponse response;
  response.connection_arn = connection->arn();
  response.name = connection->name;
  response.description = connection->description;
  if (connection->connectivity) {
    response.invocation_connectivity_parameters = {
        {*connection->connectivity, association_arn(*connection)}};
  }
  response.connection_state = to_string(connection->state);
  response.state_reason = connection->state_reason;
  response.authorization_type = to_string(connection->authorization.type);
  response.secret_arn = secret_arn(*connection);
  response.kms_key_identifier = connection->kms_key_identifier;
  if (connection->authorization.name) {
    response.auth_parameters = shown(connection->authorization, association_arn(*connection));
  }
  response.creation_time.ms = connection->created_ms;
  response.last_modified_time.ms = connection->modified_ms;
  response.last_authorized_time = timestamp(connection->authorized_ms);
  return response;
}

Result<api::ListConnectionsResponse> Broker::list_connections(
    const api::ListConnectionsRequest& request, Context& ctx) {
  api::ListConnectionsResponse response;
  const World* const world = find_world(ctx.caller.account, ctx.caller.region);
  static const World nowhere;
  const std::string prefix = request.name_prefix.value_or("");
  const auto is_asked_for = [&](const auto& entry) {
    return !request.connection_state || *request.connection_state == to_string(entry.second->state);
  };
  const auto add = [&](const auto& entry) {
    const Connection& connection = *entry.second;
    response.connections.push_back({connection.arn(),
                                    connection.name,
                                    std::string(to_string(connection.state)),
                                    connection.state_reason,
                                    std::string(to_string(connection.authorization.type)),
                                    {connection.created_ms},
                                    {connection.modified_ms},
                                    timestamp(connection.authorized_ms)});
  };
  SIGNALBOX_TRY(response.next_token,
                visit_page_of((world != nullptr ? *world : nowhere).connections,
                              {prefix, request.next_token, request.limit}, is_asked_for, add));
  return response;
}

}  // namespace signalbox::broker
