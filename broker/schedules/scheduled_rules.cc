// Rules with schedules: when they come up their targets get an event of their own, in one batch
// with the time of the next.
#include "broker/broker.h"
#include "broker/events_envelope.h"
#include "broker/md5.h"
#include "broker/schedules/wall_deadline.h"

namespace signalbox::broker {

namespace {

constexpr std::size_t rules_per_slice = 64;

std::optional<Time> next_firing(const Rule& rule, Time after) {
  if (!rule.schedule || rule.state == "DISABLED") return std::nullopt;
  // The anchor itself is when the rule was put; its first period ends later.
  return rule.schedule->next(std::max(after, rule.schedule_anchor), rule.schedule_anchor,
                             TimeZone::utc());
}

}  // namespace

void Broker::set_due(Rule& rule, std::optional<Time> due) {
  if (rule.due) buses_.due_rules.erase({*rule.due, rule.id});
  rule.due = due;
  if (due) buses_.due_rules[{*due, rule.id}] = &rule;
}

void Broker::reschedule(Rule& rule, Context& ctx) {
  set_due(rule, next_firing(rule, ctx.wall));
  arm_due_rules(ctx);
}

void Broker::resume_schedule(Rule& rule, Context& ctx) {
  if (!rule.schedule_expression) return;
  rule.schedule = ScheduleExpression::parse(*rule.schedule_expression);
  if (rule.due) {
    buses_.due_rules[{*rule.due, rule.id}] = &rule;
  } else if (rule.schedule_anchor == Time()) {
    // Put by a version that kept schedules without firing them.
    rule.schedule_anchor = ctx.wall;
    set_due(rule, next_firing(rule, ctx.wall));
  }
}

void Broker::arm_due_rules(Context& ctx) {
  if (buses_.due_rules.empty()) {
    deadlines_.clear(DeadlineKind::due_rules, 0);
  } else {
    const Time first = buses_.due_rules.begin()->first.first;
    deadlines_.set(DeadlineKind::due_rules, 0, wall_deadline(first, ctx));
  }
}

void Broker::fire_due_rules(Context& ctx) {
  for (std::size_t i = 0; i < rules_per_slice && !buses_.due_rules.empty(); ++i) {
    const auto& [place, rule] = *buses_.due_rules.begin();
    if (place.first > ctx.wall) break;
    fire_rule(*rule, ctx);
  }
  arm_due_rules(ctx);
}

void Broker::fire_rule(Rule& rule, Context& ctx) {
  const Time due = *rule.due;
  const World& world = *rule.bus->world;
  const IdBytes id = ctx.ids.uuid();
  const std::vector<std::string> resources{rule.arn()};
  const std::string id_text = format_uuid(id);
  const std::string time = format_event_time(to_ms(due)).value_or("");
  const std::string json = build_envelope({.id = id_text,
                                           .detail_type = "Scheduled Event",
                                           .source = "aws.events",
                                           .account = world.account,
                                           .region = world.region,
                                           .time = time,
                                           .detail = "{}",
                                           .resources = &resources});
  const Md5 digest = md5_of(json);
  const std::string md5(digest.begin(), digest.end());
  const AcceptedEvent event{id, json, md5, {}, to_ms(ctx.wall)};
  // A rule has few targets; a bus among them spreads the event by the same budget as PutEvents
  // does.
  FanOutBudget budget{settings_.fan_out_messages_max, settings_.fan_out_bytes_max};
  for (const auto& [target_id, target] : rule.targets) {
    if (!is_deliverable(target)) continue;
    deliver(plan_delivery({&rule, &target}, event, ctx), event, budget, ctx);
  }
  append_to_log(*rule.bus, event, ctx);
  ++buses_.counters.rules_fired;
  // What was missed meanwhile, while the broker was down or its machine asleep, is this one event.
  set_due(rule, next_firing(rule, std::max(due, ctx.wall)));
  store_rule(rule, ctx);
}

}  // namespace signalbox::broker
