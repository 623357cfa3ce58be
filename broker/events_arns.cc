#include "broker/events_arns.h"

#include <array>

#include "broker/bus.h"

namespace signalbox::broker {

namespace {

enum Part : std::size_t { arn, partition, service, region, account, resource, part_count };

// The six parts; the resource keeps its own colons.
std::optional<std::array<std::string_view, part_count>> split_arn(std::string_view text) {
  std::array<std::string_view, part_count> parts;
  for (std::size_t i = 0; i + 1 < part_count; ++i) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    parts[i] = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  parts[resource] = text;
  const bool complete = parts[arn] == "arn" && !parts[partition].empty() &&
                        !parts[service].empty() && !parts[resource].empty();
  if (!complete) return std::nullopt;
  return parts;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<NamedPlace> parse_named(std::string_view text, std::string_view kind) {
  const auto parts = split_arn(text);
  if (!parts || (*parts)[service] != "events") return std::nullopt;
  std::string_view name = (*parts)[resource];
  if (!take_prefix(name, kind)) return std::nullopt;
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return NamedPlace{std::string((*parts)[account]), std::string((*parts)[region]),
                    std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))};
}

}  // namespace

bool is_arn(std::string_view text) { return split_arn(text).has_value(); }

bool is_http_url(std::string_view text) {
  const std::size_t scheme = text.starts_with("http://") ? 7 : text.starts_with("https://") ? 8 : 0;
  return scheme != 0 && text.size() > scheme && text[scheme] != '/';
}

bool has_user_info(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/?#")).find('@') != std::string_view::npos;
}

std::string_view arn_service(std::string_view text) {
  const auto parts = split_arn(text);
  return parts ? (*parts)[service] : std::string_view();
}

std::optional<EventsResource> parse_events_arn(std::string_view text) {
  const auto parts = split_arn(text);
  if (!parts || (*parts)[service] != "events") return std::nullopt;
  std::string_view name = (*parts)[resource];
  EventsResource found;
  found.bus.account = (*parts)[account];
  found.bus.region = (*parts)[region];
  if (take_prefix(name, "event-bus/")) {
    if (name.empty()) return std::nullopt;
    found.bus.name = name;
    return found;
  }
  if (!take_prefix(name, "rule/")) return std::nullopt;
  // Names of partner buses have slashes, names of rules do not.
  const auto slash = name.rfind('/');
  const bool on_default = slash == std::string_view::npos;
  found.bus.name = on_default ? default_bus_name : name.substr(0, slash);
  found.rule = on_default ? name : name.substr(slash + 1);
  if (found.rule->empty() || found.bus.name.empty()) return std::nullopt;
  return found;
}

std::optional<LogGroup> parse_log_group_arn(std::string_view text) {
  const auto parts = split_arn(text);
  if (!parts || (*parts)[service] != "logs") return std::nullopt;
  std::string_view name = (*parts)[resource];
  if (!take_prefix(name, "log-group:")) return std::nullopt;
  if (name.ends_with(":*")) name.remove_suffix(2);
  if (name.empty()) return std::nullopt;
  return LogGroup{std::string((*parts)[account]), std::string((*parts)[region]), std::string(name)};
}

bool is_bus_arn(std::string_view arn) {
  const auto found = parse_events_arn(arn);
  return found && !found->rule;
}

std::optional<NamedPlace> parse_connection_arn(std::string_view text) {
  return parse_named(text, "connection/");
}

std::optional<NamedPlace> parse_api_destination_arn(std::string_view text) {
  return parse_named(text, "api-destination/");
}

BusPlace parse_bus(const std::optional<std::string>& name_or_arn, const Caller& caller) {
  if (name_or_arn && name_or_arn->starts_with("arn:")) {
    auto found = parse_events_arn(*name_or_arn);
    if (found && !found->rule) return std::move(found->bus);
  }
  return {caller.account, caller.region, name_or_arn.value_or(std::string(default_bus_name))};
}

std::string Rule::arn() const { return bus->rule_arn(name); }

std::string Bus::rule_arn(std::string_view rule_name) const {
  const std::string path = name == default_bus_name ? "rule/" : "rule/" + name + "/";
  return world->arn("events", path + std::string(rule_name));
}

}  // namespace signalbox::broker
