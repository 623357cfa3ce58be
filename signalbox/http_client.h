// A small HTTP client for the command line: one request a connection, and it blocks.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox {

struct HttpAddress {
  std::string host;
  std::string port = "4566";
  std::string authority;  // for the Host header
};

// url: [http://]HOST[:PORT][/]. What is wrong with it, or empty.
std::string parse_http_url(std::string_view url, HttpAddress& address);

struct HttpQuestion {
  std::string method = "GET";
  std::string target;  // path and query
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::seconds timeout{30};  // for each read and write
};

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
  std::string problem;  // set: there was no answer, and why
};

HttpAnswer ask_http(const HttpAddress& address, const HttpQuestion& question);

// Escapes what has a meaning of its own in a path or a query.
std::string url_escaped(std::string_view text);

}  // namespace signalbox
