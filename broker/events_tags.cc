// Tags of buses and rules.
#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/bus_access.h"
#include "broker/bus_tags.h"
#include "broker/events_arns.h"

namespace signalbox::broker {

// What a tag is on.
struct Tagged {
  Bus* bus = nullptr;
  Rule* rule = nullptr;  // null: the bus itself
};

namespace {

api::StringMap& tags_of(Bus* bus, Rule* rule) { return rule != nullptr ? rule->tags : bus->tags; }

}  // namespace

Result<Tagged> Broker::find_tagged(const std::string& arn, std::string_view action, Context& ctx) {
  const auto resource = parse_events_arn(arn);
  if (!resource) {
    return Error{ErrorCode::validation,
                 "Parameter ResourceARN is not valid. Reason: Provided Arn "
                 "is not in correct format."};
  }
  Tagged found;
  SIGNALBOX_TRY(found.bus, bus_at(resource->bus, ctx));
  if (found.bus == nullptr) {
    return Error{ErrorCode::resource_not_found,
                 fmt::format("Event bus {} does not exist.", resource->bus.name)};
  }
  const std::string rule = resource->rule.value_or("");
  if (auto refusal = refusal_of(*found.bus, ctx.caller.account, {action, rule})) {
    return Error{ErrorCode::access_denied, *std::move(refusal)};
  }
  if (resource->rule) {
    SIGNALBOX_TRY(found.rule, find_rule_or_error(*found.bus, *resource->rule));
  }
  return found;
}

void Broker::store_tagged(const Tagged& tagged, Context& ctx) {
  if (tagged.rule != nullptr) {
    store_rule(*tagged.rule, ctx);
  } else {
    store_bus(*tagged.bus, ctx);
    publish_again(*tagged.bus);
  }
}

Status Broker::tag_resource(const api::TagResourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Tagged tagged, find_tagged(request.resource_arn, "events:TagResource", ctx));
  api::StringMap& tags = tags_of(tagged.bus, tagged.rule);
  SIGNALBOX_TRY(tagged.rule != nullptr ? check_tags(tags, request.tags)
                                       : check_bus_tags(tags, request.tags));
  for (const auto& tag : request.tags) tags[tag.key] = tag.value;
  store_tagged(tagged, ctx);
  return ok();
}

Status Broker::untag_resource(const api::UntagResourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Tagged tagged,
                find_tagged(request.resource_arn, "events:UntagResource", ctx));
  for (const auto& key : request.tag_keys) tags_of(tagged.bus, tagged.rule).erase(key);
  store_tagged(tagged, ctx);
  return ok();
}

Result<api::ListTagsForResourceResponse> Broker::list_tags_for_resource(
    const api::ListTagsForResourceRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Tagged tagged,
                find_tagged(request.resource_arn, "events:ListTagsForResource", ctx));
  api::ListTagsForResourceResponse response;
  for (const auto& [key, value] : tags_of(tagged.bus, tagged.rule)) {
    response.tags.push_back({key, value});
  }
  return response;
}

}  // namespace signalbox::broker
