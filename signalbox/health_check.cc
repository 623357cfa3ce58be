#include "signalbox/health_check.h"

#include <fmt/format.h>

#include "signalbox/http_client.h"

namespace signalbox {

namespace {

int complain(const std::string& url, std::string_view what) {
  fmt::print(stderr, "signalbox: {}: {}\n", url, what);
  return 1;
}

}  // namespace

int check_health(const std::string& url) {
  HttpAddress address;
  if (const auto problem = parse_http_url(url, address); !problem.empty()) {
    fmt::print(stderr, "signalbox: {}\n", problem);
    return 1;
  }
  // It is asked as localhost: inside a container by whatever name.
  address.authority = "localhost";
  HttpQuestion question;
  question.target = "/_signalbox/health";
  question.timeout = std::chrono::seconds(5);
  const HttpAnswer answer = ask_http(address, question);
  if (!answer.problem.empty()) return complain(url, answer.problem + ".");
  if (answer.status == 200) return 0;
  return complain(url, fmt::format("{} {}", answer.status, answer.body.substr(0, 400)));
}

}  // namespace signalbox
