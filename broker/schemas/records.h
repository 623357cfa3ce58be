// The stored form of registries, schemas and discoverers. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/schemas/registry.h"

namespace signalbox::broker::schemas {

std::string encode(const Registry& registry);
std::string encode(const Schema& schema);
std::string encode(const Discoverer& discoverer);

// False: damage, or a format that this version does not know. A registry's and a discoverer's world
// comes as its id.
bool decode(std::string_view record, Registry& registry, std::uint32_t& world_id);
bool decode(std::string_view record, Schema& schema);
bool decode(std::string_view record, Discoverer& discoverer, std::uint32_t& world_id);

}  // namespace signalbox::broker::schemas
