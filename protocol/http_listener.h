// A listening socket: binds, accepts, and hands each client to whoever is told to take it.
//
// Lives on one io thread. When there is no room for another client, or no file descriptor left, it
// stops accepting for a moment instead of spinning; clients wait in the kernel's backlog meanwhile.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "protocol/http_io_thread.h"

namespace signalbox::protocol {

class HttpListener {
 public:
  struct Hooks {
    std::function<bool()> has_room;
    std::function<void(UniqueFd socket, int family)> take;
  };

  HttpListener(boost::asio::io_context& context, Hooks hooks);

  // Binds. Returns an empty string, or what to tell the person who asked for this address. An
  // address is a literal, IPv6 with or without brackets, or "localhost" for 127.0.0.1.
  std::string open(const std::string& address, std::uint16_t port);
  // After a failed open: the machine has no IPv6 and the address is one.
  bool is_ipv6_missing() const { return is_ipv6_missing_; }
  std::pair<std::string, std::uint16_t> bound() const;

  // On the io thread.
  void accept();
  void close();

 private:
  std::string explain(const std::string& name, int error) const;
  void accept_ready();
  void pause();

  Hooks hooks_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_timer_;
  boost::asio::ip::tcp::endpoint endpoint_;
  bool is_ipv6_missing_ = false;
};

}  // namespace signalbox::protocol
