// Which addresses a target may have. A rule's owner chooses the URL, the broker makes the
// connection: without this, whoever may put targets could reach what only the broker's machine can.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <string>

namespace signalbox::protocol {

enum class AddressKind : std::uint8_t {
  global,
  loopback,
  // Networks of one's own, link-local ones, and those that lead to them by translation or tunnel.
  private_use,
  // Where no target is: multicast, unspecified, reserved, and the metadata services of clouds,
  // which hand the machine's credentials to whoever asks.
  forbidden,
};

AddressKind kind_of_address(const boost::asio::ip::address& address);

struct AddressRule {
  bool allows_loopback = false;
  bool allows_private = false;  // and loopback

  // Why a target may not have this address, or empty.
  std::string check(const boost::asio::ip::address& address) const;
};

}  // namespace signalbox::protocol
