// Schedule groups and their tags. Every world has the group "default" without a write.
#include <fmt/format.h>

#include <array>
#include <sstream>

#include "broker/api/scheduler.h"
#include "broker/broker.h"
#include "broker/events_paging.h"
#include "broker/schedules/schedule.h"
#include "broker/tag_limits.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;
namespace scheduler = api::scheduler;

namespace {

Error no_such_group(std::string_view name) {
  return {ErrorCode::resource_not_found, fmt::format("Schedule group {} does not exist.", name)};
}

scheduler::GetScheduleGroupResponse describe(const ScheduleGroup& group) {
  return {group.arn(), group.name, "ACTIVE", {group.created_ms}, {group.modified_ms}};
}

api::StringMap to_map(const scheduler::TagList& tags) {
  api::StringMap map;
  for (const auto& tag : tags) map[tag.key] = tag.value;
  return map;
}

}  // namespace

ScheduleGroup& Broker::add_group(std::uint64_t id, World& world, std::string name) {
  auto group = std::make_unique<ScheduleGroup>();
  group->id = id;
  group->world = &world;
  group->name = std::move(name);
  world.schedule_groups[group->name] = group.get();
  return *(schedules_.groups[id] = std::move(group));
}

void Broker::store_group(ScheduleGroup& group, Context& ctx) {
  ctx.batch.put(keys::schedule_group(group.id), encode_group(group));
  if (!group.stored) put_next_ids(ctx);
  group.stored = true;
}

Result<ScheduleGroup*> Broker::find_group(std::string_view name, Context& ctx) {
  SIGNALBOX_TRY(World* const world, world_of(ctx.caller, ctx));
  const auto at = world->schedule_groups.find(name);
  if (at != world->schedule_groups.end()) return at->second;
  if (name != default_group_name) return nullptr;
  ScheduleGroup& group = add_group(next_id(), *world, std::string(name));
  group.created_ms = group.modified_ms = to_ms(ctx.wall);
  return &group;
}

Result<ScheduleGroup*> Broker::find_group_or_error(std::string_view name, Context& ctx) {
  SIGNALBOX_TRY(ScheduleGroup* const group, find_group(name, ctx));
  if (group == nullptr) return no_such_group(name);
  return group;
}

// arn:PARTITION:scheduler:REGION:ACCOUNT:schedule-group/NAME, as the model demands it.
Result<ScheduleGroup*> Broker::find_group_by_arn(const std::string& arn, Context& ctx) {
  std::array<std::string, 6> parts;
  std::istringstream text(arn);
  for (auto& part : parts) std::getline(text, part, ':');
  const std::string name = parts[5].substr(parts[5].find('/') + 1);
  Caller owner = ctx.caller;
  owner.region = parts[3];
  owner.account = parts[4];
  if (find_world(owner.account, owner.region) == nullptr) return no_such_group(name);
  Context of_owner{ctx.now, ctx.wall, ctx.ids, ctx.batch, owner, ctx.fetched, ctx.wait_deadline};
  return find_group_or_error(name, of_owner);
}

Result<scheduler::CreateScheduleGroupResponse> Broker::create_schedule_group(
    const scheduler::CreateScheduleGroupRequest& request, Context& ctx) {
  SIGNALBOX_TRY(ScheduleGroup* const existing, find_group(request.name, ctx));
  if (existing != nullptr) {
    // The same request again, because its answer was lost, is the same group.
    const bool is_again = request.client_token && *request.client_token == existing->client_token &&
                          to_map(request.tags) == existing->tags;
    if (is_again) return scheduler::CreateScheduleGroupResponse{existing->arn()};
    return Error{ErrorCode::conflict,
                 fmt::format("Schedule group {} already exists.", request.name)};
  }
  SIGNALBOX_TRY(check_tags({}, request.tags));
  SIGNALBOX_TRY(World* const world, world_of(ctx.caller, ctx));
  ScheduleGroup& group = add_group(next_id(), *world, request.name);
  group.client_token = request.client_token.value_or("");
  group.tags = to_map(request.tags);
  group.created_ms = group.modified_ms = to_ms(ctx.wall);
  store_group(group, ctx);
  return scheduler::CreateScheduleGroupResponse{group.arn()};
}

Result<scheduler::GetScheduleGroupResponse> Broker::get_schedule_group(
    const scheduler::GetScheduleGroupRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const ScheduleGroup* const group, find_group_or_error(request.name, ctx));
  return describe(*group);
}

// Its schedules go with it, in one step however many they are. What the index says of them is found
// to be of no group when its time comes: group ids are never used again. Deliveries under way go
// on.
Status Broker::delete_schedule_group(const scheduler::DeleteScheduleGroupRequest& request,
                                     Context& ctx) {
  if (request.name == default_group_name) {
    return Error{ErrorCode::validation, "The default schedule group can't be deleted."};
  }
  SIGNALBOX_TRY(ScheduleGroup* const group, find_group_or_error(request.name, ctx));
  const auto schedules = keys::schedules_of_group(group->id);
  ctx.batch.erase_range(schedules.first, schedules.past_last);
  ctx.batch.erase(keys::schedule_group(group->id));
  group->world->schedule_groups.erase(group->name);
  schedules_.groups.erase(group->id);
  return ok();
}

Result<scheduler::ListScheduleGroupsResponse> Broker::list_schedule_groups(
    const scheduler::ListScheduleGroupsRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const ScheduleGroup* const first, find_group_or_error(default_group_name, ctx));
  scheduler::ListScheduleGroupsResponse response;
  const std::string prefix = request.name_prefix.value_or("");
  SIGNALBOX_TRY(
      response.next_token,
      visit_page(
          first->world->schedule_groups, {prefix, request.next_token, request.max_results},
          [&](const auto& entry) { response.schedule_groups.push_back(describe(*entry.second)); }));
  return response;
}

Status Broker::tag_schedule_group(const scheduler::TagResourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(ScheduleGroup* const group, find_group_by_arn(request.resource_arn, ctx));
  SIGNALBOX_TRY(check_tags(group->tags, request.tags));
  for (const auto& tag : request.tags) group->tags[tag.key] = tag.value;
  store_group(*group, ctx);
  return ok();
}

Status Broker::untag_schedule_group(const scheduler::UntagResourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(ScheduleGroup* const group, find_group_by_arn(request.resource_arn, ctx));
  for (const auto& key : request.tag_keys) group->tags.erase(key);
  store_group(*group, ctx);
  return ok();
}

Result<scheduler::ListTagsForResourceResponse> Broker::list_tags_of_schedule_group(
    const scheduler::ListTagsForResourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const ScheduleGroup* const group, find_group_by_arn(request.resource_arn, ctx));
  scheduler::ListTagsForResourceResponse response;
  for (const auto& [key, value] : group->tags) response.tags.push_back({key, value});
  return response;
}

}  // namespace signalbox::broker
