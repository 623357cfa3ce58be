// Code bindings: which were asked for, and their zip, made anew each time it is fetched.
#include <fmt/format.h>

#include <charconv>

#include "broker/finish.h"
#include "broker/schemas/bindings/bindings.h"
#include "broker/schemas/schemas.h"

namespace signalbox::broker::schemas {

namespace {

constexpr std::string_view complete = "CREATE_COMPLETE";

Status check_language(const std::string& name) {
  if (find_language(name) != nullptr) return ok();
  return Error{ErrorCode::validation,
               fmt::format("Language {} is none of {}.", name, language_names())};
}

Error no_binding(const wire::CodeBindingRequest& request, std::uint64_t version) {
  return {ErrorCode::resource_not_found,
          fmt::format("There is no code binding in {} of version {} of schema {}.",
                      request.language, version, request.schema_name)};
}

// A version that was there once.
bool is_gone(const Schema& schema, const std::optional<std::string>& version) {
  std::uint64_t number = 0;
  if (!version) return false;
  const char* const end = version->data() + version->size();
  const auto [past, error] = std::from_chars(version->data(), end, number);
  return error == std::errc() && past == end && number > 0 && number <= schema.last_version &&
         !schema.versions.contains(number);
}

}  // namespace

Result<wire::CodeBinding> Schemas::put_code_binding(const wire::CodeBindingRequest& request,
                                                    Context& ctx) {
  SIGNALBOX_TRY(check_language(request.language));
  SIGNALBOX_TRY(Schema* const schema, find_schema(request.registry_name, request.schema_name, ctx));
  if (is_gone(*schema, request.schema_version)) {
    return Error{ErrorCode::gone, fmt::format("Version {} of schema {} was deleted.",
                                              *request.schema_version, schema->name)};
  }
  SIGNALBOX_TRY(const std::uint64_t number, find_version(*schema, request.schema_version));
  auto& bindings = schema->versions.at(number).bindings;
  const std::int64_t created_ms =
      bindings.try_emplace(request.language, to_ms(ctx.wall)).first->second;
  store_schema(*schema, ctx);
  return wire::CodeBinding{
      {created_ms}, {created_ms}, fmt::to_string(number), std::string(complete)};
}

Result<wire::CodeBinding> Schemas::describe_code_binding(const wire::CodeBindingRequest& request,
                                                         Context& ctx) {
  SIGNALBOX_TRY(check_language(request.language));
  SIGNALBOX_TRY(const Schema* const schema,
                find_schema(request.registry_name, request.schema_name, ctx));
  SIGNALBOX_TRY(const std::uint64_t number, find_version(*schema, request.schema_version));
  const auto& bindings = schema->versions.at(number).bindings;
  const auto at = bindings.find(request.language);
  if (at == bindings.end()) return no_binding(request, number);
  return wire::CodeBinding{
      {at->second}, {at->second}, fmt::to_string(number), std::string(complete)};
}

Answer<wire::GetCodeBindingSourceResponse> Schemas::get_code_binding_source(
    const wire::CodeBindingRequest& request, Context& ctx) {
  SIGNALBOX_TRY(check_language(request.language));
  SIGNALBOX_TRY(const Schema* const schema,
                find_schema(request.registry_name, request.schema_name, ctx));
  SIGNALBOX_TRY(const std::uint64_t number, find_version(*schema, request.schema_version));
  if (!schema->versions.at(number).bindings.contains(request.language)) {
    return no_binding(request, number);
  }
  auto content = content_of(*schema, number, ctx);
  if (!content) return NeedKeys{};
  wire::GetCodeBindingSourceResponse response;
  response.content = *std::move(content);
  return response;
}

}  // namespace signalbox::broker::schemas

namespace signalbox::broker {

Finished finish(api::schemas::GetCodeBindingSourceResponse& response,
                const api::schemas::CodeBindingRequest& request, const FinishContext&,
                std::uint64_t&) {
  const auto* language = schemas::find_language(request.language);
  const auto model = schemas::type_model_of(response.content, request.schema_name);
  response.body.bytes = schemas::zip_of(language->generate(model));
  return Finished::done;
}

}  // namespace signalbox::broker
