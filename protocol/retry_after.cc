#include "protocol/retry_after.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace signalbox::protocol {

namespace {

using std::chrono::seconds;
constexpr seconds longest = std::chrono::hours(24);

// RFC 9110, 5.6.7: the form to send, and the two old ones that are still to be understood.
std::optional<std::time_t> parse_http_date(std::string_view text) {
  const std::string date(text);
  for (const char* form :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* end = ::strptime(date.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') return ::timegm(&parts);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view value, std::string_view date, std::chrono::system_clock::time_point now) {
  std::int64_t count_s = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count_s);
  if (end == value.data() + value.size() && error != std::errc::invalid_argument) {
    const bool is_huge = error == std::errc::result_out_of_range;
    if (value.starts_with('-')) return seconds(-1);
    return is_huge ? longest : std::min(seconds(count_s), longest);
  }
  const auto wanted = parse_http_date(value);
  if (!wanted) return std::nullopt;
  const auto from = parse_http_date(date).value_or(std::chrono::system_clock::to_time_t(now));
  return std::clamp(seconds(*wanted - from), seconds(0), longest);
}

}  // namespace signalbox::protocol
