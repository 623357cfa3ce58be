// Archives: create, update, find, list, delete, and taking events.
#include "broker/api/archives.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/broker.h"
#include "broker/bus_access.h"
#include "broker/events_arns.h"
#include "broker/events_envelope.h"
#include "broker/events_paging.h"
#include "broker/events_pattern.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

// Each keeps a copy of an event it takes, in the event's batch. The service publishes no quota.
constexpr std::size_t archives_per_bus_max = 100;
// Archives are usable at once: there is nothing that could go on being created, or fail.
constexpr std::string_view archive_state = "ENABLED";

Error invalid(std::string message) { return {ErrorCode::validation, std::move(message)}; }

std::optional<std::string> unless_empty(const std::optional<std::string>& text) {
  return text && !text->empty() ? text : std::nullopt;
}

Result<std::shared_ptr<const rules::Pattern>> compile(const std::optional<std::string>& pattern,
                                                      const rules::PatternLimits& limits) {
  if (!pattern || pattern->empty()) return std::shared_ptr<const rules::Pattern>();
  return compile_pattern(*pattern, limits);
}

api::ArchiveResponse response_of(const Archive& archive) {
  return {archive.arn(), std::string(archive_state), std::nullopt, {archive.created_ms}};
}

}  // namespace

Result<Bus*> Broker::find_own_bus(const std::string& arn, std::string_view parameter,
                                  Context& ctx) {
  auto resource = parse_events_arn(arn);
  if (!resource || resource->rule) {
    return invalid(fmt::format("Parameter {} is not valid. Reason: Must contain an event bus ARN.",
                               parameter));
  }
  const bool is_own =
      resource->bus.account == ctx.caller.account && resource->bus.region == ctx.caller.region;
  if (!is_own) {
    return Error{ErrorCode::resource_not_found,
                 fmt::format("Event bus {} does not exist.", resource->bus.name)};
  }
  return find_bus_or_error(resource->bus.name, {"events:CreateArchive", {}}, ctx);
}

Result<Archive*> Broker::find_archive_or_error(const std::string& name, Context& ctx) {
  const World* world = find_world(ctx.caller.account, ctx.caller.region);
  const auto not_there = [&] {
    return Error{ErrorCode::resource_not_found, fmt::format("Archive {} does not exist.", name)};
  };
  if (world == nullptr) return not_there();
  const auto at = world->archives.find(name);
  if (at == world->archives.end()) return not_there();
  return at->second;
}

void Broker::store_archive(const Archive& archive, Context& ctx) {
  ctx.batch.put(keys::archive(archive.id), encode_archive(archive));
}

void Broker::arm_expiry(const Archive& archive) {
  if (const auto due = archive.log.expires_at(archive.log_limits())) {
    deadlines_.set(DeadlineKind::bus_log, archive.id, *due);
  } else {
    deadlines_.clear(DeadlineKind::bus_log, archive.id);
  }
}

Result<api::ArchiveResponse> Broker::create_archive(const api::CreateArchiveRequest& request,
                                                    Context& ctx) {
  SIGNALBOX_TRY(Bus* const bus, find_own_bus(request.event_source_arn, "EventSourceArn", ctx));
  if (bus->world->archives.contains(request.archive_name)) {
    return Error{ErrorCode::resource_already_exists,
                 fmt::format("Archive {} already exists.", request.archive_name)};
  }
  SIGNALBOX_TRY(auto pattern, compile(request.event_pattern, settings_.pattern_limits));
  if (bus->archives.size() >= archives_per_bus_max) {
    return Error{ErrorCode::limit_exceeded,
                 "The requested resource exceeds the maximum number allowed."};
  }
  auto made = std::make_unique<Archive>();
  Archive& archive = *made;
  archive.id = next_id();
  archive.bus = bus;
  archive.name = request.archive_name;
  archive.description = request.description;
  archive.event_pattern = unless_empty(request.event_pattern);
  archive.kms_key_identifier = unless_empty(request.kms_key_identifier);
  archive.retention_days = request.retention_days.value_or(0);
  archive.created_ms = to_ms(ctx.wall);
  archive.pattern = pattern;
  archives_.by_id.emplace(archive.id, std::move(made));
  bus->archives.push_back(&archive);
  bus->world->archives.emplace(archive.name, &archive);
  if (pattern != nullptr) set_pattern(*bus, archive.id, std::move(pattern));
  if (!bus->stored) store_bus(*bus, ctx);
  put_next_ids(ctx);
  store_archive(archive, ctx);
  return response_of(archive);
}

Result<api::ArchiveResponse> Broker::update_archive(const api::UpdateArchiveRequest& request,
                                                    Context& ctx) {
  SIGNALBOX_TRY(Archive* const archive, find_archive_or_error(request.archive_name, ctx));
  const bool changes = request.event_pattern || request.retention_days || request.description ||
                       request.kms_key_identifier;
  if (!changes) {
    return invalid("At least one of EventPattern, RetentionDays or Description must be provided.");
  }
  if (request.event_pattern) {
    SIGNALBOX_TRY(auto pattern, compile(request.event_pattern, settings_.pattern_limits));
    archive->event_pattern = unless_empty(request.event_pattern);
    archive->pattern = pattern;
    set_pattern(*archive->bus, archive->id, std::move(pattern));
  }
  if (request.description) archive->description = request.description;
  if (request.kms_key_identifier) {
    archive->kms_key_identifier = unless_empty(request.kms_key_identifier);
  }
  if (request.retention_days) archive->retention_days = *request.retention_days;
  arm_expiry(*archive);
  store_archive(*archive, ctx);
  return response_of(*archive);
}

Status Broker::delete_archive(const api::ArchiveRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Archive* const archive, find_archive_or_error(request.archive_name, ctx));
  const auto active = archives_.active;
  for (const std::uint64_t replay_id : active) {
    Replay& replay = *archives_.replays.at(replay_id);
    if (replay.archive_id != archive->id) continue;
    end_replay(replay, ReplayProgress::State::failed,
               fmt::format("Archive {} was deleted.", archive->name), ctx);
  }
  ctx.batch.erase(keys::archive(archive->id));
  archive->log.erase_all(archive->id, ctx.batch);
  std::erase(archives_.touched_logs, archive);
  deadlines_.clear(DeadlineKind::bus_log, archive->id);
  Bus& bus = *archive->bus;
  std::erase(bus.archives, archive);
  if (archive->pattern != nullptr) set_pattern(bus, archive->id, nullptr);
  bus.world->archives.erase(archive->name);
  archives_.by_id.erase(archive->id);
  return ok();
}

Result<api::DescribeArchiveResponse> Broker::describe_archive(const api::ArchiveRequest& request,
                                                              Context& ctx) {
  SIGNALBOX_TRY(const Archive* const archive, find_archive_or_error(request.archive_name, ctx));
  api::DescribeArchiveResponse response;
  response.archive_arn = archive->arn();
  response.archive_name = archive->name;
  response.event_source_arn = archive->bus->arn();
  response.description = archive->description;
  response.event_pattern = archive->event_pattern;
  response.state = archive_state;
  response.kms_key_identifier = archive->kms_key_identifier;
  response.retention_days = archive->retention_days;
  response.size_bytes = static_cast<std::int64_t>(archive->log.bytes());
  response.event_count = static_cast<std::int64_t>(archive->log.count());
  response.creation_time.ms = archive->created_ms;
  return response;
}

Result<api::ListArchivesResponse> Broker::list_archives(const api::ListArchivesRequest& request,
                                                        Context& ctx) {
  const int filter_count =
      (request.name_prefix ? 1 : 0) + (request.event_source_arn ? 1 : 0) + (request.state ? 1 : 0);
  if (filter_count > 1) {
    return invalid(
        "At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or "
        "NamePrefix.");
  }
  const Bus* bus = nullptr;
  if (request.event_source_arn) {
    SIGNALBOX_TRY(bus, find_own_bus(*request.event_source_arn, "EventSourceArn", ctx));
  }
  api::ListArchivesResponse response;
  const World* world = find_world(ctx.caller.account, ctx.caller.region);
  if (world == nullptr) return response;
  const auto wanted = [&](const auto& entry) {
    return (bus == nullptr || entry.second->bus == bus) &&
           (!request.state || *request.state == archive_state);
  };
  const auto add = [&](const auto& entry) {
    const Archive& archive = *entry.second;
    auto& listed = response.archives.emplace_back();
    listed.archive_name = archive.name;
    listed.event_source_arn = archive.bus->arn();
    listed.state = archive_state;
    listed.retention_days = archive.retention_days;
    listed.size_bytes = static_cast<std::int64_t>(archive.log.bytes());
    listed.event_count = static_cast<std::int64_t>(archive.log.count());
    listed.creation_time.ms = archive.created_ms;
  };
  const std::string prefix = request.name_prefix.value_or("");
  SIGNALBOX_TRY(
      response.next_token,
      visit_page_of(world->archives, {prefix, request.next_token, request.limit}, wanted, add));
  return response;
}

void Broker::append_to_archives(Bus& bus, const std::vector<rules::RuleId>& matched,
                                const AcceptedEvent& event, Context& ctx) {
  if (bus.archives.empty()) return;
  // Also when it was replayed on another bus and came here by a rule.
  const EventHead head = read_event_head(event.json);
  if (head.is_replayed) return;
  const LoggedEvent logged{event.accepted_ms, event.id, event.json,
                           head.second.value_or(event_second_of(event.accepted_ms))};
  for (Archive* archive : bus.archives) {
    const bool takes_it = archive->pattern == nullptr ||
                          std::binary_search(matched.begin(), matched.end(), archive->id);
    if (!takes_it) continue;
    archive->log.append(archive->id, logged, ctx.now, archive->log_limits(), ctx.batch);
    if (!std::exchange(archive->log_touched, true)) archives_.touched_logs.push_back(archive);
    // Otherwise an entry is armed, which finds out by itself what has become of the oldest segment.
    if (archive->log.count() == 1) arm_expiry(*archive);
    ++buses_.counters.events_archived;
  }
}

}  // namespace signalbox::broker
