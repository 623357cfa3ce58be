#include "broker/functions/functions.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "broker/events_paging.h"
#include "broker/load_all.h"
#include "broker/outbox.h"
#include "broker/record_fields.h"
#include "storage/keys.h"

namespace signalbox::broker::functions {

namespace keys = storage::keys;

namespace {

constexpr std::uint8_t function_format_without_concurrency = 1;
constexpr std::uint8_t function_format_without_image = 2;
constexpr std::uint8_t function_format = 3;
constexpr std::uint64_t latest_code = 0;  // of $LATEST, in its key

}  // namespace

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
  config.snap_start = {request.snap_start ? request.snap_start->apply_on : "None", "Off"};
  config.logging_config = request.logging_config.value_or(wire::LoggingConfig{});
  auto& logging = *config.logging_config;
  if (!logging.log_format) logging.log_format = "Text";
  return config;
}

Status check(const wire::CreateFunctionRequest& request) {
  const auto refuse = [](std::string text) {
    return Error{ErrorCode::invalid_parameter_value, std::move(text)};
  };
  if (request.code.s3_bucket || request.code.s3_key) {
    return refuse("There is no S3 here: give the code as ZipFile.");
  }
  if (request.package_type.value_or("Zip") == "Image") {
    if (request.code.image_uri && !request.code.zip_file) return ok();
    return refuse("Please provide ImageUri when updating a function with packageType Image.");
  }
  if (!request.runtime || !request.handler) {
    return refuse(
        "Runtime and Handler are mandatory parameters for functions created with deployment "
        "packages.");
  }
  if (!request.code.zip_file) return refuse("Please provide a source for function code.");
  return ok();
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

Result<Function*> Functions::find_function(const std::string& name,
                                           const std::optional<std::string>& qualifier,
                                           Context& ctx) {
  SIGNALBOX_TRY(const FunctionName parsed, parse_function_name(name, qualifier, ctx.caller));
  SIGNALBOX_TRY(ByName* const functions, functions_of(ctx));
  const bool is_here = parsed.account == ctx.caller.account && parsed.region == ctx.caller.region;
  const auto at = functions->find(parsed.name);
  if (at == functions->end() || !is_here ||
      parsed.qualifier.value_or(std::string(latest)) != latest) {
    return Error{ErrorCode::resource_not_found,
                 fmt::format("Function not found: {}", parsed.arn())};
  }
  return &at->second;
}

Function* Functions::find(const FunctionName& name) {
  for (auto& [world_id, functions] : by_world_) {
    const World* const world = host_.world_with_id(world_id);
    if (world == nullptr || world->account != name.account || world->region != name.region) {
      continue;
    }
    const auto at = functions.find(name.name);
    return at == functions.end() ? nullptr : &at->second;
  }
  return nullptr;
}

Result<Function*> Functions::find_function_of_worker(const std::string& name, Context& ctx) {
  const WorkerName worker = parse_worker_name(name);
  SIGNALBOX_TRY(const FunctionName parsed,
                parse_function_name(worker.function_name, {}, ctx.caller));
  if (Function* const function = find(parsed); function != nullptr) return function;
  return Error{ErrorCode::resource_not_found, fmt::format("Function not found: {}", parsed.arn())};
}

void Functions::store(const Function& function, Context& ctx) {
  RecordWriter record;
  record.u8(function_format).u32(function.world->id).map(function.tags);
  record.optional(function.reserved_concurrency).bytes(function.image_uri);
  write_fields(record, function.config);
  ctx.batch.put(keys::function(function.id), record.view());
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
    ctx.batch.put(keys::function_code(function.id, latest_code), request.code.zip_file->bytes);
  }
  store(function, ctx);
  wire::FunctionConfiguration shown = config;
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
  wire::GetFunctionResponse response;
  response.configuration = function->config;
  response.tags = function->tags;
  if (function->reserved_concurrency) response.concurrency = {function->reserved_concurrency};
  return response;
}

Result<wire::FunctionConfiguration> Functions::get_function_configuration(
    const wire::FunctionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Function* const function,
                find_function(request.function_name, request.qualifier, ctx));
  return function->config;
}

Result<wire::DeleteFunctionResponse> Functions::delete_function(
    const wire::FunctionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Function* const function,
                find_function(request.function_name, request.qualifier, ctx));
  for (InvocationOwner* const owner : owners_) owner->function_deleted(*function, ctx);
  end_all(*function, ctx);
  stop_workers(*function);
  by_id_.erase(function->id);
  ctx.batch.erase(keys::function(function->id));
  ctx.batch.erase(keys::function_code(function->id, latest_code));
  host_.outbox().wakes.push_back(worker_waits | function->id);
  by_world_[function->world->id].erase(std::string(*function->config.function_name));
  return wire::DeleteFunctionResponse{204};
}

Result<wire::ListFunctionsResponse> Functions::list_functions(
    const wire::ListFunctionsRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const ByName* const functions, functions_of(ctx));
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

std::string Functions::load(const storage::View& view, Context& ctx) {
  auto problem = load_all(
      view, keys::Prefix::function, "functions", [&](std::string_view key, std::string_view value) {
        const auto id = keys::parse_function(key);
        RecordReader record(value);
        Function function;
        const std::uint8_t format = record.u8();
        const bool is_known = id && format > 0 && format <= function_format;
        function.world = host_.world_with_id(record.u32());
        function.tags = record.map();
        if (format > function_format_without_concurrency) {
          function.reserved_concurrency = record.optional_i64();
        }
        if (format > function_format_without_image) function.image_uri = record.bytes();
        if (!is_known || function.world == nullptr || !read_fields(record, function.config) ||
            !function.config.function_name) {
          return not_understood("a function", key);
        }
        function.id = *id;
        const std::string name = *function.config.function_name;
        Function& loaded = by_world_[function.world->id][name] = std::move(function);
        by_id_[loaded.id] = &loaded;
        return std::string();
      });
  return problem.empty() ? events_.load(view, ctx) : problem;
}

}  // namespace signalbox::broker::functions
