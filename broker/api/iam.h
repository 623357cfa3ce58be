// The IAM operations' requests and responses, as botocore 1.44.8's model describes them,
// constraints included. In a namespace of their own: other services have structs of these names.
#pragma once

#include "broker/api/fields.h"

namespace signalbox::broker::api::iam {

bool is_name(std::string_view text);
bool is_path(std::string_view text);
bool is_path_prefix(std::string_view text);
bool is_policy_path(std::string_view text);
bool is_document(std::string_view text);
bool is_description(std::string_view text);
bool is_marker(std::string_view text);
bool is_version(std::string_view text);
bool is_tag_text(std::string_view text);

constexpr std::string_view name_pattern = R"([\w+=,.@-]+)";
constexpr std::string_view document_pattern = R"([\u0009\u000A\u000D\u0020-\u00FF]+)";
constexpr Traits role_name{
    .required = true, .min = 1, .max = 64, .pattern = name_pattern, .matches = is_name};
constexpr Traits policy_name{
    .required = true, .min = 1, .max = 128, .pattern = name_pattern, .matches = is_name};
constexpr Traits arn{.min = 20, .max = 2048};
constexpr Traits required_arn{.required = true, .min = 20, .max = 2048};
constexpr Traits document{.required = true,
                          .min = 1,
                          .max = 131'072,
                          .pattern = document_pattern,
                          .matches = is_document};
constexpr Traits path{.min = 1,
                      .max = 512,
                      .pattern = R"((\u002F)|(\u002F[\u0021-\u007E]+\u002F))",
                      .matches = is_path};
constexpr Traits policy_path{
    .min = 1, .max = 512, .pattern = R"(((/[A-Za-z0-9\.,\+@=_-]+)*)/)", .matches = is_policy_path};
constexpr Traits role_description{.max = 1000,
                                  .pattern = R"([\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*)",
                                  .matches = is_description};
constexpr Traits required_role_description{
    .required = true, .max = 1000, .pattern = role_description.pattern, .matches = is_description};
constexpr Traits version_id{
    .required = true, .pattern = R"(v[1-9][0-9]*(\.[A-Za-z0-9-]*)?)", .matches = is_version};
constexpr Traits session_seconds{.min = 3600, .max = 43'200};
constexpr Traits signin_seconds{.min = 3600, .max = 7'776'000};
constexpr Traits page_marker{
    .min = 1, .max = 320, .pattern = R"([\u0020-\u00FF]+)", .matches = is_marker};
constexpr Traits page_size{.min = 1, .max = 1000};
constexpr Traits policy_usage{.one_of = "PermissionsPolicy, PermissionsBoundary"};

constexpr Traits tag_key{.required = true,
                         .min = 1,
                         .max = 128,
                         .pattern = R"([\p{L}\p{Z}\p{N}_.:/=+\-@]+)",
                         .matches = is_tag_text};
constexpr Traits tag_value{.required = true,
                           .max = 256,
                           .pattern = R"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)",
                           .matches = is_tag_text};
constexpr Traits tags{.max = 50};
constexpr Traits required_tags{.required = true, .max = 50};
constexpr Traits tag_keys{.required = true, .max = 50, .each = &tag_key};

// Also of STS.
struct Tag {
  std::string key;
  std::string value;
  static constexpr auto fields() {
    return std::tuple{field("Key", &Tag::key, tag_key), field("Value", &Tag::value, tag_value)};
  }
};
using TagList = std::vector<Tag>;

// ---- roles ----

struct AttachedPermissionsBoundary {
  std::string permissions_boundary_type;
  std::string permissions_boundary_arn;
  static constexpr auto fields() {
    using T = AttachedPermissionsBoundary;
    return std::tuple{field("PermissionsBoundaryType", &T::permissions_boundary_type),
                      field("PermissionsBoundaryArn", &T::permissions_boundary_arn)};
  }
};

struct RoleLastUsed {
  std::optional<Timestamp> last_used_date;
  std::optional<std::string> region;
  static constexpr auto fields() {
    using T = RoleLastUsed;
    return std::tuple{field("LastUsedDate", &T::last_used_date), field("Region", &T::region)};
  }
};

struct Role {
  std::string path;
  std::string role_name;
  std::string role_id;
  std::string arn;
  Timestamp create_date;
  std::optional<std::string> assume_role_policy_document;
  std::optional<std::string> description;
  std::optional<std::int64_t> max_session_duration;
  std::optional<std::int64_t> max_signin_session_duration;
  std::optional<AttachedPermissionsBoundary> permissions_boundary;
  std::optional<TagList> tags;
  std::optional<RoleLastUsed> role_last_used;
  static constexpr auto fields() {
    using T = Role;
    return std::tuple{field("Path", &T::path),
                      field("RoleName", &T::role_name),
                      field("RoleId", &T::role_id),
                      field("Arn", &T::arn),
                      field("CreateDate", &T::create_date),
                      field("AssumeRolePolicyDocument", &T::assume_role_policy_document),
                      field("Description", &T::description),
                      field("MaxSessionDuration", &T::max_session_duration),
                      field("MaxSigninSessionDuration", &T::max_signin_session_duration),
                      field("PermissionsBoundary", &T::permissions_boundary),
                      field("Tags", &T::tags),
                      field("RoleLastUsed", &T::role_last_used)};
  }
};

struct CreateRoleRequest {
  std::optional<std::string> path;
  std::string role_name;
  std::string assume_role_policy_document;
  std::optional<std::string> description;
  std::optional<std::int64_t> max_session_duration;
  std::optional<std::int64_t> max_signin_session_duration;
  std::optional<std::string> permissions_boundary;
  TagList tags;
  static constexpr auto fields() {
    using T = CreateRoleRequest;
    return std::tuple{
        field("Path", &T::path, iam::path),
        field("RoleName", &T::role_name, iam::role_name),
        field("AssumeRolePolicyDocument", &T::assume_role_policy_document, document),
        field("Description", &T::description, role_description),
        field("MaxSessionDuration", &T::max_session_duration, session_seconds),
        field("MaxSigninSessionDuration", &T::max_signin_session_duration, signin_seconds),
        field("PermissionsBoundary", &T::permissions_boundary, arn),
        field("Tags", &T::tags, iam::tags)};
  }
};

// Of CreateRole and GetRole.
struct RoleResponse {
  Role role;
  static constexpr auto fields() { return std::tuple{field("Role", &RoleResponse::role)}; }
};

// GetRole, DeleteRole and DeleteRolePermissionsBoundary take the same.
struct RoleRequest {
  std::string role_name;
  static constexpr auto fields() {
    return std::tuple{field("RoleName", &RoleRequest::role_name, iam::role_name)};
  }
};

// ListRolePolicies, ListRoleTags and ListInstanceProfilesForRole take the same.
struct ListOfRoleRequest {
  std::string role_name;
  std::optional<std::string> marker;
  std::optional<std::int64_t> max_items;
  static constexpr auto fields() {
    using T = ListOfRoleRequest;
    return std::tuple{field("RoleName", &T::role_name, iam::role_name),
                      field("Marker", &T::marker, page_marker),
                      field("MaxItems", &T::max_items, page_size)};
  }
};

struct ListRolesRequest {
  std::optional<std::string> path_prefix;
  std::optional<std::string> marker;
  std::optional<std::int64_t> max_items;
  static constexpr auto fields() {
    using T = ListRolesRequest;
    return std::tuple{field("PathPrefix", &T::path_prefix,
                            {.min = 1,
                             .max = 512,
                             .pattern = R"(\u002F[\u0021-\u007F]*)",
                             .matches = is_path_prefix}),
                      field("Marker", &T::marker, page_marker),
                      field("MaxItems", &T::max_items, page_size)};
  }
};

struct ListRolesResponse {
  std::vector<Role> roles;
  bool is_truncated = false;
  std::optional<std::string> marker;
  static constexpr auto fields() {
    using T = ListRolesResponse;
    return std::tuple{field("Roles", &T::roles), field("IsTruncated", &T::is_truncated),
                      field("Marker", &T::marker)};
  }
};

struct UpdateRoleDescriptionRequest {
  std::string role_name;
  std::string description;
  static constexpr auto fields() {
    using T = UpdateRoleDescriptionRequest;
    return std::tuple{field("RoleName", &T::role_name, iam::role_name),
                      field("Description", &T::description, required_role_description)};
  }
};

struct UpdateRoleRequest {
  std::string role_name;
  std::optional<std::string> description;
  std::optional<std::int64_t> max_session_duration;
  std::optional<std::int64_t> max_signin_session_duration;
  std::optional<bool> reset_max_signin_session_duration;
  static constexpr auto fields() {
    using T = UpdateRoleRequest;
    return std::tuple{
        field("RoleName", &T::role_name, iam::role_name),
        field("Description", &T::description, role_description),
        field("MaxSessionDuration", &T::max_session_duration, session_seconds),
        field("MaxSigninSessionDuration", &T::max_signin_session_duration, signin_seconds),
        field("ResetMaxSigninSessionDuration", &T::reset_max_signin_session_duration)};
  }
};

// Not Empty: its answer has a Result element.
struct UpdateRoleResponse {
  static constexpr auto fields() { return std::tuple{}; }
};

struct UpdateAssumeRolePolicyRequest {
  std::string role_name;
  std::string policy_document;
  static constexpr auto fields() {
    using T = UpdateAssumeRolePolicyRequest;
    return std::tuple{field("RoleName", &T::role_name, iam::role_name),
                      field("PolicyDocument", &T::policy_document, document)};
  }
};

struct PutRolePermissionsBoundaryRequest {
  std::string role_name;
  std::string permissions_boundary;
  static constexpr auto fields() {
    using T = PutRolePermissionsBoundaryRequest;
    return std::tuple{field("RoleName", &T::role_name, iam::role_name),
                      field("PermissionsBoundary", &T::permissions_boundary, required_arn)};
  }
};

struct TagRoleRequest {
  std::string role_name;
  TagList tags;
  static constexpr auto fields() {
    using T = TagRoleRequest;
    return std::tuple{field("RoleName", &T::role_name, iam::role_name),
                      field("Tags", &T::tags, required_tags)};
  }
};

struct UntagRoleRequest {
  std::string role_name;
  StringList tag_keys;
  static constexpr auto fields() {
    using T = UntagRoleRequest;
    return std::tuple{field("RoleName", &T::role_name, iam::role_name),
                      field("TagKeys", &T::tag_keys, iam::tag_keys)};
  }
};

// Of ListRoleTags and ListPolicyTags.
struct ListTagsResponse {
  TagList tags;
  bool is_truncated = false;
  std::optional<std::string> marker;
  static constexpr auto fields() {
    using T = ListTagsResponse;
    return std::tuple{field("Tags", &T::tags), field("IsTruncated", &T::is_truncated),
                      field("Marker", &T::marker)};
  }
};

struct InstanceProfile {
  std::string path;
  std::string instance_profile_name;
  std::string instance_profile_id;
  std::string arn;
  Timestamp create_date;
  std::vector<Role> roles;
  TagList tags;
  static constexpr auto fields() {
    using T = InstanceProfile;
    return std::tuple{field("Path", &T::path),
                      field("InstanceProfileName", &T::instance_profile_name),
                      field("InstanceProfileId", &T::instance_profile_id),
                      field("Arn", &T::arn),
                      field("CreateDate", &T::create_date),
                      field("Roles", &T::roles),
                      field("Tags", &T::tags)};
  }
};

struct ListInstanceProfilesForRoleResponse {
  std::vector<InstanceProfile> instance_profiles;
  bool is_truncated = false;
  std::optional<std::string> marker;
  static constexpr auto fields() {
    using T = ListInstanceProfilesForRoleResponse;
    return std::tuple{field("InstanceProfiles", &T::instance_profiles),
                      field("IsTruncated", &T::is_truncated), field("Marker", &T::marker)};
  }
};

// ---- policies in a role, and attached to one ----

struct PutRolePolicyRequest {
  std::string role_name;
  std::string policy_name;
  std::string policy_document;
  static constexpr auto fields() {
    using T = PutRolePolicyRequest;
    return std::tuple{field("RoleName", &T::role_name, iam::role_name),
                      field("PolicyName", &T::policy_name, iam::policy_name),
                      field("PolicyDocument", &T::policy_document, document)};
  }
};

// GetRolePolicy and DeleteRolePolicy take the same.
struct RolePolicyRequest {
  std::string role_name;
  std::string policy_name;
  static constexpr auto fields() {
    using T = RolePolicyRequest;
    return std::tuple{field("RoleName", &T::role_name, iam::role_name),
                      field("PolicyName", &T::policy_name, iam::policy_name)};
  }
};

struct GetRolePolicyResponse {
  std::string role_name;
  std::string policy_name;
  std::string policy_document;
  static constexpr auto fields() {
    using T = GetRolePolicyResponse;
    return std::tuple{field("RoleName", &T::role_name), field("PolicyName", &T::policy_name),
                      field("PolicyDocument", &T::policy_document)};
  }
};

struct ListRolePoliciesResponse {
  StringList policy_names;
  bool is_truncated = false;
  std::optional<std::string> marker;
  static constexpr auto fields() {
    using T = ListRolePoliciesResponse;
    return std::tuple{field("PolicyNames", &T::policy_names),
                      field("IsTruncated", &T::is_truncated), field("Marker", &T::marker)};
  }
};

// AttachRolePolicy and DetachRolePolicy take the same.
struct AttachmentRequest {
  std::string role_name;
  std::string policy_arn;
  static constexpr auto fields() {
    using T = AttachmentRequest;
    return std::tuple{field("RoleName", &T::role_name, iam::role_name),
                      field("PolicyArn", &T::policy_arn, required_arn)};
  }
};

struct ListAttachedRolePoliciesRequest {
  std::string role_name;
  std::optional<std::string> path_prefix;
  std::optional<std::string> marker;
  std::optional<std::int64_t> max_items;
  static constexpr auto fields() {
    using T = ListAttachedRolePoliciesRequest;
    return std::tuple{field("RoleName", &T::role_name, iam::role_name),
                      field("PathPrefix", &T::path_prefix, policy_path),
                      field("Marker", &T::marker, page_marker),
                      field("MaxItems", &T::max_items, page_size)};
  }
};

struct AttachedPolicy {
  std::string policy_name;
  std::string policy_arn;
  static constexpr auto fields() {
    using T = AttachedPolicy;
    return std::tuple{field("PolicyName", &T::policy_name), field("PolicyArn", &T::policy_arn)};
  }
};

struct ListAttachedRolePoliciesResponse {
  std::vector<AttachedPolicy> attached_policies;
  bool is_truncated = false;
  std::optional<std::string> marker;
  static constexpr auto fields() {
    using T = ListAttachedRolePoliciesResponse;
    return std::tuple{field("AttachedPolicies", &T::attached_policies),
                      field("IsTruncated", &T::is_truncated), field("Marker", &T::marker)};
  }
};

}  // namespace signalbox::broker::api::iam
