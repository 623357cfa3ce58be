// Event buses: create, find, update, list, delete.
#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/bus_access.h"
#include "broker/bus_tags.h"
#include "broker/events_arns.h"
#include "broker/events_paging.h"
#include "broker/events_records.h"
#include "broker/partners/partner_source.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

Error no_such_bus(std::string_view name) {
  return {ErrorCode::resource_not_found, fmt::format("Event bus {} does not exist.", name)};
}

Error invalid(std::string message) { return {ErrorCode::validation, std::move(message)}; }

Status check_new_bus(const api::CreateEventBusRequest& request) {
  if (request.name.starts_with("aws.")) {
    return invalid("EventBus name starting with 'aws.' is not valid.");
  }
  // Slashes are for partner buses, whose names start with aws.partner/.
  if (request.name.find('/') != std::string::npos) {
    return invalid("Event bus name must not contain '/'.");
  }
  return ok();
}

api::StringMap to_map(const api::TagList& tags) {
  api::StringMap map;
  for (const auto& tag : tags) map[tag.key] = tag.value;
  return map;
}

std::optional<std::string> policy_text(const Bus& bus) {
  return bus.policy ? std::optional(bus.policy->text()) : std::nullopt;
}

// What DescribeEventBus shows of a setting that was taken away again.
std::optional<std::string> unless_empty(const std::optional<std::string>& text) {
  return text && !text->empty() ? text : std::nullopt;
}

}  // namespace

Bus& Broker::add_bus(std::uint64_t id, World& world, std::string name) {
  auto bus = std::make_unique<Bus>();
  bus->id = id;
  bus->world = &world;
  bus->name = std::move(name);
  bus->rule_set = rules::RuleSet::create();
  bus->version = bus->changes_known_since = directory_.next_version();
  world.buses[bus->name] = bus.get();
  return *(buses_.by_id[id] = std::move(bus));
}

void Broker::store_bus(Bus& bus, Context& ctx) {
  ctx.batch.put(keys::bus(bus.id), encode_bus(bus));
  if (!bus.stored) put_next_ids(ctx);
  bus.stored = true;
}

Result<Bus*> Broker::bus_at(const BusPlace& place, Context& ctx) {
  World* world = find_world(place.account, place.region);
  const bool is_default = place.name == default_bus_name;
  if (world == nullptr) {
    if (!is_default) return nullptr;
    Caller owner = ctx.caller;
    owner.account = place.account;
    owner.region = place.region;
    SIGNALBOX_TRY(world, world_of(owner, ctx));
  }
  if (const auto at = world->buses.find(place.name); at != world->buses.end()) return at->second;
  if (!is_default) return nullptr;
  Bus& bus = add_bus(next_id(), *world, place.name);
  bus.created_ms = bus.modified_ms = to_ms(ctx.wall);
  return &bus;
}

Result<Bus*> Broker::find_bus_or_error(const std::optional<std::string>& name_or_arn,
                                       const BusAction& action, Context& ctx) {
  const BusPlace place = parse_bus(name_or_arn, ctx.caller);
  SIGNALBOX_TRY(Bus* const bus, bus_at(place, ctx));
  if (bus == nullptr) return no_such_bus(place.name);
  if (auto refusal = refusal_of(*bus, ctx.caller.account, action)) {
    return Error{ErrorCode::access_denied, *std::move(refusal)};
  }
  return bus;
}

Bus* Broker::bus_with_arn(const std::string& arn, Context& ctx) {
  if (!is_bus_arn(arn)) return nullptr;
  const auto bus = bus_at(parse_bus(arn, ctx.caller), ctx);
  return bus.has_value() ? bus.value() : nullptr;
}

const Bus* Broker::find_bus(const Caller& caller, std::string_view name) const {
  const World* world = find_world(caller.account, caller.region);
  if (world == nullptr) return nullptr;
  const auto at = world->buses.find(name);
  return at == world->buses.end() ? nullptr : at->second;
}

Result<api::CreateEventBusResponse> Broker::create_event_bus(
    const api::CreateEventBusRequest& request, Context& ctx) {
  SIGNALBOX_TRY(PartnerSource* const source, source_of_new_bus(request, ctx));
  if (source == nullptr) {
    SIGNALBOX_TRY(check_new_bus(request));
  }
  const BusPlace place{ctx.caller.account, ctx.caller.region, request.name};
  SIGNALBOX_TRY(Bus* const existing, bus_at(place, ctx));
  if (existing != nullptr) {
    return Error{ErrorCode::resource_already_exists,
                 fmt::format("Event bus {} already exists.", request.name)};
  }
  SIGNALBOX_TRY(check_bus_tags({}, request.tags));
  SIGNALBOX_TRY(World* const world, world_of(ctx.caller, ctx));
  Bus& bus = add_bus(next_id(), *world, request.name);
  bus.description = request.description;
  bus.kms_key_identifier = request.kms_key_identifier;
  bus.dead_letter_config = request.dead_letter_config;
  bus.log_config = request.log_config;
  bus.tags = to_map(request.tags);
  bus.created_ms = bus.modified_ms = to_ms(ctx.wall);
  store_bus(bus, ctx);
  if (source != nullptr) set_source_state(*source, SourceState::active, ctx);
  bus.publish_pending = true;
  buses_.unpublished.push_back(&bus);
  return api::CreateEventBusResponse{bus.arn(), bus.description, bus.kms_key_identifier,
                                     bus.dead_letter_config, bus.log_config};
}

Result<api::UpdateEventBusResponse> Broker::update_event_bus(
    const api::UpdateEventBusRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Bus* const bus,
                find_bus_or_error(request.name, {"events:UpdateEventBus", {}}, ctx));
  if (request.description) bus->description = unless_empty(request.description);
  // Without a key of the customer's the bus goes back to the service's own.
  bus->kms_key_identifier = unless_empty(request.kms_key_identifier);
  if (request.dead_letter_config) bus->dead_letter_config = request.dead_letter_config;
  if (request.log_config) bus->log_config = request.log_config;
  bus->modified_ms = to_ms(ctx.wall);
  store_bus(*bus, ctx);
  return api::UpdateEventBusResponse{
      bus->arn(),     bus->name, bus->kms_key_identifier, bus->description, bus->dead_letter_config,
      bus->log_config};
}

Status Broker::delete_event_bus(const api::DeleteEventBusRequest& request, Context& ctx) {
  if (request.name == default_bus_name) return invalid("Cannot delete event bus default.");
  const BusPlace place{ctx.caller.account, ctx.caller.region, request.name};
  SIGNALBOX_TRY(Bus* const bus, bus_at(place, ctx));
  if (bus == nullptr) return ok();
  // The service keeps a rule of its own on the bus for each archive.
  if (!bus->rules.empty() || !bus->archives.empty()) {
    return invalid("EventBus can't be deleted since it has rules.");
  }
  ctx.batch.erase(keys::bus(bus->id));
  bus->log.erase_all(bus->id, ctx.batch);
  std::erase(buses_.touched_logs, bus);
  std::erase(buses_.unpublished, bus);
  deadlines_.clear(DeadlineKind::bus_log, bus->id);
  directory_.remove(place.account, place.region, place.name);
  bus_of_source_deleted(*bus->world, bus->name, ctx);
  bus->world->buses.erase(bus->name);
  buses_.by_id.erase(bus->id);
  return ok();
}

Result<api::DescribeEventBusResponse> Broker::describe_event_bus(
    const api::DescribeEventBusRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Bus* const bus,
                find_bus_or_error(request.name, {"events:DescribeEventBus", {}}, ctx));
  api::DescribeEventBusResponse response;
  response.name = bus->name;
  response.arn = bus->arn();
  response.description = bus->description;
  response.kms_key_identifier = bus->kms_key_identifier;
  response.dead_letter_config = bus->dead_letter_config;
  response.log_config = bus->log_config;
  response.policy = policy_text(*bus);
  response.creation_time.ms = bus->created_ms;
  response.last_modified_time.ms = bus->modified_ms;
  return response;
}

Result<api::ListEventBusesResponse> Broker::list_event_buses(
    const api::ListEventBusesRequest& request, Context& ctx) {
  // The default bus is always among them.
  SIGNALBOX_TRY(const Bus* const default_bus,
                find_bus_or_error(std::nullopt, {"events:ListEventBuses", {}}, ctx));
  api::ListEventBusesResponse response;
  const std::string prefix = request.name_prefix.value_or("");
  SIGNALBOX_TRY(response.next_token,
                visit_page(default_bus->world->buses, {prefix, request.next_token, request.limit},
                           [&](const auto& entry) {
                             const Bus& bus = *entry.second;
                             response.event_buses.push_back({bus.name,
                                                             bus.arn(),
                                                             bus.description,
                                                             policy_text(bus),
                                                             {bus.created_ms},
                                                             {bus.modified_ms}});
                           }));
  return response;
}

}  // namespace signalbox::broker
