#include "broker/queue_url.h"

#include <algorithm>
#include <vector>

namespace signalbox::broker {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// us-east-1, eu-central-1, us-gov-west-1: two hyphens or more and a digit at the end.
bool is_region(std::string_view text) {
  return std::count(text.begin(), text.end(), '-') >= 2 && text.back() >= '0' && text.back() <= '9';
}

// The region a host name of the service's own styles carries, empty when none.
std::string_view region_in_host(std::string_view host) {
  const auto labels = split(host.substr(0, host.find(':')), '.');
  if (labels.size() >= 2 && labels[0] == "sqs" && is_region(labels[1])) return labels[1];
  if (labels.size() >= 2 && labels[1] == "queue" && is_region(labels[0])) return labels[0];
  return {};
}

}  // namespace

std::optional<QueuePlace> parse_queue_url(std::string_view url, const Caller& caller) {
  QueuePlace place{caller.account, caller.region, {}};
  std::string_view path = url;
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    const auto rest = url.substr(scheme + 3);
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    if (const auto region = region_in_host(rest.substr(0, slash)); !region.empty()) {
      place.region = region;
    }
    path = rest.substr(slash);
  } else if (url.find('/') == std::string_view::npos) {
    if (url.empty()) return std::nullopt;
    place.name = url;
    return place;
  }
  path.remove_prefix(path.starts_with('/') ? 1 : 0);
  while (path.ends_with('/')) path.remove_suffix(1);
  auto parts = split(path, '/');
  if (parts.size() == 4 && parts[0] == "queue") {
    place.region = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  if (parts.size() != 2 || !is_account(parts[0]) || parts[1].empty()) return std::nullopt;
  place.account = parts[0];
  place.name = parts[1];
  return place;
}

std::optional<QueuePlace> parse_queue_arn(std::string_view arn) {
  const auto parts = split(arn, ':');
  if (parts.size() != 6 || parts[0] != "arn" || !parts[1].starts_with("aws") || parts[2] != "sqs") {
    return std::nullopt;
  }
  if (parts[3].empty() || !is_account(parts[4]) || parts[5].empty()) return std::nullopt;
  return QueuePlace{std::string(parts[4]), std::string(parts[3]), std::string(parts[5])};
}

std::string make_queue_url(std::string_view base_url, std::string_view account,
                           std::string_view name) {
  std::string url(base_url);
  return url.append("/").append(account).append("/").append(name);
}

}  // namespace signalbox::broker
