// The policies in a role, and those attached to one.
#include <fmt/format.h>

#include "broker/destinations/merge.h"
#include "broker/identity/arns.h"
#include "broker/identity/documents.h"
#include "broker/identity/identity.h"
#include "broker/identity/paging.h"

namespace signalbox::broker::identity {

namespace {

Error no_such_role_policy(std::string_view name) {
  return {ErrorCode::resource_not_found,
          fmt::format("The role policy with name {} cannot be found.", name)};
}

// Under which an attachment is kept.
std::string label_of(const EntityArn& arn) { return fmt::format("{} {}", arn.name, arn.owner); }

}  // namespace

Status Identity::put_role_policy(const wire::PutRolePolicyRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Role* const role, find_role(request.role_name, ctx));
  SIGNALBOX_TRY(check_document(request.policy_document, DocumentKind::permissions));
  std::size_t bytes = counted_size(request.policy_document);
  for (const auto& [name, document] : role->inline_policies) {
    if (name != request.policy_name) bytes += counted_size(document);
  }
  if (bytes > inline_bytes_max) {
    return Error{ErrorCode::limit_exceeded,
                 fmt::format("Maximum policy size of {} bytes exceeded for role {}",
                             inline_bytes_max, request.role_name)};
  }
  role->inline_policies[request.policy_name] = request.policy_document;
  store(*role, ctx);
  return ok();
}

Result<wire::GetRolePolicyResponse> Identity::get_role_policy(
    const wire::RolePolicyRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Role* const role, find_role(request.role_name, ctx));
  const auto at = role->inline_policies.find(request.policy_name);
  if (at == role->inline_policies.end()) return no_such_role_policy(request.policy_name);
  return wire::GetRolePolicyResponse{role->shown.role_name, at->first, percent_encoded(at->second)};
}

Status Identity::delete_role_policy(const wire::RolePolicyRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Role* const role, find_role(request.role_name, ctx));
  if (role->inline_policies.erase(request.policy_name) == 0) {
    return no_such_role_policy(request.policy_name);
  }
  store(*role, ctx);
  return ok();
}

Result<wire::ListRolePoliciesResponse> Identity::list_role_policies(
    const wire::ListOfRoleRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Role* const role, find_role(request.role_name, ctx));
  wire::ListRolePoliciesResponse response;
  SIGNALBOX_TRY(fill_page(
      role->inline_policies, request, response, [](const auto&) { return true; },
      [&](const auto& entry) { response.policy_names.push_back(entry.first); }));
  return response;
}

Status Identity::attach_role_policy(const wire::AttachmentRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Role* const role, find_role(request.role_name, ctx));
  const auto arn = parse_entity_arn(request.policy_arn, "policy");
  if (!arn) {
    return Error{ErrorCode::invalid_parameter_value,
                 fmt::format("ARN {} is not valid.", request.policy_arn)};
  }
  if (!is_attachable(request.policy_arn, ctx)) {
    return Error{ErrorCode::resource_not_found,
                 fmt::format("Policy {} does not exist or is not attachable.", request.policy_arn)};
  }
  const std::string label = label_of(*arn);
  if (role->attached.contains(label)) return ok();
  if (role->attached.size() >= policies_per_role_max) {
    return Error{ErrorCode::limit_exceeded,
                 fmt::format("Cannot exceed quota for PoliciesPerRole: {}", policies_per_role_max)};
  }
  role->attached[label] = request.policy_arn;
  Account& account = by_account_.find(role->account)->second;
  account.usage[request.policy_arn].attached.insert(role->shown.role_name);
  store(*role, ctx);
  return ok();
}

Status Identity::detach_role_policy(const wire::AttachmentRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Role* const role, find_role(request.role_name, ctx));
  const auto arn = parse_entity_arn(request.policy_arn, "policy");
  if (!arn) {
    return Error{ErrorCode::invalid_parameter_value,
                 fmt::format("ARN {} is not valid.", request.policy_arn)};
  }
  const auto at = role->attached.find(label_of(*arn));
  if (at == role->attached.end() || at->second != request.policy_arn) {
    return Error{ErrorCode::resource_not_found,
                 fmt::format("Policy {} was not found.", request.policy_arn)};
  }
  role->attached.erase(at);
  Account& account = by_account_.find(role->account)->second;
  account.usage[request.policy_arn].attached.erase(role->shown.role_name);
  forget_usage_if_none(account, request.policy_arn);
  store(*role, ctx);
  return ok();
}

Result<wire::ListAttachedRolePoliciesResponse> Identity::list_attached_role_policies(
    const wire::ListAttachedRolePoliciesRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Role* const role, find_role(request.role_name, ctx));
  wire::ListAttachedRolePoliciesResponse response;
  const std::string prefix = request.path_prefix.value_or("/");
  SIGNALBOX_TRY(fill_page(
      role->attached, request, response,
      [&](const auto& entry) {
        return parse_entity_arn(entry.second, "policy")->path.starts_with(prefix);
      },
      [&](const auto& entry) {
        const auto arn = parse_entity_arn(entry.second, "policy");
        response.attached_policies.push_back({std::string(arn->name), entry.second});
      }));
  return response;
}

}  // namespace signalbox::broker::identity
