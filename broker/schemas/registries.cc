// Registries, and what finds registries and schemas by name.
#include <fmt/format.h>

#include "broker/events_paging.h"
#include "broker/schemas/records.h"
#include "broker/schemas/schemas.h"
#include "broker/tag_limits.h"
#include "storage/keys.h"

namespace signalbox::broker::schemas {

namespace keys = storage::keys;

namespace {

Error conflict(std::string message) { return {ErrorCode::conflict, std::move(message)}; }
Error not_found(std::string message) { return {ErrorCode::resource_not_found, std::move(message)}; }

wire::Registry shown(const Registry& registry) {
  return {registry.description, registry.arn(), registry.name, registry.tags};
}

}  // namespace

Result<Schemas::Registries*> Schemas::registries_of(Context& ctx) {
  SIGNALBOX_TRY(const World* const world, host_.world_of(ctx.caller, ctx));
  return &by_world_[world->id];
}

Result<Registry*> Schemas::find_registry(const std::string& name, Context& ctx) {
  SIGNALBOX_TRY(Registries* const registries, registries_of(ctx));
  const auto at = registries->find(name);
  if (at == registries->end()) {
    return not_found(fmt::format("Registry with name {} does not exist.", name));
  }
  return &at->second;
}

Result<Schema*> Schemas::find_schema(const std::string& registry_name, const std::string& name,
                                     Context& ctx) {
  SIGNALBOX_TRY(Registry* const registry, find_registry(registry_name, ctx));
  const auto at = registry->schemas.find(name);
  if (at == registry->schemas.end()) {
    return not_found(
        fmt::format("Schema with name {} does not exist in registry {}.", name, registry_name));
  }
  return &at->second;
}

void Schemas::store_registry(const Registry& registry, Context& ctx) {
  ctx.batch.put(keys::schema_registry(registry.id), encode(registry));
}

Registry& Schemas::add_registry(std::uint64_t id, World& world, Registry made) {
  Registry& registry = by_world_[world.id][made.name];
  registry = std::move(made);
  registry.id = id;
  registry.world = &world;
  registries_by_id_[id] = &registry;
  return registry;
}

Result<wire::Registry> Schemas::create_registry(const wire::CreateRegistryRequest& request,
                                                Context& ctx) {
  if (request.registry_name.starts_with("aws.")) {
    return Error{ErrorCode::validation, "Registry names that start with aws. are reserved."};
  }
  SIGNALBOX_TRY(check_tag_map({}, request.tags));
  SIGNALBOX_TRY(World* const world, host_.world_of(ctx.caller, ctx));
  if (by_world_[world->id].contains(request.registry_name)) {
    return conflict(fmt::format("Registry with name {} already exists.", request.registry_name));
  }
  Registry made;
  made.name = request.registry_name;
  made.description = request.description;
  made.tags = request.tags;
  Registry& registry = add_registry(host_.new_id(ctx), *world, std::move(made));
  store_registry(registry, ctx);
  schemas_changed(registry);
  return shown(registry);
}

Result<wire::Registry> Schemas::describe_registry(const wire::RegistryRequest& request,
                                                  Context& ctx) {
  SIGNALBOX_TRY(const Registry* const registry, find_registry(request.registry_name, ctx));
  return shown(*registry);
}

Result<wire::Registry> Schemas::update_registry(const wire::UpdateRegistryRequest& request,
                                                Context& ctx) {
  SIGNALBOX_TRY(Registry* const registry, find_registry(request.registry_name, ctx));
  if (request.description) registry->description = request.description;
  store_registry(*registry, ctx);
  return shown(*registry);
}

Status Schemas::delete_registry(const wire::RegistryRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Registry* const registry, find_registry(request.registry_name, ctx));
  if (!registry->schemas.empty()) {
    return Error{ErrorCode::validation,
                 fmt::format("Registry {} has {} schemas: delete them first.", registry->name,
                             registry->schemas.size())};
  }
  schemas_changed(*registry);
  ctx.batch.erase(keys::schema_registry(registry->id));
  registries_by_id_.erase(registry->id);
  by_world_[registry->world->id].erase(request.registry_name);
  return ok();
}

Result<wire::ListRegistriesResponse> Schemas::list_registries(
    const wire::ListRegistriesRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Registries* const registries, registries_of(ctx));
  wire::ListRegistriesResponse response;
  // Those of the AWS services describe events that do not occur here.
  if (request.scope == "AWS") return response;
  const std::string prefix = request.registry_name_prefix.value_or("");
  SIGNALBOX_TRY(
      response.next_token,
      visit_page(*registries, {prefix, request.next_token, request.limit}, [&](const auto& entry) {
        const Registry& registry = entry.second;
        response.registries.push_back({registry.arn(), registry.name, registry.tags});
      }));
  return response;
}

}  // namespace signalbox::broker::schemas
