#include "broker/endpoints/endpoints.h"

#include <fmt/format.h>

#include "broker/events_paging.h"
#include "broker/load_all.h"
#include "broker/record_fields.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::uint8_t endpoint_format = 1;

// The service's have ten letters and digits, and a zone that says "veo".
std::string new_endpoint_id(IdSource& ids) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::uint64_t bits = ids.random_bits();
  std::string id;
  for (int i = 0; i < 10; ++i, bits /= letters.size()) id += letters[bits % letters.size()];
  return id + ".veo";
}

// What requests and their answers have in common.
template <class To, class From>
void copy_configuration(To& to, const From& from) {
  to.routing_config = from.routing_config;
  to.replication_config = from.replication_config;
  to.event_buses = from.event_buses;
  to.role_arn = from.role_arn;
}

}  // namespace

Result<Endpoints::ByName*> Endpoints::endpoints_of(Context& ctx) {
  SIGNALBOX_TRY(const World* const world, host_.world_of(ctx.caller, ctx));
  return &by_world_[world->id];
}

Result<Endpoints::Stored*> Endpoints::find_or_error(const std::string& name, Context& ctx) {
  SIGNALBOX_TRY(ByName* const endpoints, endpoints_of(ctx));
  const auto at = endpoints->find(name);
  if (at != endpoints->end()) return &at->second;
  return Error{ErrorCode::resource_not_found, fmt::format("Endpoint {} does not exist.", name)};
}

Status Endpoints::store(const Stored& endpoint, Context& ctx) {
  SIGNALBOX_TRY(const World* const world, host_.world_of(ctx.caller, ctx));
  RecordWriter record;
  record.u8(endpoint_format).u32(world->id);
  write_fields(record, endpoint.shown);
  ctx.batch.put(keys::endpoint(endpoint.id), record.view());
  return ok();
}

Result<api::CreateEndpointResponse> Endpoints::create_endpoint(
    const api::CreateEndpointRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const World* const world, host_.world_of(ctx.caller, ctx));
  ByName& endpoints = by_world_[world->id];
  if (endpoints.contains(request.name)) {
    return Error{ErrorCode::resource_already_exists,
                 fmt::format("Endpoint {} already exists.", request.name)};
  }
  api::Endpoint shown;
  shown.name = request.name;
  shown.description = request.description;
  shown.arn = world->arn("events", "endpoint/" + request.name);
  copy_configuration(shown, request);
  shown.endpoint_id = new_endpoint_id(ctx.ids);
  shown.endpoint_url = fmt::format("https://{}.endpoint.events.amazonaws.com", shown.endpoint_id);
  shown.state = "ACTIVE";
  shown.creation_time.ms = shown.last_modified_time.ms = to_ms(ctx.wall);
  const Stored& endpoint = endpoints[request.name] = {host_.new_id(ctx), shown};
  SIGNALBOX_TRY(store(endpoint, ctx));
  api::CreateEndpointResponse response;
  response.name = endpoint.shown.name;
  response.arn = endpoint.shown.arn;
  copy_configuration(response, endpoint.shown);
  response.state = "CREATING";
  return response;
}

Result<api::UpdateEndpointResponse> Endpoints::update_endpoint(
    const api::UpdateEndpointRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Stored* const endpoint, find_or_error(request.name, ctx));
  api::Endpoint& shown = endpoint->shown;
  if (request.description) shown.description = request.description;
  if (request.routing_config) shown.routing_config = *request.routing_config;
  if (request.replication_config) shown.replication_config = request.replication_config;
  if (request.event_buses) shown.event_buses = *request.event_buses;
  if (request.role_arn) shown.role_arn = request.role_arn;
  shown.last_modified_time.ms = to_ms(ctx.wall);
  SIGNALBOX_TRY(store(*endpoint, ctx));
  api::UpdateEndpointResponse response;
  response.name = shown.name;
  response.arn = shown.arn;
  copy_configuration(response, shown);
  response.endpoint_id = shown.endpoint_id;
  response.endpoint_url = shown.endpoint_url;
  response.state = "UPDATING";
  return response;
}

Status Endpoints::delete_endpoint(const api::DeleteEndpointRequest& request, Context& ctx) {
  SIGNALBOX_TRY(ByName* const endpoints, endpoints_of(ctx));
  SIGNALBOX_TRY(const Stored* const endpoint, find_or_error(request.name, ctx));
  ctx.batch.erase(keys::endpoint(endpoint->id));
  endpoints->erase(request.name);
  return ok();
}

Result<api::Endpoint> Endpoints::describe_endpoint(const api::DescribeEndpointRequest& request,
                                                   Context& ctx) {
  SIGNALBOX_TRY(const Stored* const endpoint, find_or_error(request.name, ctx));
  return endpoint->shown;
}

Result<api::ListEndpointsResponse> Endpoints::list_endpoints(
    const api::ListEndpointsRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const ByName* const endpoints, endpoints_of(ctx));
  api::ListEndpointsResponse response;
  const std::string prefix = request.name_prefix.value_or("");
  SIGNALBOX_TRY(
      response.next_token,
      visit_page(*endpoints, {prefix, request.next_token, request.max_results},
                 [&](const auto& entry) { response.endpoints.push_back(entry.second.shown); }));
  return response;
}

std::string Endpoints::load(const storage::View& view, Context&) {
  return load_all(view, keys::Prefix::endpoint, "endpoints",
                  [&](std::string_view key, std::string_view value) {
                    const auto id = keys::parse_endpoint(key);
                    RecordReader record(value);
                    api::Endpoint shown;
                    const bool is_known = id && record.u8() == endpoint_format;
                    const World* const world = host_.world_with_id(record.u32());
                    if (!is_known || world == nullptr || !read_fields(record, shown)) {
                      return not_understood("an endpoint", key);
                    }
                    by_world_[world->id][shown.name] = {*id, shown};
                    return std::string();
                  });
}

}  // namespace signalbox::broker
