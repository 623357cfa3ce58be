// Which schemas a bus checks its events against.
#include "broker/bus.h"
#include "broker/schemas/schemas.h"

namespace signalbox::broker::schemas {

void Schemas::schemas_changed(Registry& registry) {
  registry.index.reset();
  host_.validation_changed(*registry.world);
}

std::shared_ptr<const Enforcement> Schemas::enforcement_of(const Bus& bus) {
  const auto asked = bus.tags.find(std::string(validation_tag));
  if (asked == bus.tags.end()) return nullptr;
  const Validation mode = parse_validation(asked->second).value_or(Validation::off);
  if (mode == Validation::off) return nullptr;
  const auto named = bus.tags.find(std::string(validation_registry_tag));
  const auto world = by_world_.find(bus.world->id);
  if (world == by_world_.end()) return nullptr;
  const auto at = world->second.find(named == bus.tags.end() ? bus.name : named->second);
  if (at == world->second.end()) return nullptr;
  Registry& registry = at->second;
  if (registry.index == nullptr) {
    auto index = std::make_shared<SchemaIndex>(registry.name);
    for (const auto& [name, schema] : registry.schemas) {
      index->add({name, schema.latest(), schema.compiled});
    }
    registry.index = std::move(index);
  }
  return std::make_shared<const Enforcement>(Enforcement{mode, registry.index});
}

}  // namespace signalbox::broker::schemas
