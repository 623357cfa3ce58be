// IAM and STS, as far as tools call them on the way to the broker: roles and policies are kept and
// shown, and a role can be assumed. Nothing is enforced: no policy is evaluated, no key or token
// verified, and a role that does not exist can be assumed and named anywhere. Core thread only.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "broker/api/sts.h"
#include "broker/identity/entities.h"
#include "broker/service.h"

namespace signalbox::broker::identity {

// Quotas of the service; where it can be asked for more, what it would give.
constexpr std::size_t accounts_max = 1000;
constexpr std::size_t roles_per_account_max = 5000;
constexpr std::size_t policies_per_account_max = 10'000;
constexpr std::size_t policies_per_role_max = 20;
constexpr std::size_t versions_per_policy_max = 5;
constexpr std::size_t trust_bytes_max = 4096;
constexpr std::size_t inline_bytes_max = 10'240;
constexpr std::size_t policy_bytes_max = 6144;

class Identity final : public Service {
 public:
  explicit Identity(ServiceHost& host) : host_(host) {}
  std::string load(const storage::View& view, Context& ctx) override;

  // roles (roles.cc)
  Result<wire::RoleResponse> create_role(const wire::CreateRoleRequest&, Context&);
  Result<wire::RoleResponse> get_role(const wire::RoleRequest&, Context&);
  Status delete_role(const wire::RoleRequest&, Context&);
  Result<wire::ListRolesResponse> list_roles(const wire::ListRolesRequest&, Context&);
  Result<wire::UpdateRoleResponse> update_role(const wire::UpdateRoleRequest&, Context&);
  Result<wire::RoleResponse> update_role_description(const wire::UpdateRoleDescriptionRequest&,
                                                     Context&);
  Status update_assume_role_policy(const wire::UpdateAssumeRolePolicyRequest&, Context&);
  Status put_role_permissions_boundary(const wire::PutRolePermissionsBoundaryRequest&, Context&);
  Status delete_role_permissions_boundary(const wire::RoleRequest&, Context&);
  Result<wire::ListInstanceProfilesForRoleResponse> list_instance_profiles_for_role(
      const wire::ListOfRoleRequest&, Context&);
  // tags (tags.cc)
  Status tag_role(const wire::TagRoleRequest&, Context&);
  Status untag_role(const wire::UntagRoleRequest&, Context&);
  Result<wire::ListTagsResponse> list_role_tags(const wire::ListOfRoleRequest&, Context&);
  Status tag_policy(const wire::TagPolicyRequest&, Context&);
  Status untag_policy(const wire::UntagPolicyRequest&, Context&);
  Result<wire::ListTagsResponse> list_policy_tags(const wire::ListOfPolicyRequest&, Context&);
  // policies in a role, and attached to one (role_policies.cc)
  Status put_role_policy(const wire::PutRolePolicyRequest&, Context&);
  Result<wire::GetRolePolicyResponse> get_role_policy(const wire::RolePolicyRequest&, Context&);
  Status delete_role_policy(const wire::RolePolicyRequest&, Context&);
  Result<wire::ListRolePoliciesResponse> list_role_policies(const wire::ListOfRoleRequest&,
                                                            Context&);
  Status attach_role_policy(const wire::AttachmentRequest&, Context&);
  Status detach_role_policy(const wire::AttachmentRequest&, Context&);
  Result<wire::ListAttachedRolePoliciesResponse> list_attached_role_policies(
      const wire::ListAttachedRolePoliciesRequest&, Context&);
  // managed policies (policies.cc)
  Result<wire::PolicyResponse> create_policy(const wire::CreatePolicyRequest&, Context&);
  Result<wire::PolicyResponse> get_policy(const wire::PolicyRequest&, Context&);
  Status delete_policy(const wire::PolicyRequest&, Context&);
  Result<wire::ListPoliciesResponse> list_policies(const wire::ListPoliciesRequest&, Context&);
  Result<wire::ListEntitiesForPolicyResponse> list_entities_for_policy(
      const wire::ListEntitiesForPolicyRequest&, Context&);
  // their versions (policy_versions.cc)
  Result<wire::PolicyVersionResponse> create_policy_version(const wire::CreatePolicyVersionRequest&,
                                                            Context&);
  Result<wire::PolicyVersionResponse> get_policy_version(const wire::PolicyVersionRequest&,
                                                         Context&);
  Status delete_policy_version(const wire::PolicyVersionRequest&, Context&);
  Status set_default_policy_version(const wire::PolicyVersionRequest&, Context&);
  Result<wire::ListPolicyVersionsResponse> list_policy_versions(const wire::ListOfPolicyRequest&,
                                                                Context&);
  // STS (sessions.cc)
  Result<api::sts::GetCallerIdentityResponse> get_caller_identity(const api::Empty&, Context&);
  Result<api::sts::AssumeRoleResponse> assume_role(const api::sts::AssumeRoleRequest&, Context&);

 private:
  // The caller's; one that has nothing yet is shown as empty, and made when something is put in.
  const Account& account_of(const Context& ctx) const;
  Result<Account*> account_to_fill(Context& ctx);
  Result<Role*> find_role(const std::string& name, Context& ctx);
  // Of the caller's own account.
  Result<Policy*> find_policy(const std::string& arn, Context& ctx);
  // Whether a role may have it: one of the account, or any of AWS.
  bool is_attachable(std::string_view arn, const Context& ctx) const;
  Status check_boundary(const std::string& arn, const Context& ctx) const;
  void set_boundary(Role& role, const std::optional<std::string>& arn);
  // The counts of who uses it are not in its record.
  wire::Policy shown(const Policy& policy) const;
  void forget_usage_if_none(Account& account, const std::string& arn);
  static void store(const Role& role, Context& ctx);
  static void store(const Policy& policy, Context& ctx);

  ServiceHost& host_;
  std::map<std::string, Account, std::less<>> by_account_;
};

// Tags as they are listed, and the same as they are kept; errors are the service's (tags.cc).
wire::TagList tag_list(const api::StringMap& tags);
Status add_tags(api::StringMap& tags, const wire::TagList& added);
// That a managed policy may have it (policy_versions.cc).
Status check_policy_document(std::string_view document);

}  // namespace signalbox::broker::identity
