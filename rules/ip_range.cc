#include "rules/ip_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "rules/utf8.h"

namespace signalbox::rules {
namespace {

constexpr std::size_t ipv4_bytes = 4;
constexpr std::size_t ipv6_bytes = 16;

// Whether the text is written the way addresses are, right or wrong.
bool looks_like_ipv4(std::string_view text) {
  const auto dots = std::count(text.begin(), text.end(), '.');
  const bool only =
      std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || is_digit(c); });
  return only && dots == 3 && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos;
}

bool looks_like_ipv6(std::string_view text) {
  return text.find(':') != std::string_view::npos &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c == ':' || hex_digit(c) >= 0; });
}

std::optional<std::string> parse_ipv4(std::string_view text) {
  constexpr std::size_t length_max = 15;
  if (text.size() > length_max) {
    return std::nullopt;
  }
  std::string out;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    unsigned octet = 0;
    for (; at < text.size() && text[at] != '.'; ++at) {
      octet = octet * 10 + static_cast<unsigned>(text[at] - '0');
      if (octet > 0xFF) {
        return std::nullopt;
      }
    }
    out += static_cast<char>(octet);
  }
  return out;
}

// Reads groups from `at` up to a double colon or the end; false when they are not groups.
bool parse_groups(std::string_view text, std::size_t& at, std::string& out) {
  while (at < text.size()) {
    unsigned group = 0;
    const std::size_t start = at;
    for (; at < text.size() && text[at] != ':'; ++at) {
      group = group * 16 + static_cast<unsigned>(hex_digit(text[at]));
      if (group > 0xFFFF) {
        return false;
      }
    }
    if (at == start || out.size() == ipv6_bytes) {
      return false;
    }
    out += static_cast<char>(group >> 8);
    out += static_cast<char>(group & 0xFF);
    if (at == text.size() || text.substr(at, 2) == "::") {
      return true;
    }
    ++at;
    if (at == text.size()) {
      return false;  // ends in a single colon
    }
  }
  return true;
}

std::optional<std::string> parse_ipv6(std::string_view text) {
  std::string head;
  std::string tail;
  std::size_t at = 0;
  if (!text.starts_with("::") && !parse_groups(text, at, head)) {
    return std::nullopt;
  }
  if (at < text.size()) {
    at += 2;
    if (!parse_groups(text, at, tail) || at < text.size() ||
        head.size() + tail.size() >= ipv6_bytes) {
      return std::nullopt;
    }
  } else if (head.size() != ipv6_bytes) {
    return std::nullopt;
  }
  std::string out = head + std::string(ipv6_bytes - head.size() - tail.size(), '\0') + tail;
  // An IPv4 address in IPv6 clothing is an IPv4 address.
  constexpr std::string_view mapped("\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12);
  return out.starts_with(mapped) ? out.substr(mapped.size()) : out;
}

}  // namespace

std::optional<std::string> parse_ip(std::string_view text) {
  if (text.empty()) {
    return std::nullopt;
  }
  if (looks_like_ipv4(text)) {
    return parse_ipv4(text);
  }
  return looks_like_ipv6(text) ? parse_ipv6(text) : std::nullopt;
}

bool IpRange::parse(std::string_view cidr, IpRange& out, std::string& error) {
  const auto end = cidr.find_last_not_of('/');
  const auto used = cidr.substr(0, end == std::string_view::npos ? 0 : end + 1);
  const auto slash = used.find('/');
  if (slash == std::string_view::npos || used.find('/', slash + 1) != std::string_view::npos) {
    error = "Malformed CIDR, one '/' required";
    return false;
  }
  const auto address_text = used.substr(0, slash);
  auto bits_text = used.substr(slash + 1);
  if (bits_text.starts_with('+') && !bits_text.starts_with("+-")) {
    bits_text.remove_prefix(1);
  }
  std::int32_t bits = 0;
  const auto read = std::from_chars(bits_text.data(), bits_text.data() + bits_text.size(), bits);
  if (read.ec != std::errc() || read.ptr != bits_text.data() + bits_text.size()) {
    error = "Malformed CIDR, mask bits must be an integer";
    return false;
  }
  if (bits < 0) {
    error = "Malformed CIDR, mask bits must not be negative";
    return false;
  }
  const auto address = parse_ip(address_text);
  if (!address) {
    const bool standard =
        !address_text.empty() && (looks_like_ipv4(address_text) || looks_like_ipv6(address_text));
    error = fmt::format("{} IP address: {}", standard ? "Invalid" : "Nonstandard", address_text);
    return false;
  }
  const auto bits_end = static_cast<std::int32_t>(address->size() * 8);
  if (bits >= bits_end) {
    error = fmt::format("{} mask bits must be < {}",
                        address->size() == ipv4_bytes ? "IPv4" : "IPv6", bits_end);
    return false;
  }
  out.bottom = *address;
  out.top = *address;
  for (std::size_t i = 0; i < address->size(); ++i) {
    const int kept = std::clamp(bits - static_cast<int>(i) * 8, 0, 8);
    const auto host_bits = static_cast<unsigned char>(0xFF >> kept);
    out.bottom[i] = static_cast<char>(static_cast<unsigned char>(out.bottom[i]) & ~host_bits);
    out.top[i] = static_cast<char>(static_cast<unsigned char>(out.top[i]) | host_bits);
  }
  return true;
}

bool IpRange::contains(std::string_view address) const {
  const std::size_t shared = std::min(address.size(), bottom.size());
  const int above_bottom =
      address.substr(0, shared).compare(std::string_view(bottom).substr(0, shared));
  const int above_top = address.substr(0, shared).compare(std::string_view(top).substr(0, shared));
  return address.size() < bottom.size() ? above_bottom > 0 && above_top < 0
                                        : above_bottom >= 0 && above_top <= 0;
}

}  // namespace signalbox::rules
