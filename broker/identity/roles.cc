// Roles: who may assume them, what bounds them, and what is shown of them.
#include <fmt/format.h>

#include "broker/destinations/merge.h"
#include "broker/identity/arns.h"
#include "broker/identity/documents.h"
#include "broker/identity/identity.h"
#include "broker/identity/paging.h"
#include "storage/keys.h"

namespace signalbox::broker::identity {

namespace {

constexpr std::int64_t session_seconds_default = 3600;

Status check_trust(std::string_view document) {
  SIGNALBOX_TRY(check_document(document, DocumentKind::trust));
  if (counted_size(document) <= trust_bytes_max) return ok();
  return Error{ErrorCode::limit_exceeded,
               fmt::format("Cannot exceed quota for ACLSizePerRole: {}", trust_bytes_max)};
}

// As listings have it: without what only GetRole shows.
wire::Role listed(const Role& role) {
  wire::Role shown = role.shown;
  shown.assume_role_policy_document = percent_encoded(*role.shown.assume_role_policy_document);
  shown.permissions_boundary.reset();
  return shown;
}

wire::Role shown_whole(const Role& role) {
  wire::Role shown = listed(role);
  shown.permissions_boundary = role.shown.permissions_boundary;
  if (!role.tags.empty()) shown.tags = tag_list(role.tags);
  return shown;
}

}  // namespace

bool Identity::is_attachable(std::string_view arn, const Context& ctx) const {
  const auto parsed = parse_entity_arn(arn, "policy");
  if (!parsed) return false;
  if (parsed->owner == "aws") return true;
  const auto& policies = account_of(ctx).policies;
  const auto at = policies.find(parsed->name);
  return at != policies.end() && at->second.shown.arn == arn;
}

Status Identity::check_boundary(const std::string& arn, const Context& ctx) const {
  if (is_attachable(arn, ctx)) return ok();
  return Error{ErrorCode::resource_not_found,
               fmt::format("Scope ARN: {} does not exist or is not attachable.", arn)};
}

void Identity::set_boundary(Role& role, const std::optional<std::string>& arn) {
  Account& account = by_account_.find(role.account)->second;
  if (const auto old = role.shown.permissions_boundary) {
    account.usage[old->permissions_boundary_arn].bounded.erase(role.shown.role_name);
    forget_usage_if_none(account, old->permissions_boundary_arn);
  }
  role.shown.permissions_boundary.reset();
  if (!arn) return;
  role.shown.permissions_boundary = {"PermissionsBoundaryPolicy", *arn};
  account.usage[*arn].bounded.insert(role.shown.role_name);
}

Result<wire::RoleResponse> Identity::create_role(const wire::CreateRoleRequest& request,
                                                 Context& ctx) {
  if (account_of(ctx).roles.contains(request.role_name)) {
    return Error{ErrorCode::resource_already_exists,
                 fmt::format("Role with name {} already exists.", request.role_name)};
  }
  SIGNALBOX_TRY(check_trust(request.assume_role_policy_document));
  if (request.permissions_boundary) {
    SIGNALBOX_TRY(check_boundary(*request.permissions_boundary, ctx));
  }
  Role role;
  SIGNALBOX_TRY(add_tags(role.tags, request.tags));
  SIGNALBOX_TRY(Account* const account, account_to_fill(ctx));
  if (account->roles.size() >= roles_per_account_max) {
    return Error{ErrorCode::limit_exceeded,
                 fmt::format("Cannot exceed quota for RolesPerAccount: {}", roles_per_account_max)};
  }
  role.id = host_.new_id(ctx);
  role.account = ctx.caller.account;
  wire::Role& shown = role.shown;
  shown.path = request.path.value_or("/");
  shown.role_name = request.role_name;
  shown.role_id = new_unique_id("AROA", ctx.ids);
  shown.arn = entity_arn(role.account, "role", shown.path, shown.role_name);
  shown.create_date.ms = to_ms(ctx.wall);
  shown.assume_role_policy_document = request.assume_role_policy_document;
  shown.description = request.description;
  shown.max_session_duration = request.max_session_duration.value_or(session_seconds_default);
  shown.max_signin_session_duration = request.max_signin_session_duration;
  set_boundary(role, request.permissions_boundary);
  store(role, ctx);
  account->roles.emplace(request.role_name, role);
  return wire::RoleResponse{shown_whole(role)};
}

Result<wire::RoleResponse> Identity::get_role(const wire::RoleRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Role* const role, find_role(request.role_name, ctx));
  wire::RoleResponse response{shown_whole(*role)};
  response.role.role_last_used.emplace();  // never: nothing here acts as a role
  return response;
}

Status Identity::delete_role(const wire::RoleRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Role* const role, find_role(request.role_name, ctx));
  if (!role->attached.empty()) {
    return Error{ErrorCode::conflict, "Cannot delete entity, must detach all policies first."};
  }
  if (!role->inline_policies.empty()) {
    return Error{ErrorCode::conflict, "Cannot delete entity, must delete policies first."};
  }
  set_boundary(*role, std::nullopt);
  ctx.batch.erase(storage::keys::iam_role(role->id));
  by_account_.find(role->account)->second.roles.erase(request.role_name);
  return ok();
}

Result<wire::ListRolesResponse> Identity::list_roles(const wire::ListRolesRequest& request,
                                                     Context& ctx) {
  wire::ListRolesResponse response;
  const std::string prefix = request.path_prefix.value_or("/");
  SIGNALBOX_TRY(fill_page(
      account_of(ctx).roles, request, response,
      [&](const auto& entry) { return entry.second.shown.path.starts_with(prefix); },
      [&](const auto& entry) { response.roles.push_back(listed(entry.second)); }));
  return response;
}

Result<wire::UpdateRoleResponse> Identity::update_role(const wire::UpdateRoleRequest& request,
                                                       Context& ctx) {
  SIGNALBOX_TRY(Role* const role, find_role(request.role_name, ctx));
  wire::Role& shown = role->shown;
  if (request.description) shown.description = request.description;
  if (request.max_session_duration) shown.max_session_duration = request.max_session_duration;
  if (request.reset_max_signin_session_duration.value_or(false)) {
    shown.max_signin_session_duration.reset();
  } else if (request.max_signin_session_duration) {
    shown.max_signin_session_duration = request.max_signin_session_duration;
  }
  store(*role, ctx);
  return wire::UpdateRoleResponse{};
}

Result<wire::RoleResponse> Identity::update_role_description(
    const wire::UpdateRoleDescriptionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Role* const role, find_role(request.role_name, ctx));
  role->shown.description = request.description;
  store(*role, ctx);
  return wire::RoleResponse{role->shown};
}

Status Identity::update_assume_role_policy(const wire::UpdateAssumeRolePolicyRequest& request,
                                           Context& ctx) {
  SIGNALBOX_TRY(Role* const role, find_role(request.role_name, ctx));
  SIGNALBOX_TRY(check_trust(request.policy_document));
  role->shown.assume_role_policy_document = request.policy_document;
  store(*role, ctx);
  return ok();
}

Status Identity::put_role_permissions_boundary(
    const wire::PutRolePermissionsBoundaryRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Role* const role, find_role(request.role_name, ctx));
  SIGNALBOX_TRY(check_boundary(request.permissions_boundary, ctx));
  set_boundary(*role, request.permissions_boundary);
  store(*role, ctx);
  return ok();
}

Status Identity::delete_role_permissions_boundary(const wire::RoleRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Role* const role, find_role(request.role_name, ctx));
  set_boundary(*role, std::nullopt);
  store(*role, ctx);
  return ok();
}

// There are no instances here to have profiles.
Result<wire::ListInstanceProfilesForRoleResponse> Identity::list_instance_profiles_for_role(
    const wire::ListOfRoleRequest& request, Context& ctx) {
  SIGNALBOX_TRY(find_role(request.role_name, ctx));
  return wire::ListInstanceProfilesForRoleResponse{};
}

}  // namespace signalbox::broker::identity
