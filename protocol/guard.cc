#include "protocol/guard.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace signalbox::protocol {
namespace {

// A header named in a message is cut here: it may be as long as the header limit.
constexpr std::size_t quoted_bytes_max = 100;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_name(std::string_view lower_case_text) {
  return !lower_case_text.empty() && lower_case_text.front() != '.' &&
         std::all_of(lower_case_text.begin(), lower_case_text.end(), is_host_char);
}

bool is_ipv6_literal(std::string_view address) {
  in6_addr parsed{};
  return inet_pton(AF_INET6, std::string(address).c_str(), &parsed) == 1;
}

bool is_host(std::string_view lower_case_text) {
  if (lower_case_text.starts_with('[') && lower_case_text.ends_with(']')) {
    return is_ipv6_literal(lower_case_text.substr(1, lower_case_text.size() - 2));
  }
  return is_name(lower_case_text);
}

// The host of "host", "host:port", "[v6]" or "[v6]:port"; empty when it is none of them.
std::string_view without_port(std::string_view authority) {
  auto host = authority;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return {};
    host = authority.substr(0, end + 1);
  } else {
    host = authority.substr(0, authority.find(':'));
  }
  const auto port = authority.substr(host.size());
  if (!port.empty() && (port.front() != ':' || port.size() > 6 || !is_digits(port.substr(1)))) {
    return {};
  }
  return host;
}

// "http://example.com:80" and "http://example.com" are one origin; browsers send the shorter.
std::string without_default_port(std::string origin) {
  for (const auto& [scheme, port] : {std::pair("http://", ":80"), std::pair("https://", ":443")}) {
    if (origin.starts_with(scheme) && origin.ends_with(port)) {
      origin.resize(origin.size() - std::strlen(port));
    }
  }
  return origin;
}

bool is_origin(std::string_view lower_case_text) {
  if (lower_case_text == "null") return true;
  const auto scheme_end = lower_case_text.find("://");
  if (scheme_end == std::string_view::npos || scheme_end == 0) return false;
  return is_host(without_port(lower_case_text.substr(scheme_end + 3)));
}

// The authority of an absolute-form target ("GET http://host/ HTTP/1.1"), which goes before Host.
std::string_view target_authority(std::string_view target) {
  const auto scheme_end = target.find("://");
  if (target.starts_with('/') || scheme_end == std::string_view::npos) return {};
  const auto rest = target.substr(scheme_end + 3);
  return rest.substr(0, rest.find_first_of("/?#"));
}

std::string quoted(std::string_view text) {
  return text.size() <= quoted_bytes_max
             ? fmt::format("\"{}\"", text)
             : fmt::format("\"{}...\"", text.substr(0, quoted_bytes_max));
}

struct Sender {
  std::string_view host;
  std::string_view origin;
  std::string_view fetch_site;
  bool has_host = false;
  unsigned origin_count = 0;
};

Sender sender_of(const HttpRequest& request) {
  Sender sender;
  for (const auto& [name, value] : request.headers) {
    if (name == "host") {
      sender.host = value;
      sender.has_host = true;
    } else if (name == "origin") {
      sender.origin = value;
      ++sender.origin_count;
    } else if (name == "sec-fetch-site") {
      sender.fetch_site = value;
    }
  }
  return sender;
}

// A page that this server itself has served; its Host has been checked.
bool is_same_origin(const Sender& sender) {
  static constexpr std::string_view scheme = "http://";
  return sender.has_host && sender.origin.starts_with(scheme) &&
         lower_case(sender.origin.substr(scheme.size())) == lower_case(sender.host);
}

bool is_token_list(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const char l = lower(c);
    return is_host_char(l) || c == ',' || c == ' ';
  });
}

}  // namespace

Guard::Guard(const GuardSettings& settings) {
  for (const auto& entry : settings.allowed_hosts) {
    auto host = lower_case(entry);
    if (host == "*") {
      is_any_host_allowed_ = true;
    } else if (host.starts_with("*.")) {
      host_suffixes_.push_back(host.substr(1));
    } else {
      hosts_.push_back(std::move(host));
    }
  }
  for (const auto& entry : settings.allowed_origins) {
    if (entry == "*") is_any_origin_allowed_ = true;
    origins_.push_back(without_default_port(lower_case(entry)));
  }
}

std::string Guard::check_settings(const GuardSettings& settings) {
  for (const auto& entry : settings.allowed_hosts) {
    const auto host = lower_case(entry);
    if (host == "*" || is_host(host)) continue;
    if (host.starts_with("*.") && is_name(std::string_view(host).substr(2))) continue;
    return fmt::format(
        "--allowed-host {} is not a host: give a name (broker.internal), a name with a wildcard in "
        "front (*.example.com) or an address (10.1.2.3, [fd00::1]), without scheme and port.",
        quoted(entry));
  }
  for (const auto& entry : settings.allowed_origins) {
    if (entry == "*" || is_origin(lower_case(entry))) continue;
    return fmt::format(
        "--allowed-origin {} is not an origin: give scheme, host and port as in "
        "http://localhost:3000, without a path, or * for any.",
        quoted(entry));
  }
  return {};
}

std::string Guard::check(const HttpRequest& request) const {
  const auto sender = sender_of(request);
  // Only an HTTP/1.0 client, never a browser, leaves the Host out.
  auto foreign = sender.has_host && !is_allowed_host(sender.host) ? sender.host : "";
  if (const auto authority = target_authority(request.target);
      foreign.empty() && !authority.empty() && !is_allowed_host(authority)) {
    foreign = authority;
  }
  if (!foreign.empty() || (sender.has_host && sender.host.empty() && !is_any_host_allowed_)) {
    const auto host = without_port(foreign);
    return fmt::format(
        "The host {} is not one this server answers to. If clients are meant to reach it by that "
        "name, start it with --allowed-host {}.",
        quoted(foreign),
        is_host(lower_case(host)) && host.size() <= quoted_bytes_max ? host : "NAME");
  }
  if (sender.origin_count > 1) return "A request must not have more than one Origin header.";
  if (sender.origin_count == 1) {
    if (is_allowed_origin(sender.origin) || is_same_origin(sender)) return {};
    return fmt::format(
        "Web pages of the origin {} may not use this server. To let them, start it with "
        "--allowed-origin {}.",
        quoted(sender.origin), sender.origin.size() <= quoted_bytes_max ? sender.origin : "ORIGIN");
  }
  if (sender.fetch_site == "cross-site" && !is_any_origin_allowed_) {
    return "Web pages of other sites may not use this server. To let a site, start it with "
           "--allowed-origin and send requests that carry an Origin header.";
  }
  return {};
}

bool Guard::is_allowed_host(std::string_view authority) const {
  if (is_any_host_allowed_) return true;
  auto host = without_port(authority);
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty()) return false;
  if (host == "localhost" || is_loopback_literal(host)) return true;
  const auto name = lower_case(host);
  if (!is_host(name)) return false;
  if (name == "localhost" || name.ends_with(".localhost")) return true;
  return std::find(hosts_.begin(), hosts_.end(), name) != hosts_.end() ||
         std::any_of(host_suffixes_.begin(), host_suffixes_.end(), [&](const auto& suffix) {
           return name.size() > suffix.size() && name.ends_with(suffix);
         });
}

bool Guard::is_allowed_origin(std::string_view origin) const {
  if (is_any_origin_allowed_) return true;
  if (origins_.empty()) return false;
  const auto wanted = without_default_port(lower_case(origin));
  return std::find(origins_.begin(), origins_.end(), wanted) != origins_.end();
}

bool Guard::is_preflight(const HttpRequest& request) {
  return request.method == "OPTIONS" && request.has_header("origin") &&
         request.has_header("access-control-request-method");
}

HttpReply Guard::preflight_reply(const HttpRequest& request) const {
  HttpReply reply;
  reply.status = 204;
  reply.headers.emplace_back("Access-Control-Allow-Origin", request.header("origin"));
  reply.headers.emplace_back(
      "Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  reply.headers.emplace_back("Access-Control-Allow-Methods",
                             "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS");
  // Echoed, since SDKs keep adding headers of their own (x-amz-*, amz-sdk-*).
  const auto wanted_headers = request.header("access-control-request-headers");
  if (is_token_list(wanted_headers)) {
    reply.headers.emplace_back("Access-Control-Allow-Headers", wanted_headers);
  }
  if (request.header("access-control-request-private-network") == "true") {
    reply.headers.emplace_back("Access-Control-Allow-Private-Network", "true");
  }
  reply.headers.emplace_back("Access-Control-Max-Age", "7200");  // s; browsers cap it there
  return reply;
}

void Guard::add_cors_headers(const HttpRequest& request, HttpReply& reply) {
  const auto origin = request.header("origin");
  if (origin.empty()) return;
  reply.headers.emplace_back("Access-Control-Allow-Origin", origin);
  reply.headers.emplace_back("Vary", "Origin");
  // SDKs read the error code from the first three and correct their clock by Date.
  reply.headers.emplace_back("Access-Control-Expose-Headers",
                             "x-amzn-RequestId, x-amzn-query-error, x-amzn-ErrorType, Date");
}

bool is_loopback_literal(std::string_view address) {
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  } else {
    in_addr v4{};
    if (inet_pton(AF_INET, std::string(address).c_str(), &v4) == 1) {
      return (ntohl(v4.s_addr) >> 24) == 127;
    }
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, std::string(address).c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

std::string check_listen(std::string_view address, bool is_insecure_plaintext_allowed) {
  if (is_insecure_plaintext_allowed || address == "localhost" || is_loopback_literal(address)) {
    return {};
  }
  return fmt::format(
      "--listen {} is not a loopback address: other machines could read and change everything, for "
      "neither encryption nor access control is on. Listen on 127.0.0.1 or [::1], or add "
      "--insecure-plaintext if the network is trusted.",
      quoted(address));
}

}  // namespace signalbox::protocol
