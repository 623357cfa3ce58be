#include "broker/functions/functions.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "broker/events_paging.h"
#include "broker/functions/code.h"
#include "broker/functions/records.h"
#include "broker/load_all.h"
#include "broker/outbox.h"

namespace signalbox::broker::functions {

namespace keys = storage::keys;

// As the service writes it: 2026-01-02T03:04:05.678+0000.
std::string modified_text(Time wall) {
  const std::int64_t ms = to_ms(wall);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}+0000", fmt::gmtime(ms / 1000), ms % 1000);
}

wire::VpcConfigResponse shown(const wire::VpcConfig& config) {
  return {config.subnet_ids, config.security_group_ids, "", config.ipv6_allowed_for_dual_stack};
}

std::optional<std::vector<wire::Layer>> layers_of(const api::StringList& arns) {
  if (arns.empty()) return std::nullopt;
  std::vector<wire::Layer> layers;
  for (const auto& arn : arns) layers.push_back({arn, 0});
  return layers;
}

namespace {

wire::FunctionConfiguration configuration_of(const wire::CreateFunctionRequest& request) {
  wire::FunctionConfiguration config;
  config.runtime = request.runtime;
  config.role = request.role;
  config.handler = request.handler;
  config.description = request.description.value_or("");
  config.timeout = request.timeout.value_or(3);
  config.memory_size = request.memory_size.value_or(128);
  config.version = std::string(latest);
  if (request.vpc_config) config.vpc_config = shown(*request.vpc_config);
  config.dead_letter_config = request.dead_letter_config;
  if (request.environment) config.environment = {request.environment->variables, {}};
  config.tracing_config = {request.tracing_config ? request.tracing_config->mode : "PassThrough"};
  if (request.layers) config.layers = layers_of(*request.layers);
  config.state = "Active";
  config.last_update_status = "Successful";
  config.package_type = request.package_type.value_or("Zip");
  config.architectures = request.architectures.value_or(api::StringList{"x86_64"});
  config.ephemeral_storage = request.ephemeral_storage.value_or(wire::EphemeralStorage{512});
  if (request.image_config) config.image_config_response = {request.image_config};
  config.snap_start = {request.snap_start ? request.snap_start->apply_on : "None", "Off"};
  config.logging_config = request.logging_config.value_or(wire::LoggingConfig{});
  auto& logging = *config.logging_config;
  if (!logging.log_format) logging.log_format = "Text";
  return config;
}

Status check(const wire::CreateFunctionRequest& request) {
  const std::string package_type = request.package_type.value_or("Zip");
  SIGNALBOX_TRY(
      check_source(package_type, {.has_zip = request.code.zip_file.has_value(),
                                  .is_in_s3 = request.code.s3_bucket || request.code.s3_key,
                                  .has_image = request.code.image_uri.has_value()}));
  if (package_type == "Zip" && (!request.runtime || !request.handler)) {
    return Error{ErrorCode::invalid_parameter_value,
                 "Runtime and Handler are mandatory parameters for functions created with "
                 "deployment packages."};
  }
  return request.environment ? check_environment(request.environment->variables) : ok();
}

}  // namespace

Functions::Functions(ServiceHost& host) : host_(host), events_(host, *this) { add_owner(events_); }

Function* Functions::find_by_id(std::uint64_t function_id) {
  const auto at = by_id_.find(function_id);
  return at == by_id_.end() ? nullptr : at->second;
}

Function* Functions::find_by_arn(const std::string& arn) {
  constexpr std::string_view lambda = "arn:aws:lambda:";
  if (!arn.starts_with(lambda)) return nullptr;
  const auto parsed = parse_function_name(arn, {}, Caller());
  return parsed.has_value() ? find(parsed.value()) : nullptr;
}

Result<Functions::ByName*> Functions::functions_of(Context& ctx) {
  SIGNALBOX_TRY(const World* const world, host_.world_of(ctx.caller, ctx));
  return &by_world_[world->id];
}

namespace {

Error not_found(const FunctionName& name) {
  return {ErrorCode::resource_not_found, fmt::format("Function not found: {}", name.arn())};
}

}  // namespace

Result<Function*> Functions::find_function(const std::string& name,
                                           const std::optional<std::string>& qualifier,
                                           Context& ctx) {
  SIGNALBOX_TRY(const FunctionName parsed, parse_function_name(name, qualifier, ctx.caller));
  SIGNALBOX_TRY(ByName* const functions, functions_of(ctx));
  const bool is_here = parsed.account == ctx.caller.account && parsed.region == ctx.caller.region;
  const auto at = functions->find(parsed.name);
  if (!is_here || at == functions->end()) return not_found(parsed);
  Function* const function = qualified(at->second, parsed.qualifier);
  if (function == nullptr) return not_found(parsed);
  return function;
}

Result<Function*> Functions::find_latest(const std::string& name, Context& ctx) {
  SIGNALBOX_TRY(Function* const function, find_function(name, {}, ctx));
  SIGNALBOX_TRY(const FunctionName parsed, parse_function_name(name, {}, ctx.caller));
  if (parsed.qualifier.value_or(std::string(latest)) == latest) return function;
  return Error{ErrorCode::invalid_parameter_value,
               "Versions and aliases are not supported here. Please specify the function alone."};
}

Function* Functions::find(const FunctionName& name) {
  for (auto& [world_id, functions] : by_world_) {
    const World* const world = host_.world_with_id(world_id);
    if (world == nullptr || world->account != name.account || world->region != name.region) {
      continue;
    }
    const auto at = functions.find(name.name);
    return at == functions.end() ? nullptr : qualified(at->second, name.qualifier);
  }
  return nullptr;
}

Result<Function*> Functions::find_function_of_worker(const std::string& name, Context& ctx) {
  const WorkerName worker = parse_worker_name(name);
  SIGNALBOX_TRY(const FunctionName parsed,
                parse_function_name(worker.function_name, {}, ctx.caller));
  if (Function* const function = find(parsed); function != nullptr) return function;
  return not_found(parsed);
}

void Functions::store(const Function& function, Context& ctx) {
  FunctionRecord record;
  record.world_id = function.world->id;
  record.tags = function.tags;
  record.reserved_concurrency = function.reserved_concurrency;
  record.code_number = static_cast<std::int64_t>(function.code_number);
  record.image_uri = function.image_uri;
  record.last_version = function.last_version;
  record.policy = function.policy;
  record.event_invoke_config = function.event_invoke_config;
  if (function.latest != nullptr) {
    record.latest_id = static_cast<std::int64_t>(function.latest->id);
    record.latest_description = function.latest_description;
  }
  record.config = function.config;
  ctx.batch.put(keys::function(function.id), encode(record));
}

Result<wire::FunctionConfiguration> Functions::create_function(
    const wire::CreateFunctionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const FunctionName parsed,
                parse_function_name(request.function_name, {}, ctx.caller));
  SIGNALBOX_TRY(World* const world, host_.world_of(ctx.caller, ctx));
  SIGNALBOX_TRY(check(request));
  ByName& functions = by_world_[world->id];
  if (functions.contains(parsed.name)) {
    return Error{ErrorCode::resource_already_exists,
                 fmt::format("Function already exist: {}", parsed.name)};
  }
  Function& function = functions[parsed.name];
  function.id = host_.new_id(ctx);
  by_id_[function.id] = &function;
  function.world = world;
  function.image_uri = request.code.image_uri.value_or("");
  function.tags = request.tags;
  auto& config = function.config = configuration_of(request);
  config.function_name = parsed.name;
  config.function_arn = world->arn("lambda", "function:" + parsed.name);
  config.code_sha256 = request.code_sha256;
  config.code_size = 0;
  config.last_modified = modified_text(ctx.wall);
  config.revision_id = format_uuid(ctx.ids.uuid());
  if (!config.logging_config->log_group) {
    config.logging_config->log_group = "/aws/lambda/" + parsed.name;
  }
  if (request.code.zip_file) {
    config.code_size = static_cast<std::int64_t>(request.code.zip_file->bytes.size());
  }
  replace_code(function, request.code.zip_file, request.code.image_uri, ctx);
  store(function, ctx);
  wire::FunctionConfiguration shown =
      request.publish.value_or(false) ? publish(function, {}, ctx).config : config;
  shown.state = "Pending";
  shown.state_reason = "The function is being created.";
  shown.state_reason_code = "Creating";
  shown.last_update_status.reset();
  return shown;
}

Result<wire::GetFunctionResponse> Functions::get_function(const wire::FunctionRequest& request,
                                                          Context& ctx) {
  SIGNALBOX_TRY(const Function* const function,
                find_function(request.function_name, request.qualifier, ctx));
  SIGNALBOX_TRY(const FunctionName name,
                parse_function_name(request.function_name, request.qualifier, ctx.caller));
  wire::GetFunctionResponse response;
  response.configuration = shown(*function, name.qualifier);
  if (function->image_uri) {
    response.code = {.repository_type = "ECR", .image_uri = function->image_uri};
  } else {
    // Where the server's own paths have it (signalbox/admin.cc).
    response.code = {.repository_type = "S3",
                     .location = fmt::format("{}/_signalbox/function-code?function={}",
                                             ctx.caller.base_url, *function->config.function_arn)};
  }
  // Of a version only what is its own.
  if (function->latest != nullptr) return response;
  response.tags = function->tags;
  if (function->reserved_concurrency) response.concurrency = {function->reserved_concurrency};
  return response;
}

Result<wire::FunctionConfiguration> Functions::get_function_configuration(
    const wire::FunctionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Function* const function,
                find_function(request.function_name, request.qualifier, ctx));
  SIGNALBOX_TRY(const FunctionName name,
                parse_function_name(request.function_name, request.qualifier, ctx.caller));
  return shown(*function, name.qualifier);
}

void Functions::end_all_of(const Function& function, Context& ctx) {
  for (InvocationOwner* const owner : owners_) owner->function_deleted(function, ctx);
  end_all(function, ctx);
  stop_workers(function);
  by_id_.erase(function.id);
  ctx.batch.erase(keys::function(function.id));
  host_.outbox().wakes.push_back(worker_waits | function.id);
}

Result<wire::DeleteFunctionResponse> Functions::delete_function(
    const wire::FunctionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(FunctionName name,
                parse_function_name(request.function_name, request.qualifier, ctx.caller));
  const auto qualifier = std::exchange(name.qualifier, std::nullopt);
  SIGNALBOX_TRY(Function* const function, find_function(name.arn(), {}, ctx));
  if (qualifier) {
    SIGNALBOX_TRY(delete_version(*function, *qualifier, ctx));
    return wire::DeleteFunctionResponse{204};
  }
  for (const auto& [number, version] : function->versions) end_all_of(version, ctx);
  for (const auto& [alias_name, alias] : function->aliases) {
    host_.outbox().wakes.push_back(worker_waits | alias.id);
  }
  end_all_of(*function, ctx);
  order({.kind = WorkerOrder::Kind::keep_code, .code_function_id = function->id});
  const auto codes = keys::codes_of_function(function->id);
  ctx.batch.erase_range(codes.first, codes.past_last);
  const auto aliases = keys::aliases_of_function(function->id);
  ctx.batch.erase_range(aliases.first, aliases.past_last);
  by_world_[function->world->id].erase(std::string(*function->config.function_name));
  return wire::DeleteFunctionResponse{204};
}

Result<wire::ListFunctionsResponse> Functions::list_functions(
    const wire::ListFunctionsRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const ByName* const functions, functions_of(ctx));
  if (request.function_version) return list_all_versions(*functions, request);
  constexpr std::int64_t page_max = 50;
  const std::optional<std::int64_t> limit =
      std::min(request.max_items.value_or(page_max), page_max);
  wire::ListFunctionsResponse response;
  response.functions.emplace();
  SIGNALBOX_TRY(response.next_marker,
                visit_page(*functions, {"", request.marker, limit}, [&](const auto& entry) {
                  response.functions->push_back(entry.second.config);
                }));
  return response;
}

namespace {

void fill(Function& function, FunctionRecord&& record) {
  function.tags = std::move(record.tags);
  function.reserved_concurrency = record.reserved_concurrency;
  function.code_number = static_cast<std::uint64_t>(record.code_number.value_or(0));
  function.image_uri = std::move(record.image_uri);
  function.last_version = record.last_version.value_or(0);
  function.latest_description = std::move(record.latest_description);
  function.policy = std::move(record.policy);
  function.event_invoke_config = std::move(record.event_invoke_config);
  function.config = std::move(record.config);
}

}  // namespace

Function* Functions::place_of(const FunctionRecord& record,
                              const std::unordered_map<std::uint64_t, Function*>& latest_by_id) {
  if (!record.latest_id) return &by_world_[record.world_id][*record.config.function_name];
  const auto owner = latest_by_id.find(static_cast<std::uint64_t>(*record.latest_id));
  const auto number = version_number(record.config.version.value_or(""));
  if (owner == latest_by_id.end() || !number) return nullptr;
  Function& version = owner->second->versions[*number];
  version.latest = owner->second;
  return &version;
}

std::string Functions::load(const storage::View& view, Context& ctx) {
  // A version comes after its function: ids are given in order.
  std::unordered_map<std::uint64_t, Function*> latest_by_id;
  auto problem = load_all(
      view, keys::Prefix::function, "functions", [&](std::string_view key, std::string_view value) {
        const auto id = keys::parse_function(key);
        auto record = decode_function(value);
        const World* const world = record ? host_.world_with_id(record->world_id) : nullptr;
        if (!id || world == nullptr) return not_understood("a function", key);
        Function* const function = place_of(*record, latest_by_id);
        if (function == nullptr) return not_understood("a version of a function", key);
        if (function->latest == nullptr) latest_by_id[*id] = function;
        function->id = *id;
        by_id_[*id] = function;
        function->world = world;
        fill(*function, std::move(*record));
        return std::string();
      });
  if (problem.empty()) problem = load_aliases(view, latest_by_id);
  return problem.empty() ? events_.load(view, ctx) : problem;
}

}  // namespace signalbox::broker::functions
