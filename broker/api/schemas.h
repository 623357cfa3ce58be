// The Schemas operations' requests and responses, as botocore 1.44.8's model describes them,
// constraints included; of names the model says nothing, the service's documentation does. In a
// namespace of their own: other services have structs of these names.
#pragma once

#include "broker/api/fields.h"

namespace signalbox::broker::schemas {
struct PreparedContent;
}

namespace signalbox::broker::api::schemas {

bool is_name(std::string_view text);  // [0-9A-Za-z_.\-@]+

constexpr std::string_view name_pattern = R"([0-9A-Za-z_.\-@]+)";
constexpr std::int64_t content_length_max = 100'000;
constexpr std::string_view type_names = "OpenApi3, JSONSchemaDraft4";

constexpr Traits registry_name{
    .required = true, .min = 1, .max = 64, .pattern = name_pattern, .matches = is_name};
constexpr Traits schema_name{
    .required = true, .min = 1, .max = 385, .pattern = name_pattern, .matches = is_name};
constexpr Traits registry_in_path = registry_name.at(Location::uri, "registryName");
constexpr Traits schema_in_path = schema_name.at(Location::uri, "schemaName");
constexpr Traits discoverer_in_path = required_member.at(Location::uri, "discovererId");
constexpr Traits language_in_path = required_member.at(Location::uri, "language");
constexpr Traits version_in_query = Traits{}.at(Location::query, "schemaVersion");
constexpr Traits arn_in_path = required_member.at(Location::uri, "resource-arn");
constexpr Traits limit_in_query = Traits{.min = 1, .max = 100}.at(Location::query, "limit");
constexpr Traits token_in_query = Traits{}.at(Location::query, "nextToken");
constexpr Traits description_text{.max = 256};

// ---- registries ----

struct CreateRegistryRequest {
  std::optional<std::string> description;
  std::string registry_name;
  StringMap tags;
  static constexpr auto fields() {
    using T = CreateRegistryRequest;
    return std::tuple{field("Description", &T::description, description_text),
                      field("RegistryName", &T::registry_name, registry_in_path),
                      field("tags", &T::tags)};
  }
};

// Of CreateRegistry, DescribeRegistry and UpdateRegistry.
struct Registry {
  std::optional<std::string> description;
  std::string registry_arn;
  std::string registry_name;
  StringMap tags;
  static constexpr auto fields() {
    using T = Registry;
    return std::tuple{field("Description", &T::description), field("RegistryArn", &T::registry_arn),
                      field("RegistryName", &T::registry_name), field("tags", &T::tags)};
  }
};

// DescribeRegistry and DeleteRegistry take the same.
struct RegistryRequest {
  std::string registry_name;
  static constexpr auto fields() {
    using T = RegistryRequest;
    return std::tuple{field("RegistryName", &T::registry_name, registry_in_path)};
  }
};

struct UpdateRegistryRequest {
  std::optional<std::string> description;
  std::string registry_name;
  static constexpr auto fields() {
    using T = UpdateRegistryRequest;
    return std::tuple{field("Description", &T::description, description_text),
                      field("RegistryName", &T::registry_name, registry_in_path)};
  }
};

struct ListRegistriesRequest {
  std::optional<std::int64_t> limit;
  std::optional<std::string> next_token;
  std::optional<std::string> registry_name_prefix;
  std::optional<std::string> scope;
  static constexpr auto fields() {
    using T = ListRegistriesRequest;
    return std::tuple{
        field("Limit", &T::limit, limit_in_query),
        field("NextToken", &T::next_token, token_in_query),
        field("RegistryNamePrefix", &T::registry_name_prefix,
              Traits{}.at(Location::query, "registryNamePrefix")),
        field("Scope", &T::scope, Traits{.one_of = "LOCAL, AWS"}.at(Location::query, "scope"))};
  }
};

struct RegistrySummary {
  std::string registry_arn;
  std::string registry_name;
  StringMap tags;
  static constexpr auto fields() {
    using T = RegistrySummary;
    return std::tuple{field("RegistryArn", &T::registry_arn),
                      field("RegistryName", &T::registry_name), field("tags", &T::tags)};
  }
};

struct ListRegistriesResponse {
  std::optional<std::string> next_token;
  std::vector<RegistrySummary> registries;
  static constexpr auto fields() {
    using T = ListRegistriesResponse;
    return std::tuple{field("NextToken", &T::next_token), field("Registries", &T::registries)};
  }
};

// ---- schemas ----

struct CreateSchemaRequest {
  std::string content;
  std::optional<std::string> description;
  std::string registry_name;
  std::string schema_name;
  StringMap tags;
  std::string type;
  std::shared_ptr<const broker::schemas::PreparedContent> prepared;  // not on the wire
  static constexpr auto fields() {
    using T = CreateSchemaRequest;
    return std::tuple{
        field("Content", &T::content, {.required = true, .min = 1, .max = content_length_max}),
        field("Description", &T::description, description_text),
        field("RegistryName", &T::registry_name, registry_in_path),
        field("SchemaName", &T::schema_name, schema_in_path),
        field("tags", &T::tags),
        field("Type", &T::type, {.required = true, .one_of = type_names})};
  }
};

struct UpdateSchemaRequest {
  std::optional<std::string> client_token_id;
  std::optional<std::string> content;
  std::optional<std::string> description;
  std::string registry_name;
  std::string schema_name;
  std::optional<std::string> type;
  std::shared_ptr<const broker::schemas::PreparedContent> prepared;  // not on the wire
  static constexpr auto fields() {
    using T = UpdateSchemaRequest;
    return std::tuple{field("ClientTokenId", &T::client_token_id, {.max = 36}),
                      field("Content", &T::content, {.min = 1, .max = content_length_max}),
                      field("Description", &T::description, description_text),
                      field("RegistryName", &T::registry_name, registry_in_path),
                      field("SchemaName", &T::schema_name, schema_in_path),
                      field("Type", &T::type, {.one_of = type_names})};
  }
};

// Of CreateSchema and UpdateSchema.
struct Schema {
  std::optional<std::string> description;
  IsoTimestamp last_modified;
  std::string schema_arn;
  std::string schema_name;
  std::string schema_version;
  StringMap tags;
  std::string type;
  IsoTimestamp version_created_date;
  static constexpr auto fields() {
    using T = Schema;
    return std::tuple{field("Description", &T::description),
                      field("LastModified", &T::last_modified),
                      field("SchemaArn", &T::schema_arn),
                      field("SchemaName", &T::schema_name),
                      field("SchemaVersion", &T::schema_version),
                      field("tags", &T::tags),
                      field("Type", &T::type),
                      field("VersionCreatedDate", &T::version_created_date)};
  }
};

struct DescribeSchemaRequest {
  std::string registry_name;
  std::string schema_name;
  std::optional<std::string> schema_version;
  static constexpr auto fields() {
    using T = DescribeSchemaRequest;
    return std::tuple{field("RegistryName", &T::registry_name, registry_in_path),
                      field("SchemaName", &T::schema_name, schema_in_path),
                      field("SchemaVersion", &T::schema_version, version_in_query)};
  }
};

struct DescribeSchemaResponse {
  std::string content;
  std::optional<std::string> description;
  IsoTimestamp last_modified;
  std::string schema_arn;
  std::string schema_name;
  std::string schema_version;
  StringMap tags;
  std::string type;
  IsoTimestamp version_created_date;
  static constexpr auto fields() {
    using T = DescribeSchemaResponse;
    return std::tuple{field("Content", &T::content),
                      field("Description", &T::description),
                      field("LastModified", &T::last_modified),
                      field("SchemaArn", &T::schema_arn),
                      field("SchemaName", &T::schema_name),
                      field("SchemaVersion", &T::schema_version),
                      field("tags", &T::tags),
                      field("Type", &T::type),
                      field("VersionCreatedDate", &T::version_created_date)};
  }
};

struct DeleteSchemaRequest {
  std::string registry_name;
  std::string schema_name;
  static constexpr auto fields() {
    using T = DeleteSchemaRequest;
    return std::tuple{field("RegistryName", &T::registry_name, registry_in_path),
                      field("SchemaName", &T::schema_name, schema_in_path)};
  }
};

struct DeleteSchemaVersionRequest {
  std::string registry_name;
  std::string schema_name;
  std::string schema_version;
  static constexpr auto fields() {
    using T = DeleteSchemaVersionRequest;
    return std::tuple{field("RegistryName", &T::registry_name, registry_in_path),
                      field("SchemaName", &T::schema_name, schema_in_path),
                      field("SchemaVersion", &T::schema_version,
                            required_member.at(Location::uri, "schemaVersion"))};
  }
};

struct ExportSchemaRequest {
  std::string registry_name;
  std::string schema_name;
  std::optional<std::string> schema_version;
  std::string type;
  static constexpr auto fields() {
    using T = ExportSchemaRequest;
    return std::tuple{field("RegistryName", &T::registry_name, registry_in_path),
                      field("SchemaName", &T::schema_name, schema_in_path),
                      field("SchemaVersion", &T::schema_version, version_in_query),
                      field("Type", &T::type, required_member.at(Location::query, "type"))};
  }
};

struct ExportSchemaResponse {
  std::string content;
  std::string schema_arn;
  std::string schema_name;
  std::string schema_version;
  std::string type;
  static constexpr auto fields() {
    using T = ExportSchemaResponse;
    return std::tuple{field("Content", &T::content), field("SchemaArn", &T::schema_arn),
                      field("SchemaName", &T::schema_name),
                      field("SchemaVersion", &T::schema_version), field("Type", &T::type)};
  }
};

struct ListSchemasRequest {
  std::optional<std::int64_t> limit;
  std::optional<std::string> next_token;
  std::string registry_name;
  std::optional<std::string> schema_name_prefix;
  static constexpr auto fields() {
    using T = ListSchemasRequest;
    return std::tuple{field("Limit", &T::limit, limit_in_query),
                      field("NextToken", &T::next_token, token_in_query),
                      field("RegistryName", &T::registry_name, registry_in_path),
                      field("SchemaNamePrefix", &T::schema_name_prefix,
                            Traits{}.at(Location::query, "schemaNamePrefix"))};
  }
};

struct SchemaSummary {
  IsoTimestamp last_modified;
  std::string schema_arn;
  std::string schema_name;
  StringMap tags;
  std::int64_t version_count = 0;
  static constexpr auto fields() {
    using T = SchemaSummary;
    return std::tuple{field("LastModified", &T::last_modified), field("SchemaArn", &T::schema_arn),
                      field("SchemaName", &T::schema_name), field("tags", &T::tags),
                      field("VersionCount", &T::version_count)};
  }
};

struct ListSchemasResponse {
  std::optional<std::string> next_token;
  std::vector<SchemaSummary> schemas;
  static constexpr auto fields() {
    using T = ListSchemasResponse;
    return std::tuple{field("NextToken", &T::next_token), field("Schemas", &T::schemas)};
  }
};

struct ListSchemaVersionsRequest {
  std::optional<std::int64_t> limit;
  std::optional<std::string> next_token;
  std::string registry_name;
  std::string schema_name;
  static constexpr auto fields() {
    using T = ListSchemaVersionsRequest;
    return std::tuple{field("Limit", &T::limit, limit_in_query),
                      field("NextToken", &T::next_token, token_in_query),
                      field("RegistryName", &T::registry_name, registry_in_path),
                      field("SchemaName", &T::schema_name, schema_in_path)};
  }
};

struct SchemaVersionSummary {
  std::string schema_arn;
  std::string schema_name;
  std::string schema_version;
  std::string type;
  static constexpr auto fields() {
    using T = SchemaVersionSummary;
    return std::tuple{field("SchemaArn", &T::schema_arn), field("SchemaName", &T::schema_name),
                      field("SchemaVersion", &T::schema_version), field("Type", &T::type)};
  }
};

struct ListSchemaVersionsResponse {
  std::optional<std::string> next_token;
  std::vector<SchemaVersionSummary> schema_versions;
  static constexpr auto fields() {
    using T = ListSchemaVersionsResponse;
    return std::tuple{field("NextToken", &T::next_token),
                      field("SchemaVersions", &T::schema_versions)};
  }
};

struct SearchSchemasRequest {
  std::string keywords;
  std::optional<std::int64_t> limit;
  std::optional<std::string> next_token;
  std::string registry_name;
  static constexpr auto fields() {
    using T = SearchSchemasRequest;
    return std::tuple{
        field("Keywords", &T::keywords, required_member.at(Location::query, "keywords")),
        field("Limit", &T::limit, limit_in_query),
        field("NextToken", &T::next_token, token_in_query),
        field("RegistryName", &T::registry_name, registry_in_path)};
  }
};

struct SearchSchemaVersionSummary {
  IsoTimestamp created_date;
  std::string schema_version;
  std::string type;
  static constexpr auto fields() {
    using T = SearchSchemaVersionSummary;
    return std::tuple{field("CreatedDate", &T::created_date),
                      field("SchemaVersion", &T::schema_version), field("Type", &T::type)};
  }
};

struct SearchSchemaSummary {
  std::string registry_name;
  std::string schema_arn;
  std::string schema_name;
  std::vector<SearchSchemaVersionSummary> schema_versions;
  static constexpr auto fields() {
    using T = SearchSchemaSummary;
    return std::tuple{field("RegistryName", &T::registry_name), field("SchemaArn", &T::schema_arn),
                      field("SchemaName", &T::schema_name),
                      field("SchemaVersions", &T::schema_versions)};
  }
};

struct SearchSchemasResponse {
  std::optional<std::string> next_token;
  std::vector<SearchSchemaSummary> schemas;
  static constexpr auto fields() {
    using T = SearchSchemasResponse;
    return std::tuple{field("NextToken", &T::next_token), field("Schemas", &T::schemas)};
  }
};

// ---- discoverers ----

struct CreateDiscovererRequest {
  std::optional<std::string> description;
  std::string source_arn;
  std::optional<bool> cross_account;
  StringMap tags;
  static constexpr auto fields() {
    using T = CreateDiscovererRequest;
    return std::tuple{
        field("Description", &T::description, description_text),
        field("SourceArn", &T::source_arn, {.required = true, .min = 20, .max = 1600}),
        field("CrossAccount", &T::cross_account), field("tags", &T::tags)};
  }
};

// Of CreateDiscoverer, DescribeDiscoverer and UpdateDiscoverer.
struct Discoverer {
  std::optional<std::string> description;
  std::string discoverer_arn;
  std::string discoverer_id;
  std::string source_arn;
  std::string state;
  bool cross_account = true;
  StringMap tags;
  static constexpr auto fields() {
    using T = Discoverer;
    return std::tuple{field("Description", &T::description),
                      field("DiscovererArn", &T::discoverer_arn),
                      field("DiscovererId", &T::discoverer_id),
                      field("SourceArn", &T::source_arn),
                      field("State", &T::state),
                      field("CrossAccount", &T::cross_account),
                      field("tags", &T::tags)};
  }
};

// DescribeDiscoverer, DeleteDiscoverer, StartDiscoverer and StopDiscoverer take the same.
struct DiscovererRequest {
  std::string discoverer_id;
  static constexpr auto fields() {
    using T = DiscovererRequest;
    return std::tuple{field("DiscovererId", &T::discoverer_id, discoverer_in_path)};
  }
};

struct UpdateDiscovererRequest {
  std::optional<std::string> description;
  std::string discoverer_id;
  std::optional<bool> cross_account;
  static constexpr auto fields() {
    using T = UpdateDiscovererRequest;
    return std::tuple{field("Description", &T::description, description_text),
                      field("DiscovererId", &T::discoverer_id, discoverer_in_path),
                      field("CrossAccount", &T::cross_account)};
  }
};

struct DiscovererState {
  std::string discoverer_id;
  std::string state;
  static constexpr auto fields() {
    using T = DiscovererState;
    return std::tuple{field("DiscovererId", &T::discoverer_id), field("State", &T::state)};
  }
};

struct ListDiscoverersRequest {
  std::optional<std::string> discoverer_id_prefix;
  std::optional<std::int64_t> limit;
  std::optional<std::string> next_token;
  std::optional<std::string> source_arn_prefix;
  static constexpr auto fields() {
    using T = ListDiscoverersRequest;
    return std::tuple{field("DiscovererIdPrefix", &T::discoverer_id_prefix,
                            Traits{}.at(Location::query, "discovererIdPrefix")),
                      field("Limit", &T::limit, limit_in_query),
                      field("NextToken", &T::next_token, token_in_query),
                      field("SourceArnPrefix", &T::source_arn_prefix,
                            Traits{}.at(Location::query, "sourceArnPrefix"))};
  }
};

struct DiscovererSummary {
  std::string discoverer_arn;
  std::string discoverer_id;
  std::string source_arn;
  std::string state;
  bool cross_account = true;
  StringMap tags;
  static constexpr auto fields() {
    using T = DiscovererSummary;
    return std::tuple{
        field("DiscovererArn", &T::discoverer_arn), field("DiscovererId", &T::discoverer_id),
        field("SourceArn", &T::source_arn),         field("State", &T::state),
        field("CrossAccount", &T::cross_account),   field("tags", &T::tags)};
  }
};

struct ListDiscoverersResponse {
  std::vector<DiscovererSummary> discoverers;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListDiscoverersResponse;
    return std::tuple{field("Discoverers", &T::discoverers), field("NextToken", &T::next_token)};
  }
};

constexpr Traits sample_event{.min = 1, .max = content_length_max};

struct GetDiscoveredSchemaRequest {
  StringList events;
  std::string type;
  static constexpr auto fields() {
    using T = GetDiscoveredSchemaRequest;
    return std::tuple{
        field("Events", &T::events, {.required = true, .min = 1, .max = 10, .each = &sample_event}),
        field("Type", &T::type, {.required = true, .one_of = type_names})};
  }
};

struct GetDiscoveredSchemaResponse {
  std::string content;
  static constexpr auto fields() {
    using T = GetDiscoveredSchemaResponse;
    return std::tuple{field("Content", &T::content)};
  }
};

// ---- code bindings ----

// PutCodeBinding, DescribeCodeBinding and GetCodeBindingSource take the same.
struct CodeBindingRequest {
  std::string language;
  std::string registry_name;
  std::string schema_name;
  std::optional<std::string> schema_version;
  static constexpr auto fields() {
    using T = CodeBindingRequest;
    return std::tuple{field("Language", &T::language, language_in_path),
                      field("RegistryName", &T::registry_name, registry_in_path),
                      field("SchemaName", &T::schema_name, schema_in_path),
                      field("SchemaVersion", &T::schema_version, version_in_query)};
  }
};

struct CodeBinding {
  IsoTimestamp creation_date;
  IsoTimestamp last_modified;
  std::string schema_version;
  std::string status;
  static constexpr auto fields() {
    using T = CodeBinding;
    return std::tuple{field("CreationDate", &T::creation_date),
                      field("LastModified", &T::last_modified),
                      field("SchemaVersion", &T::schema_version), field("Status", &T::status)};
  }
};

struct GetCodeBindingSourceResponse {
  Blob body;            // a zip file, as it is
  std::string content;  // of the schema that it is made of; not on the wire
  static constexpr auto fields() {
    using T = GetCodeBindingSourceResponse;
    return std::tuple{field("Body", &T::body, Traits{}.at(Location::payload))};
  }
};

// ---- resource policies ----

// GetResourcePolicy and DeleteResourcePolicy take the same.
struct ResourcePolicyRequest {
  std::optional<std::string> registry_name;
  static constexpr auto fields() {
    using T = ResourcePolicyRequest;
    return std::tuple{
        field("RegistryName", &T::registry_name, Traits{}.at(Location::query, "registryName"))};
  }
};

struct PutResourcePolicyRequest {
  std::string policy;  // JSON
  std::optional<std::string> registry_name;
  std::optional<std::string> revision_id;
  static constexpr auto fields() {
    using T = PutResourcePolicyRequest;
    return std::tuple{
        field("Policy", &T::policy, required_member),
        field("RegistryName", &T::registry_name, Traits{}.at(Location::query, "registryName")),
        field("RevisionId", &T::revision_id)};
  }
};

struct ResourcePolicy {
  std::string policy;
  std::string revision_id;
  static constexpr auto fields() {
    using T = ResourcePolicy;
    return std::tuple{field("Policy", &T::policy), field("RevisionId", &T::revision_id)};
  }
};

// ---- tags ----

struct TagResourceRequest {
  std::string resource_arn;
  StringMap tags;
  static constexpr auto fields() {
    using T = TagResourceRequest;
    return std::tuple{field("ResourceArn", &T::resource_arn, arn_in_path),
                      field("tags", &T::tags, required_member)};
  }
};

struct UntagResourceRequest {
  std::string resource_arn;
  StringList tag_keys;
  static constexpr auto fields() {
    using T = UntagResourceRequest;
    return std::tuple{
        field("ResourceArn", &T::resource_arn, arn_in_path),
        field("TagKeys", &T::tag_keys, required_member.at(Location::query, "tagKeys"))};
  }
};

struct ListTagsForResourceRequest {
  std::string resource_arn;
  static constexpr auto fields() {
    using T = ListTagsForResourceRequest;
    return std::tuple{field("ResourceArn", &T::resource_arn, arn_in_path)};
  }
};

struct ListTagsForResourceResponse {
  StringMap tags;
  static constexpr auto fields() {
    using T = ListTagsForResourceResponse;
    return std::tuple{field("tags", &T::tags)};
  }
};

}  // namespace signalbox::broker::api::schemas
