// Discoverers: of buses, whose events they learn schemas from.
#include <fmt/format.h>
#include <simdjson.h>

#include "broker/bus.h"
#include "broker/events_arns.h"
#include "broker/events_paging.h"
#include "broker/schemas/discovery.h"
#include "broker/schemas/export.h"
#include "broker/schemas/records.h"
#include "broker/schemas/schemas.h"
#include "broker/tag_limits.h"
#include "storage/keys.h"

namespace signalbox::broker::schemas {

namespace keys = storage::keys;

namespace {

// A discoverer that has met so many kinds of events learns no further ones.
constexpr std::size_t discovered_schemas_max = 1000;
// Of a discovered schema the latest versions are kept.
constexpr std::size_t discovered_versions_max = 100;

wire::Discoverer shown(const Discoverer& discoverer) {
  return {discoverer.description,
          discoverer.arn(),
          discoverer.id,
          discoverer.source_arn,
          discoverer.is_started ? "STARTED" : "STOPPED",
          discoverer.cross_account,
          discoverer.tags};
}

wire::DiscovererState state_of(const Discoverer& discoverer) {
  return {discoverer.id, discoverer.is_started ? "STARTED" : "STOPPED"};
}

// As the service names them: there is one of a bus.
std::string id_for(const Bus& bus) {
  std::string id = "events-event-bus-" + bus.name;
  std::replace(id.begin(), id.end(), '/', '-');
  return id;
}

}  // namespace

Result<Schemas::Discoverers*> Schemas::discoverers_of(Context& ctx) {
  SIGNALBOX_TRY(const World* const world, host_.world_of(ctx.caller, ctx));
  return &discoverers_[world->id];
}

Result<Discoverer*> Schemas::find_discoverer(const std::string& id, Context& ctx) {
  SIGNALBOX_TRY(Discoverers* const discoverers, discoverers_of(ctx));
  const auto at = discoverers->find(id);
  if (at != discoverers->end()) return &at->second;
  return Error{ErrorCode::resource_not_found,
               fmt::format("Discoverer with id {} does not exist.", id)};
}

void Schemas::store_discoverer(const Discoverer& discoverer, Context& ctx) {
  ctx.batch.put(keys::discoverer(discoverer.number), encode(discoverer));
}

void Schemas::discoverer_changed(const Discoverer& discoverer, Context& ctx) {
  if (Bus* const bus = host_.bus_with_arn(discoverer.source_arn, ctx)) {
    bus->discoverer = discoverer_of(*bus);
  }
}

const Discoverer* Schemas::discoverer_of(const Bus& bus) const {
  const auto world = discoverers_.find(bus.world->id);
  if (world == discoverers_.end()) return nullptr;
  const auto at = world->second.find(id_for(bus));
  return at == world->second.end() || !at->second.is_started ? nullptr : &at->second;
}

Result<wire::Discoverer> Schemas::create_discoverer(const wire::CreateDiscovererRequest& request,
                                                    Context& ctx) {
  SIGNALBOX_TRY(check_tag_map({}, request.tags));
  SIGNALBOX_TRY(World* const world, host_.world_of(ctx.caller, ctx));
  if (!is_bus_arn(request.source_arn)) {
    return Error{ErrorCode::validation,
                 fmt::format("SourceArn {} is not the ARN of an event bus.", request.source_arn)};
  }
  const Bus* const bus = host_.bus_with_arn(request.source_arn, ctx);
  if (bus == nullptr || bus->world != world) {
    return Error{ErrorCode::resource_not_found,
                 fmt::format("Event bus {} does not exist.", request.source_arn)};
  }
  Discoverers& discoverers = discoverers_[world->id];
  const std::string id = id_for(*bus);
  if (discoverers.contains(id)) {
    return Error{ErrorCode::conflict,
                 fmt::format("A discoverer of {} already exists.", request.source_arn)};
  }
  Discoverer& discoverer = discoverers[id];
  discoverer.number = host_.new_id(ctx);
  discoverer.world = world;
  discoverer.id = id;
  discoverer.source_arn = request.source_arn;
  discoverer.description = request.description;
  discoverer.cross_account = request.cross_account.value_or(true);
  discoverer.tags = request.tags;
  store_discoverer(discoverer, ctx);
  registry_for_discovery(*world, ctx);
  discoverer_changed(discoverer, ctx);
  return shown(discoverer);
}

Result<wire::Discoverer> Schemas::describe_discoverer(const wire::DiscovererRequest& request,
                                                      Context& ctx) {
  SIGNALBOX_TRY(const Discoverer* const discoverer, find_discoverer(request.discoverer_id, ctx));
  return shown(*discoverer);
}

Result<wire::Discoverer> Schemas::update_discoverer(const wire::UpdateDiscovererRequest& request,
                                                    Context& ctx) {
  SIGNALBOX_TRY(Discoverer* const discoverer, find_discoverer(request.discoverer_id, ctx));
  if (request.description) discoverer->description = request.description;
  if (request.cross_account) discoverer->cross_account = *request.cross_account;
  store_discoverer(*discoverer, ctx);
  return shown(*discoverer);
}

Status Schemas::delete_discoverer(const wire::DiscovererRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Discoverer* const discoverer, find_discoverer(request.discoverer_id, ctx));
  discoverer->is_started = false;
  discoverer_changed(*discoverer, ctx);
  ctx.batch.erase(keys::discoverer(discoverer->number));
  discoverers_[discoverer->world->id].erase(request.discoverer_id);
  return ok();
}

Result<wire::DiscovererState> Schemas::start_discoverer(const wire::DiscovererRequest& request,
                                                        Context& ctx) {
  return set_started(request.discoverer_id, true, ctx);
}

Result<wire::DiscovererState> Schemas::stop_discoverer(const wire::DiscovererRequest& request,
                                                       Context& ctx) {
  return set_started(request.discoverer_id, false, ctx);
}

Result<wire::DiscovererState> Schemas::set_started(const std::string& id, bool is_started,
                                                   Context& ctx) {
  SIGNALBOX_TRY(Discoverer* const discoverer, find_discoverer(id, ctx));
  discoverer->is_started = is_started;
  store_discoverer(*discoverer, ctx);
  discoverer_changed(*discoverer, ctx);
  return state_of(*discoverer);
}

Result<wire::ListDiscoverersResponse> Schemas::list_discoverers(
    const wire::ListDiscoverersRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Discoverers* const discoverers, discoverers_of(ctx));
  wire::ListDiscoverersResponse response;
  const std::string prefix = request.discoverer_id_prefix.value_or("");
  const std::string source = request.source_arn_prefix.value_or("");
  SIGNALBOX_TRY(response.next_token,
                visit_page_of(
                    *discoverers, {prefix, request.next_token, request.limit},
                    [&](const auto& entry) { return entry.second.source_arn.starts_with(source); },
                    [&](const auto& entry) {
                      const Discoverer& discoverer = entry.second;
                      response.discoverers.push_back(
                          {discoverer.arn(), discoverer.id, discoverer.source_arn,
                           state_of(discoverer).state, discoverer.cross_account, discoverer.tags});
                    }));
  return response;
}

Result<wire::GetDiscoveredSchemaResponse> Schemas::get_discovered_schema(
    const wire::GetDiscoveredSchemaRequest& request, Context&) {
  auto inferred = infer_document(request.events);
  if (inferred.problem) return Error{ErrorCode::validation, *std::move(inferred.problem)};
  if (parse_schema_type(request.type) == SchemaType::json_schema_draft_4) {
    inferred.document = to_draft_4(inferred.document);
  }
  return wire::GetDiscoveredSchemaResponse{std::move(inferred.document)};
}

Registry& Schemas::registry_for_discovery(World& world, Context& ctx) {
  const auto at = by_world_[world.id].find(discovered_registry_name);
  if (at != by_world_[world.id].end()) return at->second;
  Registry made;
  made.name = discovered_registry_name;
  Registry& registry = add_registry(host_.new_id(ctx), world, std::move(made));
  store_registry(registry, ctx);
  return registry;
}

// The schema of events of that kind, or null: there are too many. Kinds that come to the same name
// are told apart by a number.
Schema* Schemas::schema_to_learn(Registry& registry, std::string_view source,
                                 std::string_view detail_type, Context& ctx) {
  const std::string name = discovered_name(source, detail_type);
  for (int number = 1;; ++number) {
    const std::string numbered = number == 1 ? name : fmt::format("{}-{}", name, number);
    const auto at = registry.schemas.find(numbered);
    if (at == registry.schemas.end()) {
      if (registry.schemas.size() >= discovered_schemas_max) return nullptr;
      return &add_schema(registry, numbered, ctx);
    }
    const CompiledSchema& compiled = *at->second.compiled;
    if (compiled.source == source && compiled.detail_type == detail_type) return &at->second;
  }
}

// Its schema becomes durable with the event.
void Schemas::learn(const Discoverer& discoverer, std::string_view event, Context& ctx) {
  simdjson::dom::element envelope;
  if (parser_.parse(event.data(), event.size()).get(envelope) != simdjson::SUCCESS) return;
  std::string_view source;
  std::string_view detail_type;
  std::string_view account;
  simdjson::dom::element detail;
  const bool is_event = envelope["source"].get(source) == simdjson::SUCCESS &&
                        envelope["detail-type"].get(detail_type) == simdjson::SUCCESS &&
                        envelope["account"].get(account) == simdjson::SUCCESS &&
                        envelope["detail"].get(detail) == simdjson::SUCCESS;
  if (!is_event) return;
  if (!discoverer.cross_account && account != discoverer.world->account) return;
  Registry& registry = registry_for_discovery(*discoverer.world, ctx);
  Schema* const schema = schema_to_learn(registry, source, detail_type, ctx);
  if (schema == nullptr) return;
  if (schema->learned == nullptr) schema->learned = std::make_unique<Shape>();
  if (!schema->learned->add(detail)) return;
  const std::string document = event_document(*schema->learned, source, detail_type);
  auto compiled = compile_content(document, SchemaType::open_api_3);
  if (compiled.has_error()) return;
  add_version(*schema, document, SchemaType::open_api_3, std::move(compiled).assume_value(), ctx);
  if (schema->versions.size() <= discovered_versions_max) return;
  ctx.batch.erase(keys::schema_content({schema->id, schema->versions.begin()->first}));
  schema->versions.erase(schema->versions.begin());
  store_schema(*schema, ctx);
}

}  // namespace signalbox::broker::schemas
