#include "protocol/operation_table.h"

namespace signalbox::protocol {

std::optional<Target> parse_target(std::string_view x_amz_target) {
  const auto dot = x_amz_target.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto prefix = x_amz_target.substr(0, dot);
  const auto operation = x_amz_target.substr(dot + 1);
  if (prefix == "AmazonSQS") return Target{Service::sqs, operation};
  if (prefix == "AWSEvents" || prefix == "AmazonEventBridge") {
    return Target{Service::events, operation};
  }
  return std::nullopt;
}

}  // namespace signalbox::protocol
