// Targets of rules: put, remove, list, and find rules by them.
#include <fmt/format.h>

#include <algorithm>

#include "broker/broker.h"
#include "broker/bus_access.h"
#include "broker/events_arns.h"
#include "broker/events_input.h"
#include "broker/events_paging.h"
#include "broker/events_records.h"
#include "broker/queue_url.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::size_t targets_per_rule_max = 5;

bool has_target_with_arn(const Rule& rule, std::string_view arn) {
  return std::any_of(rule.targets.begin(), rule.targets.end(),
                     [&](const auto& entry) { return entry.second.config.arn == arn; });
}

void forget_target_arn(Rule& rule, const std::string& arn) {
  if (has_target_with_arn(rule, arn)) return;
  const auto at = rule.bus->rules_by_target.find(arn);
  if (at == rule.bus->rules_by_target.end()) return;
  at->second.erase(rule.name);
  if (at->second.empty()) rule.bus->rules_by_target.erase(at);
}

void remove_target(Rule& rule, const std::string& id) {
  const auto at = rule.targets.find(id);
  if (at == rule.targets.end()) return;
  const std::string arn = std::move(at->second.config.arn);
  rule.targets.erase(at);
  forget_target_arn(rule, arn);
}

void add_target(Rule& rule, Target target) {
  rule.bus->rules_by_target[target.config.arn].insert(rule.name);
  std::string id = target.config.id;
  rule.targets.emplace(std::move(id), std::move(target));
}

// Deliveries to it are records of their own.
bool needs_lane(TargetKind kind) {
  return kind != TargetKind::sqs && kind != TargetKind::bus && kind != TargetKind::function;
}

// The words are ours: only that it is not allowed is documented.
Status check_forwarding(const Bus& bus, const Target& target, const Caller& caller) {
  if (target.kind != TargetKind::bus || target.input == nullptr) return ok();
  if (parse_bus(target.config.arn, caller).account == bus.world->account) return ok();
  return Error{ErrorCode::validation,
               fmt::format("Input, InputPath and InputTransformer are not supported for target {}: "
                           "it is an event bus of another account.",
                           target.config.id)};
}

Error invalid(std::string message) { return {ErrorCode::validation, std::move(message)}; }

// What a target may not be any more, though one that is stored may be. The service's own words are
// recorded of none of these but the missing parameters.
Status check_new_target(const Bus& bus, const api::Target& config) {
  if (is_http_url(config.arn) && has_user_info(config.arn)) {
    return invalid(
        fmt::format("Parameter Arn of target {} is not valid. Reason: A URL with a user "
                    "name; credentials do not belong there.",
                    config.id));
  }
  const auto service = arn_service(config.arn);
  const bool lacks_task = service == "ecs" && !config.ecs_parameters;
  const bool lacks_job = service == "batch" && !config.batch_parameters;
  if (lacks_task || lacks_job) {
    return invalid(fmt::format("Parameter(s) {} must be specified for target: {}.",
                               lacks_task ? "EcsParameters" : "BatchParameters", config.id));
  }
  const auto& dead_letters = config.dead_letter_config;
  if (!dead_letters || !dead_letters->arn) return ok();
  const auto queue = parse_queue_arn(*dead_letters->arn);
  if (queue && queue->region == bus.world->region && !queue->name.ends_with(".fifo")) return ok();
  return invalid(
      fmt::format("Parameter DeadLetterConfig.Arn of target {} is not valid. Reason: It "
                  "must be the ARN of a standard queue in the rule's region.",
                  config.id));
}

}  // namespace

Result<api::TargetsResponse> Broker::put_targets(const api::PutTargetsRequest& request,
                                                 Context& ctx) {
  SIGNALBOX_TRY(Bus* const bus, find_bus_or_error(request.event_bus_name,
                                                  {"events:PutTargets", request.rule}, ctx));
  SIGNALBOX_TRY(Rule* const rule, find_rule_or_error(*bus, request.rule));
  std::map<std::string, Target> targets;
  std::size_t count = rule->targets.size();
  for (const auto& config : request.targets) {
    SIGNALBOX_TRY(check_new_target(*bus, config));
    SIGNALBOX_TRY(Target target, make_target(config));
    SIGNALBOX_TRY(check_forwarding(*bus, target, ctx.caller));
    const bool is_new = targets.insert_or_assign(config.id, std::move(target)).second;
    if (is_new && !rule->targets.contains(config.id)) ++count;
  }
  if (count > targets_per_rule_max) {
    return Error{ErrorCode::limit_exceeded,
                 "The requested resource exceeds the maximum number allowed."};
  }
  for (auto& [id, target] : targets) {
    // What is under way to a target of this id goes on, to where it points now.
    const auto before = rule->targets.find(id);
    if (before != rule->targets.end()) target.lane_id = before->second.lane_id;
    if (target.lane_id == 0 && needs_lane(target.kind)) {
      target.lane_id = next_id();
      put_next_ids(ctx);
    }
    ctx.batch.put(keys::target(bus->id, rule->id, id),
                  encode_target(target.config, target.lane_id));
    remove_target(*rule, id);
    add_target(*rule, std::move(target));
  }
  return api::TargetsResponse{};
}

Result<api::TargetsResponse> Broker::remove_targets(const api::RemoveTargetsRequest& request,
                                                    Context& ctx) {
  SIGNALBOX_TRY(Bus* const bus, find_bus_or_error(request.event_bus_name,
                                                  {"events:RemoveTargets", request.rule}, ctx));
  SIGNALBOX_TRY(Rule* const rule, find_rule_or_error(*bus, request.rule));
  // Removing what is not there succeeds: a retry of a request whose answer was lost must.
  for (const auto& id : request.ids) {
    ctx.batch.erase(keys::target(bus->id, rule->id, id));
    const auto target = rule->targets.find(id);
    if (target != rule->targets.end()) drop_lane(target->second.lane_id, ctx);
    remove_target(*rule, id);
  }
  return api::TargetsResponse{};
}

Result<api::ListTargetsByRuleResponse> Broker::list_targets_by_rule(
    const api::ListTargetsByRuleRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Bus* const bus, find_bus_or_error(request.event_bus_name,
                                                  {"events:ListTargetsByRule", request.rule}, ctx));
  SIGNALBOX_TRY(const Rule* const rule, find_rule_or_error(*bus, request.rule));
  api::ListTargetsByRuleResponse response;
  SIGNALBOX_TRY(
      response.next_token,
      visit_page(rule->targets, {"", request.next_token, request.limit},
                 [&](const auto& entry) { response.targets.push_back(entry.second.config); }));
  return response;
}

Result<api::ListRuleNamesByTargetResponse> Broker::list_rule_names_by_target(
    const api::ListRuleNamesByTargetRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Bus* const bus, find_bus_or_error(request.event_bus_name,
                                                        {"events:ListRuleNamesByTarget", {}}, ctx));
  api::ListRuleNamesByTargetResponse response;
  const auto at = bus->rules_by_target.find(request.target_arn);
  if (at == bus->rules_by_target.end()) return response;
  SIGNALBOX_TRY(response.next_token,
                visit_page(at->second, {"", request.next_token, request.limit},
                           [&](const std::string& name) { response.rule_names.push_back(name); }));
  return response;
}

}  // namespace signalbox::broker
