// Schemas and their versions: create, update, describe, export, delete.
#include "broker/schemas/schemas.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "broker/md5.h"
#include "broker/prepare.h"
#include "broker/schemas/discovery.h"
#include "broker/schemas/export.h"
#include "broker/schemas/prepared_content.h"
#include "broker/schemas/records.h"
#include "broker/tag_limits.h"
#include "storage/keys.h"

namespace signalbox::broker::schemas {

namespace keys = storage::keys;

namespace {

Error invalid(std::string message) { return {ErrorCode::validation, std::move(message)}; }
Error not_found(std::string message) { return {ErrorCode::resource_not_found, std::move(message)}; }

wire::Schema shown(const Schema& schema) {
  const auto& [number, version] = *schema.versions.rbegin();
  return {schema.description,
          {schema.modified_ms},
          schema.arn(),
          schema.name,
          fmt::to_string(number),
          schema.tags,
          std::string(name_of(version.type)),
          {version.created_ms}};
}

}  // namespace

namespace {

Result<std::shared_ptr<const CompiledSchema>> accepted(Compiled compiled, SchemaType type) {
  if (const auto* problem = std::get_if<SchemaProblem>(&compiled)) {
    return invalid(
        fmt::format("Content is not a valid {} schema: {}", name_of(type), problem->text()));
  }
  return std::get<std::shared_ptr<const CompiledSchema>>(std::move(compiled));
}

std::shared_ptr<const PreparedContent> prepared(const std::string& content,
                                                const std::optional<std::string>& type) {
  auto made = std::make_shared<PreparedContent>();
  // Without a type, as an update may be, that of the schema counts, which is not known here.
  for (const auto each : {SchemaType::open_api_3, SchemaType::json_schema_draft_4}) {
    if (type && parse_schema_type(*type).value_or(each) != each) continue;
    auto& compiled = each == SchemaType::open_api_3 ? made->open_api_3 : made->draft_4;
    compiled = compile_schema(content, each);
  }
  return made;
}

}  // namespace

Result<std::shared_ptr<const CompiledSchema>> compile_content(std::string_view content,
                                                              SchemaType type) {
  return accepted(compile_schema(content, type), type);
}

Result<std::uint64_t> Schemas::find_version(const Schema& schema,
                                            const std::optional<std::string>& version) {
  if (!version || version->empty()) return schema.latest();
  std::uint64_t number = 0;
  const char* const end = version->data() + version->size();
  const auto [past, error] = std::from_chars(version->data(), end, number);
  if (error != std::errc() || past != end || !schema.versions.contains(number)) {
    return not_found(fmt::format("Version {} of schema {} does not exist.", *version, schema.name));
  }
  return number;
}

std::optional<std::string> Schemas::content_of(const Schema& schema, std::uint64_t version,
                                               Context& ctx) {
  const auto* content = ctx.fetched.get(keys::schema_content({schema.id, version}));
  if (content == nullptr) return std::nullopt;
  return content->value_or("");
}

void Schemas::store_schema(const Schema& schema, Context& ctx) {
  ctx.batch.put(keys::schema({schema.registry->id, schema.id}), encode(schema));
}

void Schemas::add_version(Schema& schema, std::string_view content, SchemaType type,
                          std::shared_ptr<const CompiledSchema> compiled, Context& ctx) {
  const std::uint64_t number = ++schema.last_version;
  SchemaVersion& version = schema.versions[number];
  version.type = type;
  version.created_ms = schema.modified_ms = to_ms(ctx.wall);
  version.digest = md5_of(content);
  schema.compiled = std::move(compiled);
  // What is learned goes on from there, also from what a person has put.
  if (schema.registry->name == discovered_registry_name) {
    schema.learned = std::make_unique<Shape>(shape_of_detail(content));
  }
  ctx.batch.put(keys::schema_content({schema.id, number}), content);
  store_schema(schema, ctx);
  schemas_changed(*schema.registry);
}

Schema& Schemas::add_schema(Registry& registry, const std::string& name, Context& ctx) {
  Schema& schema = registry.schemas[name];
  schema.id = host_.new_id(ctx);
  schema.registry = &registry;
  schema.name = name;
  return schema;
}

Result<wire::Schema> Schemas::create_schema(const wire::CreateSchemaRequest& request,
                                            Context& ctx) {
  SIGNALBOX_TRY(check_tag_map({}, request.tags));
  SIGNALBOX_TRY(Registry* const registry, find_registry(request.registry_name, ctx));
  if (registry->schemas.contains(request.schema_name)) {
    return Error{ErrorCode::conflict,
                 fmt::format("Schema with name {} already exists in registry {}.",
                             request.schema_name, request.registry_name)};
  }
  if (registry->schemas.size() >= schemas_per_registry_max) {
    return Error{ErrorCode::limit_exceeded,
                 fmt::format("Registry {} has {} schemas, and can have no more.", registry->name,
                             registry->schemas.size())};
  }
  const SchemaType type = *parse_schema_type(request.type);
  SIGNALBOX_TRY(auto compiled, accepted(*request.prepared->as(type), type));
  Schema& schema = add_schema(*registry, request.schema_name, ctx);
  schema.description = request.description;
  schema.tags = request.tags;
  add_version(schema, request.content, type, std::move(compiled), ctx);
  return shown(schema);
}

Result<wire::Schema> Schemas::update_schema(const wire::UpdateSchemaRequest& request,
                                            Context& ctx) {
  SIGNALBOX_TRY(Schema* const schema, find_schema(request.registry_name, request.schema_name, ctx));
  const SchemaVersion& before = schema->versions.rbegin()->second;
  const SchemaType type = request.type ? *parse_schema_type(*request.type) : before.type;
  if (request.type && !request.content && type != before.type) {
    return invalid("Type can change only together with Content.");
  }
  const bool is_same =
      !request.content || (type == before.type && md5_of(*request.content) == before.digest);
  if (request.description) schema->description = request.description;
  if (is_same) {
    if (request.description) {
      schema->modified_ms = to_ms(ctx.wall);
      store_schema(*schema, ctx);
    }
    return shown(*schema);
  }
  if (schema->versions.size() >= versions_per_schema_max) {
    return Error{ErrorCode::limit_exceeded,
                 fmt::format("Schema {} has {} versions, and can have no more: delete some.",
                             schema->name, schema->versions.size())};
  }
  SIGNALBOX_TRY(auto compiled, accepted(*request.prepared->as(type), type));
  add_version(*schema, *request.content, type, std::move(compiled), ctx);
  return shown(*schema);
}

Answer<wire::DescribeSchemaResponse> Schemas::describe_schema(
    const wire::DescribeSchemaRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Schema* const schema,
                find_schema(request.registry_name, request.schema_name, ctx));
  SIGNALBOX_TRY(const std::uint64_t number, find_version(*schema, request.schema_version));
  auto content = content_of(*schema, number, ctx);
  if (!content) return NeedKeys{};
  const SchemaVersion& version = schema->versions.at(number);
  return wire::DescribeSchemaResponse{*std::move(content),   schema->description,
                                      {schema->modified_ms}, schema->arn(),
                                      schema->name,          fmt::to_string(number),
                                      schema->tags,          std::string(name_of(version.type)),
                                      {version.created_ms}};
}

Answer<wire::ExportSchemaResponse> Schemas::export_schema(const wire::ExportSchemaRequest& request,
                                                          Context& ctx) {
  const auto wanted = parse_schema_type(request.type);
  if (!wanted) {
    return invalid(fmt::format("Type {} is none of OpenApi3 and JSONSchemaDraft4.", request.type));
  }
  SIGNALBOX_TRY(const Schema* const schema,
                find_schema(request.registry_name, request.schema_name, ctx));
  SIGNALBOX_TRY(const std::uint64_t number, find_version(*schema, request.schema_version));
  auto content = content_of(*schema, number, ctx);
  if (!content) return NeedKeys{};
  const SchemaType stored = schema->versions.at(number).type;
  if (stored != *wanted) {
    if (stored != SchemaType::open_api_3) {
      return invalid("Only schemas of type OpenApi3 can be exported to another type.");
    }
    content = to_draft_4(*content);
  }
  return wire::ExportSchemaResponse{*std::move(content), schema->arn(), schema->name,
                                    fmt::to_string(number), request.type};
}

void Schemas::erase_schema(const Schema& schema, Context& ctx) {
  Registry& registry = *schema.registry;
  const auto contents = keys::contents_of_schema(schema.id);
  ctx.batch.erase_range(contents.first, contents.past_last);
  ctx.batch.erase(keys::schema({registry.id, schema.id}));
  registry.schemas.erase(std::string(schema.name));
  schemas_changed(registry);
}

Status Schemas::delete_schema(const wire::DeleteSchemaRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Schema* const schema,
                find_schema(request.registry_name, request.schema_name, ctx));
  erase_schema(*schema, ctx);
  return ok();
}

Answer<api::Empty> Schemas::delete_schema_version(const wire::DeleteSchemaVersionRequest& request,
                                                  Context& ctx) {
  SIGNALBOX_TRY(Schema* const schema, find_schema(request.registry_name, request.schema_name, ctx));
  SIGNALBOX_TRY(const std::uint64_t number, find_version(*schema, request.schema_version));
  if (schema->versions.size() == 1) {
    erase_schema(*schema, ctx);
    return api::Empty{};
  }
  if (number == schema->latest()) {
    // What is checked from now on is the version before.
    const auto& [before, version] = *std::next(schema->versions.rbegin());
    const auto content = content_of(*schema, before, ctx);
    if (!content) return NeedKeys{};
    SIGNALBOX_TRY(schema->compiled, compile_content(*content, version.type));
    if (schema->learned) schema->learned = std::make_unique<Shape>(shape_of_detail(*content));
  }
  schema->versions.erase(number);
  schema->modified_ms = to_ms(ctx.wall);
  ctx.batch.erase(keys::schema_content({schema->id, number}));
  store_schema(*schema, ctx);
  schemas_changed(*schema->registry);
  return api::Empty{};
}

}  // namespace signalbox::broker::schemas

namespace signalbox::broker {

Status prepare(api::schemas::CreateSchemaRequest& request, PrepareContext&) {
  request.prepared = schemas::prepared(request.content, request.type);
  return ok();
}

Status prepare(api::schemas::UpdateSchemaRequest& request, PrepareContext&) {
  if (request.content) request.prepared = schemas::prepared(*request.content, request.type);
  return ok();
}

}  // namespace signalbox::broker
