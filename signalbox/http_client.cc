#include "signalbox/http_client.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace signalbox {

namespace {

constexpr std::string_view scheme = "http://";

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// -1, and why in problem, when nothing answers there.
int connect_to(const HttpAddress& address, std::chrono::seconds timeout, std::string& problem) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found);
  if (failure != 0) {
    problem = fmt::format("the name cannot be looked up: {}", gai_strerror(failure));
    return -1;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, freeaddrinfo);
  const timeval limit{timeout.count(), 0};
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int fd = socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
    if (fd < 0) continue;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, each->ai_addr, each->ai_addrlen) == 0) return fd;
    problem = fmt::format("nothing answers there ({})", std::strerror(errno));
    close(fd);
  }
  return -1;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// HTTP/1.0: the answer then ends with the connection, and never comes in chunks.
std::string head_of(const HttpAddress& address, const HttpQuestion& question) {
  std::string head =
      fmt::format("{} {} HTTP/1.0\r\nHost: {}\r\nContent-Length: {}\r\n", question.method,
                  question.target, address.authority, question.body.size());
  for (const auto& [name, value] : question.headers) head += fmt::format("{}: {}\r\n", name, value);
  return head += "\r\n";
}

// What Content-Length says, or what there is.
bool is_whole(std::string_view head, std::size_t body_bytes) {
  constexpr std::string_view name = "\r\ncontent-length:";
  for (std::size_t at = 0; at + name.size() <= head.size(); ++at) {
    if (strncasecmp(head.data() + at, name.data(), name.size()) != 0) continue;
    const std::size_t first = head.find_first_not_of(' ', at + name.size());
    std::size_t wanted = 0;
    if (first == std::string_view::npos) return true;
    std::from_chars(head.data() + first, head.data() + head.size(), wanted);
    return body_bytes >= wanted;
  }
  return true;
}

HttpAnswer read_answer(const std::string& bytes) {
  HttpAnswer answer;
  const auto end = bytes.find("\r\n\r\n");
  const bool is_http = bytes.starts_with("HTTP/1.") && bytes.size() > 12;
  if (end == std::string::npos || !is_http) {
    answer.problem = bytes.empty() ? "no answer came" : "what answers there is no HTTP server";
    return answer;
  }
  std::from_chars(bytes.data() + 9, bytes.data() + 12, answer.status);
  answer.body = bytes.substr(end + 4);
  if (!is_whole(std::string_view(bytes).substr(0, end), answer.body.size())) {
    answer.problem = "the answer was cut off";
  }
  return answer;
}

}  // namespace

std::string parse_http_url(std::string_view url, HttpAddress& address) {
  if (url.starts_with("https://")) {
    return fmt::format("{}: https is not spoken yet. Give http://HOST:PORT.", url);
  }
  std::string_view rest = url;
  if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  rest = rest.substr(0, rest.find('/'));
  const bool is_bracketed = rest.starts_with('[');
  const auto host_end = is_bracketed ? rest.find(']') : rest.find(':');
  address.host = rest.substr(is_bracketed ? 1 : 0, host_end - (is_bracketed ? 1 : 0));
  const auto colon =
      host_end == std::string_view::npos ? std::string_view::npos : rest.find(':', host_end);
  if (colon != std::string_view::npos) address.port = rest.substr(colon + 1);
  const bool is_port = !address.port.empty() && address.port.size() <= 5 &&
                       address.port.find_first_not_of("0123456789") == std::string::npos;
  if (address.host.empty() || !is_port || rest.find_first_of(" \r\n") != std::string_view::npos) {
    return fmt::format("{} is no address: give http://HOST:PORT.", url);
  }
  address.authority = rest;
  return {};
}

HttpAnswer ask_http(const HttpAddress& address, const HttpQuestion& question) {
  HttpAnswer answer;
  const Socket socket(connect_to(address, question.timeout, answer.problem));
  if (socket.fd() < 0) return answer;
  // One that refuses early does not read everything: its answer counts all the same.
  const bool is_sent = send_all(socket.fd(), head_of(address, question) + question.body);
  std::string bytes;
  char buffer[16 * 1024];
  ssize_t got = 0;
  while ((got = recv(socket.fd(), buffer, sizeof buffer, 0)) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) bytes.append(buffer, static_cast<std::size_t>(got));
  }
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    answer.problem = fmt::format("no answer came within {} s", question.timeout.count());
    return answer;
  }
  if (!is_sent && bytes.empty()) {
    answer.problem = "the connection was closed while the request was sent";
    return answer;
  }
  return read_answer(bytes);
}

std::string url_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    if (is_plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace signalbox
