// Registries and schemas read back from the store, the latest versions made ready to check events.
#include "broker/load_all.h"
#include "broker/schemas/discovery.h"
#include "broker/schemas/records.h"
#include "broker/schemas/schemas.h"
#include "storage/keys.h"

namespace signalbox::broker::schemas {

namespace keys = storage::keys;

std::string Schemas::load(const storage::View& view, Context&) {
  if (auto problem = load_registries(view); !problem.empty()) return problem;
  if (auto problem = load_schemas(view); !problem.empty()) return problem;
  return load_discoverers(view);
}

std::string Schemas::load_registries(const storage::View& view) {
  return load_all(view, keys::Prefix::schema_registry, "schema registries",
                  [&](std::string_view key, std::string_view value) {
                    const auto id = keys::parse_schema_registry(key);
                    Registry read;
                    std::uint32_t world_id = 0;
                    const bool is_known = id && decode(value, read, world_id);
                    World* const world = host_.world_with_id(world_id);
                    if (!is_known || world == nullptr) {
                      return not_understood("a schema registry", key);
                    }
                    add_registry(*id, *world, std::move(read));
                    return std::string();
                  });
}

std::string Schemas::load_schemas(const storage::View& view) {
  return load_all(
      view, keys::Prefix::schema, "schemas", [&](std::string_view key, std::string_view value) {
        const auto place = keys::parse_schema(key);
        Schema read;
        if (!place || !decode(value, read)) return not_understood("a schema", key);
        const auto registry = registries_by_id_.find(place->registry_id);
        if (registry == registries_by_id_.end()) {
          return not_understood("a schema of an unknown registry", key);
        }
        read.id = place->schema_id;
        read.registry = registry->second;
        std::string content;
        const auto status = view.get(keys::schema_content({read.id, read.latest()}), content);
        if (status == storage::ReadStatus::failed) return disk_failed_reading("schemas");
        auto compiled = compile_content(content, read.versions.rbegin()->second.type);
        if (compiled.has_error()) return not_understood("a schema's content", key);
        read.compiled = std::move(compiled).assume_value();
        if (registry->second->name == discovered_registry_name) {
          read.learned = std::make_unique<Shape>(shape_of_detail(content));
        }
        const std::string name = read.name;
        registry->second->schemas[name] = std::move(read);
        return std::string();
      });
}

std::string Schemas::load_discoverers(const storage::View& view) {
  return load_all(view, keys::Prefix::discoverer, "discoverers",
                  [&](std::string_view key, std::string_view value) {
                    const auto number = keys::parse_discoverer(key);
                    Discoverer read;
                    std::uint32_t world_id = 0;
                    const bool is_known = number && decode(value, read, world_id);
                    read.world = host_.world_with_id(world_id);
                    if (!is_known || read.world == nullptr) {
                      return not_understood("a discoverer", key);
                    }
                    read.number = *number;
                    const std::string id = read.id;
                    discoverers_[world_id][id] = std::move(read);
                    return std::string();
                  });
}

}  // namespace signalbox::broker::schemas
