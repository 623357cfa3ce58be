// The versions of a managed policy, of which one is the default.
#include <fmt/format.h>

#include <charconv>

#include "broker/destinations/merge.h"
#include "broker/identity/documents.h"
#include "broker/identity/identity.h"
#include "broker/identity/paging.h"

namespace signalbox::broker::identity {

namespace {

using Versions = std::map<std::uint64_t, PolicyVersion>;

Result<Versions::const_iterator> find_version(const Policy& policy, const std::string& version) {
  std::uint64_t number = 0;
  const char* const end = version.data() + version.size();
  const auto [read_to, error] = std::from_chars(version.data() + 1, end, number);
  const auto at = policy.versions.find(number);
  if (error == std::errc() && read_to == end && at != policy.versions.end()) return at;
  return Error{ErrorCode::resource_not_found,
               fmt::format("Policy {} version {} does not exist or is not attachable.",
                           policy.shown.arn, version)};
}

wire::PolicyVersion shown_version(const Policy& policy, Versions::const_iterator at) {
  wire::PolicyVersion shown;
  shown.version_id = fmt::format("v{}", at->first);
  shown.is_default_version = at->first == policy.default_version;
  shown.create_date.ms = at->second.created_ms;
  return shown;
}

}  // namespace

Status check_policy_document(std::string_view document) {
  SIGNALBOX_TRY(check_document(document, DocumentKind::permissions));
  if (counted_size(document) <= policy_bytes_max) return ok();
  return Error{ErrorCode::limit_exceeded,
               fmt::format("Cannot exceed quota for PolicySize: {}", policy_bytes_max)};
}

Result<wire::PolicyVersionResponse> Identity::create_policy_version(
    const wire::CreatePolicyVersionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Policy* const policy, find_policy(request.policy_arn, ctx));
  SIGNALBOX_TRY(check_policy_document(request.policy_document));
  if (policy->versions.size() >= versions_per_policy_max) {
    return Error{ErrorCode::limit_exceeded,
                 fmt::format("A managed policy can have up to {} versions. Before you create a new "
                             "version, you must delete an existing version.",
                             versions_per_policy_max)};
  }
  const std::uint64_t number = ++policy->last_version;
  policy->versions[number] = {request.policy_document, to_ms(ctx.wall)};
  if (request.set_as_default.value_or(false)) policy->default_version = number;
  policy->shown.update_date.ms = to_ms(ctx.wall);
  store(*policy, ctx);
  return wire::PolicyVersionResponse{shown_version(*policy, policy->versions.find(number))};
}

Result<wire::PolicyVersionResponse> Identity::get_policy_version(
    const wire::PolicyVersionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Policy* const policy, find_policy(request.policy_arn, ctx));
  SIGNALBOX_TRY(const auto at, find_version(*policy, request.version_id));
  wire::PolicyVersionResponse response{shown_version(*policy, at)};
  response.policy_version.document = percent_encoded(at->second.document);
  return response;
}

Status Identity::delete_policy_version(const wire::PolicyVersionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Policy* const policy, find_policy(request.policy_arn, ctx));
  SIGNALBOX_TRY(const auto at, find_version(*policy, request.version_id));
  if (at->first == policy->default_version) {
    return Error{ErrorCode::conflict, "Cannot delete the default version of a policy."};
  }
  policy->versions.erase(at);
  store(*policy, ctx);
  return ok();
}

Status Identity::set_default_policy_version(const wire::PolicyVersionRequest& request,
                                            Context& ctx) {
  SIGNALBOX_TRY(Policy* const policy, find_policy(request.policy_arn, ctx));
  SIGNALBOX_TRY(const auto at, find_version(*policy, request.version_id));
  policy->default_version = at->first;
  store(*policy, ctx);
  return ok();
}

// The newest first.
Result<wire::ListPolicyVersionsResponse> Identity::list_policy_versions(
    const wire::ListOfPolicyRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Policy* const policy, find_policy(request.policy_arn, ctx));
  std::vector<wire::PolicyVersion> versions;
  for (auto at = policy->versions.end(); at != policy->versions.begin();) {
    versions.push_back(shown_version(*policy, --at));
  }
  wire::ListPolicyVersionsResponse response;
  SIGNALBOX_TRY(fill_page(std::move(versions), request, response, response.versions));
  return response;
}

}  // namespace signalbox::broker::identity
