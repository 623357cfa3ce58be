// The requests and responses of IAM's operations on managed policies, as iam.h has those on roles.
#pragma once

#include "broker/api/iam.h"

namespace signalbox::broker::api::iam {

struct Policy {
  std::string policy_name;
  std::string policy_id;
  std::string arn;
  std::string path;
  std::string default_version_id;
  std::int64_t attachment_count = 0;
  std::int64_t permissions_boundary_usage_count = 0;
  bool is_attachable = true;
  std::optional<std::string> description;
  Timestamp create_date;
  Timestamp update_date;
  std::optional<TagList> tags;
  static constexpr auto fields() {
    using T = Policy;
    return std::tuple{field("PolicyName", &T::policy_name),
                      field("PolicyId", &T::policy_id),
                      field("Arn", &T::arn),
                      field("Path", &T::path),
                      field("DefaultVersionId", &T::default_version_id),
                      field("AttachmentCount", &T::attachment_count),
                      field("PermissionsBoundaryUsageCount", &T::permissions_boundary_usage_count),
                      field("IsAttachable", &T::is_attachable),
                      field("Description", &T::description),
                      field("CreateDate", &T::create_date),
                      field("UpdateDate", &T::update_date),
                      field("Tags", &T::tags)};
  }
};

struct CreatePolicyRequest {
  std::string policy_name;
  std::optional<std::string> path;
  std::string policy_document;
  std::optional<std::string> description;
  TagList tags;
  static constexpr auto fields() {
    using T = CreatePolicyRequest;
    return std::tuple{field("PolicyName", &T::policy_name, iam::policy_name),
                      field("Path", &T::path, policy_path),
                      field("PolicyDocument", &T::policy_document, document),
                      field("Description", &T::description, {.max = 1000}),
                      field("Tags", &T::tags, iam::tags)};
  }
};

// Of CreatePolicy and GetPolicy.
struct PolicyResponse {
  Policy policy;
  static constexpr auto fields() { return std::tuple{field("Policy", &PolicyResponse::policy)}; }
};

// GetPolicy and DeletePolicy take the same.
struct PolicyRequest {
  std::string policy_arn;
  static constexpr auto fields() {
    return std::tuple{field("PolicyArn", &PolicyRequest::policy_arn, required_arn)};
  }
};

struct ListPoliciesRequest {
  std::optional<std::string> scope;
  std::optional<bool> only_attached;
  std::optional<std::string> path_prefix;
  std::optional<std::string> policy_usage_filter;
  std::optional<std::string> marker;
  std::optional<std::int64_t> max_items;
  static constexpr auto fields() {
    using T = ListPoliciesRequest;
    return std::tuple{field("Scope", &T::scope, {.one_of = "All, AWS, Local"}),
                      field("OnlyAttached", &T::only_attached),
                      field("PathPrefix", &T::path_prefix, policy_path),
                      field("PolicyUsageFilter", &T::policy_usage_filter, policy_usage),
                      field("Marker", &T::marker, page_marker),
                      field("MaxItems", &T::max_items, page_size)};
  }
};

struct ListPoliciesResponse {
  std::vector<Policy> policies;
  bool is_truncated = false;
  std::optional<std::string> marker;
  static constexpr auto fields() {
    using T = ListPoliciesResponse;
    return std::tuple{field("Policies", &T::policies), field("IsTruncated", &T::is_truncated),
                      field("Marker", &T::marker)};
  }
};

struct TagPolicyRequest {
  std::string policy_arn;
  TagList tags;
  static constexpr auto fields() {
    using T = TagPolicyRequest;
    return std::tuple{field("PolicyArn", &T::policy_arn, required_arn),
                      field("Tags", &T::tags, required_tags)};
  }
};

struct UntagPolicyRequest {
  std::string policy_arn;
  StringList tag_keys;
  static constexpr auto fields() {
    using T = UntagPolicyRequest;
    return std::tuple{field("PolicyArn", &T::policy_arn, required_arn),
                      field("TagKeys", &T::tag_keys, iam::tag_keys)};
  }
};

// ---- versions ----

struct PolicyVersion {
  std::optional<std::string> document;
  std::string version_id;
  bool is_default_version = false;
  Timestamp create_date;
  static constexpr auto fields() {
    using T = PolicyVersion;
    return std::tuple{field("Document", &T::document), field("VersionId", &T::version_id),
                      field("IsDefaultVersion", &T::is_default_version),
                      field("CreateDate", &T::create_date)};
  }
};

struct CreatePolicyVersionRequest {
  std::string policy_arn;
  std::string policy_document;
  std::optional<bool> set_as_default;
  static constexpr auto fields() {
    using T = CreatePolicyVersionRequest;
    return std::tuple{field("PolicyArn", &T::policy_arn, required_arn),
                      field("PolicyDocument", &T::policy_document, document),
                      field("SetAsDefault", &T::set_as_default)};
  }
};

// Of CreatePolicyVersion and GetPolicyVersion.
struct PolicyVersionResponse {
  PolicyVersion policy_version;
  static constexpr auto fields() {
    return std::tuple{field("PolicyVersion", &PolicyVersionResponse::policy_version)};
  }
};

// GetPolicyVersion, DeletePolicyVersion and SetDefaultPolicyVersion take the same.
struct PolicyVersionRequest {
  std::string policy_arn;
  std::string version_id;
  static constexpr auto fields() {
    using T = PolicyVersionRequest;
    return std::tuple{field("PolicyArn", &T::policy_arn, required_arn),
                      field("VersionId", &T::version_id, iam::version_id)};
  }
};

// ListPolicyVersions and ListPolicyTags take the same.
struct ListOfPolicyRequest {
  std::string policy_arn;
  std::optional<std::string> marker;
  std::optional<std::int64_t> max_items;
  static constexpr auto fields() {
    using T = ListOfPolicyRequest;
    return std::tuple{field("PolicyArn", &T::policy_arn, required_arn),
                      field("Marker", &T::marker, page_marker),
                      field("MaxItems", &T::max_items, page_size)};
  }
};

struct ListPolicyVersionsResponse {
  std::vector<PolicyVersion> versions;
  bool is_truncated = false;
  std::optional<std::string> marker;
  static constexpr auto fields() {
    using T = ListPolicyVersionsResponse;
    return std::tuple{field("Versions", &T::versions), field("IsTruncated", &T::is_truncated),
                      field("Marker", &T::marker)};
  }
};

// ---- whom a policy is attached to ----

struct ListEntitiesForPolicyRequest {
  std::string policy_arn;
  std::optional<std::string> entity_filter;
  std::optional<std::string> path_prefix;
  std::optional<std::string> policy_usage_filter;
  std::optional<std::string> marker;
  std::optional<std::int64_t> max_items;
  static constexpr auto fields() {
    using T = ListEntitiesForPolicyRequest;
    return std::tuple{field("PolicyArn", &T::policy_arn, required_arn),
                      field("EntityFilter", &T::entity_filter,
                            {.one_of = "User, Role, Group, LocalManagedPolicy, AWSManagedPolicy"}),
                      field("PathPrefix", &T::path_prefix, path),
                      field("PolicyUsageFilter", &T::policy_usage_filter, policy_usage),
                      field("Marker", &T::marker, page_marker),
                      field("MaxItems", &T::max_items, page_size)};
  }
};

struct PolicyGroup {
  std::string group_name;
  std::string group_id;
  static constexpr auto fields() {
    using T = PolicyGroup;
    return std::tuple{field("GroupName", &T::group_name), field("GroupId", &T::group_id)};
  }
};

struct PolicyUser {
  std::string user_name;
  std::string user_id;
  static constexpr auto fields() {
    using T = PolicyUser;
    return std::tuple{field("UserName", &T::user_name), field("UserId", &T::user_id)};
  }
};

struct PolicyRole {
  std::string role_name;
  std::string role_id;
  static constexpr auto fields() {
    using T = PolicyRole;
    return std::tuple{field("RoleName", &T::role_name), field("RoleId", &T::role_id)};
  }
};

struct ListEntitiesForPolicyResponse {
  std::vector<PolicyGroup> policy_groups;
  std::vector<PolicyUser> policy_users;
  std::vector<PolicyRole> policy_roles;
  bool is_truncated = false;
  std::optional<std::string> marker;
  static constexpr auto fields() {
    using T = ListEntitiesForPolicyResponse;
    return std::tuple{field("PolicyGroups", &T::policy_groups),
                      field("PolicyUsers", &T::policy_users),
                      field("PolicyRoles", &T::policy_roles),
                      field("IsTruncated", &T::is_truncated), field("Marker", &T::marker)};
  }
};

}  // namespace signalbox::broker::api::iam
