// Partner event sources: the partner's side (create, delete, list) and the customer's (activate,
// deactivate, list). A customer takes a source by making a bus of its name.
#include <fmt/format.h>

#include "broker/api/partners.h"
#include "broker/broker.h"
#include "broker/events_paging.h"
#include "broker/load_all.h"
#include "broker/partners/partner_source.h"
#include "broker/record.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::uint8_t source_format = 1;

Error no_such_source(std::string_view name) {
  return {ErrorCode::resource_not_found, fmt::format("Event source {} does not exist.", name)};
}

// ARNs of event sources name no account.
std::string arn_of(const PartnerSource& source) {
  return fmt::format("arn:aws:events:{}::event-source/{}", source.customer->region, source.name);
}

// "aws.partner/PARTNER" of the name.
std::string creator_of(const PartnerSource& source) {
  const auto slash = source.name.find('/', source.name.find('/') + 1);
  return source.name.substr(0, slash);
}

std::string record_of(const PartnerSource& source) {
  return RecordWriter()
      .u8(source_format)
      .u32(source.partner->id)
      .u32(source.customer->id)
      .u8(static_cast<std::uint8_t>(source.state))
      .i64(source.created_ms)
      .bytes(source.name)
      .take();
}

std::optional<api::Timestamp> expiration_of(const PartnerSource& source) {
  if (source.state != SourceState::pending) return std::nullopt;
  return api::Timestamp{to_ms(source.expires())};
}

api::EventSource shown(const PartnerSource& source) {
  api::EventSource shown;
  shown.arn = arn_of(source);
  shown.created_by = creator_of(source);
  shown.creation_time.ms = source.created_ms;
  shown.expiration_time = expiration_of(source);
  shown.name = source.name;
  shown.state = source.state_text();
  return shown;
}

}  // namespace

PartnerSource& Broker::add_partner_source(PartnerSource source) {
  auto added = std::make_unique<PartnerSource>(std::move(source));
  added->customer->event_sources[added->name] = added.get();
  added->partner->partner_sources[added->name][added->customer->account] = added.get();
  return *(partner_sources_[added->id] = std::move(added));
}

void Broker::set_source_state(PartnerSource& source, SourceState state, Context& ctx) {
  source.state = state;
  ctx.batch.put(keys::partner_source(source.id), record_of(source));
}

void Broker::remove_partner_source(PartnerSource& source, Context& ctx) {
  ctx.batch.erase(keys::partner_source(source.id));
  source.customer->event_sources.erase(source.name);
  const auto offers = source.partner->partner_sources.find(source.name);
  offers->second.erase(source.customer->account);
  if (offers->second.empty()) source.partner->partner_sources.erase(offers);
  partner_sources_.erase(source.id);
}

PartnerSource* Broker::find_event_source(const World& customer, const std::string& name,
                                         const Context& ctx) {
  const auto at = customer.event_sources.find(name);
  if (at == customer.event_sources.end() || at->second->is_gone(ctx.wall)) return nullptr;
  return at->second;
}

// ---- the partner's side ----

Result<api::CreatePartnerEventSourceResponse> Broker::create_partner_event_source(
    const api::PartnerEventSourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(World* const partner, world_of(ctx.caller, ctx));
  Caller customer = ctx.caller;
  customer.account = request.account;
  SIGNALBOX_TRY(World* const theirs, world_of(customer, ctx));
  const auto before = theirs->event_sources.find(request.name);
  if (before != theirs->event_sources.end() && before->second->is_gone(ctx.wall)) {
    remove_partner_source(*before->second, ctx);
  } else if (before != theirs->event_sources.end()) {
    return Error{ErrorCode::resource_already_exists,
                 fmt::format("PartnerEventSource {} already exists.", request.name)};
  }
  PartnerSource source;
  source.id = next_id();
  source.partner = partner;
  source.customer = theirs;
  source.name = request.name;
  source.created_ms = to_ms(ctx.wall);
  PartnerSource& added = add_partner_source(std::move(source));
  put_next_ids(ctx);
  set_source_state(added, SourceState::pending, ctx);
  return api::CreatePartnerEventSourceResponse{arn_of(added)};
}

Status Broker::delete_partner_event_source(const api::PartnerEventSourceRequest& request,
                                           Context& ctx) {
  SIGNALBOX_TRY(World* const partner, world_of(ctx.caller, ctx));
  const auto offers = partner->partner_sources.find(request.name);
  if (offers == partner->partner_sources.end()) return ok();
  const auto source = offers->second.find(request.account);
  if (source == offers->second.end()) return ok();
  // The customer who has a bus for it is shown that it is no more.
  if (source->second->customer->buses.contains(request.name)) {
    set_source_state(*source->second, SourceState::deleted, ctx);
  } else {
    remove_partner_source(*source->second, ctx);
  }
  return ok();
}

Result<api::PartnerEventSource> Broker::describe_partner_event_source(
    const api::EventSourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const World* const partner, world_of(ctx.caller, ctx));
  const auto offers = partner->partner_sources.find(request.name);
  if (offers == partner->partner_sources.end()) return no_such_source(request.name);
  return api::PartnerEventSource{arn_of(*offers->second.begin()->second), request.name};
}

Result<api::ListPartnerEventSourcesResponse> Broker::list_partner_event_sources(
    const api::ListPartnerEventSourcesRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const World* const partner, world_of(ctx.caller, ctx));
  api::ListPartnerEventSourcesResponse response;
  SIGNALBOX_TRY(
      response.next_token,
      visit_page(partner->partner_sources, {request.name_prefix, request.next_token, request.limit},
                 [&](const auto& offers) {
                   response.partner_event_sources.push_back(
                       {arn_of(*offers.second.begin()->second), offers.first});
                 }));
  return response;
}

Result<api::ListPartnerEventSourceAccountsResponse> Broker::list_partner_event_source_accounts(
    const api::ListPartnerEventSourceAccountsRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const World* const partner, world_of(ctx.caller, ctx));
  const auto offers = partner->partner_sources.find(request.event_source_name);
  if (offers == partner->partner_sources.end()) return no_such_source(request.event_source_name);
  api::ListPartnerEventSourceAccountsResponse response;
  SIGNALBOX_TRY(
      response.next_token,
      visit_page(offers->second, {"", request.next_token, request.limit}, [&](const auto& offer) {
        const PartnerSource& source = *offer.second;
        response.partner_event_source_accounts.push_back({offer.first,
                                                          {source.created_ms},
                                                          expiration_of(source),
                                                          std::string(source.state_text())});
      }));
  return response;
}

// ---- the customer's side ----

Result<PartnerSource*> Broker::find_event_source_or_error(const std::string& name, Context& ctx) {
  SIGNALBOX_TRY(World* const customer, world_of(ctx.caller, ctx));
  PartnerSource* const source = find_event_source(*customer, name, ctx);
  if (source == nullptr) return no_such_source(name);
  return source;
}

Status Broker::change_event_source(const std::string& name, SourceState state, Context& ctx) {
  SIGNALBOX_TRY(PartnerSource* const source, find_event_source_or_error(name, ctx));
  // An active source has a bus, and one that the partner has deleted stays so.
  const bool can_be =
      source->state != SourceState::deleted && source->customer->buses.contains(source->name);
  if (!can_be) {
    return Error{ErrorCode::invalid_state,
                 fmt::format("Event source {} is in state {}.", name, source->state_text())};
  }
  set_source_state(*source, state, ctx);
  return ok();
}

Status Broker::activate_event_source(const api::EventSourceRequest& request, Context& ctx) {
  return change_event_source(request.name, SourceState::active, ctx);
}

Status Broker::deactivate_event_source(const api::EventSourceRequest& request, Context& ctx) {
  return change_event_source(request.name, SourceState::pending, ctx);
}

Result<api::EventSource> Broker::describe_event_source(const api::EventSourceRequest& request,
                                                       Context& ctx) {
  SIGNALBOX_TRY(const PartnerSource* const source, find_event_source_or_error(request.name, ctx));
  return shown(*source);
}

Result<api::ListEventSourcesResponse> Broker::list_event_sources(
    const api::ListEventSourcesRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const World* const customer, world_of(ctx.caller, ctx));
  api::ListEventSourcesResponse response;
  const std::string prefix = request.name_prefix.value_or("");
  SIGNALBOX_TRY(response.next_token,
                visit_page(customer->event_sources, {prefix, request.next_token, request.limit},
                           [&](const auto& entry) {
                             if (entry.second->is_gone(ctx.wall)) return;
                             response.event_sources.push_back(shown(*entry.second));
                           }));
  return response;
}

// ---- its bus ----

Result<PartnerSource*> Broker::source_of_new_bus(const api::CreateEventBusRequest& request,
                                                 Context& ctx) {
  if (!request.event_source_name) return nullptr;
  SIGNALBOX_TRY(PartnerSource* const source,
                find_event_source_or_error(*request.event_source_name, ctx));
  if (request.name != source->name) {
    // The words are ours: that the names must be the same is documented.
    return Error{ErrorCode::validation,
                 "The name of a partner event bus must be that of its event source."};
  }
  if (source->state == SourceState::deleted) {
    return Error{ErrorCode::invalid_state,
                 fmt::format("Event source {} is in state DELETED.", source->name)};
  }
  return source;
}

void Broker::bus_of_source_deleted(World& customer, const std::string& name, Context& ctx) {
  const auto at = customer.event_sources.find(name);
  if (at == customer.event_sources.end()) return;
  if (at->second->state == SourceState::deleted) {
    remove_partner_source(*at->second, ctx);
  } else {
    set_source_state(*at->second, SourceState::pending, ctx);
  }
}

std::string Broker::load_partner_sources(const storage::View& view) {
  const auto worlds = by_id(worlds_);
  return load_all(view, keys::Prefix::partner_source, "partner event sources",
                  [&](std::string_view key, std::string_view value) {
                    const auto id = keys::parse_partner_source(key);
                    RecordReader record(value);
                    const bool is_known = id && record.u8() == source_format;
                    PartnerSource source;
                    const auto partner = worlds.find(record.u32());
                    const auto customer = worlds.find(record.u32());
                    const std::uint8_t state = record.u8();
                    source.created_ms = record.i64();
                    source.name = record.bytes();
                    const bool is_whole = is_known && !record.failed() && record.at_end() &&
                                          partner != worlds.end() && customer != worlds.end() &&
                                          state <= static_cast<std::uint8_t>(SourceState::deleted);
                    if (!is_whole) return not_understood("a partner event source", key);
                    source.id = *id;
                    source.partner = partner->second;
                    source.customer = customer->second;
                    source.state = static_cast<SourceState>(state);
                    add_partner_source(std::move(source));
                    return std::string();
                  });
}

}  // namespace signalbox::broker
