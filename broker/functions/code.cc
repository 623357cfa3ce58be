#include "broker/functions/code.h"

#include <algorithm>

#include "broker/functions/functions.h"

namespace signalbox::broker::functions {

Status check_source(std::string_view package_type, const CodeSource& source) {
  const auto refuse = [](std::string text) {
    return Error{ErrorCode::invalid_parameter_value, std::move(text)};
  };
  if (source.is_in_s3) return refuse("There is no S3 here: give the code as ZipFile.");
  if (package_type == "Image") {
    if (source.has_image && !source.has_zip) return ok();
    return refuse("Please provide ImageUri when updating a function with packageType Image.");
  }
  if (source.has_image) {
    return refuse("Please don't provide ImageUri when updating a function with packageType Zip.");
  }
  if (!source.has_zip) return refuse("Please provide a source for function code.");
  return ok();
}

storage::Key code_key(const Function& function) {
  return storage::keys::function_code(latest_of(function).id, function.code_number);
}

Status check_revision(const std::optional<std::string>& wanted,
                      const std::optional<std::string>& revision_id) {
  if (!wanted || wanted == revision_id) return ok();
  return Error{ErrorCode::precondition_failed,
               "The RevisionId provided does not match the latest RevisionId. Call the "
               "GetFunction/GetAlias API to retrieve the latest RevisionId"};
}

void Functions::replace_code(Function& function, const std::optional<api::Blob>& zip,
                             const std::optional<std::string>& image_uri, Context& ctx) {
  const bool is_published = std::any_of(
      function.versions.begin(), function.versions.end(),
      [&](const auto& version) { return version.second.code_number == function.code_number; });
  if (is_published) ++function.code_number;
  if (zip) ctx.batch.put(code_key(function), zip->bytes);
  function.image_uri = image_uri;
}

Result<wire::FunctionConfiguration> Functions::update_function_code(
    const wire::UpdateFunctionCodeRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Function* const function, find_latest(request.function_name, ctx));
  SIGNALBOX_TRY(check_revision(request.revision_id, function->config.revision_id));
  SIGNALBOX_TRY(check_source(function->config.package_type.value_or("Zip"),
                             {.has_zip = request.zip_file.has_value(),
                              .is_in_s3 = request.s3_bucket || request.s3_key,
                              .has_image = request.image_uri.has_value()}));
  wire::FunctionConfiguration config = function->config;
  config.code_sha256 = request.code_sha256;
  config.code_size = request.zip_file ? static_cast<std::int64_t>(request.zip_file->bytes.size())
                                      : std::int64_t{0};
  if (request.architectures) config.architectures = request.architectures;
  if (request.dry_run.value_or(false)) return config;
  config.last_modified = modified_text(ctx.wall);
  config.revision_id = format_uuid(ctx.ids.uuid());
  function->config = config;
  replace_workers(*function);
  replace_code(*function, request.zip_file, request.image_uri, ctx);
  keep_code(*function);
  store(*function, ctx);
  if (request.publish.value_or(false)) return publish(*function, {}, ctx).config;
  return config;
}

}  // namespace signalbox::broker::functions
