// The operations of IAM and STS.
#include "broker/identity/identity.h"

#include "protocol/operations/rows.h"

namespace signalbox::protocol::operations {

namespace {

using broker::identity::Identity;

constexpr auto iam = Service::iam;
constexpr auto sts = Service::sts;

constexpr Row rows[] = {
    row<&Identity::attach_role_policy>(iam, "AttachRolePolicy", Kind::writes),
    row<&Identity::create_policy>(iam, "CreatePolicy", Kind::writes),
    row<&Identity::create_policy_version>(iam, "CreatePolicyVersion", Kind::writes),
    row<&Identity::create_role>(iam, "CreateRole", Kind::writes),
    row<&Identity::delete_policy>(iam, "DeletePolicy", Kind::writes),
    row<&Identity::delete_policy_version>(iam, "DeletePolicyVersion", Kind::writes),
    row<&Identity::delete_role>(iam, "DeleteRole", Kind::writes),
    row<&Identity::delete_role_permissions_boundary>(iam, "DeleteRolePermissionsBoundary",
                                                     Kind::writes),
    row<&Identity::delete_role_policy>(iam, "DeleteRolePolicy", Kind::writes),
    row<&Identity::detach_role_policy>(iam, "DetachRolePolicy", Kind::writes),
    row<&Identity::get_policy>(iam, "GetPolicy", Kind::reads),
    row<&Identity::get_policy_version>(iam, "GetPolicyVersion", Kind::reads),
    row<&Identity::get_role>(iam, "GetRole", Kind::reads),
    row<&Identity::get_role_policy>(iam, "GetRolePolicy", Kind::reads),
    row<&Identity::list_attached_role_policies>(iam, "ListAttachedRolePolicies", Kind::reads),
    row<&Identity::list_entities_for_policy>(iam, "ListEntitiesForPolicy", Kind::reads),
    row<&Identity::list_instance_profiles_for_role>(iam, "ListInstanceProfilesForRole",
                                                    Kind::reads),
    row<&Identity::list_policies>(iam, "ListPolicies", Kind::reads),
    row<&Identity::list_policy_tags>(iam, "ListPolicyTags", Kind::reads),
    row<&Identity::list_policy_versions>(iam, "ListPolicyVersions", Kind::reads),
    row<&Identity::list_role_policies>(iam, "ListRolePolicies", Kind::reads),
    row<&Identity::list_role_tags>(iam, "ListRoleTags", Kind::reads),
    row<&Identity::list_roles>(iam, "ListRoles", Kind::reads),
    row<&Identity::put_role_permissions_boundary>(iam, "PutRolePermissionsBoundary", Kind::writes),
    row<&Identity::put_role_policy>(iam, "PutRolePolicy", Kind::writes),
    row<&Identity::set_default_policy_version>(iam, "SetDefaultPolicyVersion", Kind::writes),
    row<&Identity::tag_policy>(iam, "TagPolicy", Kind::writes),
    row<&Identity::tag_role>(iam, "TagRole", Kind::writes),
    row<&Identity::untag_policy>(iam, "UntagPolicy", Kind::writes),
    row<&Identity::untag_role>(iam, "UntagRole", Kind::writes),
    row<&Identity::update_assume_role_policy>(iam, "UpdateAssumeRolePolicy", Kind::writes),
    row<&Identity::update_role>(iam, "UpdateRole", Kind::writes),
    row<&Identity::update_role_description>(iam, "UpdateRoleDescription", Kind::writes),

    row<&Identity::assume_role>(sts, "AssumeRole", Kind::reads),
    row<&Identity::get_caller_identity>(sts, "GetCallerIdentity", Kind::reads),
};
static_assert(is_operation_table(std::span<const Row>(rows)));

}  // namespace

std::span<const Row> identity_rows() { return rows; }

}  // namespace signalbox::protocol::operations
