// Schedules: create, update, get, delete; and when a schedule comes up next.
#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/delivery/retry.h"
#include "broker/events_arns.h"
#include "broker/record.h"
#include "broker/record_fields.h"
#include "broker/schedules/expression.h"
#include "broker/schedules/schedule.h"
#include "broker/schedules/schedule_target.h"
#include "broker/schedules/wall_deadline.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;
namespace scheduler = api::scheduler;

namespace {

using Request = scheduler::ScheduleRequest;

Error invalid(std::string message) { return {ErrorCode::validation, std::move(message)}; }

Error no_such_schedule(std::string_view name) {
  return {ErrorCode::resource_not_found, fmt::format("Schedule {} does not exist.", name)};
}

Status check_window(const scheduler::FlexibleTimeWindow& window) {
  const bool is_flexible = window.mode == "FLEXIBLE";
  if (is_flexible == window.maximum_window_in_minutes.has_value()) return ok();
  return invalid(is_flexible
                     ? "MaximumWindowInMinutes is required when the flexible time window mode is "
                       "FLEXIBLE."
                     : "MaximumWindowInMinutes can't be set when the flexible time window mode is "
                       "OFF.");
}

Status check_dates(const Request& request, bool is_one_time, Time wall) {
  // For one-time schedules the service ignores both.
  if (is_one_time) return ok();
  constexpr std::chrono::minutes start_age_max{5};
  if (request.start_date && from_ms(request.start_date->ms) < wall - start_age_max) {
    return invalid("The StartDate you specify cannot be earlier than 5 minutes ago.");
  }
  if (request.end_date && from_ms(request.end_date->ms) <= wall) {
    return invalid("The EndDate you specify cannot be earlier than the current time.");
  }
  if (request.start_date && request.end_date && request.end_date->ms <= request.start_date->ms) {
    return invalid("The EndDate you specify cannot be earlier than the StartDate.");
  }
  return ok();
}

Status check_target(const scheduler::Target& target) {
  if (!is_arn(target.arn) && !is_http_url(target.arn)) {
    return invalid("Provided Arn is not in correct format.");
  }
  if (kind_of(target) == InvocationKind::event_bus && !target.event_bridge_parameters) {
    return invalid("EventBridgeParameters is required for an event bus target.");
  }
  return ok();
}

// Without what does not change what the schedule does.
std::string identity_of(Request config) {
  config.client_token.reset();
  RecordWriter record;
  write_fields(record, config);
  return record.take();
}

bool has_same_times(const Request& one, const Request& other) {
  return one.schedule_expression == other.schedule_expression &&
         one.schedule_expression_timezone == other.schedule_expression_timezone &&
         one.start_date == other.start_date;
}

}  // namespace

// Nothing: the record is not known yet, and now wanted. Null: there is none.
std::optional<std::unique_ptr<Schedule>> Broker::fetch_schedule(const ScheduleGroup& group,
                                                                std::string_view name,
                                                                Context& ctx) {
  const auto* stored = ctx.fetched.get(keys::schedule(group.id, name));
  if (stored == nullptr) return std::nullopt;
  auto schedule = std::make_unique<Schedule>();
  if (!*stored || !decode_schedule(**stored, *schedule)) return nullptr;
  return schedule;
}

Broker::Zone Broker::find_zone(const std::string& name, Context& ctx) {
  if (settings_.time_zones == nullptr) return std::make_shared<const TimeZone>(TimeZone::utc());
  auto known = settings_.time_zones->known(name);
  if (!known) {
    ctx.fetched.want(std::make_shared<ZoneReading>(settings_.time_zones, std::vector{name}));
  }
  return known;
}

Result<ScheduleExpression> Broker::check_schedule(const Request& request, const TimeZone* zone,
                                                  Context& ctx) const {
  auto expression =
      ScheduleExpression::parse(request.schedule_expression, ScheduleExpression::Units::either);
  if (!expression) {
    return invalid(fmt::format("Invalid Schedule Expression {}.", request.schedule_expression));
  }
  if (zone == nullptr) {
    return invalid(fmt::format("Invalid Schedule Expression Timezone {}.",
                               *request.schedule_expression_timezone));
  }
  SIGNALBOX_TRY(check_dates(request, expression->is_one_time(), ctx.wall));
  SIGNALBOX_TRY(check_window(request.flexible_time_window));
  SIGNALBOX_TRY(check_target(request.target));
  return *std::move(expression);
}

std::optional<Time> Broker::next_time(const Schedule& schedule,
                                      const ScheduleExpression& expression, const TimeZone& zone,
                                      Time after) {
  if (!schedule.is_enabled()) return std::nullopt;
  const auto& config = schedule.config;
  if (!expression.is_one_time() && config.start_date) {
    after = std::max(after, from_ms(config.start_date->ms) - Duration(1));
  }
  const auto next = expression.next(after, from_ms(schedule.anchor_ms), zone);
  const bool has_ended =
      next && !expression.is_one_time() && config.end_date && to_ms(*next) >= config.end_date->ms;
  return has_ended ? std::nullopt : next;
}

// Its record and its entry in the index; scheduled is the next time of its expression.
void Broker::put_schedule(const ScheduleGroup& group, Schedule& schedule,
                          std::optional<Time> scheduled, Context& ctx) {
  schedule.scheduled_ms.reset();
  if (scheduled) {
    schedule.scheduled_ms = to_ms(*scheduled);
    const auto window_ms = static_cast<std::uint64_t>(schedule.window().count());
    const auto later_ms = window_ms == 0 ? 0 : ctx.ids.random_bits() % window_ms;
    schedule.due_ms = *schedule.scheduled_ms + static_cast<std::int64_t>(later_ms);
    ctx.batch.put(keys::schedule_due(schedule.due_ms, group.id, schedule.config.name), {});
    schedules_.due.add({schedule.due_ms, group.id, schedule.config.name});
  }
  ctx.batch.put(keys::schedule(group.id, schedule.config.name), encode_schedule(schedule));
  arm_schedules(ctx);
}

void Broker::erase_due(const ScheduleGroup& group, const Schedule& schedule, Context& ctx) {
  if (!schedule.scheduled_ms) return;
  ctx.batch.erase(keys::schedule_due(schedule.due_ms, group.id, schedule.config.name));
  schedules_.due.forget({schedule.due_ms, group.id, schedule.config.name});
}

void Broker::use_lane(Schedule& schedule, Context& ctx) {
  if (kind_of(schedule.config.target) != InvocationKind::http || schedule.lane_id != 0) return;
  schedule.lane_id = next_id();
  put_next_ids(ctx);
}

Answer<scheduler::ScheduleResponse> Broker::create_schedule(const Request& request, Context& ctx) {
  SIGNALBOX_TRY(
      ScheduleGroup* const group,
      find_group_or_error(request.group_name.value_or(std::string(default_group_name)), ctx));
  const auto existing = fetch_schedule(*group, request.name, ctx);
  const auto zone = find_zone(request.schedule_expression_timezone.value_or("UTC"), ctx);
  if (!existing || !zone) return NeedKeys{};
  scheduler::ScheduleResponse response{group->arn_of(request.name)};
  if (*existing != nullptr) {
    const Schedule& before = **existing;
    // The same request again, because its answer was lost, is the same schedule.
    const bool is_again = request.client_token && *request.client_token == before.client_token &&
                          identity_of(request) == identity_of(before.config);
    if (is_again) return response;
    return Error{ErrorCode::conflict, fmt::format("Schedule {} already exists.", request.name)};
  }
  SIGNALBOX_TRY(const auto expression, check_schedule(request, zone->get(), ctx));
  if (!group->stored) store_group(*group, ctx);
  Schedule schedule;
  schedule.config = request;
  schedule.client_token = request.client_token.value_or("");
  schedule.created_ms = schedule.modified_ms = to_ms(ctx.wall);
  schedule.anchor_ms = request.start_date ? request.start_date->ms : to_ms(ctx.wall);
  use_lane(schedule, ctx);
  put_schedule(*group, schedule, first_time(schedule, expression, **zone, ctx), ctx);
  return response;
}

// A rate begins at once, or when its start date says; a time that has passed is made up for.
std::optional<Time> Broker::first_time(const Schedule& schedule,
                                       const ScheduleExpression& expression, const TimeZone& zone,
                                       const Context& ctx) {
  const Time after = expression.is_one_time() ? Time::min()
                     : expression.is_rate()   ? ctx.wall - Duration(1)
                                              : ctx.wall;
  return next_time(schedule, expression, zone, after);
}

Answer<scheduler::ScheduleResponse> Broker::update_schedule(const Request& request, Context& ctx) {
  SIGNALBOX_TRY(
      ScheduleGroup* const group,
      find_group_or_error(request.group_name.value_or(std::string(default_group_name)), ctx));
  const auto existing = fetch_schedule(*group, request.name, ctx);
  const auto zone = find_zone(request.schedule_expression_timezone.value_or("UTC"), ctx);
  if (!existing || !zone) return NeedKeys{};
  if (*existing == nullptr) return no_such_schedule(request.name);
  Schedule& schedule = **existing;
  // What was put is not refused for its age when only something else about it changes.
  Request checked = request;
  if (has_same_times(request, schedule.config)) checked.start_date.reset();
  SIGNALBOX_TRY(const auto expression, check_schedule(checked, zone->get(), ctx));
  erase_due(*group, schedule, ctx);
  const bool goes_on = has_same_times(request, schedule.config);
  // What the request leaves out is cleared.
  schedule.config = request;
  schedule.modified_ms = to_ms(ctx.wall);
  use_lane(schedule, ctx);
  std::optional<Time> scheduled;
  if (goes_on) {
    // A time that has come and waits within its window is still to be invoked for.
    Time after = ctx.wall;
    if (schedule.scheduled_ms) after = std::min(after, from_ms(*schedule.scheduled_ms - 1));
    scheduled = next_time(schedule, expression, **zone, after);
  } else {
    schedule.anchor_ms = request.start_date ? request.start_date->ms : to_ms(ctx.wall);
    scheduled = first_time(schedule, expression, **zone, ctx);
  }
  put_schedule(*group, schedule, scheduled, ctx);
  return scheduler::ScheduleResponse{group->arn_of(request.name)};
}

Answer<scheduler::GetScheduleResponse> Broker::get_schedule(
    const scheduler::GetScheduleRequest& request, Context& ctx) {
  SIGNALBOX_TRY(
      const ScheduleGroup* const group,
      find_group_or_error(request.group_name.value_or(std::string(default_group_name)), ctx));
  const auto schedule = fetch_schedule(*group, request.name, ctx);
  if (!schedule) return NeedKeys{};
  if (*schedule == nullptr) return no_such_schedule(request.name);
  const Request& config = (*schedule)->config;
  scheduler::GetScheduleResponse response;
  response.arn = group->arn_of(config.name);
  response.group_name = group->name;
  response.name = config.name;
  response.schedule_expression = config.schedule_expression;
  response.start_date = config.start_date;
  response.end_date = config.end_date;
  response.description = config.description;
  response.schedule_expression_timezone = (*schedule)->zone_name();
  response.state = config.state.value_or("ENABLED");
  response.creation_date.ms = (*schedule)->created_ms;
  response.last_modification_date.ms = (*schedule)->modified_ms;
  response.kms_key_arn = config.kms_key_arn;
  response.target = config.target;
  // The service shows what holds when nothing was given.
  auto& retries = response.target.retry_policy;
  if (!retries) retries.emplace();
  const RetryLimits limits =
      retry_limits(retries->maximum_retry_attempts, retries->maximum_event_age_in_seconds);
  retries->maximum_retry_attempts = limits.retries_max;
  retries->maximum_event_age_in_seconds = limits.age_max.count();
  response.flexible_time_window = config.flexible_time_window;
  response.action_after_completion = config.action_after_completion.value_or("NONE");
  return response;
}

Answer<api::Empty> Broker::delete_schedule(const scheduler::DeleteScheduleRequest& request,
                                           Context& ctx) {
  SIGNALBOX_TRY(
      const ScheduleGroup* const group,
      find_group_or_error(request.group_name.value_or(std::string(default_group_name)), ctx));
  const auto schedule = fetch_schedule(*group, request.name, ctx);
  if (!schedule) return NeedKeys{};
  if (*schedule == nullptr) return no_such_schedule(request.name);
  erase_due(*group, **schedule, ctx);
  ctx.batch.erase(keys::schedule(group->id, request.name));
  drop_lane((*schedule)->lane_id, ctx);
  arm_schedules(ctx);
  return api::Empty{};
}

}  // namespace signalbox::broker
