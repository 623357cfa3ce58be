// Registries, their schemas and the versions of these, as the core keeps them in memory. Core
// thread only. The text of a version is on disk alone; what checks events is in memory.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "broker/api/fields.h"
#include "broker/schemas/enforcement.h"
#include "broker/schemas/schema_compiler.h"
#include "broker/schemas/shape.h"
#include "broker/world.h"

namespace signalbox::broker::schemas {

struct Registry;

struct SchemaVersion {
  SchemaType type = SchemaType::open_api_3;
  std::int64_t created_ms = 0;             // system clock
  std::array<unsigned char, 16> digest{};  // MD5 of the content
  // By language: when PutCodeBinding asked for it.
  std::map<std::string, std::int64_t, std::less<>> bindings;
};

struct Schema {
  std::uint64_t id = 0;
  Registry* registry = nullptr;
  std::string name;
  std::optional<std::string> description;
  api::StringMap tags;
  std::int64_t modified_ms = 0;
  std::uint64_t last_version = 0;                   // numbers are never given again
  std::map<std::uint64_t, SchemaVersion> versions;  // never empty
  std::shared_ptr<const CompiledSchema> compiled;   // of the latest version

  std::unique_ptr<Shape> learned;  // what that says of details; only in discovered-schemas

  std::uint64_t latest() const { return versions.rbegin()->first; }
  std::string arn() const;
};

struct Registry {
  std::uint64_t id = 0;
  World* world = nullptr;
  std::string name;
  std::optional<std::string> description;
  api::StringMap tags;
  std::optional<std::string> policy;  // JSON; stored and shown
  std::uint64_t policy_revision = 0;
  std::map<std::string, Schema, std::less<>> schemas;
  std::shared_ptr<const SchemaIndex> index;  // of their latest versions; null until asked for

  std::string arn() const { return world->arn("schemas", "registry/" + name); }
};

inline std::string Schema::arn() const {
  return registry->world->arn("schemas", "schema/" + registry->name + "/" + name);
}

struct Discoverer {
  std::uint64_t number = 0;
  World* world = nullptr;
  std::string id;
  std::string source_arn;  // of a bus
  std::optional<std::string> description;
  bool is_started = true;
  bool cross_account = true;
  api::StringMap tags;

  std::string arn() const { return world->arn("schemas", "discoverer/" + id); }
};

}  // namespace signalbox::broker::schemas
