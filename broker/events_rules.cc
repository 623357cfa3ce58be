// Rules: put, find, switch on and off, list, delete. And keeping the matchers in step with them.
#include <fmt/format.h>

#include <algorithm>

#include "broker/archives/archive.h"
#include "broker/broker.h"
#include "broker/bus_access.h"
#include "broker/events_arns.h"
#include "broker/events_envelope.h"
#include "broker/events_paging.h"
#include "broker/events_pattern.h"
#include "broker/events_records.h"
#include "broker/schedules/expression.h"
#include "broker/schemas/schemas.h"
#include "broker/tag_limits.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

Error invalid(std::string message) { return {ErrorCode::validation, std::move(message)}; }

bool given(const std::optional<std::string>& text) { return text && !text->empty(); }

std::optional<std::string> unless_empty(const std::optional<std::string>& text) {
  return given(text) ? text : std::nullopt;
}

Status check_new_rule(const Bus& bus, const api::PutRuleRequest& request, std::size_t rules_max) {
  if (rules_max != 0 && bus.rules.size() >= rules_max) {
    return Error{ErrorCode::limit_exceeded,
                 "The requested resource exceeds the maximum number allowed."};
  }
  return check_tags({}, request.tags);
}

Status check_rule(const Bus& bus, const api::PutRuleRequest& request) {
  // Even an empty expression is refused on other buses, as the service does.
  if (request.schedule_expression && bus.name != default_bus_name) {
    return invalid("ScheduleExpression is supported only on the default event bus.");
  }
  if (!given(request.event_pattern) && !given(request.schedule_expression)) {
    return invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  }
  return ok();
}

Result<std::optional<ScheduleExpression>> parse_schedule(const api::PutRuleRequest& request) {
  if (!given(request.schedule_expression)) return std::optional<ScheduleExpression>();
  auto schedule = ScheduleExpression::parse(*request.schedule_expression);
  // at(...) is for the Scheduler service alone.
  if (!schedule || schedule->is_one_time()) {
    return invalid("Parameter ScheduleExpression is not valid.");
  }
  return schedule;
}

// The members the service demands of an event to test a pattern against.
bool is_testable_event(std::string_view json) {
  constexpr std::string_view required[] = {"id",     "account",   "source",     "time",
                                           "region", "resources", "detail-type"};
  return std::all_of(std::begin(required), std::end(required),
                     [&](std::string_view name) { return has_member(json, name); });
}

}  // namespace

const std::shared_ptr<const rules::Snapshot>& Bus::current_snapshot() {
  if (snapshot == nullptr || snapshot_version != version) {
    snapshot = rule_set->snapshot();
    snapshot_version = version;
  }
  return snapshot;
}

std::shared_ptr<const rules::Pattern> Bus::pattern_of(rules::RuleId id) const {
  if (const auto rule = rules_by_id.find(id); rule != rules_by_id.end()) {
    return rule->second->matching() ? rule->second->pattern : nullptr;
  }
  const auto archive = std::find_if(archives.begin(), archives.end(),
                                    [id](const Archive* each) { return each->id == id; });
  return archive == archives.end() ? nullptr : (*archive)->pattern;
}

Result<Rule*> Broker::find_rule_or_error(Bus& bus, const std::string& name) {
  const auto at = bus.rules.find(name);
  if (at == bus.rules.end()) {
    return Error{ErrorCode::resource_not_found,
                 fmt::format("Rule {} does not exist on EventBus {}.", name, bus.name)};
  }
  return &at->second;
}

void Broker::store_rule(const Rule& rule, Context& ctx) {
  if (!rule.bus->stored) store_bus(*rule.bus, ctx);
  ctx.batch.put(keys::rule({rule.bus->id, rule.id}), encode_rule(rule));
}

void Broker::rule_changed(const Rule& rule) {
  set_pattern(*rule.bus, rule.id, rule.matching() ? rule.pattern : nullptr);
}

void Broker::set_pattern(Bus& bus, rules::RuleId id,
                         std::shared_ptr<const rules::Pattern> pattern) {
  if (pattern != nullptr) {
    bus.rule_set->put(id, std::move(pattern));
  } else {
    bus.rule_set->remove(id);
  }
  bus.version = directory_.next_version();
  bus.changes.push_back({bus.version, id});
  if (bus.changes.size() > rule_changes_max) {
    bus.changes_known_since = bus.changes.front().version;
    bus.changes.pop_front();
  }
  if (!std::exchange(bus.publish_pending, true)) buses_.unpublished.push_back(&bus);
}

// Once per commit group: a thousand PutRules in a row cost a few snapshots, not a thousand. Until
// then events are matched against the older rules and the core matches the changed ones again.
void Broker::publish_rules() {
  for (Bus* bus : std::exchange(buses_.unpublished, {})) {
    bus->publish_pending = false;
    bus->discoverer = services_.schemas->discoverer_of(*bus);
    directory_.publish(
        bus->world->account, bus->world->region, bus->name,
        {bus->version, bus->current_snapshot(), services_.schemas->enforcement_of(*bus)});
  }
}

// A new version, whose rules are the old ones: the io threads take it up as they do other rules.
void Broker::publish_again(Bus& bus) {
  bus.version = directory_.next_version();
  if (!std::exchange(bus.publish_pending, true)) buses_.unpublished.push_back(&bus);
}

void Broker::validation_changed(const World& world) {
  for (const auto& [name, bus] : world.buses) {
    if (bus->tags.contains(std::string(schemas::validation_tag))) publish_again(*bus);
  }
}

Result<api::PutRuleResponse> Broker::put_rule(const api::PutRuleRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Bus* const bus,
                find_bus_or_error(request.event_bus_name, {"events:PutRule", request.name}, ctx));
  SIGNALBOX_TRY(check_rule(*bus, request));
  SIGNALBOX_TRY(auto schedule, parse_schedule(request));
  std::shared_ptr<const rules::Pattern> pattern;
  if (given(request.event_pattern)) {
    SIGNALBOX_TRY(pattern, compile_pattern(*request.event_pattern, settings_.pattern_limits));
  }
  if (!bus->rules.contains(request.name)) {
    SIGNALBOX_TRY(check_new_rule(*bus, request, settings_.rules_per_bus));
  }
  const auto [at, is_new] = bus->rules.try_emplace(request.name);
  Rule& rule = at->second;
  if (is_new) {
    rule.id = next_id();
    rule.bus = bus;
    rule.name = request.name;
    for (const auto& tag : request.tags) rule.tags[tag.key] = tag.value;
    bus->rules_by_id[rule.id] = &rule;
    put_next_ids(ctx);
  }
  // What the request leaves out is cleared; tags alone are left as they are.
  rule.event_pattern = unless_empty(request.event_pattern);
  // A rate counts from when it was put; putting the same again does not start it anew.
  auto schedule_expression = unless_empty(request.schedule_expression);
  if (schedule_expression != rule.schedule_expression) rule.schedule_anchor = ctx.wall;
  rule.schedule_expression = std::move(schedule_expression);
  rule.schedule = std::move(schedule);
  rule.state = request.state.value_or("ENABLED");
  rule.description = request.description;
  rule.role_arn = request.role_arn;
  rule.pattern = std::move(pattern);
  reschedule(rule, ctx);
  store_rule(rule, ctx);
  rule_changed(rule);
  return api::PutRuleResponse{rule.arn()};
}

Status Broker::delete_rule(const api::DeleteRuleRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Bus* const bus, find_bus_or_error(request.event_bus_name,
                                                  {"events:DeleteRule", request.name}, ctx));
  const auto at = bus->rules.find(request.name);
  if (at == bus->rules.end()) return ok();
  Rule& rule = at->second;
  if (!rule.targets.empty()) return invalid("Rule can't be deleted since it has targets.");
  ctx.batch.erase(keys::rule({bus->id, rule.id}));
  rule.pattern = nullptr;
  set_due(rule, std::nullopt);
  rule_changed(rule);
  bus->rules_by_id.erase(rule.id);
  bus->rules.erase(at);
  return ok();
}

Result<api::DescribeRuleResponse> Broker::describe_rule(const api::RuleRequest& request,
                                                        Context& ctx) {
  SIGNALBOX_TRY(Bus* const bus, find_bus_or_error(request.event_bus_name,
                                                  {"events:DescribeRule", request.name}, ctx));
  SIGNALBOX_TRY(const Rule* const rule, find_rule_or_error(*bus, request.name));
  api::DescribeRuleResponse response;
  response.name = rule->name;
  response.arn = rule->arn();
  response.event_pattern = rule->event_pattern;
  response.schedule_expression = rule->schedule_expression;
  response.state = rule->state;
  response.description = rule->description;
  response.role_arn = rule->role_arn;
  response.event_bus_name = bus->name;
  response.created_by = bus->world->account;
  return response;
}

Status Broker::set_rule_state(const api::RuleRequest& request, std::string_view state,
                              Context& ctx) {
  const std::string_view action = state == "ENABLED" ? "events:EnableRule" : "events:DisableRule";
  SIGNALBOX_TRY(Bus* const bus,
                find_bus_or_error(request.event_bus_name, {action, request.name}, ctx));
  SIGNALBOX_TRY(Rule* const rule, find_rule_or_error(*bus, request.name));
  if (rule->state == state) return ok();
  rule->state = state;
  reschedule(*rule, ctx);
  store_rule(*rule, ctx);
  rule_changed(*rule);
  return ok();
}

Status Broker::enable_rule(const api::RuleRequest& request, Context& ctx) {
  return set_rule_state(request, "ENABLED", ctx);
}

Status Broker::disable_rule(const api::RuleRequest& request, Context& ctx) {
  return set_rule_state(request, "DISABLED", ctx);
}

Result<api::ListRulesResponse> Broker::list_rules(const api::ListRulesRequest& request,
                                                  Context& ctx) {
  SIGNALBOX_TRY(const Bus* const bus,
                find_bus_or_error(request.event_bus_name, {"events:ListRules", {}}, ctx));
  api::ListRulesResponse response;
  const std::string prefix = request.name_prefix.value_or("");
  const auto add = [&](const auto& entry) {
    const Rule& rule = entry.second;
    api::Rule& listed = response.rules.emplace_back();
    listed.name = rule.name;
    listed.arn = rule.arn();
    listed.event_pattern = rule.event_pattern;
    listed.state = rule.state;
    listed.description = rule.description;
    listed.schedule_expression = rule.schedule_expression;
    listed.role_arn = rule.role_arn;
    listed.event_bus_name = bus->name;
  };
  SIGNALBOX_TRY(response.next_token,
                visit_page(bus->rules, {prefix, request.next_token, request.limit}, add));
  return response;
}

Result<api::TestEventPatternResponse> Broker::test_event_pattern(
    const api::TestEventPatternRequest& request, Context&) {
  SIGNALBOX_TRY(const auto pattern,
                compile_pattern(request.event_pattern, settings_.pattern_limits));
  if (!is_testable_event(request.event)) return invalid("Parameter Event is not valid.");
  return api::TestEventPatternResponse{pattern->matches(request.event)};
}

}  // namespace signalbox::broker
