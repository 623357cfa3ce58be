// Pages of schemas and of their versions, and searches.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "broker/events_paging.h"
#include "broker/schemas/schemas.h"

namespace signalbox::broker::schemas {

namespace {

// As a version's name orders: 9 comes before 10.
std::string padded(std::uint64_t number) { return fmt::format("{:020}", number); }

bool contains_ignoring_case(std::string_view text, std::string_view wanted) {
  const auto same = [](char one, char other) {
    return std::tolower(static_cast<unsigned char>(one)) ==
           std::tolower(static_cast<unsigned char>(other));
  };
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(), same) != text.end();
}

// Each word of the keywords is in the schema's name or description.
bool is_found(const Schema& schema, std::string_view keywords) {
  while (!keywords.empty()) {
    const auto word = keywords.substr(0, keywords.find(' '));
    keywords.remove_prefix(std::min(word.size() + 1, keywords.size()));
    if (!contains_ignoring_case(schema.name, word) &&
        !contains_ignoring_case(schema.description.value_or(""), word)) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<wire::ListSchemasResponse> Schemas::list_schemas(const wire::ListSchemasRequest& request,
                                                        Context& ctx) {
  SIGNALBOX_TRY(const Registry* const registry, find_registry(request.registry_name, ctx));
  wire::ListSchemasResponse response;
  const std::string prefix = request.schema_name_prefix.value_or("");
  SIGNALBOX_TRY(
      response.next_token,
      visit_page(registry->schemas, {prefix, request.next_token, request.limit},
                 [&](const auto& entry) {
                   const Schema& schema = entry.second;
                   response.schemas.push_back({{schema.modified_ms},
                                               schema.arn(),
                                               schema.name,
                                               schema.tags,
                                               static_cast<std::int64_t>(schema.versions.size())});
                 }));
  return response;
}

Result<wire::ListSchemaVersionsResponse> Schemas::list_schema_versions(
    const wire::ListSchemaVersionsRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Schema* const schema,
                find_schema(request.registry_name, request.schema_name, ctx));
  std::map<std::string, wire::SchemaVersionSummary, std::less<>> versions;
  for (const auto& [number, version] : schema->versions) {
    versions[padded(number)] = {schema->arn(), schema->name, fmt::to_string(number),
                                std::string(name_of(version.type))};
  }
  wire::ListSchemaVersionsResponse response;
  SIGNALBOX_TRY(response.next_token, visit_page(versions, {"", request.next_token, request.limit},
                                                [&](const auto& entry) {
                                                  response.schema_versions.push_back(entry.second);
                                                }));
  return response;
}

Result<wire::SearchSchemasResponse> Schemas::search_schemas(
    const wire::SearchSchemasRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Registry* const registry, find_registry(request.registry_name, ctx));
  wire::SearchSchemasResponse response;
  SIGNALBOX_TRY(
      response.next_token,
      visit_page_of(
          registry->schemas, {"", request.next_token, request.limit},
          [&](const auto& entry) { return is_found(entry.second, request.keywords); },
          [&](const auto& entry) {
            const Schema& schema = entry.second;
            wire::SearchSchemaSummary found{registry->name, schema.arn(), schema.name, {}};
            for (const auto& [number, version] : schema.versions) {
              found.schema_versions.push_back({{version.created_ms},
                                               fmt::to_string(number),
                                               std::string(name_of(version.type))});
            }
            response.schemas.push_back(std::move(found));
          }));
  return response;
}

}  // namespace signalbox::broker::schemas
