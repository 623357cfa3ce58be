// Replays: start, cancel, find, list, and their end.
#include <fmt/format.h>

#include <algorithm>

#include "broker/api/archives.h"
#include "broker/broker.h"
#include "broker/events_arns.h"
#include "broker/events_paging.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::size_t active_replays_max = 10;  // of an account in a region, as in the service
// How long one that has ended is still shown.
constexpr std::chrono::days replay_kept{90};

using State = ReplayProgress::State;

Error invalid(std::string message) { return {ErrorCode::validation, std::move(message)}; }

Error bad_parameter(std::string_view name, std::string_view reason) {
  return invalid(fmt::format("Parameter {} is not valid. Reason: {}", name, reason));
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<api::Timestamp> last_replayed(const ReplayProgress& progress) {
  if (!progress.last_second) return std::nullopt;
  return api::Timestamp{time_ms_of(*progress.last_second)};
}

std::optional<api::Timestamp> ended(const ReplayProgress& progress) {
  if (progress.is_active()) return std::nullopt;
  return api::Timestamp{progress.ended_ms};
}

// A rule that does not exist would get nothing, and nobody would know why.
Status check_filter(const Bus& bus, const api::ReplayDestination& destination) {
  for (const auto& arn : destination.filter_arns.value_or(api::StringList{})) {
    const auto resource = parse_events_arn(arn);
    const bool is_of_bus = resource && resource->rule && resource->bus.name == bus.name &&
                           resource->bus.account == bus.world->account &&
                           resource->bus.region == bus.world->region;
    if (!is_of_bus) {
      return bad_parameter(
          "Destination.FilterArns",
          fmt::format("{} is not the ARN of a rule on EventBus {}.", arn, bus.name));
    }
    if (!bus.rules.contains(*resource->rule)) {
      return bad_parameter(
          "Destination.FilterArns",
          fmt::format("Rule {} does not exist on EventBus {}.", *resource->rule, bus.name));
    }
  }
  return ok();
}

}  // namespace

Result<Archive*> Broker::find_archive_to_replay(const api::StartReplayRequest& request,
                                                Context& ctx) {
  const std::string prefix =
      fmt::format("arn:aws:events:{}:{}:archive/", ctx.caller.region, ctx.caller.account);
  const std::string& arn = request.event_source_arn;
  const std::string name = arn.substr(arn.rfind('/') + 1);
  const World* world = find_world(ctx.caller.account, ctx.caller.region);
  const bool is_own = arn.starts_with(prefix) && world != nullptr;
  const auto at =
      is_own ? world->archives.find(arn.substr(prefix.size())) : decltype(world->archives.end())();
  if (!is_own || at == world->archives.end()) {
    return bad_parameter("EventSourceArn", fmt::format("Archive {} does not exist.", name));
  }
  return at->second;
}

Result<Replay*> Broker::find_replay_or_error(const std::string& name, Context& ctx) {
  const World* world = find_world(ctx.caller.account, ctx.caller.region);
  if (world != nullptr) {
    const auto at = world->replays.find(name);
    if (at != world->replays.end()) return at->second;
  }
  return Error{ErrorCode::resource_not_found, fmt::format("Replay {} does not exist.", name)};
}

Result<api::StartReplayResponse> Broker::start_replay(const api::StartReplayRequest& request,
                                                      Context& ctx) {
  SIGNALBOX_TRY(const Bus* const bus,
                find_own_bus(request.destination.arn, "Destination.Arn", ctx));
  SIGNALBOX_TRY(const Archive* const archive, find_archive_to_replay(request, ctx));
  if (archive->bus != bus) {
    return bad_parameter("Destination.Arn", "Cross event bus replay is not permitted.");
  }
  SIGNALBOX_TRY(check_filter(*bus, request.destination));
  if (request.event_end_time.ms <= request.event_start_time.ms) {
    return bad_parameter("EventEndTime", "EventStartTime must be before EventEndTime.");
  }
  World& world = *bus->world;
  if (world.replays.contains(request.replay_name)) {
    return Error{ErrorCode::resource_already_exists,
                 fmt::format("Replay {} already exists.", request.replay_name)};
  }
  const auto active =
      std::count_if(archives_.active.begin(), archives_.active.end(),
                    [&](std::uint64_t id) { return archives_.replays.at(id)->world == &world; });
  if (active >= static_cast<std::ptrdiff_t>(active_replays_max)) {
    return Error{ErrorCode::limit_exceeded,
                 "The requested resource exceeds the maximum number allowed."};
  }
  auto made = std::make_unique<Replay>();
  Replay& replay = *made;
  replay.id = next_id();
  replay.world = &world;
  replay.name = request.replay_name;
  replay.description = request.description;
  replay.archive_id = archive->id;
  replay.event_source_arn = request.event_source_arn;
  replay.destination_arn = request.destination.arn;
  replay.filter_arns = request.destination.filter_arns;
  replay.event_start_ms = request.event_start_time.ms;
  replay.event_end_ms = request.event_end_time.ms;
  replay.started_ms = to_ms(ctx.wall);
  replay.end_at(archive->log);
  replay.progress.cursor.minute = replay.start_second() / seconds_per_minute;
  replay.read_filter();
  // Who starts it is somebody else, who may have more to do: it begins slowly.
  if (archives_.active.empty()) {
    archives_.others_at_last_slice = records_of_others(ctx);
    archives_.others_mean = 1;
  }
  archives_.replays.emplace(replay.id, std::move(made));
  archives_.active.push_back(replay.id);
  world.replays.emplace(replay.name, &replay);
  put_next_ids(ctx);
  ctx.batch.put(keys::replay({replay.id, false}), encode_replay(replay));
  store_progress(replay, ctx);
  if (archives_.active.size() == 1) deadlines_.set(DeadlineKind::replay, 0, ctx.now);
  return api::StartReplayResponse{replay.arn(),
                                  std::string(state_text(replay.progress.state)),
                                  std::nullopt,
                                  {replay.started_ms}};
}

Result<api::CancelReplayResponse> Broker::cancel_replay(const api::ReplayRequest& request,
                                                        Context& ctx) {
  SIGNALBOX_TRY(Replay* const replay, find_replay_or_error(request.replay_name, ctx));
  State& state = replay->progress.state;
  if (state != State::starting && state != State::running) {
    return Error{
        ErrorCode::illegal_status,
        fmt::format("Replay {} is not in a valid state for this operation.", replay->name)};
  }
  state = State::cancelling;
  store_progress(*replay, ctx);
  return api::CancelReplayResponse{replay->arn(), std::string(state_text(state)), std::nullopt};
}

Result<api::DescribeReplayResponse> Broker::describe_replay(const api::ReplayRequest& request,
                                                            Context& ctx) {
  SIGNALBOX_TRY(const Replay* const replay, find_replay_or_error(request.replay_name, ctx));
  const ReplayProgress& progress = replay->progress;
  api::DescribeReplayResponse response;
  response.replay_name = replay->name;
  response.replay_arn = replay->arn();
  response.description = replay->description;
  response.state = state_text(progress.state);
  response.state_reason = unless_empty(progress.state_reason);
  response.event_source_arn = replay->event_source_arn;
  response.destination = {replay->destination_arn, replay->filter_arns};
  response.event_start_time.ms = replay->event_start_ms;
  response.event_end_time.ms = replay->event_end_ms;
  response.event_last_replayed_time = last_replayed(progress);
  response.replay_start_time.ms = replay->started_ms;
  response.replay_end_time = ended(progress);
  return response;
}

Result<api::ListReplaysResponse> Broker::list_replays(const api::ListReplaysRequest& request,
                                                      Context& ctx) {
  const int filter_count =
      (request.name_prefix ? 1 : 0) + (request.event_source_arn ? 1 : 0) + (request.state ? 1 : 0);
  if (filter_count > 1) {
    return invalid(
        "At most one filter is allowed for ListReplays. Use either : State, EventSourceArn, or "
        "NamePrefix.");
  }
  api::ListReplaysResponse response;
  const World* world = find_world(ctx.caller.account, ctx.caller.region);
  if (world == nullptr) return response;
  const auto wanted = [&](const auto& entry) {
    const Replay& replay = *entry.second;
    return (!request.state || *request.state == state_text(replay.progress.state)) &&
           (!request.event_source_arn || *request.event_source_arn == replay.event_source_arn);
  };
  const auto add = [&](const auto& entry) {
    const Replay& replay = *entry.second;
    auto& listed = response.replays.emplace_back();
    listed.replay_name = replay.name;
    listed.event_source_arn = replay.event_source_arn;
    listed.state = state_text(replay.progress.state);
    listed.state_reason = unless_empty(replay.progress.state_reason);
    listed.event_start_time.ms = replay.event_start_ms;
    listed.event_end_time.ms = replay.event_end_ms;
    listed.event_last_replayed_time = last_replayed(replay.progress);
    listed.replay_start_time.ms = replay.started_ms;
    listed.replay_end_time = ended(replay.progress);
  };
  const std::string prefix = request.name_prefix.value_or("");
  SIGNALBOX_TRY(
      response.next_token,
      visit_page_of(world->replays, {prefix, request.next_token, request.limit}, wanted, add));
  return response;
}

void Broker::store_progress(const Replay& replay, Context& ctx) {
  ctx.batch.put(keys::replay({replay.id, true}), encode_replay_progress(replay.progress));
}

void Broker::end_replay(Replay& replay, State state, std::string reason, Context& ctx) {
  ReplayProgress& progress = replay.progress;
  progress.state = state;
  progress.state_reason = std::move(reason);
  progress.ended_ms = to_ms(ctx.wall);
  progress.forget_at_ms = to_ms(ctx.now + replay_kept);
  replay.segments = nullptr;
  std::erase(archives_.active, replay.id);
  store_progress(replay, ctx);
  deadlines_.set(DeadlineKind::replay_record, replay.id, from_ms(progress.forget_at_ms));
}

void Broker::forget_replay(std::uint64_t replay_id, Context& ctx) {
  const auto at = archives_.replays.find(replay_id);
  if (at == archives_.replays.end()) return;
  ctx.batch.erase(keys::replay({replay_id, false}));
  ctx.batch.erase(keys::replay({replay_id, true}));
  at->second->world->replays.erase(at->second->name);
  archives_.replays.erase(at);
}

}  // namespace signalbox::broker
