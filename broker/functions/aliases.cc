// Aliases: names for versions that can be moved from one to another, or stand for two at a time.
#include <fmt/format.h>

#include <algorithm>

#include "broker/events_paging.h"
#include "broker/functions/functions.h"
#include "broker/load_all.h"
#include "broker/outbox.h"

namespace signalbox::broker::functions {

namespace keys = storage::keys;

namespace {

std::string arn_of(const Function& latest, const std::string& qualifier) {
  return fmt::format("{}:{}", latest.config.function_arn.value_or(""), qualifier);
}

// The versions that an invocation of it may go to.
bool leads_to(const Alias& alias, const std::string& version) {
  const auto& routing = alias.config.routing_config;
  return alias.config.function_version == version ||
         (routing && routing->additional_version_weights.contains(version));
}

Status check_version(Function& latest, const std::string& version) {
  if (version == functions::latest) return ok();
  if (version_number(version) && qualified(latest, version) != nullptr) return ok();
  return Error{ErrorCode::resource_not_found,
               fmt::format("Function not found: {}", arn_of(latest, version))};
}

Status check_routing(Function& latest, const wire::AliasConfiguration& config) {
  SIGNALBOX_TRY(check_version(latest, *config.function_version));
  if (!config.routing_config) return ok();
  const auto& weights = config.routing_config->additional_version_weights;
  const auto refuse = [](std::string text) {
    return Error{ErrorCode::invalid_parameter_value, std::move(text)};
  };
  if (weights.size() > 1) {
    return refuse("Number of items in AdditionalVersionWeights cannot be greater than 1");
  }
  if (*config.function_version == functions::latest) {
    return refuse("$LATEST is not supported for an alias pointing to more than 1 version");
  }
  for (const auto& [version, weight] : weights) {
    SIGNALBOX_TRY(check_version(latest, version));
    if (version == *config.function_version) {
      return refuse(
          fmt::format("Invalid function version {0}. Function version {0} is already "
                      "included in routing configuration.",
                      version));
    }
    const Function& main = *qualified(latest, *config.function_version);
    if (qualified(latest, version)->config.role != main.config.role) {
      return refuse("Specified versions must be associated with the same execution role");
    }
  }
  return ok();
}

void set_routing(wire::AliasConfiguration& config,
                 const std::optional<wire::AliasRoutingConfiguration>& routing) {
  if (!routing) return;
  config.routing_config = routing;
  // Without weights it goes to one version again.
  if (routing->additional_version_weights.empty()) config.routing_config.reset();
}

}  // namespace

const Alias* alias_named(const Function& latest, const std::optional<std::string>& name) {
  if (!name) return nullptr;
  const auto at = latest.aliases.find(*name);
  return at == latest.aliases.end() ? nullptr : &at->second;
}

std::uint64_t wait_id_of(const Function& function, const std::optional<std::string>& qualifier) {
  const Alias* const alias = alias_named(latest_of(function), qualifier);
  return worker_waits | (alias == nullptr ? function.id : alias->id);
}

std::string aliases_of(const Function& latest, const std::string& version) {
  std::string names;
  for (const auto& [name, alias] : latest.aliases) {
    if (!leads_to(alias, version)) continue;
    names += names.empty() ? "" : ", ";
    names += name;
  }
  return names;
}

Result<Function*> Functions::find_invoked(const std::string& name,
                                          const std::optional<std::string>& qualifier,
                                          Context& ctx) {
  SIGNALBOX_TRY(Function* const function, find_function(name, qualifier, ctx));
  SIGNALBOX_TRY(const FunctionName parsed, parse_function_name(name, qualifier, ctx.caller));
  return draw(*function, parsed, ctx);
}

Function* Functions::draw_by_arn(Function& function, const std::string& arn, Context& ctx) {
  if (latest_of(function).aliases.empty()) return &function;
  const auto parsed = parse_function_name(arn, {}, ctx.caller);
  return parsed.has_value() ? draw(function, parsed.value(), ctx) : &function;
}

Function* Functions::draw(Function& function, const FunctionName& name, Context& ctx) {
  Function& latest = latest_of(function);
  const Alias* const alias = alias_named(latest, name.qualifier);
  if (alias == nullptr || !alias->config.routing_config) return &function;
  // As many random bits as a double has, so from 0 to just below 1.
  constexpr double steps = 1ULL << 53;
  const double drawn = static_cast<double>(ctx.ids.random_bits() >> 11) / steps;
  for (const auto& [version, weight] : alias->config.routing_config->additional_version_weights) {
    if (drawn < weight) return qualified(latest, version);
  }
  return &function;
}

Result<Alias*> Functions::find_alias(const std::string& function_name, const std::string& name,
                                     Function*& latest, Context& ctx) {
  SIGNALBOX_TRY(Function* const found, find_latest(function_name, ctx));
  latest = found;
  const auto at = latest->aliases.find(name);
  if (at != latest->aliases.end()) return &at->second;
  return Error{ErrorCode::resource_not_found,
               fmt::format("Cannot find alias arn: {}", arn_of(*latest, name))};
}

void Functions::store_alias(const Function& latest, const Alias& alias, Context& ctx) {
  ctx.batch.put(keys::function_alias(latest.id, *alias.config.name),
                encode(AliasRecord{static_cast<std::int64_t>(alias.id), alias.config, alias.policy,
                                   alias.event_invoke_config}));
}

Result<wire::AliasConfiguration> Functions::create_alias(const wire::CreateAliasRequest& request,
                                                         Context& ctx) {
  SIGNALBOX_TRY(Function* const latest, find_latest(request.function_name, ctx));
  wire::AliasConfiguration config;
  config.alias_arn = arn_of(*latest, request.name);
  if (latest->aliases.contains(request.name)) {
    return Error{ErrorCode::resource_already_exists,
                 fmt::format("Alias already exists: {}", *config.alias_arn)};
  }
  config.name = request.name;
  config.function_version = request.function_version;
  config.description = request.description.value_or("");
  set_routing(config, request.routing_config);
  SIGNALBOX_TRY(check_routing(*latest, config));
  config.revision_id = format_uuid(ctx.ids.uuid());
  Alias& alias = latest->aliases[request.name];
  alias.id = host_.new_id(ctx);
  alias.config = std::move(config);
  store_alias(*latest, alias, ctx);
  return alias.config;
}

Result<wire::AliasConfiguration> Functions::get_alias(const wire::AliasRequest& request,
                                                      Context& ctx) {
  Function* latest = nullptr;
  SIGNALBOX_TRY(const Alias* const alias,
                find_alias(request.function_name, request.name, latest, ctx));
  return alias->config;
}

Result<wire::AliasConfiguration> Functions::update_alias(const wire::UpdateAliasRequest& request,
                                                         Context& ctx) {
  Function* latest = nullptr;
  SIGNALBOX_TRY(Alias* const alias, find_alias(request.function_name, request.name, latest, ctx));
  SIGNALBOX_TRY(check_revision(request.revision_id, alias->config.revision_id));
  wire::AliasConfiguration config = alias->config;
  if (request.function_version) config.function_version = request.function_version;
  if (request.description) config.description = request.description;
  set_routing(config, request.routing_config);
  SIGNALBOX_TRY(check_routing(*latest, config));
  config.revision_id = format_uuid(ctx.ids.uuid());
  alias->config = std::move(config);
  host_.outbox().wakes.push_back(worker_waits | alias->id);
  store_alias(*latest, *alias, ctx);
  return alias->config;
}

Status Functions::delete_alias(const wire::AliasRequest& request, Context& ctx) {
  Function* latest = nullptr;
  const auto alias = find_alias(request.function_name, request.name, latest, ctx);
  if (latest == nullptr) return alias.error();
  if (alias.has_error()) return ok();  // as the service does
  host_.outbox().wakes.push_back(worker_waits | alias.value()->id);
  ctx.batch.erase(keys::function_alias(latest->id, request.name));
  latest->aliases.erase(request.name);
  return ok();
}

namespace {

// By which names workers of that function or version wait.
template <class Visit>
void visit_wait_ids(const Function& function, Visit&& visit) {
  visit(worker_waits | function.id);
  for (const auto& [name, alias] : latest_of(function).aliases) {
    if (alias.config.function_version == function.config.version) visit(worker_waits | alias.id);
  }
}

}  // namespace

void Functions::wake_workers(const Function& function) {
  visit_wait_ids(function, [&](std::uint64_t id) { host_.outbox().wakes.push_back(id); });
}

std::size_t Functions::waiting_workers(const Function& function) const {
  std::size_t count = 0;
  visit_wait_ids(function, [&](std::uint64_t id) { count += host_.waiting_count(id); });
  for (const auto& [id, worker] : workers_) {
    if (worker.function == &function && worker.is_parked && count > 0) --count;
  }
  return count;
}

Result<wire::ListAliasesResponse> Functions::list_aliases(const wire::ListAliasesRequest& request,
                                                          Context& ctx) {
  SIGNALBOX_TRY(const Function* const latest, find_latest(request.function_name, ctx));
  constexpr std::int64_t page_max = 50;
  const std::optional<std::int64_t> limit =
      std::min(request.max_items.value_or(page_max), page_max);
  wire::ListAliasesResponse response;
  response.aliases.emplace();
  SIGNALBOX_TRY(response.next_marker,
                visit_page_of(
                    latest->aliases, {"", request.marker, limit},
                    [&](const auto& entry) {
                      return !request.function_version ||
                             leads_to(entry.second, *request.function_version);
                    },
                    [&](const auto& entry) { response.aliases->push_back(entry.second.config); }));
  return response;
}

std::string Functions::load_aliases(
    const storage::View& view, const std::unordered_map<std::uint64_t, Function*>& latest_by_id) {
  return load_all(view, keys::Prefix::function_alias, "aliases of functions",
                  [&](std::string_view key, std::string_view value) {
                    const auto place = keys::parse_function_alias(key);
                    auto record = decode_alias(value);
                    const auto at =
                        place ? latest_by_id.find(place->function_id) : latest_by_id.end();
                    if (!record || at == latest_by_id.end()) {
                      return not_understood("an alias of a function", key);
                    }
                    Alias& alias = at->second->aliases[place->name];
                    alias.id = static_cast<std::uint64_t>(record->id);
                    alias.config = std::move(record->config);
                    alias.policy = std::move(record->policy);
                    alias.event_invoke_config = std::move(record->event_invoke_config);
                    return std::string();
                  });
}

}  // namespace signalbox::broker::functions
