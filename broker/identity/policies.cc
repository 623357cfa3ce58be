// Managed policies of an account, and who uses them. Those of AWS can be attached, but are not
// here: their texts are AWS's.
#include <fmt/format.h>

#include "broker/identity/arns.h"
#include "broker/identity/documents.h"
#include "broker/identity/identity.h"
#include "broker/identity/paging.h"
#include "storage/keys.h"

namespace signalbox::broker::identity {

wire::Policy Identity::shown(const Policy& policy) const {
  wire::Policy shown = policy.shown;
  shown.default_version_id = fmt::format("v{}", policy.default_version);
  const auto& usage = by_account_.find(policy.account)->second.usage;
  if (const auto used = usage.find(shown.arn); used != usage.end()) {
    shown.attachment_count = static_cast<std::int64_t>(used->second.attached.size());
    shown.permissions_boundary_usage_count = static_cast<std::int64_t>(used->second.bounded.size());
  }
  return shown;
}

Result<wire::PolicyResponse> Identity::create_policy(const wire::CreatePolicyRequest& request,
                                                     Context& ctx) {
  if (account_of(ctx).policies.contains(request.policy_name)) {
    return Error{ErrorCode::resource_already_exists,
                 fmt::format("A policy called {} already exists. Duplicate names are not allowed.",
                             request.policy_name)};
  }
  SIGNALBOX_TRY(check_policy_document(request.policy_document));
  Policy policy;
  SIGNALBOX_TRY(add_tags(policy.tags, request.tags));
  SIGNALBOX_TRY(Account* const account, account_to_fill(ctx));
  if (account->policies.size() >= policies_per_account_max) {
    return Error{
        ErrorCode::limit_exceeded,
        fmt::format("Cannot exceed quota for PoliciesPerAccount: {}", policies_per_account_max)};
  }
  policy.id = host_.new_id(ctx);
  policy.account = ctx.caller.account;
  policy.versions[1] = {request.policy_document, to_ms(ctx.wall)};
  wire::Policy& made = policy.shown;
  made.policy_name = request.policy_name;
  made.policy_id = new_unique_id("ANPA", ctx.ids);
  made.path = request.path.value_or("/");
  made.arn = entity_arn(policy.account, "policy", made.path, made.policy_name);
  made.description = request.description;
  made.create_date.ms = made.update_date.ms = to_ms(ctx.wall);
  store(policy, ctx);
  wire::PolicyResponse response{shown(policy)};
  if (!policy.tags.empty()) response.policy.tags = tag_list(policy.tags);
  account->policies.emplace(request.policy_name, std::move(policy));
  return response;
}

Result<wire::PolicyResponse> Identity::get_policy(const wire::PolicyRequest& request,
                                                  Context& ctx) {
  SIGNALBOX_TRY(const Policy* const policy, find_policy(request.policy_arn, ctx));
  wire::PolicyResponse response{shown(*policy)};
  response.policy.tags = tag_list(policy->tags);
  return response;
}

Status Identity::delete_policy(const wire::PolicyRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Policy* const policy, find_policy(request.policy_arn, ctx));
  Account& account = by_account_.find(policy->account)->second;
  if (account.usage.contains(request.policy_arn)) {
    return Error{ErrorCode::conflict, "Cannot delete a policy attached to entities."};
  }
  if (policy->versions.size() > 1) {
    return Error{ErrorCode::conflict,
                 "This policy has more than one version. Before you delete a policy, you must "
                 "delete the policy's versions. The default version is deleted with the policy."};
  }
  ctx.batch.erase(storage::keys::iam_policy(policy->id));
  account.policies.erase(account.policies.find(policy->shown.policy_name));
  return ok();
}

Result<wire::ListPoliciesResponse> Identity::list_policies(const wire::ListPoliciesRequest& request,
                                                           Context& ctx) {
  wire::ListPoliciesResponse response;
  if (request.scope == "AWS") return response;
  const std::string prefix = request.path_prefix.value_or("/");
  const auto& usage = account_of(ctx).usage;
  const bool wants_boundaries = request.policy_usage_filter == "PermissionsBoundary";
  const bool wants_used = request.only_attached.value_or(false) || request.policy_usage_filter;
  const auto wanted = [&](const auto& entry) {
    const wire::Policy& each = entry.second.shown;
    if (!each.path.starts_with(prefix)) return false;
    if (!wants_used) return true;
    const auto used = usage.find(each.arn);
    if (used == usage.end()) return false;
    return wants_boundaries ? !used->second.bounded.empty() : !used->second.attached.empty();
  };
  SIGNALBOX_TRY(
      fill_page(account_of(ctx).policies, request, response, wanted, [&](const auto& entry) {
        response.policies.push_back(shown(entry.second));
        response.policies.back().description.reset();  // GetPolicy alone shows it
      }));
  return response;
}

Result<wire::ListEntitiesForPolicyResponse> Identity::list_entities_for_policy(
    const wire::ListEntitiesForPolicyRequest& request, Context& ctx) {
  if (!is_attachable(request.policy_arn, ctx)) {
    SIGNALBOX_TRY(find_policy(request.policy_arn, ctx));  // for its error
  }
  wire::ListEntitiesForPolicyResponse response;
  const Account& account = account_of(ctx);
  const auto used = account.usage.find(request.policy_arn);
  // Roles are all there is.
  if (used == account.usage.end() || request.entity_filter.value_or("Role") != "Role") {
    return response;
  }
  std::set<std::string> names;
  const std::string usage = request.policy_usage_filter.value_or("");
  if (usage != "PermissionsBoundary") names = used->second.attached;
  if (usage != "PermissionsPolicy") {
    names.insert(used->second.bounded.begin(), used->second.bounded.end());
  }
  const std::string prefix = request.path_prefix.value_or("/");
  const auto shown_role = [&](const std::string& name) -> const wire::Role& {
    return account.roles.find(name)->second.shown;
  };
  SIGNALBOX_TRY(fill_page(
      names, request, response,
      [&](const std::string& name) { return shown_role(name).path.starts_with(prefix); },
      [&](const std::string& name) {
        response.policy_roles.push_back({name, shown_role(name).role_id});
      }));
  return response;
}

}  // namespace signalbox::broker::identity
