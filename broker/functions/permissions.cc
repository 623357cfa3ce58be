// Resource policies of functions, versions and aliases: stored and shown, and enforce nothing.
#include <fmt/format.h>

#include <algorithm>

#include "broker/events_envelope.h"
#include "broker/functions/functions.h"

namespace signalbox::broker::functions {

namespace {

constexpr std::size_t policy_bytes_max = 20'480;

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// As JSON, or empty: no principal is called so.
std::string principal_of(const std::string& given) {
  const bool is_account = given.size() == 12 && std::all_of(given.begin(), given.end(), [](char c) {
                            return c >= '0' && c <= '9';
                          });
  if (given == "*") return quoted(given);
  if (is_account) return fmt::format(R"({{"AWS":"arn:aws:iam::{}:root"}})", given);
  if (given.starts_with("arn:")) return fmt::format(R"({{"AWS":{}}})", quoted(given));
  if (given.find('.') == std::string::npos) return {};
  return fmt::format(R"({{"Service":{}}})", quoted(given));
}

// {"StringEquals":{"AWS:SourceAccount":"000000000000"},"ArnLike":{...}}; empty: there is none.
std::string condition_of(const wire::AddPermissionRequest& request) {
  std::string equals;
  std::string condition;
  const auto add = [](std::string& out, std::string_view name, std::string_view value) {
    out += fmt::format(R"({}"{}":{})", out.empty() ? "" : ",", name, value);
  };
  const auto add_equal = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) add(equals, name, quoted(*value));
  };
  add_equal("AWS:SourceAccount", request.source_account);
  add_equal("lambda:EventSourceToken", request.event_source_token);
  add_equal("lambda:FunctionUrlAuthType", request.function_url_auth_type);
  add_equal("aws:PrincipalOrgID", request.principal_org_id);
  if (!equals.empty()) add(condition, "StringEquals", fmt::format("{{{}}}", equals));
  if (request.invoked_via_function_url) {
    add(condition, "Bool",
        fmt::format(R"({{"lambda:InvokedViaFunctionUrl":"{}"}})",
                    *request.invoked_via_function_url));
  }
  if (request.source_arn) {
    add(condition, "ArnLike",
        fmt::format(R"({{"AWS:SourceArn":{}}})", quoted(*request.source_arn)));
  }
  return condition;
}

std::string statement_of(const wire::AddPermissionRequest& request, const std::string& principal,
                         const std::string& resource) {
  std::string text =
      fmt::format(R"({{"Sid":"{}","Effect":"Allow","Principal":{},"Action":"{}","Resource":"{}")",
                  request.statement_id, principal, request.action, resource);
  const std::string condition = condition_of(request);
  if (!condition.empty()) text += fmt::format(R"(,"Condition":{{{}}})", condition);
  return text += '}';
}

std::string document_of(const Policy& policy) {
  std::string text = R"({"Version":"2012-10-17","Id":"default","Statement":[)";
  for (const auto& statement : policy.statements) {
    if (&statement != policy.statements.data()) text += ',';
    text += statement.text;
  }
  return text += "]}";
}

Status check_policy_revision(const std::optional<std::string>& wanted,
                             const std::optional<Policy>& policy) {
  if (!wanted || (policy && policy->revision_id == *wanted)) return ok();
  return Error{ErrorCode::precondition_failed,
               "The RevisionId provided does not match the latest RevisionId. Call the GetPolicy "
               "API to retrieve the latest RevisionId for your resource."};
}

auto find_statement(Policy& policy, const std::string& sid) {
  return std::find_if(policy.statements.begin(), policy.statements.end(),
                      [&](const auto& statement) { return statement.sid == sid; });
}

Error refused(std::string text) { return {ErrorCode::invalid_parameter_value, std::move(text)}; }

}  // namespace

Result<Qualified> Functions::find_qualified(const std::string& name,
                                            const std::optional<std::string>& qualifier,
                                            Context& ctx) {
  SIGNALBOX_TRY(const FunctionName parsed, parse_function_name(name, qualifier, ctx.caller));
  SIGNALBOX_TRY(Function* const function, find_function(name, qualifier, ctx));
  Function& latest = latest_of(*function);
  Qualified found{.function = function, .qualifier = parsed.qualifier.value_or("")};
  const auto alias = latest.aliases.find(found.qualifier);
  if (alias != latest.aliases.end()) {
    found.alias = &alias->second;
    found.function = &latest;
  }
  found.arn = parsed.arn();
  return found;
}

void Functions::store_qualified(const Qualified& place, Context& ctx) {
  if (place.alias != nullptr) {
    store_alias(*place.function, *place.alias, ctx);
  } else {
    store(*place.function, ctx);
  }
}

Result<wire::AddPermissionResponse> Functions::add_permission(
    const wire::AddPermissionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Qualified place,
                find_qualified(request.function_name, request.qualifier, ctx));
  if (place.qualifier == latest) {
    return refused("We currently do not support adding policies for $LATEST.");
  }
  std::optional<Policy>& policy = place.policy();
  SIGNALBOX_TRY(check_policy_revision(request.revision_id, policy));
  const std::string principal = principal_of(request.principal);
  if (principal.empty()) {
    return refused("The provided principal was invalid. Please check the principal and try again.");
  }
  if (request.function_url_auth_type && request.action != "lambda:InvokeFunctionUrl") {
    return refused("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action");
  }
  Policy changed = policy.value_or(Policy{});
  if (find_statement(changed, request.statement_id) != changed.statements.end()) {
    return Error{ErrorCode::conflict,
                 fmt::format("The statement id ({}) provided already exists. Please provide a new "
                             "statement id, or remove the existing statement.",
                             request.statement_id)};
  }
  const std::string statement = statement_of(request, principal, place.arn);
  changed.statements.push_back({request.statement_id, statement});
  changed.revision_id = format_uuid(ctx.ids.uuid());
  if (const auto size = document_of(changed).size(); size > policy_bytes_max) {
    return Error{ErrorCode::policy_length_exceeded,
                 fmt::format("The final policy size ({}) is bigger than the limit ({}).", size,
                             policy_bytes_max)};
  }
  policy = std::move(changed);
  store_qualified(place, ctx);
  return wire::AddPermissionResponse{statement};
}

Status Functions::remove_permission(const wire::RemovePermissionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Qualified place,
                find_qualified(request.function_name, request.qualifier, ctx));
  std::optional<Policy>& policy = place.policy();
  if (!policy) {
    return Error{ErrorCode::resource_not_found, "No policy is associated with the given resource."};
  }
  SIGNALBOX_TRY(check_policy_revision(request.revision_id, policy));
  const auto at = find_statement(*policy, request.statement_id);
  if (at == policy->statements.end()) {
    return Error{
        ErrorCode::resource_not_found,
        fmt::format("Statement {} is not found in resource policy.", request.statement_id)};
  }
  policy->statements.erase(at);
  policy->revision_id = format_uuid(ctx.ids.uuid());
  if (policy->statements.empty()) policy.reset();
  store_qualified(place, ctx);
  return ok();
}

Result<wire::GetPolicyResponse> Functions::get_policy(const wire::FunctionRequest& request,
                                                      Context& ctx) {
  SIGNALBOX_TRY(const Qualified place,
                find_qualified(request.function_name, request.qualifier, ctx));
  const std::optional<Policy>& policy = place.policy();
  if (!policy) {
    return Error{ErrorCode::resource_not_found, "The resource you requested does not exist."};
  }
  return wire::GetPolicyResponse{document_of(*policy), policy->revision_id};
}

}  // namespace signalbox::broker::functions
