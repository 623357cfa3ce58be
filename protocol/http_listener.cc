#include "protocol/http_listener.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace signalbox::protocol {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr int backlog_count = 1024;  // the kernel caps it at net.core.somaxconn
constexpr int accept_burst_count = 64;
constexpr std::chrono::milliseconds pause_time{50};

// A dead peer is noticed within 50 s: 20 s of silence, then three unanswered probes.
constexpr int keepalive_idle_s = 20;
constexpr int keepalive_interval_s = 10;
constexpr int keepalive_probe_count = 3;

std::string strip_brackets(const std::string& address) {
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    return address.substr(1, address.size() - 2);
  }
  return address == "localhost" ? "127.0.0.1" : address;
}

std::string display_name(const tcp::endpoint& endpoint) {
  const auto text = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", text, endpoint.port())
                                    : fmt::format("{}:{}", text, endpoint.port());
}

bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// What accepted sockets need is set here once: on Linux they inherit it.
bool set_options(int fd, bool is_v6) {
  return set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
         (!is_v6 || set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) &&
         set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) &&
         set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1) &&
         set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_s) &&
         set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_s) &&
         set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, keepalive_probe_count);
}

}  // namespace

HttpListener::HttpListener(boost::asio::io_context& context, Hooks hooks)
    : hooks_(std::move(hooks)), acceptor_(context), pause_timer_(context) {}

std::string HttpListener::open(const std::string& address, std::uint16_t port) {
  error_code error;
  const auto parsed = boost::asio::ip::make_address(strip_brackets(address), error);
  if (error) {
    return fmt::format(
        "cannot listen on \"{}\": it is not an IP address. Give a literal such as 127.0.0.1:4566 "
        "or [::1]:4566.",
        address);
  }
  const tcp::endpoint wanted(parsed, port);
  const auto name = display_name(wanted);
  UniqueFd fd(::socket(wanted.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) {
    is_ipv6_missing_ = parsed.is_v6() && errno == EAFNOSUPPORT;
    return explain(name, errno);
  }
  if (!set_options(fd.get(), parsed.is_v6()) ||
      ::bind(fd.get(), wanted.data(), static_cast<socklen_t>(wanted.size())) != 0) {
    is_ipv6_missing_ = parsed.is_v6() && errno == EADDRNOTAVAIL;
    return explain(name, errno);
  }
  if (::listen(fd.get(), backlog_count) != 0) return explain(name, errno);
  acceptor_.assign(wanted.protocol(), fd.get(), error);
  if (error) return explain(name, error.value());
  fd.release();
  endpoint_ = acceptor_.local_endpoint(error);
  return error ? explain(name, error.value()) : std::string();
}

std::string HttpListener::explain(const std::string& name, int error) const {
  switch (error) {
    case EADDRINUSE:
      return fmt::format(
          "cannot listen on {}: the address is already in use, perhaps by another signalbox. Stop "
          "what uses it, or choose another port with --listen.",
          name);
    case EACCES:
    case EPERM:
      return fmt::format(
          "cannot listen on {}: permission denied. Ports below 1024 need privileges: choose a "
          "higher port with --listen.",
          name);
    case EADDRNOTAVAIL:
      return fmt::format(
          "cannot listen on {}: this machine has no such address. Choose one that it has with "
          "--listen, for example 127.0.0.1:4566.",
          name);
    case EAFNOSUPPORT:
      return fmt::format(
          "cannot listen on {}: this machine has no IPv6. Choose an IPv4 address with --listen.",
          name);
    default: return fmt::format("cannot listen on {}: {}.", name, std::strerror(error));
  }
}

std::pair<std::string, std::uint16_t> HttpListener::bound() const {
  return {endpoint_.address().to_string(), endpoint_.port()};
}

void HttpListener::accept() {
  acceptor_.async_wait(tcp::acceptor::wait_read, [this](const error_code& error) {
    if (!error) accept_ready();
  });
}

void HttpListener::accept_ready() {
  if (!acceptor_.is_open()) return;
  for (int count = 0; count < accept_burst_count; ++count) {
    if (!hooks_.has_room()) return pause();
    UniqueFd client(
        ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client.get() >= 0) {
      hooks_.take(std::move(client), endpoint_.protocol().family());
      continue;
    }
    // The errors of a client that left while it waited in line say nothing about the next one.
    if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    return pause();
  }
  accept();
}

void HttpListener::pause() {
  pause_timer_.expires_after(pause_time);
  pause_timer_.async_wait([this](const error_code& error) {
    if (!error) accept_ready();
  });
}

void HttpListener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_timer_.cancel();
}

}  // namespace signalbox::protocol
