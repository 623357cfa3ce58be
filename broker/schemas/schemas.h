// The Schemas service: registries of schemas with versions, discoverers that learn them from a
// bus's events, code bindings; and what the service itself lacks: buses that check events against
// them (enforcement.h). Core thread only.
#pragma once

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

// Ready to check events, or what is wrong with it.
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
  void schemas_changed(Registry& registry) { static_cast<void>(registry); }

  // load.cc
  std::string load_registries(const storage::View& view);
  std::string load_schemas(const storage::View& view);

  ServiceHost& host_;
  std::map<std::uint32_t, Registries> by_world_;
  std::map<std::uint64_t, Registry*> registries_by_id_;
};

}  // namespace signalbox::broker::schemas
