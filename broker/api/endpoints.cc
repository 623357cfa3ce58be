#include "broker/api/endpoints.h"

#include <regex>

namespace signalbox::broker::api {

namespace {

// Requests of this kind are rare and their members short: the model's own expressions will do.
bool matches(std::string_view text, const std::regex& pattern) {
  return std::regex_match(text.begin(), text.end(), pattern);
}

}  // namespace

bool is_health_check(std::string_view text) {
  static const std::regex pattern(R"(arn:aws([a-z]|-)*:route53:::healthcheck/[-a-z0-9]+)");
  return matches(text, pattern);
}

bool is_route(std::string_view text) {
  static const std::regex pattern("[-a-z0-9]+");
  return matches(text, pattern);
}

bool is_endpoint_bus(std::string_view text) {
  static const std::regex pattern(
      R"(arn:aws[a-z-]*:events:[a-z]+-[a-z-]+-\d+:\d{12}:event-bus/[\w.-]+)");
  return matches(text, pattern);
}

bool is_endpoint_role(std::string_view text) {
  static const std::regex pattern(R"(arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+)");
  return matches(text, pattern);
}

}  // namespace signalbox::broker::api
