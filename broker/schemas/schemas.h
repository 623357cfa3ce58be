// The Schemas service: registries of schemas with versions, discoverers that learn them from a
// bus's events, code bindings; and what the service itself lacks: buses that check events against
// them (enforcement.h). Core thread only.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/schemas.h"
#include "broker/schemas/registry.h"
#include "broker/service.h"

namespace signalbox::broker::schemas {

namespace wire = api::schemas;

constexpr std::size_t schemas_per_registry_max = 10'000;
constexpr std::size_t versions_per_schema_max = 1000;

// Ready to check events, or what is wrong with it. For texts that are known to be small or sound:
// others are prepared on the io thread (prepared_content.h).
Result<std::shared_ptr<const CompiledSchema>> compile_content(std::string_view content,
                                                              SchemaType type);

class Schemas final : public Service {
 public:
  explicit Schemas(ServiceHost& host) : host_(host) {}
  std::string load(const storage::View& view, Context& ctx) override;

  // registries (registries.cc)
  Result<wire::Registry> create_registry(const wire::CreateRegistryRequest&, Context&);
  Result<wire::Registry> describe_registry(const wire::RegistryRequest&, Context&);
  Result<wire::Registry> update_registry(const wire::UpdateRegistryRequest&, Context&);
  Status delete_registry(const wire::RegistryRequest&, Context&);
  Result<wire::ListRegistriesResponse> list_registries(const wire::ListRegistriesRequest&,
                                                       Context&);
  // their policies (policies.cc)
  Result<wire::ResourcePolicy> put_resource_policy(const wire::PutResourcePolicyRequest&, Context&);
  Result<wire::ResourcePolicy> get_resource_policy(const wire::ResourcePolicyRequest&, Context&);
  Status delete_resource_policy(const wire::ResourcePolicyRequest&, Context&);
  // tags of registries, schemas and discoverers (tags.cc)
  Status tag_resource(const wire::TagResourceRequest&, Context&);
  Status untag_resource(const wire::UntagResourceRequest&, Context&);
  Result<wire::ListTagsForResourceResponse> list_tags_for_resource(
      const wire::ListTagsForResourceRequest&, Context&);

  // discoverers (discoverers.cc)
  Result<wire::Discoverer> create_discoverer(const wire::CreateDiscovererRequest&, Context&);
  Result<wire::Discoverer> describe_discoverer(const wire::DiscovererRequest&, Context&);
  Result<wire::Discoverer> update_discoverer(const wire::UpdateDiscovererRequest&, Context&);
  Status delete_discoverer(const wire::DiscovererRequest&, Context&);
  Result<wire::DiscovererState> start_discoverer(const wire::DiscovererRequest&, Context&);
  Result<wire::DiscovererState> stop_discoverer(const wire::DiscovererRequest&, Context&);
  Result<wire::ListDiscoverersResponse> list_discoverers(const wire::ListDiscoverersRequest&,
                                                         Context&);
  Result<wire::GetDiscoveredSchemaResponse> get_discovered_schema(
      const wire::GetDiscoveredSchemaRequest&, Context&);
  // code bindings (code_bindings.cc)
  Result<wire::CodeBinding> put_code_binding(const wire::CodeBindingRequest&, Context&);
  Result<wire::CodeBinding> describe_code_binding(const wire::CodeBindingRequest&, Context&);
  Answer<wire::GetCodeBindingSourceResponse> get_code_binding_source(
      const wire::CodeBindingRequest&, Context&);

  // The one that is to see the bus's events; null: none.
  const Discoverer* discoverer_of(const Bus& bus) const;
  // An event of its bus, as JSON.
  void learn(const Discoverer& discoverer, std::string_view event, Context& ctx);

  // What the bus checks its events against, as its tags say; null: nothing (validation.cc).
  std::shared_ptr<const Enforcement> enforcement_of(const Bus& bus);

  // schemas (schemas.cc)
  Result<wire::Schema> create_schema(const wire::CreateSchemaRequest&, Context&);
  Result<wire::Schema> update_schema(const wire::UpdateSchemaRequest&, Context&);
  Answer<wire::DescribeSchemaResponse> describe_schema(const wire::DescribeSchemaRequest&,
                                                       Context&);
  Answer<wire::ExportSchemaResponse> export_schema(const wire::ExportSchemaRequest&, Context&);
  Status delete_schema(const wire::DeleteSchemaRequest&, Context&);
  Answer<api::Empty> delete_schema_version(const wire::DeleteSchemaVersionRequest&, Context&);
  // listings (listings.cc)
  Result<wire::ListSchemasResponse> list_schemas(const wire::ListSchemasRequest&, Context&);
  Result<wire::ListSchemaVersionsResponse> list_schema_versions(
      const wire::ListSchemaVersionsRequest&, Context&);
  Result<wire::SearchSchemasResponse> search_schemas(const wire::SearchSchemasRequest&, Context&);

 private:
  struct Tagged;
  using Registries = std::map<std::string, Registry, std::less<>>;
  using Discoverers = std::map<std::string, Discoverer, std::less<>>;

  Result<Registries*> registries_of(Context& ctx);
  Result<Registry*> find_registry(const std::string& name, Context& ctx);
  Result<Schema*> find_schema(const std::string& registry, const std::string& name, Context& ctx);
  // The version asked for, or the latest. An error: there is none of that name.
  static Result<std::uint64_t> find_version(const Schema& schema,
                                            const std::optional<std::string>& version);
  // Nothing: it has not been read yet, and now is wanted.
  static std::optional<std::string> content_of(const Schema& schema, std::uint64_t version,
                                               Context& ctx);
  Registry& add_registry(std::uint64_t id, World& world, Registry made);
  Schema& add_schema(Registry& registry, const std::string& name, Context& ctx);
  Result<Registry*> registry_of_policy(const std::optional<std::string>& name, Context& ctx);
  Result<Tagged> find_tagged(const std::string& arn, Context& ctx);
  static void store_tagged(const Tagged& tagged, Context& ctx);
  static void store_registry(const Registry& registry, Context& ctx);
  static void store_schema(const Schema& schema, Context& ctx);
  void add_version(Schema& schema, std::string_view content, SchemaType type,
                   std::shared_ptr<const CompiledSchema> compiled, Context& ctx);
  void erase_schema(const Schema& schema, Context& ctx);
  // What of a registry is checked has changed.
  void schemas_changed(Registry& registry);

  Result<Discoverers*> discoverers_of(Context& ctx);
  Result<Discoverer*> find_discoverer(const std::string& id, Context& ctx);
  static void store_discoverer(const Discoverer& discoverer, Context& ctx);
  // Tells its bus.
  void discoverer_changed(const Discoverer& discoverer, Context& ctx);
  Result<wire::DiscovererState> set_started(const std::string& id, bool is_started, Context& ctx);
  Registry& registry_for_discovery(World& world, Context& ctx);
  Schema* schema_to_learn(Registry& registry, std::string_view source, std::string_view detail_type,
                          Context& ctx);

  // load.cc
  std::string load_discoverers(const storage::View& view);
  std::string load_registries(const storage::View& view);
  std::string load_schemas(const storage::View& view);

  ServiceHost& host_;
  std::map<std::uint32_t, Registries> by_world_;
  std::map<std::uint64_t, Registry*> registries_by_id_;
  std::map<std::uint32_t, Discoverers> discoverers_;  // by world
  simdjson::dom::parser parser_;                      // of events that are learned from
};

}  // namespace signalbox::broker::schemas
