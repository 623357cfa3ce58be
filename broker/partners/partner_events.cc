// PutPartnerEvents: an entry goes to the bus of every customer for whom its source is active. Few
// and rare beside PutEvents, so that they are enveloped and matched on the core.
#include <fmt/format.h>

#include <array>

#include "broker/api/partners.h"
#include "broker/broker.h"
#include "broker/events_envelope.h"
#include "broker/md5.h"
#include "broker/partners/partner_source.h"

namespace signalbox::broker {

namespace {

struct CheckedEntry {
  std::optional<EntryFailure> failure;
  std::string time;
  std::string detail;
};

CheckedEntry check(const api::PutPartnerEventsRequestEntry& entry, Time wall) {
  const std::array<std::pair<std::string_view, const std::optional<std::string>*>, 3> required{
      {{"Source", &entry.source}, {"DetailType", &entry.detail_type}, {"Detail", &entry.detail}}};
  for (const auto& [name, member] : required) {
    if (*member && !(*member)->empty()) continue;
    return {EntryFailure{"InvalidArgument",
                         fmt::format("Parameter {} is not valid. Reason: {} is a required "
                                     "argument.",
                                     name, name)},
            {},
            {}};
  }
  auto time = format_event_time(entry.time ? entry.time->ms : to_ms(wall));
  auto detail = compact_detail(*entry.detail);
  if (!time) {
    return {EntryFailure{"InvalidArgument",
                         "Parameter Time is not valid. Reason: Time is out of range."},
            {},
            {}};
  }
  if (!detail) return {EntryFailure{"MalformedDetail", "Detail is malformed."}, {}, {}};
  return {std::nullopt, *std::move(time), *std::move(detail)};
}

}  // namespace

api::PutEventsResultEntry Broker::put_partner_event(const World& partner,
                                                    const api::PutPartnerEventsRequestEntry& entry,
                                                    FanOutBudget& budget, Context& ctx) {
  const CheckedEntry checked = check(entry, ctx.wall);
  if (checked.failure) {
    return {std::nullopt, checked.failure->code, checked.failure->message};
  }
  PreparedEvent event;
  event.id = ctx.ids.uuid();
  const std::string id = format_uuid(event.id);
  const auto offers = partner.partner_sources.find(*entry.source);
  if (offers == partner.partner_sources.end()) return {id, std::nullopt, std::nullopt};
  for (const auto& [account, source] : offers->second) {
    const auto bus = source->customer->buses.find(source->name);
    const bool is_taken =
        source->state == SourceState::active && bus != source->customer->buses.end();
    if (!is_taken) continue;
    event.json = build_envelope({.id = id,
                                 .detail_type = *entry.detail_type,
                                 .source = *entry.source,
                                 .account = account,
                                 .region = source->customer->region,
                                 .time = checked.time,
                                 .detail = checked.detail,
                                 .resources = &entry.resources});
    const Md5 digest = md5_of(event.json);
    event.md5_of_json.assign(digest.begin(), digest.end());
    if (auto failure = accept_event(*bus->second, event, budget, ctx)) {
      return {std::nullopt, std::move(failure->code), std::move(failure->message)};
    }
  }
  return {id, std::nullopt, std::nullopt};
}

Result<api::PutEventsResponse> Broker::put_partner_events(
    const api::PutPartnerEventsRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const World* const partner, world_of(ctx.caller, ctx));
  api::PutEventsResponse response;
  FanOutBudget budget{settings_.fan_out_messages_max, settings_.fan_out_bytes_max};
  for (const auto& entry : request.entries) {
    response.entries.push_back(put_partner_event(*partner, entry, budget, ctx));
    if (response.entries.back().error_code) ++response.failed_entry_count;
  }
  return response;
}

}  // namespace signalbox::broker
