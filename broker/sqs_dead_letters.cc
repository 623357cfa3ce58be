// Which queue may be whose dead-letter queue, and who uses it as one.
#include <fmt/format.h>

#include "broker/api/sqs.h"
#include "broker/broker.h"
#include "broker/queue_attributes.h"
#include "broker/queue_page.h"
#include "broker/queue_url.h"

namespace signalbox::broker {

Status Broker::check_redrive_target(const World& world, std::string_view source_name,
                                    const api::StringMap& attributes) const {
  const auto at = attributes.find("RedrivePolicy");
  if (at == attributes.end() || at->second.empty()) return ok();
  SIGNALBOX_TRY(const auto policy, read_redrive_policy(at->second));
  const auto refuse = [&](std::string_view reason) -> Error {
    return {ErrorCode::invalid_parameter_value,
            fmt::format("Value {} for parameter RedrivePolicy is invalid. Reason: {}", at->second,
                        reason)};
  };
  const auto place = parse_queue_arn(policy.dead_letter_target_arn);
  if (!place || place->account != world.account || place->region != world.region) {
    return refuse("Invalid value for deadLetterTargetArn.");
  }
  const Queue* target = find_queue_by_arn(policy.dead_letter_target_arn);
  if (target == nullptr) return refuse("Dead letter target does not exist.");
  if ((target->fifo != nullptr) != source_name.ends_with(".fifo")) {
    return refuse("Dead-letter queue must be same type of queue as the source.");
  }
  if (!allows_source(target->attributes, world.arn("sqs", source_name))) {
    // The service's own words are not recorded.
    return refuse(fmt::format("The RedriveAllowPolicy of {} does not allow this queue as a source.",
                              target->name));
  }
  return ok();
}

Result<api::ListDeadLetterSourceQueuesResponse> Broker::list_dead_letter_source_queues(
    const api::ListDeadLetterSourceQueuesRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Queue* const target, find_queue(request.queue_url, ctx));
  SIGNALBOX_TRY(QueuePage page, queue_page(request.max_results, request.next_token));
  const std::string arn = target->arn();
  const auto& queues = target->world->queues;
  for (auto at = queues.upper_bound(page.after); at != queues.end(); ++at) {
    const auto& redrive = at->second->settings.redrive;
    if (redrive && redrive->dead_letter_target_arn == arn && !page.add(*at->second)) break;
  }
  api::ListDeadLetterSourceQueuesResponse response;
  response.queue_urls = page.urls(ctx.caller);
  response.next_token = page.next_token();
  return response;
}

}  // namespace signalbox::broker
