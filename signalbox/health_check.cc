#include "signalbox/health_check.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace signalbox {

namespace {

constexpr std::string_view scheme = "http://";
constexpr timeval timeout{5, 0};

int complain(const std::string& url, std::string_view what) {
  fmt::print(stderr, "signalbox: {}: {}\n", url, what);
  return 1;
}

struct Address {
  std::string host;
  std::string port = "4566";
};

Address parse(std::string_view url) {
  if (url.starts_with(scheme)) url.remove_prefix(scheme.size());
  url = url.substr(0, url.find('/'));
  Address address;
  const bool bracketed = url.starts_with('[');
  const auto host_end = bracketed ? url.find(']') : url.rfind(':');
  address.host = url.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0));
  if (host_end == std::string_view::npos) return address;
  const auto colon = url.find(':', host_end);
  if (colon != std::string_view::npos) address.port = url.substr(colon + 1);
  return address;
}

int connect_to(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found) != 0) return -1;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, freeaddrinfo);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int fd = socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
    if (fd < 0) continue;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    if (connect(fd, each->ai_addr, each->ai_addrlen) == 0) return fd;
    close(fd);
  }
  return -1;
}

}  // namespace

int check_health(const std::string& url) {
  const Address address = parse(url);
  const int fd = connect_to(address);
  if (fd < 0) return complain(url, "nothing answers there.");
  const std::string request =
      "GET /_signalbox/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  std::string reply;
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
      static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    ssize_t got = 0;
    while ((got = recv(fd, buffer, sizeof buffer, 0)) > 0) {
      reply.append(buffer, static_cast<std::size_t>(got));
    }
  }
  close(fd);
  if (reply.starts_with("HTTP/1.1 200")) return 0;
  return complain(url, reply.empty() ? std::string("no answer.") : reply.substr(0, 400));
}

}  // namespace signalbox
