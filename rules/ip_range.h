// IP addresses and the blocks of them that a `cidr` pattern names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signalbox::rules {

// Addresses are their bytes, most significant first: 4 of IPv4, 16 of IPv6.
// Nothing for a text that is not an address in plain dotted or colon notation.
std::optional<std::string> parse_ip(std::string_view text);

struct IpRange {
  std::string bottom;
  std::string top;

  // On failure false, with the service's reason in error.
  static bool parse(std::string_view cidr, IpRange& out, std::string& error);

  // Compared byte by byte, like the service's matcher, whatever the two kinds of address: an IPv6
  // address lies in an IPv4 block when its first bytes do, an IPv4 address in an IPv6 block when it
  // is strictly between the first bytes of the block's ends.
  bool contains(std::string_view address) const;
};

}  // namespace signalbox::rules
