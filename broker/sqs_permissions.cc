// AddPermission and RemovePermission edit the queue's Policy attribute. Where the service's words
// are not documented they are those that its users report.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "broker/access_policy.h"
#include "broker/api/sqs.h"
#include "broker/broker.h"

namespace signalbox::broker {

namespace {

constexpr std::size_t actions_max = 7;
constexpr std::size_t label_bytes_max = 80;

// What an owner can let others do; the rest is the owner's alone.
constexpr std::array shared_actions = std::to_array<std::string_view>(
    {"*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl",
     "ListDeadLetterSourceQueues", "PurgeQueue", "ReceiveMessage", "SendMessage"});

Error bad_value(std::string_view value, std::string_view name, std::string_view reason) {
  return {ErrorCode::invalid_parameter_value,
          fmt::format("Value {} for parameter {} is invalid. Reason: {}", value, name, reason)};
}

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Status check_label(std::string_view label) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  if (!label.empty() && label.size() <= label_bytes_max &&
      std::all_of(label.begin(), label.end(), is_allowed)) {
    return ok();
  }
  return bad_value(label, "Label",
                   "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in "
                   "length.");
}

Status check_add(const api::AddPermissionRequest& request) {
  SIGNALBOX_TRY(check_label(request.label));
  if (request.actions.empty()) {
    return Error{ErrorCode::missing_parameter, "The request must contain the parameter Actions."};
  }
  if (request.actions.size() > actions_max) {
    return Error{ErrorCode::over_limit, fmt::format("{} Actions were found, maximum allowed is {}.",
                                                    request.actions.size(), actions_max)};
  }
  for (const auto& action : request.actions) {
    if (std::find(shared_actions.begin(), shared_actions.end(), action) != shared_actions.end()) {
      continue;
    }
    return bad_value("SQS:" + action, "ActionName",
                     "Only the queue owner is allowed to invoke this action.");
  }
  const auto& accounts = request.aws_account_ids;
  if (!accounts.empty() && std::all_of(accounts.begin(), accounts.end(), is_account)) return ok();
  return bad_value(fmt::format("[{}]", fmt::join(accounts, ", ")), "PrincipalId",
                   "Unable to verify.");
}

AccessPolicy policy_of(const Queue& queue) {
  const auto at = queue.attributes.find("Policy");
  const std::string_view text = at == queue.attributes.end() ? std::string_view() : at->second;
  // Only JSON objects are taken as policies, so that there is always one.
  return *AccessPolicy::read(text, {"2008-10-17", queue.arn() + "/SQSDefaultPolicy"});
}

}  // namespace

void Broker::put_policy(Queue& queue, std::string text, Context& ctx) {
  if (text.empty()) {
    queue.attributes.erase("Policy");
  } else {
    queue.attributes["Policy"] = std::move(text);
  }
  queue.modified_s = to_ms(ctx.wall) / 1000;
  put_queue_record(queue, ctx);
}

Status Broker::add_permission(const api::AddPermissionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  SIGNALBOX_TRY(check_add(request));
  AccessPolicy policy = policy_of(*queue);
  if (policy.has(request.label)) return bad_value(request.label, "Label", "Already exists.");
  std::vector<std::string> principals;
  for (const auto& account : request.aws_account_ids) {
    principals.push_back(fmt::format("arn:aws:iam::{}:root", account));
  }
  std::vector<std::string> actions;
  for (const auto& action : request.actions) actions.push_back("SQS:" + action);
  policy.add(request.label, principals, actions, queue->arn());
  put_policy(*queue, policy.text(), ctx);
  return ok();
}

Status Broker::remove_permission(const api::RemovePermissionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  AccessPolicy policy = policy_of(*queue);
  if (!policy.remove(request.label)) {
    return bad_value(request.label, "Label", "can't find label.");
  }
  put_policy(*queue, policy.text(), ctx);
  return ok();
}

}  // namespace signalbox::broker
