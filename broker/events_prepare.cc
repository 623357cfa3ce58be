// What PutEvents needs on the io thread: the service's checks of each entry, the envelope, its MD5,
// and the match against the rules as the directory has them.
#include <fmt/format.h>

#include <algorithm>

#include "broker/api/events.h"
#include "broker/events_arns.h"
#include "broker/events_envelope.h"
#include "broker/md5.h"
#include "broker/prepare.h"
#include "broker/rule_directory.h"
#include "broker/schemas/enforcement.h"

namespace signalbox::broker {

namespace {

constexpr std::size_t request_bytes_max = 1'048'576;
constexpr std::size_t time_bytes = 14;  // what the service counts for a Time that was given
constexpr std::size_t detail_type_length_max = 128;
constexpr std::size_t trace_header_length_max = 500;

std::size_t counted_bytes(const api::PutEventsRequestEntry& entry) {
  std::size_t bytes = entry.time ? time_bytes : 0;
  bytes += entry.source.value_or("").size() + entry.detail_type.value_or("").size() +
           entry.detail.value_or("").size();
  for (const auto& resource : entry.resources) bytes += resource.size();
  return bytes;
}

bool missing(const std::optional<std::string>& member) { return !member || member->empty(); }

std::size_t length_in_characters(std::string_view text) {
  std::size_t length = 0;
  for (const char c : text) length += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return length;
}

EntryFailure invalid_argument(std::string_view member, std::string_view reason) {
  return {"InvalidArgument", fmt::format("Parameter {} is not valid. Reason: {}", member, reason)};
}

std::optional<EntryFailure> check_entry(const api::PutEventsRequestEntry& entry) {
  const std::pair<std::string_view, const std::optional<std::string>*> required[] = {
      {"Source", &entry.source}, {"DetailType", &entry.detail_type}, {"Detail", &entry.detail}};
  for (const auto& [name, member] : required) {
    if (missing(*member)) {
      return invalid_argument(name, fmt::format("{} is a required argument.", name));
    }
  }
  if (entry.source->starts_with("aws.")) {
    return EntryFailure{"NotAuthorizedForSourceException", "Not authorized for the source."};
  }
  if (length_in_characters(*entry.detail_type) > detail_type_length_max) {
    return invalid_argument("DetailType", fmt::format("DetailType is longer than {} characters.",
                                                      detail_type_length_max));
  }
  return std::nullopt;
}

// False: it is refused.
bool check_schema(const schemas::Enforcement& enforcement, const api::PutEventsRequestEntry& entry,
                  std::string_view detail, PreparedEvent& event) {
  auto problem = enforcement.find_problem(*entry.source, *entry.detail_type, detail, event.json);
  if (!problem) return true;
  if (enforcement.mode == schemas::Validation::warn) {
    event.schema_warning = std::move(problem);
    return true;
  }
  event.failure = EntryFailure{std::string(schema_violation_code), *std::move(problem)};
  return false;
}

PreparedEvent prepare_entry(const api::PutEventsRequestEntry& entry, PrepareContext& context) {
  PreparedEvent event;
  BusPlace place = parse_bus(entry.event_bus_name, context.caller);
  event.bus_account = std::move(place.account);
  event.bus_region = std::move(place.region);
  event.bus_name = std::move(place.name);
  event.failure = check_entry(entry);
  if (event.failure) return event;
  const auto time = format_event_time(entry.time ? entry.time->ms : to_ms(context.wall));
  if (!time) {
    event.failure = invalid_argument("Time", "Time is out of range.");
    return event;
  }
  const auto detail = compact_detail(*entry.detail);
  if (!detail) {
    event.failure = EntryFailure{"MalformedDetail", "Detail is malformed."};
    return event;
  }
  event.id = context.ids.uuid();
  const std::string id = format_uuid(event.id);
  event.json = build_envelope({.id = id,
                               .detail_type = *entry.detail_type,
                               .source = *entry.source,
                               .account = context.caller.account,
                               .region = context.caller.region,
                               .time = *time,
                               .detail = *detail,
                               .resources = &entry.resources});
  const Md5 digest = md5_of(event.json);
  event.md5_of_json.assign(digest.begin(), digest.end());
  const auto& rules = context.directory.find(event.bus_account, event.bus_region, event.bus_name);
  if (rules.enforcement != nullptr && !check_schema(*rules.enforcement, entry, *detail, event)) {
    return event;
  }
  event.bus_version = rules.version;
  if (rules.version != 0) {
    rules.snapshot->match(event.json, event.matched);
    std::sort(event.matched.begin(), event.matched.end());
  }
  event.trace_header = entry.trace_header.value_or("");
  if (event.trace_header.empty() && context.caller.trace_header.size() <= trace_header_length_max) {
    event.trace_header = context.caller.trace_header;
  }
  return event;
}

}  // namespace

Status prepare(api::PutEventsRequest& request, PrepareContext& context) {
  std::size_t bytes = 0;
  bool anything = false;
  for (const auto& entry : request.entries) {
    bytes += counted_bytes(entry);
    anything |= !missing(entry.source) || !missing(entry.detail_type) || !missing(entry.detail);
  }
  if (bytes > request_bytes_max) {
    return Error{ErrorCode::validation,
                 "Total size of the entries in the request is over the limit."};
  }
  // An entry that lacks one of the three fails alone; when none of the entries has any of them, the
  // service refuses the request.
  if (!anything) {
    return Error{ErrorCode::validation,
                 "Parameter Source is not valid. Reason: Source is a required argument."};
  }
  request.prepared.clear();
  request.prepared.reserve(request.entries.size());
  for (const auto& entry : request.entries) {
    request.prepared.push_back(prepare_entry(entry, context));
  }
  return ok();
}

}  // namespace signalbox::broker
