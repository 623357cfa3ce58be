#include "protocol/http_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace signalbox::protocol {

namespace {

constexpr std::size_t host_bytes_max = 253;

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_url_byte(char c) { return c > ' ' && c < '\x7f' && c != '\\'; }

bool is_name_byte(char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; }

// No zone (%eth0): it would name an interface of this machine.
bool is_ipv6(const std::string& text) {
  in6_addr ignored;
  return ::inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

}  // namespace

std::string parse_http_url(std::string_view text, HttpUrl& url) {
  if (!std::all_of(text.begin(), text.end(), is_url_byte)) {
    return "The URL has characters that must be percent-encoded.";
  }
  url.is_tls = text.starts_with("https://");
  if (!url.is_tls && !text.starts_with("http://")) {
    return "The URL does not begin with http:// or https://.";
  }
  text.remove_prefix(url.is_tls ? 8 : 7);
  text = text.substr(0, text.find('#'));
  const auto authority = text.substr(0, text.find_first_of("/?"));
  url.target = text.substr(authority.size());
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) {
    return "The URL has a user name; credentials do not belong there.";
  }
  const bool is_bracketed = authority.starts_with('[');
  const auto host_end = is_bracketed ? authority.find(']') : authority.find(':');
  if (is_bracketed && host_end == std::string_view::npos) {
    return "The URL's IPv6 address has no closing bracket.";
  }
  url.host = is_bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
  const bool is_name = !url.host.empty() && url.host.size() <= host_bytes_max &&
                       std::all_of(url.host.begin(), url.host.end(), is_name_byte);
  if (is_bracketed ? !is_ipv6(url.host) : !is_name) {
    return "The URL's host is neither a name nor an address.";
  }
  const auto after_host = is_bracketed ? host_end + 1 : std::min(host_end, authority.size());
  const auto port_text = authority.substr(after_host);
  const std::uint16_t default_port = url.is_tls ? 443 : 80;
  url.port = default_port;
  if (!port_text.empty() && (port_text[0] != ':' || !parse_port(port_text.substr(1), url.port))) {
    return "The URL's port is not a number from 1 to 65535.";
  }
  url.host_header = authority.substr(0, url.port == default_port ? after_host : authority.size());
  return {};
}

}  // namespace signalbox::protocol
