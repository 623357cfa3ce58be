// A server with a handler of the test's choice on a free port, and a client that sends the bytes it
// is told to send: what a proper HTTP client would never do is what these tests are about.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/http_server.h"

namespace signalbox::protocol {

using namespace std::chrono_literals;

// Long enough for a sanitizer on a busy machine; a test that waits this long has failed.
inline constexpr std::chrono::milliseconds patience = 20s;

inline bool wait_until(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    ::usleep(1000);
  }
  return true;
}

struct RawReply {
  unsigned status = 0;  // 0: the connection ended first
  std::string head;
  std::string body;

  std::string header(std::string_view name) const {
    auto lower = [](std::string_view text) {
      std::string result(text);
      for (auto& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      return result;
    };
    const auto at = lower(head).find("\r\n" + lower(name) + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer_bytes > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    if (port != 0) connect(port);
  }
  RawClient(RawClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), pending_(std::move(other.pending_)) {}
  ~RawClient() { close(); }

  void connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      const auto error = errno;
      close();  // thrown from the constructor, the destructor does not run
      throw std::runtime_error(std::string("connect: ") + std::strerror(error));
    }
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  // Ends with a reset instead of an orderly close.
  void reset() {
    const linger abort{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    close();
  }
  void finish_sending() { ::shutdown(fd_, SHUT_WR); }
  int fd() const { return fd_; }

  // False when the server has closed the connection meanwhile.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  // Whether bytes or the end arrive within that time.
  bool has_input(std::chrono::milliseconds timeout = 0ms) {
    pollfd waiting{fd_, POLLIN, 0};
    return !pending_.empty() || ::poll(&waiting, 1, static_cast<int>(timeout.count())) > 0;
  }

  // The next reply; those of the 1xx class count.
  RawReply read_reply(bool has_body = true) {
    RawReply reply;
    std::size_t head_end;
    while ((head_end = pending_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return reply;
    }
    reply.head = pending_.substr(0, head_end + 2);
    pending_.erase(0, head_end + 4);
    reply.status = static_cast<unsigned>(std::stoul(reply.head.substr(9, 3)));
    const auto length = reply.header("Content-Length");
    const std::size_t body_bytes = has_body && !length.empty() ? std::stoul(length) : 0;
    while (pending_.size() < body_bytes) {
      if (!fill()) return {};
    }
    reply.body = pending_.substr(0, body_bytes);
    pending_.erase(0, body_bytes);
    return reply;
  }

  // Everything until the server closes.
  std::string read_to_end() {
    while (fill()) {
    }
    return std::exchange(pending_, {});
  }
  // Nothing more comes, and the connection ends.
  bool is_closed() { return pending_.empty() && !fill() && has_ended_; }

 private:
  bool fill() {
    if (!has_input_from_socket()) return false;
    char buffer[64 * 1024];
    const auto count = ::recv(fd_, buffer, sizeof buffer, 0);
    if (count <= 0) {
      has_ended_ = true;
      return false;
    }
    pending_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }
  bool has_input_from_socket() {
    pollfd waiting{fd_, POLLIN, 0};
    return ::poll(&waiting, 1, static_cast<int>(patience.count())) > 0;
  }

  int fd_;
  std::string pending_;
  bool has_ended_ = false;
};

class TestServer {
 public:
  // Answers with the method, the target and the body.
  static void echo(HttpRequest&& request, const std::shared_ptr<Exchange>& exchange) {
    HttpReply reply;
    reply.content_type = "text/plain";
    reply.body = request.method + " " + request.target + " " + request.body;
    exchange->reply(std::move(reply));
  }

  static HttpReply refuse(unsigned status, std::string_view reason) {
    HttpReply reply;
    reply.status = status;
    reply.content_type = "text/plain";
    reply.body = reason;
    return reply;
  }

  explicit TestServer(HttpServerOptions options = {}, HttpServer::Handler handler = echo) {
    if (options.listen.empty()) options.listen = {{"127.0.0.1", 0}};
    server_ = HttpServer::create(std::move(options), std::move(handler), refuse);
    const auto error = server_->start();
    if (!error.empty()) throw std::runtime_error(error);
  }

  HttpServer& operator*() { return *server_; }
  HttpServer* operator->() { return server_.get(); }
  std::uint16_t port() const { return server_->bound().front().second; }
  RawClient connect() const { return RawClient(port()); }
  void destroy() { server_.reset(); }

 private:
  std::unique_ptr<HttpServer> server_;
};

// Runs a function as a task.
class CallTask final : public IoTask {
 public:
  explicit CallTask(std::function<void()> call) : call_(std::move(call)) {}
  void run() override { call_(); }

 private:
  std::function<void()> call_;
};

inline std::string post_request(std::string_view body, std::string_view target = "/") {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

inline std::string get_request(std::string_view target = "/") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

}  // namespace signalbox::protocol
