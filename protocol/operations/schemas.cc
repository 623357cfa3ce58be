// The operations of the schema registry.
#include "broker/schemas/schemas.h"

#include "protocol/operations/rows.h"

namespace signalbox::protocol::operations {

namespace {

using broker::schemas::Schemas;

constexpr auto schemas = Service::schemas;

#define REGISTRY_PATH "/v1/registries/name/{registryName}"
#define SCHEMA_PATH REGISTRY_PATH "/schemas/name/{schemaName}"

constexpr Row rows[] = {
    rest<&Schemas::create_discoverer>(schemas, "CreateDiscoverer", Kind::writes,
                                      "POST /v1/discoverers", 201),
    rest<&Schemas::create_registry>(schemas, "CreateRegistry", Kind::writes, "POST " REGISTRY_PATH,
                                    201),
    rest<&Schemas::create_schema>(schemas, "CreateSchema", Kind::writes, "POST " SCHEMA_PATH, 201),
    rest<&Schemas::delete_discoverer>(schemas, "DeleteDiscoverer", Kind::writes,
                                      "DELETE /v1/discoverers/id/{discovererId}", 204),
    rest<&Schemas::delete_registry>(schemas, "DeleteRegistry", Kind::writes,
                                    "DELETE " REGISTRY_PATH, 204),
    rest<&Schemas::delete_resource_policy>(schemas, "DeleteResourcePolicy", Kind::writes,
                                           "DELETE /v1/policy", 204),
    rest<&Schemas::delete_schema>(schemas, "DeleteSchema", Kind::writes, "DELETE " SCHEMA_PATH,
                                  204),
    rest<&Schemas::delete_schema_version>(schemas, "DeleteSchemaVersion", Kind::writes,
                                          "DELETE " SCHEMA_PATH "/version/{schemaVersion}", 204),
    rest<&Schemas::describe_code_binding>(schemas, "DescribeCodeBinding", Kind::reads,
                                          "GET " SCHEMA_PATH "/language/{language}"),
    rest<&Schemas::describe_discoverer>(schemas, "DescribeDiscoverer", Kind::reads,
                                        "GET /v1/discoverers/id/{discovererId}"),
    rest<&Schemas::describe_registry>(schemas, "DescribeRegistry", Kind::reads,
                                      "GET " REGISTRY_PATH),
    rest<&Schemas::describe_schema>(schemas, "DescribeSchema", Kind::reads, "GET " SCHEMA_PATH),
    rest<&Schemas::export_schema>(schemas, "ExportSchema", Kind::reads,
                                  "GET " SCHEMA_PATH "/export"),
    with_content_type(
        rest<&Schemas::get_code_binding_source>(schemas, "GetCodeBindingSource", Kind::reads,
                                                "GET " SCHEMA_PATH "/language/{language}/source"),
        "application/zip"),
    rest<&Schemas::get_discovered_schema>(schemas, "GetDiscoveredSchema", Kind::reads,
                                          "POST /v1/discover"),
    rest<&Schemas::get_resource_policy>(schemas, "GetResourcePolicy", Kind::reads,
                                        "GET /v1/policy"),
    rest<&Schemas::list_discoverers>(schemas, "ListDiscoverers", Kind::reads,
                                     "GET /v1/discoverers"),
    rest<&Schemas::list_registries>(schemas, "ListRegistries", Kind::reads, "GET /v1/registries"),
    rest<&Schemas::list_schema_versions>(schemas, "ListSchemaVersions", Kind::reads,
                                         "GET " SCHEMA_PATH "/versions"),
    rest<&Schemas::list_schemas>(schemas, "ListSchemas", Kind::reads,
                                 "GET " REGISTRY_PATH "/schemas"),
    rest<&Schemas::list_tags_for_resource>(schemas, "ListTagsForResource", Kind::reads,
                                           "GET /tags/{resource-arn}"),
    rest<&Schemas::put_code_binding>(schemas, "PutCodeBinding", Kind::writes,
                                     "POST " SCHEMA_PATH "/language/{language}", 202),
    rest<&Schemas::put_resource_policy>(schemas, "PutResourcePolicy", Kind::writes,
                                        "PUT /v1/policy"),
    rest<&Schemas::search_schemas>(schemas, "SearchSchemas", Kind::reads,
                                   "GET " REGISTRY_PATH "/schemas/search"),
    rest<&Schemas::start_discoverer>(schemas, "StartDiscoverer", Kind::writes,
                                     "POST /v1/discoverers/id/{discovererId}/start"),
    rest<&Schemas::stop_discoverer>(schemas, "StopDiscoverer", Kind::writes,
                                    "POST /v1/discoverers/id/{discovererId}/stop"),
    rest<&Schemas::tag_resource>(schemas, "TagResource", Kind::writes, "POST /tags/{resource-arn}",
                                 204),
    rest<&Schemas::untag_resource>(schemas, "UntagResource", Kind::writes,
                                   "DELETE /tags/{resource-arn}", 204),
    rest<&Schemas::update_discoverer>(schemas, "UpdateDiscoverer", Kind::writes,
                                      "PUT /v1/discoverers/id/{discovererId}"),
    rest<&Schemas::update_registry>(schemas, "UpdateRegistry", Kind::writes, "PUT " REGISTRY_PATH),
    rest<&Schemas::update_schema>(schemas, "UpdateSchema", Kind::writes, "PUT " SCHEMA_PATH),
};
#undef SCHEMA_PATH
#undef REGISTRY_PATH
static_assert(is_operation_table(std::span<const Row>(rows)));

}  // namespace

std::span<const Row> schemas_rows() { return rows; }

}  // namespace signalbox::protocol::operations
