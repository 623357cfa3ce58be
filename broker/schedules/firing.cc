// Schedules that come up: each is invoked in the batch that says when it comes up next, so once,
// over restarts too. What came up while the broker was down is made up for by one invocation.
#include "broker/schedules/firing.h"

#include "broker/api/scheduler.h"
#include "broker/broker.h"
#include "broker/load_all.h"
#include "broker/schedules/expression.h"
#include "broker/schedules/schedule.h"
#include "broker/schedules/wall_deadline.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::size_t invocations_per_slice = 64;
// What was turned away (the disk failed, the commit queue is full) is tried again later.
constexpr std::chrono::seconds firing_retry{1};

}  // namespace

void Broker::arm_schedules(Context& ctx) {
  auto& due = schedules_.due;
  if (due.wants_load()) {
    due.load_started();
    const ScheduleDue& from = due.load_from();
    LoadRequest request;
    request.kind = LoadRequest::Kind::schedules;
    request.first = keys::schedule_due(from.due_ms, from.group_id, from.name);
    request.past_last = keys::all_of(keys::Prefix::schedule_due).past_last.str();
    request.count_max = due.count_max();
    outbox_.loads.push_back(std::move(request));
  }
  if (const auto* first = due.first()) {
    deadlines_.set(DeadlineKind::schedules, 0, wall_deadline(from_ms(first->due_ms), ctx));
  } else {
    deadlines_.clear(DeadlineKind::schedules, 0);
  }
}

void Broker::fire_schedules(Context& ctx) {
  const auto* first = schedules_.due.first();
  if (first == nullptr || from_ms(first->due_ms) > ctx.wall) return arm_schedules(ctx);
  outbox_.own_work.push_back({OwnWork::Kind::schedules, 0});
  deadlines_.set(DeadlineKind::schedules, 0, ctx.now + firing_retry);
}

void Broker::loaded_schedules(LoadResult& result, Context& ctx) {
  if (result.failed) {
    schedules_.due.load_failed();
    deadlines_.set(DeadlineKind::schedules, 0, ctx.now + firing_retry);
    return;
  }
  schedules_.due.loaded(result.schedules, result.reached_end);
  arm_schedules(ctx);
}

// The next few that are due, with what the disk knows of them; nothing: it has to be asked first.
std::optional<std::vector<Firing>> Broker::plan_firings(Context& ctx) {
  std::vector<Firing> firings;
  schedules_.due.visit([&](const ScheduleDue& entry) {
    const bool is_next =
        firings.size() < invocations_per_slice && from_ms(entry.due_ms) <= ctx.wall;
    if (is_next) firings.push_back({entry, nullptr, nullptr, nullptr});
    return is_next;
  });
  std::vector<std::string> unknown_zones;
  for (auto& firing : firings) {
    const auto* stored = ctx.fetched.get(keys::schedule(firing.due.group_id, firing.due.name));
    const auto group = schedules_.groups.find(firing.due.group_id);
    auto schedule = std::make_unique<Schedule>();
    if (stored == nullptr || !*stored || group == schedules_.groups.end() ||
        !decode_schedule(**stored, *schedule)) {
      continue;
    }
    // An entry of before an update, which could not be taken out of the index in memory.
    if (!schedule->scheduled_ms || schedule->due_ms != firing.due.due_ms) continue;
    if (settings_.time_zones != nullptr) {
      const auto zone = settings_.time_zones->known(schedule->zone_name());
      if (!zone) unknown_zones.push_back(schedule->zone_name());
      firing.zone = zone.value_or(nullptr);
    }
    firing.group = group->second.get();
    firing.schedule = std::move(schedule);
  }
  if (ctx.fetched.missing()) return std::nullopt;
  if (!unknown_zones.empty()) {
    ctx.fetched.want(std::make_shared<ZoneReading>(settings_.time_zones, std::move(unknown_zones)));
    return std::nullopt;
  }
  return firings;
}

Answer<api::Empty> Broker::fire_due_schedules(Context& ctx) {
  const auto firings = plan_firings(ctx);
  if (!firings) return NeedKeys{};
  bool has_changed = false;
  for (const auto& firing : *firings) {
    if (firing.schedule != nullptr) {
      const auto invoked = invoke(*firing.schedule, *firing.group, ctx);
      // It needs more of the disk (a FIFO queue's acceptances, after a restart): it goes first in a
      // slice of its own, for here something has changed already.
      if (invoked.needs_keys() != nullptr) {
        if (!has_changed) return NeedKeys{};
        break;
      }
    }
    has_changed = true;
    ctx.batch.erase(keys::schedule_due(firing.due.due_ms, firing.due.group_id, firing.due.name));
    schedules_.due.forget(firing.due);
    if (firing.schedule != nullptr) end_firing(firing, ctx);
  }
  arm_schedules(ctx);
  return api::Empty{};
}

void Broker::end_firing(const Firing& firing, Context& ctx) {
  Schedule& schedule = *firing.schedule;
  const auto expression = ScheduleExpression::parse(schedule.config.schedule_expression,
                                                    ScheduleExpression::Units::either);
  static const TimeZone utc = TimeZone::utc();
  const TimeZone* const zone = settings_.time_zones == nullptr ? &utc : firing.zone.get();
  std::optional<Time> next;
  // Without its zone, whose file has been taken away, nobody knows when it comes up.
  if (expression && zone != nullptr) {
    // Times that passed within a window are invoked for, those before it were missed.
    const Time after = std::max(from_ms(*schedule.scheduled_ms), ctx.wall - schedule.window());
    next = next_time(schedule, *expression, *zone, after);
    if (!next && schedule.config.action_after_completion == "DELETE") {
      ctx.batch.erase(keys::schedule(firing.group->id, schedule.config.name));
      return;
    }
  }
  put_schedule(*firing.group, schedule, next, ctx);
}

std::string Broker::load_schedules(const storage::View& view, Context& ctx) {
  const auto worlds = by_id(worlds_);
  std::string problem = load_all(view, keys::Prefix::schedule_group, "schedule groups",
                                 [&](std::string_view key, std::string_view value) {
                                   const auto id = keys::parse_schedule_group(key);
                                   ScheduleGroup read;
                                   std::uint32_t world_id = 0;
                                   if (!id || !decode_group(value, read, world_id)) {
                                     return not_understood("a schedule group", key);
                                   }
                                   const auto world = worlds.find(world_id);
                                   if (world == worlds.end())
                                     return not_understood("a schedule group of no world", key);
                                   ScheduleGroup& group = add_group(*id, *world->second, read.name);
                                   group.client_token = std::move(read.client_token);
                                   group.tags = std::move(read.tags);
                                   group.created_ms = read.created_ms;
                                   group.modified_ms = read.modified_ms;
                                   group.stored = true;
                                   return std::string();
                                 });
  schedules_.due.reset_to_disk();
  arm_schedules(ctx);
  return problem;
}

}  // namespace signalbox::broker
