#include "protocol/address_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace signalbox::protocol {

namespace {

namespace ip = boost::asio::ip;

struct BlockRow {
  const char* address;
  unsigned bits;
  AddressKind kind;
};

// The IANA registries of special-purpose addresses; the first row that holds an address decides.
constexpr BlockRow ipv4_rows[] = {
    {"169.254.169.254", 32, AddressKind::forbidden},  // metadata: AWS, Azure, Google and others
    {"169.254.170.0", 24, AddressKind::forbidden},    // credentials of containers on AWS
    {"100.100.100.200", 32, AddressKind::forbidden},  // metadata: Alibaba
    {"0.0.0.0", 8, AddressKind::forbidden},          {"10.0.0.0", 8, AddressKind::private_use},
    {"100.64.0.0", 10, AddressKind::private_use},    {"127.0.0.0", 8, AddressKind::loopback},
    {"169.254.0.0", 16, AddressKind::private_use},   {"172.16.0.0", 12, AddressKind::private_use},
    {"192.0.0.0", 24, AddressKind::private_use},     {"192.0.2.0", 24, AddressKind::private_use},
    {"192.88.99.0", 24, AddressKind::private_use},   {"192.168.0.0", 16, AddressKind::private_use},
    {"198.18.0.0", 15, AddressKind::private_use},    {"198.51.100.0", 24, AddressKind::private_use},
    {"203.0.113.0", 24, AddressKind::private_use},   {"224.0.0.0", 3, AddressKind::forbidden},
};
constexpr BlockRow ipv6_rows[] = {
    {"::", 128, AddressKind::forbidden},
    {"::1", 128, AddressKind::loopback},
    {"fd00:ec2::254", 128, AddressKind::forbidden},  // metadata: AWS
    {"fd20:ce::254", 128, AddressKind::forbidden},   // metadata: Google
    {"ff00::", 8, AddressKind::forbidden},
    {"2001::", 23, AddressKind::private_use},  // Teredo and other protocols' own
    {"2001:db8::", 32, AddressKind::private_use},
    {"2002::", 16, AddressKind::private_use},  // 6to4
    {"3fff::", 20, AddressKind::private_use},
    {"2000::", 3, AddressKind::global},  // all that is global so far
    {"::", 0, AddressKind::private_use},
};

using Bytes = std::vector<unsigned char>;

Bytes bytes_of(const ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.end()};
}

bool is_in_block(const Bytes& address, const Bytes& block, unsigned bits) {
  const unsigned whole = bits / 8;
  if (!std::equal(block.begin(), block.begin() + whole, address.begin())) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<unsigned char>(0xff << (8 - bits % 8));
  return (address[whole] & mask) == (block[whole] & mask);
}

template <std::size_t count>
AddressKind find_kind(const ip::address& address, const BlockRow (&rows)[count]) {
  const Bytes bytes = bytes_of(address);
  for (const auto& row : rows) {
    if (is_in_block(bytes, bytes_of(ip::make_address(row.address)), row.bits)) return row.kind;
  }
  return AddressKind::global;
}

ip::address_v4 last_four(const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  ip::address_v4::bytes_type last{};
  std::copy(bytes.end() - 4, bytes.end(), last.begin());
  return ip::address_v4(last);
}

bool is_translated(const ip::address_v6& address) {
  static const auto nat64 = ip::make_address_v6("64:ff9b::").to_bytes();
  const auto bytes = address.to_bytes();
  return std::equal(bytes.begin(), bytes.end() - 4, nat64.begin());
}

}  // namespace

AddressKind kind_of_address(const ip::address& address) {
  if (address.is_v4()) return find_kind(address, ipv4_rows);
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return find_kind(last_four(v6), ipv4_rows);
  if (is_translated(v6)) {
    return std::max(find_kind(last_four(v6), ipv4_rows), AddressKind::private_use);
  }
  return find_kind(address, ipv6_rows);
}

std::string AddressRule::check(const ip::address& address) const {
  constexpr std::string_view remedy = "--http-targets-private allows such targets.";
  switch (kind_of_address(address)) {
    case AddressKind::global: return {};
    case AddressKind::loopback:
      if (allows_loopback || allows_private) return {};
      return fmt::format("{} is the broker's own machine. {}", address.to_string(), remedy);
    case AddressKind::private_use:
      if (allows_private) return {};
      return fmt::format("{} is an address of a private network. {}", address.to_string(), remedy);
    case AddressKind::forbidden: break;
  }
  return fmt::format("{} is an address that no target may have.", address.to_string());
}

}  // namespace signalbox::protocol
