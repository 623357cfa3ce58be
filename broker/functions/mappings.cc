#include "broker/functions/mappings.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/events_paging.h"
#include "broker/load_all.h"
#include "broker/queue.h"
#include "broker/record_fields.h"
#include "storage/keys.h"

namespace signalbox::broker::functions {

namespace keys = storage::keys;

namespace {

constexpr std::uint8_t mapping_format = 1;
constexpr std::int64_t batch_size_max_without_window = 10;
constexpr std::int64_t fifo_batch_size_max = 10;
constexpr std::size_t filters_max = 5;

Error refused(std::string text) { return {ErrorCode::invalid_parameter_value, std::move(text)}; }

// What is of streams only has no meaning for a queue.
template <class Request>
Status check_for_queue(const Request& request) {
  const auto foreign = [](std::string_view name) {
    return refused(
        fmt::format("Unsupported {} parameter for given event source mapping type.", name));
  };
  if (request.parallelization_factor) return foreign("ParallelizationFactor");
  if (request.maximum_record_age_in_seconds) return foreign("MaximumRecordAgeInSeconds");
  if (request.bisect_batch_on_function_error) return foreign("BisectBatchOnFunctionError");
  if (request.maximum_retry_attempts) return foreign("MaximumRetryAttempts");
  if (request.tumbling_window_in_seconds) return foreign("TumblingWindowInSeconds");
  if (request.destination_config) return foreign("DestinationConfig");
  return ok();
}

Result<Filters> compile(const std::optional<wire::FilterCriteria>& criteria) {
  Filters filters;
  if (!criteria || !criteria->filters) return filters;
  if (criteria->filters->size() > filters_max) {
    return refused(fmt::format("FilterCriteria has {} filters: at most {} are supported.",
                               criteria->filters->size(), filters_max));
  }
  for (const auto& filter : *criteria->filters) {
    rules::PatternError error;
    auto pattern = rules::Pattern::compile(filter.pattern.value_or("{}"), error);
    if (pattern == nullptr) {
      return refused(fmt::format("Invalid filter pattern definition. Reason: {}", error.reason));
    }
    filters.push_back(std::move(pattern));
  }
  return filters;
}

// What is given, of members that Create and Update have alike.
template <class Request>
Status take(Mapping& mapping, const Request& request) {
  auto& config = mapping.config;
  SIGNALBOX_TRY(check_for_queue(request));
  if (request.batch_size) config.batch_size = request.batch_size;
  if (request.maximum_batching_window_in_seconds) {
    config.maximum_batching_window_in_seconds = request.maximum_batching_window_in_seconds;
  }
  if (request.function_response_types) {
    config.function_response_types = request.function_response_types;
  }
  // An empty one takes away what there was.
  if (request.scaling_config) {
    config.scaling_config.reset();
    if (request.scaling_config->maximum_concurrency) {
      config.scaling_config = request.scaling_config;
    }
  }
  if (request.filter_criteria) {
    SIGNALBOX_TRY(mapping.filters, compile(request.filter_criteria));
    config.filter_criteria.reset();
    if (!mapping.filters.empty()) config.filter_criteria = request.filter_criteria;
  }
  if (request.enabled) config.state = *request.enabled ? "Enabled" : "Disabled";
  return ok();
}

wire::EventSourceMappingConfiguration in_state(const Mapping& mapping, std::string state) {
  wire::EventSourceMappingConfiguration shown = mapping.config;
  shown.state = std::move(state);
  return shown;
}

}  // namespace

Mappings::Mappings(ServiceHost& host, Functions& functions) : host_(host), functions_(functions) {
  functions_.add_owner(*this);
}

std::string Mappings::function_key(std::string_view function_arn) {
  constexpr std::size_t colons_before_qualifier = 7;  // arn:aws:lambda:REGION:ACCOUNT:function:NAME
  std::size_t colons = 0;
  for (std::size_t i = 0; i < function_arn.size(); ++i) {
    if (function_arn[i] == ':' && ++colons == colons_before_qualifier) {
      return std::string(function_arn.substr(0, i));
    }
  }
  return std::string(function_arn);
}

Result<Mapping*> Mappings::find(const std::string& uuid, Context& ctx) {
  SIGNALBOX_TRY(const World* const world, host_.world_of(ctx.caller, ctx));
  const auto at = by_uuid_.find(uuid);
  if (at != by_uuid_.end() && at->second.world == world) return &at->second;
  return Error{ErrorCode::resource_not_found, "The resource you requested does not exist."};
}

Mapping* Mappings::find_by_id(std::uint64_t mapping_id) {
  const auto at = by_id_.find(mapping_id);
  return at == by_id_.end() ? nullptr : at->second;
}

Mapping& Mappings::add(Mapping mapping) {
  const std::string uuid = *mapping.config.uuid;
  Mapping& added = by_uuid_[uuid] = std::move(mapping);
  by_id_[added.id] = &added;
  by_function_[function_key(*added.config.function_arn)].insert(added.id);
  return added;
}

void Mappings::store(const Mapping& mapping, Context& ctx) {
  RecordWriter record;
  record.u8(mapping_format).u32(mapping.world->id).map(mapping.tags);
  write_fields(record, mapping.config);
  ctx.batch.put(keys::event_source_mapping(mapping.id), record.view());
}

std::string Mappings::load(const storage::View& view, Context& ctx) {
  return load_all(view, keys::Prefix::event_source_mapping, "event source mappings",
                  [&](std::string_view key, std::string_view value) {
                    const auto id = keys::parse_event_source_mapping(key);
                    RecordReader record(value);
                    Mapping mapping;
                    const bool is_known = record.u8() == mapping_format;
                    mapping.world = host_.world_with_id(record.u32());
                    mapping.tags = record.map();
                    if (!id || !is_known || mapping.world == nullptr ||
                        !read_fields(record, mapping.config) || !mapping.config.uuid ||
                        !mapping.config.function_arn || !mapping.config.event_source_arn) {
                      return not_understood("an event source mapping", key);
                    }
                    auto filters = compile(mapping.config.filter_criteria);
                    if (filters.has_value()) mapping.filters = std::move(filters).assume_value();
                    mapping.id = *id;
                    add(std::move(mapping));
                    host_.deadlines().set(DeadlineKind::mapping, *id, ctx.now);
                    return std::string();
                  });
}

Result<Function*> Mappings::function_of(const std::string& name, Context& ctx) {
  return functions_.find_function(name, {}, ctx);
}

Status Mappings::check(const Mapping& mapping, const Function& function) const {
  const auto& config = mapping.config;
  const Queue* const queue = host_.find_queue_by_arn(*config.event_source_arn);
  if (queue == nullptr) {
    return refused(
        "Error occurred while ReceiveMessage. SQS Error Code: "
        "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not "
        "exist.");
  }
  const std::int64_t batch_size = config.batch_size.value_or(0);
  if (queue->fifo != nullptr && mapping.window().count() > 0) {
    return refused("Batching window is not supported for FIFO queues.");
  }
  if (queue->fifo != nullptr && batch_size > fifo_batch_size_max) {
    return refused(
        fmt::format("Batch size must be between 1 and {} for FIFO queues.", fifo_batch_size_max));
  }
  if (batch_size > batch_size_max_without_window && mapping.window().count() == 0) {
    return refused(
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater "
        "than 10");
  }
  const std::chrono::seconds timeout(function.config.timeout.value_or(3));
  if (queue->settings.visibility_timeout < timeout) {
    return refused(fmt::format(
        "Queue visibility timeout: {} seconds is less than Function timeout: {} seconds",
        std::chrono::duration_cast<std::chrono::seconds>(queue->settings.visibility_timeout)
            .count(),
        timeout.count()));
  }
  return ok();
}

Result<wire::EventSourceMappingConfiguration> Mappings::create_event_source_mapping(
    const wire::CreateEventSourceMappingRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const World* const world, host_.world_of(ctx.caller, ctx));
  if (!request.event_source_arn) return refused("EventSourceArn is required.");
  if (!parse_queue_arn(*request.event_source_arn)) {
    return refused(fmt::format("Unrecognized event source: {}. Here the sources are SQS queues.",
                               *request.event_source_arn));
  }
  if (request.starting_position || request.starting_position_timestamp) {
    return refused("StartingPosition is not supported for SQS event sources.");
  }
  SIGNALBOX_TRY(const Function* const function, function_of(request.function_name, ctx));
  Mapping mapping;
  mapping.world = world;
  mapping.tags = request.tags;
  auto& config = mapping.config;
  config.event_source_arn = request.event_source_arn;
  config.function_arn = parse_function_name(request.function_name, {}, ctx.caller).value().arn();
  config.batch_size = 10;
  config.maximum_batching_window_in_seconds = 0;
  config.state = "Enabled";
  config.function_response_types.emplace();
  SIGNALBOX_TRY(take(mapping, request));
  SIGNALBOX_TRY(check(mapping, *function));
  for (const auto& [uuid, other] : by_uuid_) {
    if (other.config.event_source_arn == config.event_source_arn &&
        other.config.function_arn == config.function_arn) {
      return Error{ErrorCode::resource_already_exists,
                   fmt::format("The event source arn (\" {} \") and function (\" {} \") provided "
                               "mapping already exists. Please update or delete the existing "
                               "mapping with UUID {}",
                               *config.event_source_arn, *function->config.function_name, uuid)};
    }
  }
  mapping.id = host_.new_id(ctx);
  config.uuid = format_uuid(ctx.ids.uuid());
  config.event_source_mapping_arn = world->arn("lambda", "event-source-mapping:" + *config.uuid);
  config.last_modified = api::Timestamp{to_ms(ctx.wall)};
  config.state_transition_reason = "USER_INITIATED";
  Mapping& added = add(std::move(mapping));
  store(added, ctx);
  kick(added, ctx);
  return in_state(added, "Creating");
}

Result<wire::EventSourceMappingConfiguration> Mappings::get_event_source_mapping(
    const wire::EventSourceMappingRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Mapping* const mapping, find(request.uuid, ctx));
  return mapping->config;
}

Result<wire::EventSourceMappingConfiguration> Mappings::update_event_source_mapping(
    const wire::UpdateEventSourceMappingRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Mapping* const mapping, find(request.uuid, ctx));
  Mapping changed;
  changed.config = mapping->config;
  changed.filters = mapping->filters;
  if (request.function_name) {
    changed.config.function_arn =
        parse_function_name(*request.function_name, {}, ctx.caller).value().arn();
  }
  SIGNALBOX_TRY(take(changed, request));
  SIGNALBOX_TRY(const Function* const function, function_of(*changed.config.function_arn, ctx));
  SIGNALBOX_TRY(check(changed, *function));
  by_function_[function_key(*mapping->config.function_arn)].erase(mapping->id);
  by_function_[function_key(*changed.config.function_arn)].insert(mapping->id);
  const bool was_enabled = mapping->is_enabled();
  mapping->config = std::move(changed.config);
  mapping->filters = std::move(changed.filters);
  mapping->config.last_modified = api::Timestamp{to_ms(ctx.wall)};
  store(*mapping, ctx);
  if (!mapping->is_enabled()) let_go(*mapping, ctx);
  kick(*mapping, ctx);
  if (was_enabled == mapping->is_enabled()) return in_state(*mapping, "Updating");
  return in_state(*mapping, was_enabled ? "Disabling" : "Enabling");
}

Result<wire::EventSourceMappingConfiguration> Mappings::delete_event_source_mapping(
    const wire::EventSourceMappingRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Mapping* const mapping, find(request.uuid, ctx));
  let_go(*mapping, ctx);
  auto shown = in_state(*mapping, "Deleting");
  ctx.batch.erase(keys::event_source_mapping(mapping->id));
  host_.deadlines().clear(DeadlineKind::mapping, mapping->id);
  by_function_[function_key(*mapping->config.function_arn)].erase(mapping->id);
  by_id_.erase(mapping->id);
  by_uuid_.erase(request.uuid);
  return shown;
}

Result<wire::ListEventSourceMappingsResponse> Mappings::list_event_source_mappings(
    const wire::ListEventSourceMappingsRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const World* const world, host_.world_of(ctx.caller, ctx));
  std::optional<std::string> function_arn;
  if (request.function_name) {
    SIGNALBOX_TRY(const FunctionName name,
                  parse_function_name(*request.function_name, {}, ctx.caller));
    function_arn = name.arn();
  }
  std::map<std::string, const Mapping*, std::less<>> chosen;
  for (const auto& [uuid, mapping] : by_uuid_) {
    const bool is_meant = mapping.world == world &&
                          (!request.event_source_arn ||
                           mapping.config.event_source_arn == request.event_source_arn) &&
                          (!function_arn || mapping.config.function_arn == function_arn);
    if (is_meant) chosen.emplace(uuid, &mapping);
  }
  constexpr std::int64_t page_max = 100;
  const std::optional<std::int64_t> limit =
      std::min(request.max_items.value_or(page_max), page_max);
  wire::ListEventSourceMappingsResponse response;
  response.event_source_mappings.emplace();
  SIGNALBOX_TRY(response.next_marker,
                visit_page(chosen, {"", request.marker, limit}, [&](const auto& entry) {
                  response.event_source_mappings->push_back(entry.second->config);
                }));
  return response;
}

}  // namespace signalbox::broker::functions
