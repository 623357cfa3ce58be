// Permissions of a bus: its policy, put whole or statement by statement.
#include <fmt/format.h>

#include "broker/access_policy.h"
#include "broker/broker.h"
#include "broker/bus_access.h"
#include "broker/events_envelope.h"

namespace signalbox::broker {

namespace {

constexpr std::size_t policy_length_max = 10'240;
constexpr std::string_view put_events_action = "events:PutEvents";

Error invalid(std::string message) { return {ErrorCode::validation, std::move(message)}; }

Error no_such_statement() {
  return {ErrorCode::resource_not_found, "Statement with the provided id does not exist."};
}

std::string json_of(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

std::string statement_json(const api::PutPermissionRequest& request, const Bus& bus) {
  const bool is_anybody = *request.principal == "*";
  std::string json = fmt::format(
      R"({{"Sid":{},"Effect":"Allow","Principal":{},"Action":{},"Resource":{})",
      json_of(*request.statement_id),
      is_anybody ? R"("*")"
                 : fmt::format(R"({{"AWS":"arn:aws:iam::{}:root"}})", *request.principal),
      json_of(*request.action), json_of(bus.arn()));
  if (const auto& condition = request.condition) {
    json += fmt::format(R"(,"Condition":{{{}:{{{}:{}}}}})", json_of(condition->type),
                        json_of(condition->key), json_of(condition->value));
  }
  return json + "}";
}

AccessPolicy statements_of(const Bus& bus) {
  // What is kept is a JSON object, so that there is always one.
  return *AccessPolicy::read(bus.policy ? bus.policy->text() : std::string(), {"2012-10-17", {}});
}

Status check_statement(const api::PutPermissionRequest& request) {
  if (!request.action || !request.principal || !request.statement_id) {
    // The service's own words are not recorded.
    return invalid("Parameters Action, Principal and StatementId must be specified, or Policy.");
  }
  if (*request.action != put_events_action) {
    return invalid("Provided value in parameter 'action' is not supported.");
  }
  const auto& condition = request.condition;
  if (condition && (condition->type != "StringEquals" || condition->key != "aws:PrincipalOrgID")) {
    return invalid(
        "Parameter Condition is not valid. Reason: only StringEquals of "
        "aws:PrincipalOrgID is supported.");
  }
  return ok();
}

Status check_that_it_is_alone(const api::PutPermissionRequest& request) {
  if (request.action || request.principal || request.statement_id || request.condition) {
    return invalid(
        "Parameters Action, Principal, StatementId and Condition cannot be specified "
        "together with Policy.");
  }
  return ok();
}

}  // namespace

Status Broker::set_bus_policy(Bus& bus, std::string text, Context& ctx) {
  if (text.size() > policy_length_max) {
    return Error{ErrorCode::policy_length_exceeded,
                 fmt::format("The policy is longer than {} characters.", policy_length_max)};
  }
  std::optional<BusPolicy> policy;
  if (!text.empty()) {
    const std::string problem = BusPolicy::problem_of(text);
    // The service's own words are not recorded.
    if (!problem.empty()) return invalid(fmt::format("The policy is not valid: {}.", problem));
    policy = BusPolicy::read(std::move(text));
  }
  bus.policy = std::move(policy);
  bus.modified_ms = to_ms(ctx.wall);
  store_bus(bus, ctx);
  return ok();
}

Status Broker::put_permission(const api::PutPermissionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Bus* const bus,
                find_bus_or_error(request.event_bus_name, {"events:PutPermission", {}}, ctx));
  if (request.policy) {
    SIGNALBOX_TRY(check_that_it_is_alone(request));
    return set_bus_policy(*bus, *request.policy, ctx);
  }
  SIGNALBOX_TRY(check_statement(request));
  AccessPolicy statements = statements_of(*bus);
  statements.remove(*request.statement_id);
  statements.add(*request.statement_id, statement_json(request, *bus));
  return set_bus_policy(*bus, statements.text(), ctx);
}

Status Broker::remove_bus_permission(const api::RemoveBusPermissionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Bus* const bus,
                find_bus_or_error(request.event_bus_name, {"events:RemovePermission", {}}, ctx));
  if (request.remove_all_permissions.value_or(false)) return set_bus_policy(*bus, {}, ctx);
  AccessPolicy statements = statements_of(*bus);
  if (!request.statement_id || !statements.remove(*request.statement_id)) {
    return no_such_statement();
  }
  return set_bus_policy(*bus, statements.text(), ctx);
}

}  // namespace signalbox::broker
