// A server that answers with the bytes a test tells it to, and a client that asks it: what a proper
// HTTP server would never answer is what these tests are about.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "http_raw_client.h"
#include "protocol/http_client.h"

namespace signalbox::protocol {

// One accepted connection, closed at the end of the test's function for it.
class TargetConnection {
 public:
  TargetConnection(int fd, int stop_fd) : fd_(fd), stop_fd_(stop_fd) {}

  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  // A whole request: its head, and as much body as it announces.
  std::string read_request() const {
    std::string bytes;
    while (true) {
      const auto head_end = bytes.find("\r\n\r\n");
      if (head_end != std::string::npos) {
        RawReply parts{0, bytes.substr(0, head_end + 2), {}};
        const auto length = parts.header("Content-Length");
        if (bytes.size() >= head_end + 4 + (length.empty() ? 0 : std::stoul(length))) return bytes;
      }
      char buffer[16 * 1024];
      const auto count = ::recv(fd_, buffer, sizeof buffer, 0);
      if (count <= 0) return bytes;
      bytes.append(buffer, static_cast<std::size_t>(count));
    }
  }
  // Until the client hangs up, or the test ends.
  void wait_for_hang_up() const {
    pollfd waiting[] = {{fd_, POLLRDHUP, 0}, {stop_fd_, POLLIN, 0}};
    ::poll(waiting, 2, -1);
  }
  void reset() const {
    const linger abort{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
  const int stop_fd_;
};

class TargetServer {
 public:
  using Serve = std::function<void(const TargetConnection&)>;

  // Reads the request, then sends the bytes and closes.
  static Serve answering(std::string bytes) {
    return [bytes = std::move(bytes)](const TargetConnection& connection) {
      connection.read_request();
      connection.send(bytes);
    };
  }

  explicit TargetServer(Serve serve, int family = AF_INET)
      : serve_(std::move(serve)), listener_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (::pipe(stop_) != 0) throw std::runtime_error("no pipe");
    sockaddr_storage address{};
    address.ss_family = static_cast<sa_family_t>(family);
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&address);
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address);
    if (family == AF_INET) v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (family == AF_INET6) v6->sin6_addr = in6addr_loopback;
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error(std::string("listen: ") + std::strerror(errno));
    }
    port_ = ntohs(family == AF_INET ? v4->sin_port : v6->sin6_port);
    acceptor_ = std::thread([this] { accept(); });
  }
  ~TargetServer() {
    ::close(stop_[1]);
    acceptor_.join();
    for (auto& thread : threads_) thread.join();
    ::close(stop_[0]);
    ::close(listener_);
  }

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/hook") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  int connection_count() const { return connection_count_; }

 private:
  void accept() {
    pollfd waiting[] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    while (::poll(waiting, 2, -1) > 0 && waiting[1].revents == 0) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++connection_count_;
      threads_.emplace_back([this, fd] {
        serve_(TargetConnection(fd, stop_[0]));
        ::close(fd);
      });
    }
  }

  const Serve serve_;
  const int listener_;
  int stop_[2] = {-1, -1};
  std::uint16_t port_ = 0;
  std::atomic<int> connection_count_ = 0;
  std::thread acceptor_;
  std::vector<std::thread> threads_;  // the acceptor's own until it is joined
};

// Listens and never accepts, with no room left for another connection: the kernel drops what comes.
class FullListener {
 public:
  FullListener(const char* address, std::uint16_t port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &name.sin_addr);
    for (int& fd : fds_) {
      fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      if (&fd != fds_) {
        ::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name);
      } else if (::bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
                 ::listen(fd, 0) != 0) {
        throw std::runtime_error(std::string("listen: ") + std::strerror(errno));
      }
    }
  }
  ~FullListener() {
    for (const int fd : fds_) ::close(fd);
  }

 private:
  int fds_[4] = {-1, -1, -1, -1};  // the listener and those that fill it
};

inline HttpClientOptions loopback_options() {
  HttpClientOptions options;
  options.allows_loopback = true;
  return options;
}

inline HttpCall call_of(std::string url, std::string body = "{}") {
  HttpCall call;
  call.method = "POST";
  call.url = std::move(url);
  call.body = std::move(body);
  call.timeout = patience;
  return call;
}

inline HttpOutcome ask(HttpClient& client, HttpCall call) {
  auto told = std::make_shared<std::promise<HttpOutcome>>();
  client.send(std::move(call),
              [told](HttpOutcome outcome) { told->set_value(std::move(outcome)); });
  auto outcome = told->get_future();
  if (outcome.wait_for(2 * patience) != std::future_status::ready) {
    throw std::runtime_error("the client never told what came of a call");
  }
  return outcome.get();
}

inline HttpOutcome ask(HttpCall call, HttpClientOptions options = loopback_options()) {
  HttpClient client(std::move(options));
  return ask(client, std::move(call));
}

// The answer; throws what went wrong instead.
inline HttpAnswer answer_of(const HttpOutcome& outcome) {
  if (const auto* failure = std::get_if<HttpFailure>(&outcome)) {
    throw std::runtime_error("no answer: " + failure->detail);
  }
  return std::get<HttpAnswer>(outcome);
}

inline HttpFailure failure_of(const HttpOutcome& outcome) {
  if (const auto* answer = std::get_if<HttpAnswer>(&outcome)) {
    throw std::runtime_error("an answer came: " + std::to_string(answer->status));
  }
  return std::get<HttpFailure>(outcome);
}

}  // namespace signalbox::protocol
