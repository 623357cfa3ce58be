// Changes of a function that is there: its configuration, its tags, how much of it may run.
#include "broker/functions/functions.h"
#include "broker/tag_limits.h"

namespace signalbox::broker::functions {

namespace {

template <class Member>
void take(std::optional<Member>& member, const std::optional<Member>& given) {
  if (given) member = given;
}

// Members that are not given stay as they are.
void change(wire::FunctionConfiguration& config,
            const wire::UpdateFunctionConfigurationRequest& request) {
  take(config.role, request.role);
  take(config.handler, request.handler);
  take(config.description, request.description);
  take(config.timeout, request.timeout);
  take(config.memory_size, request.memory_size);
  take(config.runtime, request.runtime);
  take(config.dead_letter_config, request.dead_letter_config);
  take(config.ephemeral_storage, request.ephemeral_storage);
  if (request.vpc_config) config.vpc_config = shown(*request.vpc_config);
  if (request.environment) config.environment = {request.environment->variables, {}};
  if (request.tracing_config) config.tracing_config = {request.tracing_config->mode};
  if (request.layers) config.layers = layers_of(*request.layers);
  if (request.image_config) config.image_config_response = {request.image_config};
  if (request.snap_start) config.snap_start = {request.snap_start->apply_on, "Off"};
  if (!request.logging_config) return;
  take(config.logging_config->log_format, request.logging_config->log_format);
  take(config.logging_config->application_log_level, request.logging_config->application_log_level);
  take(config.logging_config->system_log_level, request.logging_config->system_log_level);
  take(config.logging_config->log_group, request.logging_config->log_group);
}

}  // namespace

Result<wire::FunctionConfiguration> Functions::update_function_configuration(
    const wire::UpdateFunctionConfigurationRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Function* const function, find_latest(request.function_name, ctx));
  auto& config = function->config;
  SIGNALBOX_TRY(check_revision(request.revision_id, config.revision_id));
  if (request.environment) {
    SIGNALBOX_TRY(check_environment(request.environment->variables));
  }
  change(config, request);
  replace_workers(*function);
  config.last_modified = modified_text(ctx.wall);
  config.revision_id = format_uuid(ctx.ids.uuid());
  store(*function, ctx);
  tell_versions_of_room(*function, ctx);
  return config;
}

Status Functions::tag_resource(const wire::TagResourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Function* const function, find_latest(request.resource, ctx));
  SIGNALBOX_TRY(check_tag_map(function->tags, request.tags));
  for (const auto& [key, value] : request.tags) function->tags[key] = value;
  store(*function, ctx);
  return ok();
}

Status Functions::untag_resource(const wire::UntagResourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Function* const function, find_latest(request.resource, ctx));
  for (const auto& key : request.tag_keys) function->tags.erase(key);
  store(*function, ctx);
  return ok();
}

Result<wire::ListTagsResponse> Functions::list_tags(const wire::ListTagsRequest& request,
                                                    Context& ctx) {
  SIGNALBOX_TRY(const Function* const function, find_latest(request.resource, ctx));
  return wire::ListTagsResponse{function->tags};
}

Result<wire::Concurrency> Functions::put_function_concurrency(
    const wire::PutFunctionConcurrencyRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Function* const function, find_latest(request.function_name, ctx));
  SIGNALBOX_TRY(check_reserved(*function, request.reserved_concurrent_executions));
  function->reserved_concurrency = request.reserved_concurrent_executions;
  store(*function, ctx);
  tell_versions_of_room(*function, ctx);
  return wire::Concurrency{function->reserved_concurrency};
}

Result<wire::GetFunctionConcurrencyResponse> Functions::get_function_concurrency(
    const wire::FunctionConcurrencyRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Function* const function, find_latest(request.function_name, ctx));
  return wire::GetFunctionConcurrencyResponse{function->reserved_concurrency};
}

Status Functions::delete_function_concurrency(const wire::FunctionConcurrencyRequest& request,
                                              Context& ctx) {
  SIGNALBOX_TRY(Function* const function, find_latest(request.function_name, ctx));
  function->reserved_concurrency.reset();
  store(*function, ctx);
  tell_versions_of_room(*function, ctx);
  return ok();
}

}  // namespace signalbox::broker::functions
