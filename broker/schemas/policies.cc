// Resource policies of registries: stored and shown, and enforce nothing. Each change has a new
// revision; whoever names one changes that one or nothing.
#include <fmt/format.h>

#include "broker/events_envelope.h"
#include "broker/schemas/schemas.h"

namespace signalbox::broker::schemas {

Result<Registry*> Schemas::registry_of_policy(const std::optional<std::string>& name,
                                              Context& ctx) {
  if (name && !name->empty()) return find_registry(*name, ctx);
  return Error{ErrorCode::validation, "RegistryName is required."};
}

namespace {

wire::ResourcePolicy shown(const Registry& registry) {
  return {*registry.policy, fmt::to_string(registry.policy_revision)};
}

Error no_policy(const Registry& registry) {
  return {ErrorCode::resource_not_found,
          fmt::format("Registry {} has no resource policy.", registry.name)};
}

}  // namespace

Result<wire::ResourcePolicy> Schemas::put_resource_policy(
    const wire::PutResourcePolicyRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Registry* const registry, registry_of_policy(request.registry_name, ctx));
  if (!is_json_object(request.policy)) {
    return Error{ErrorCode::validation, "Policy is not a JSON object."};
  }
  const bool is_expected =
      !request.revision_id ||
      (registry->policy && *request.revision_id == fmt::to_string(registry->policy_revision));
  if (!is_expected) {
    return Error{ErrorCode::precondition_failed,
                 fmt::format("RevisionId {} is not that of the policy.", *request.revision_id)};
  }
  registry->policy = request.policy;
  ++registry->policy_revision;
  store_registry(*registry, ctx);
  return shown(*registry);
}

Result<wire::ResourcePolicy> Schemas::get_resource_policy(
    const wire::ResourcePolicyRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Registry* const registry, registry_of_policy(request.registry_name, ctx));
  if (!registry->policy) return no_policy(*registry);
  return shown(*registry);
}

Status Schemas::delete_resource_policy(const wire::ResourcePolicyRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Registry* const registry, registry_of_policy(request.registry_name, ctx));
  if (!registry->policy) return no_policy(*registry);
  registry->policy.reset();
  store_registry(*registry, ctx);
  return ok();
}

}  // namespace signalbox::broker::schemas
