// Tags of roles and policies.
#include <fmt/format.h>

#include "broker/identity/identity.h"
#include "broker/identity/paging.h"
#include "broker/tag_limits.h"

namespace signalbox::broker::identity {

namespace {

void remove_tag(api::StringMap& tags, std::string_view key) {
  const LessIgnoringCase less;
  std::erase_if(tags,
                [&](const auto& tag) { return !less(tag.first, key) && !less(key, tag.first); });
}

template <class Request>
Result<wire::ListTagsResponse> page_of_tags(const api::StringMap& tags, const Request& request) {
  wire::ListTagsResponse response;
  SIGNALBOX_TRY(fill_page(tag_list(tags), request, response, response.tags));
  return response;
}

}  // namespace

wire::TagList tag_list(const api::StringMap& tags) {
  wire::TagList list;
  for (const auto& [key, value] : tags) list.push_back({key, value});
  return list;
}

// Keys that differ in case alone are one key.
Status add_tags(api::StringMap& tags, const wire::TagList& added) {
  std::set<std::string_view, LessIgnoringCase> keys;
  for (const auto& tag : added) {
    if (tag.key.starts_with("aws:")) {
      return Error{ErrorCode::invalid_parameter_value,
                   "aws: prefixed tag key names are not allowed for external use."};
    }
    if (!keys.insert(tag.key).second) {
      return Error{ErrorCode::invalid_parameter_value,
                   "Duplicate tag keys found. Please note that Tag keys are case insensitive."};
    }
  }
  for (const auto& [key, value] : tags) keys.insert(key);
  if (keys.size() > tags_per_resource_max) {
    return Error{ErrorCode::limit_exceeded,
                 fmt::format("The number of tags has reached the maximum limit: {}.",
                             tags_per_resource_max)};
  }
  for (const auto& tag : added) {
    remove_tag(tags, tag.key);
    tags[tag.key] = tag.value;
  }
  return ok();
}

Status Identity::tag_role(const wire::TagRoleRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Role* const role, find_role(request.role_name, ctx));
  SIGNALBOX_TRY(add_tags(role->tags, request.tags));
  store(*role, ctx);
  return ok();
}

Status Identity::untag_role(const wire::UntagRoleRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Role* const role, find_role(request.role_name, ctx));
  for (const auto& key : request.tag_keys) remove_tag(role->tags, key);
  store(*role, ctx);
  return ok();
}

Result<wire::ListTagsResponse> Identity::list_role_tags(const wire::ListOfRoleRequest& request,
                                                        Context& ctx) {
  SIGNALBOX_TRY(const Role* const role, find_role(request.role_name, ctx));
  return page_of_tags(role->tags, request);
}

Status Identity::tag_policy(const wire::TagPolicyRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Policy* const policy, find_policy(request.policy_arn, ctx));
  SIGNALBOX_TRY(add_tags(policy->tags, request.tags));
  store(*policy, ctx);
  return ok();
}

Status Identity::untag_policy(const wire::UntagPolicyRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Policy* const policy, find_policy(request.policy_arn, ctx));
  for (const auto& key : request.tag_keys) remove_tag(policy->tags, key);
  store(*policy, ctx);
  return ok();
}

Result<wire::ListTagsResponse> Identity::list_policy_tags(const wire::ListOfPolicyRequest& request,
                                                          Context& ctx) {
  SIGNALBOX_TRY(const Policy* const policy, find_policy(request.policy_arn, ctx));
  return page_of_tags(policy->tags, request);
}

}  // namespace signalbox::broker::identity
