// Tags of functions and of event source mappings: whose they are, the ARN says.
#include "broker/functions/mappings.h"
#include "broker/tag_limits.h"

namespace signalbox::broker::functions {

namespace {

// The mapping's UUID; empty: it is the ARN of something else.
std::string uuid_of(const std::string& arn) {
  constexpr std::string_view kind = ":event-source-mapping:";
  const auto at = arn.find(kind);
  return at == std::string::npos ? std::string() : arn.substr(at + kind.size());
}

}  // namespace

Status Mappings::tag_resource(const wire::TagResourceRequest& request, Context& ctx) {
  const std::string uuid = uuid_of(request.resource);
  if (uuid.empty()) return functions_.tag_resource(request, ctx);
  SIGNALBOX_TRY(Mapping* const mapping, find(uuid, ctx));
  SIGNALBOX_TRY(check_tag_map(mapping->tags, request.tags));
  for (const auto& [key, value] : request.tags) mapping->tags[key] = value;
  store(*mapping, ctx);
  return ok();
}

Status Mappings::untag_resource(const wire::UntagResourceRequest& request, Context& ctx) {
  const std::string uuid = uuid_of(request.resource);
  if (uuid.empty()) return functions_.untag_resource(request, ctx);
  SIGNALBOX_TRY(Mapping* const mapping, find(uuid, ctx));
  for (const auto& key : request.tag_keys) mapping->tags.erase(key);
  store(*mapping, ctx);
  return ok();
}

Result<wire::ListTagsResponse> Mappings::list_tags(const wire::ListTagsRequest& request,
                                                   Context& ctx) {
  const std::string uuid = uuid_of(request.resource);
  if (uuid.empty()) return functions_.list_tags(request, ctx);
  SIGNALBOX_TRY(const Mapping* const mapping, find(uuid, ctx));
  return wire::ListTagsResponse{mapping->tags};
}

}  // namespace signalbox::broker::functions
