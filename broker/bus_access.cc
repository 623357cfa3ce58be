#include "broker/bus_access.h"

#include <fmt/format.h>

namespace signalbox::broker {

std::optional<std::string> refusal_of(const Bus& bus, std::string_view account,
                                      const BusAction& action) {
  if (account == bus.world->account) return std::nullopt;
  const std::string resource = action.rule.empty() ? bus.arn() : bus.rule_arn(action.rule);
  const auto answer = bus.policy ? bus.policy->answer({account, action.name, resource})
                                 : PolicyAnswer::not_mentioned;
  if (answer == PolicyAnswer::allowed) return std::nullopt;
  const std::string why =
      answer == PolicyAnswer::denied
          ? "with an explicit deny in a resource-based policy"
          : fmt::format("because no resource-based policy allows the {} action", action.name);
  return fmt::format(
      "User: arn:aws:iam::{}:root is not authorized to perform: {} on resource: {} {}", account,
      action.name, resource, why);
}

std::optional<EntryFailure> refusal_of_event(const Bus& bus, std::string_view account) {
  auto refusal = refusal_of(bus, account, {"events:PutEvents", {}});
  if (!refusal) return std::nullopt;
  return EntryFailure{"AccessDeniedException", *std::move(refusal)};
}

}  // namespace signalbox::broker
