#include "broker/schemas/formats.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

namespace signalbox::broker::schemas {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Takes as many digits off the front; -1: there are not that many.
int take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return -1;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

bool take_date(std::string_view& text) {
  using namespace std::chrono;
  const int of_year = take_number(text, 4);
  if (of_year < 0 || !take(text, "-")) return false;
  const int of_month = take_number(text, 2);
  if (of_month < 0 || !take(text, "-")) return false;
  const int of_day = take_number(text, 2);
  if (of_day < 0) return false;
  return year_month_day(year(of_year), month(static_cast<unsigned>(of_month)),
                        day(static_cast<unsigned>(of_day)))
      .ok();
}

bool take_time(std::string_view& text) {
  const int hour = take_number(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ":")) return false;
  const int minute = take_number(text, 2);
  if (minute < 0 || minute > 59 || !take(text, ":")) return false;
  const int second = take_number(text, 2);
  if (second < 0 || second > 60) return false;
  if (take(text, ".")) {
    if (text.empty() || !is_digit(text.front())) return false;
    while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
  }
  if (take(text, "Zz")) return true;
  if (!take(text, "+-")) return false;
  const int offset_hour = take_number(text, 2);
  if (offset_hour < 0 || offset_hour > 23 || !take(text, ":")) return false;
  const int offset_minute = take_number(text, 2);
  return offset_minute >= 0 && offset_minute <= 59;
}

bool is_date_time(std::string_view text) {
  return take_date(text) && take(text, "Tt") && take_time(text) && text.empty();
}

bool is_date(std::string_view text) { return take_date(text) && text.empty(); }

bool is_hostname(std::string_view text) {
  constexpr std::size_t length_max = 253;
  constexpr std::size_t label_max = 63;
  if (text.empty() || text.size() > length_max) return false;
  while (true) {
    const auto label = text.substr(0, text.find('.'));
    const bool is_label = !label.empty() && label.size() <= label_max && label.front() != '-' &&
                          label.back() != '-' &&
                          std::all_of(label.begin(), label.end(), [](char c) {
                            return is_letter(c) || is_digit(c) || c == '-';
                          });
    if (!is_label) return false;
    if (label.size() == text.size()) return true;
    text.remove_prefix(label.size() + 1);
  }
}

bool is_email(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0) return false;
  const auto local = text.substr(0, at);
  const bool has_space = local.find_first_of(" \t\r\n") != std::string_view::npos;
  return !has_space && is_hostname(text.substr(at + 1));
}

bool is_address(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return text.find('\0') == std::string_view::npos &&
         inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

// A scheme and something after it, in the characters that a URI has.
bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(text.front())) return false;
  const auto scheme = text.substr(0, colon);
  return std::all_of(scheme.begin(), scheme.end(),
                     [](char c) {
                       return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
                     }) &&
         std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '<' || c == '>' ||
                  c == '\\' || c == '^' || c == '`' || c == '{' || c == '|' || c == '}';
         });
}

bool is_uuid(std::string_view text) {
  constexpr std::size_t length = 36;
  if (text.size() != length) return false;
  for (std::size_t i = 0; i < length; ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

}  // namespace

std::string_view name_of(Format format) {
  switch (format) {
    case Format::none: break;
    case Format::date_time: return "date-time";
    case Format::date: return "date";
    case Format::email: return "email";
    case Format::hostname: return "hostname";
    case Format::ipv4: return "ipv4";
    case Format::ipv6: return "ipv6";
    case Format::uri: return "uri";
    case Format::uuid: return "uuid";
  }
  return {};
}

bool has_format(std::string_view text, Format format) {
  switch (format) {
    case Format::none: break;
    case Format::date_time: return is_date_time(text);
    case Format::date: return is_date(text);
    case Format::email: return is_email(text);
    case Format::hostname: return is_hostname(text);
    case Format::ipv4: return is_address(AF_INET, text);
    case Format::ipv6: return is_address(AF_INET6, text);
    case Format::uri: return is_uri(text);
    case Format::uuid: return is_uuid(text);
  }
  return true;
}

}  // namespace signalbox::broker::schemas
