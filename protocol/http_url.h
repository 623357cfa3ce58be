// URLs of targets: what an HTTP client needs of one, and what it refuses. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::protocol {

struct HttpUrl {
  bool is_tls = false;
  std::string host;  // an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string host_header;  // as the URL has it, without the scheme's own port
  std::string target;       // path and query; "/" at least
};

// What is wrong with the text as a URL of http or https, or empty. User names and passwords are
// refused (they would end in logs and dead letters), as is everything that could break out of its
// place in a request: blanks, control characters, bytes past ASCII.
std::string parse_http_url(std::string_view text, HttpUrl& url);

}  // namespace signalbox::protocol
