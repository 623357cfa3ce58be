// Tags of registries, schemas and discoverers.
#include <fmt/format.h>

#include "broker/events_arns.h"
#include "broker/schemas/schemas.h"
#include "broker/tag_limits.h"

namespace signalbox::broker::schemas {

// What a tag is on; one of them.
struct Schemas::Tagged {
  Registry* registry = nullptr;
  Schema* schema = nullptr;
  Discoverer* discoverer = nullptr;

  api::StringMap& tags() const {
    if (schema != nullptr) return schema->tags;
    return discoverer != nullptr ? discoverer->tags : registry->tags;
  }
};

void Schemas::store_tagged(const Tagged& tagged, Context& ctx) {
  if (tagged.schema != nullptr) {
    store_schema(*tagged.schema, ctx);
  } else if (tagged.discoverer != nullptr) {
    store_discoverer(*tagged.discoverer, ctx);
  } else {
    store_registry(*tagged.registry, ctx);
  }
}

// arn:PARTITION:schemas:REGION:ACCOUNT:registry/NAME, ...:schema/REGISTRY/NAME or
// ...:discoverer/ID, of the caller's own world.
Result<Schemas::Tagged> Schemas::find_tagged(const std::string& arn, Context& ctx) {
  const auto not_there = [&] {
    return Error{ErrorCode::resource_not_found, fmt::format("Resource {} does not exist.", arn)};
  };
  SIGNALBOX_TRY(const World* const world, host_.world_of(ctx.caller, ctx));
  if (!is_arn(arn) || arn_service(arn) != "schemas") {
    return Error{ErrorCode::validation, fmt::format("{} is not the ARN of a resource.", arn)};
  }
  const std::string own = world->arn("schemas", "");
  if (!arn.starts_with(own)) return not_there();
  const std::string_view resource = std::string_view(arn).substr(own.size());
  const auto slash = resource.find('/');
  const auto kind = resource.substr(0, slash);
  const std::string name(resource.substr(std::min(slash, resource.size() - 1) + 1));
  Tagged tagged;
  if (kind == "registry") {
    SIGNALBOX_TRY(tagged.registry, find_registry(name, ctx));
    return tagged;
  }
  if (kind == "discoverer") {
    SIGNALBOX_TRY(tagged.discoverer, find_discoverer(name, ctx));
    return tagged;
  }
  const auto between = name.find('/');
  if (kind != "schema" || between == std::string::npos) return not_there();
  SIGNALBOX_TRY(tagged.schema, find_schema(name.substr(0, between), name.substr(between + 1), ctx));
  return tagged;
}

Status Schemas::tag_resource(const wire::TagResourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Tagged tagged, find_tagged(request.resource_arn, ctx));
  SIGNALBOX_TRY(check_tag_map(tagged.tags(), request.tags));
  for (const auto& [key, value] : request.tags) tagged.tags()[key] = value;
  store_tagged(tagged, ctx);
  return ok();
}

Status Schemas::untag_resource(const wire::UntagResourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Tagged tagged, find_tagged(request.resource_arn, ctx));
  for (const auto& key : request.tag_keys) tagged.tags().erase(key);
  store_tagged(tagged, ctx);
  return ok();
}

Result<wire::ListTagsForResourceResponse> Schemas::list_tags_for_resource(
    const wire::ListTagsForResourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Tagged tagged, find_tagged(request.resource_arn, ctx));
  return wire::ListTagsForResourceResponse{tagged.tags()};
}

}  // namespace signalbox::broker::schemas
