#include "rules/comparable_number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

#include "rules/utf8.h"

namespace signalbox::rules {
namespace {

// More significant digits than any double's shortest decimal has.
constexpr std::size_t digits_max = 20;

// Doubles hold every decimal of so many digits and no exponent to speak of.
constexpr std::size_t exact_digits_max = 15;
constexpr double powers_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// 0.DIGITS * 10^exponent, without leading or trailing zeros in DIGITS; zero has no digits.
struct Decimal {
  std::array<char, digits_max> digits;
  std::size_t digit_count = 0;
  std::int64_t exponent = 0;
  bool negative = false;

  bool operator==(const Decimal& other) const {
    return digit_count == other.digit_count && exponent == other.exponent &&
           negative == other.negative &&
           std::string_view(digits.data(), digit_count) ==
               std::string_view(other.digits.data(), other.digit_count);
  }
};

// Nothing when the number has more digits than a double can.
std::optional<Decimal> read_decimal(std::string_view text) {
  Decimal out;
  std::size_t at = 0;
  if (at < text.size() && text[at] == '-') {
    out.negative = true;
    ++at;
  }
  bool in_fraction = false;
  std::int64_t trailing_zeros = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.') {
      in_fraction = true;
      continue;
    }
    if (c < '0' || c > '9') {
      break;
    }
    if (c == '0') {
      if (out.digit_count == 0) {
        out.exponent -= in_fraction ? 1 : 0;
      } else {
        ++trailing_zeros;
        out.exponent += in_fraction ? 0 : 1;
      }
      continue;
    }
    if (out.digit_count + static_cast<std::size_t>(trailing_zeros) >= digits_max) {
      return std::nullopt;
    }
    for (; trailing_zeros > 0; --trailing_zeros) {
      out.digits[out.digit_count++] = '0';
    }
    out.digits[out.digit_count++] = c;
    out.exponent += in_fraction ? 0 : 1;
  }
  if (out.digit_count == 0) {
    return Decimal{};
  }
  if (at < text.size()) {  // behind the e
    const bool plus = text[at + 1] == '+';
    std::int64_t written = 0;
    const char* first = text.data() + at + (plus ? 2 : 1);
    const auto read = std::from_chars(first, text.data() + text.size(), written);
    constexpr std::int64_t far_out = 100'000;  // no double is near
    if (read.ec != std::errc() || written > far_out || written < -far_out) {
      return std::nullopt;
    }
    out.exponent += written;
  }
  return out;
}

// The decimal that the service's matcher prints for the double: the shortest one, but of two digits
// where one would do, which differs only among the smallest subnormals.
std::string_view print_shortest(double number, std::array<char, 40>& buffer) {
  auto* const end = buffer.data() + buffer.size();
  auto printed = std::to_chars(buffer.data(), end, number, std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(printed.ptr - buffer.data()));
  if (text.find('.') != std::string_view::npos) {
    return text;
  }
  printed = std::to_chars(buffer.data(), end, number, std::chars_format::scientific, 1);
  return {buffer.data(), static_cast<std::size_t>(printed.ptr - buffer.data())};
}

}  // namespace

bool read_short_number(std::string_view text, double& out) {
  const bool negative = text.front() == '-';
  const std::size_t first = negative ? 1 : 0;
  if (text.size() - first > exact_digits_max + 1) return false;
  std::uint64_t digits = 0;
  std::size_t digit_count = 0;
  std::size_t point = 0;  // behind how many digits
  bool has_point = false;
  for (std::size_t i = first; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      digits = digits * 10 + static_cast<unsigned>(text[i] - '0');
      ++digit_count;
    } else if (text[i] == '.' && !has_point) {
      has_point = true;
      point = digit_count;
    } else {
      return false;
    }
  }
  const std::size_t fraction = has_point ? digit_count - point : 0;
  const bool is_grammatical = digit_count > 0 && (!has_point || (point > 0 && fraction > 0)) &&
                              (text[first] != '0' || (has_point ? point : digit_count) == 1);
  if (!is_grammatical || digit_count > exact_digits_max) return false;
  out = static_cast<double>(digits) / powers_of_ten[fraction];
  if (negative && digits != 0) out = -out;
  return true;
}

std::optional<double> comparable_number(std::string_view text) {
  double short_number = 0;
  if (read_short_number(text, short_number)) return short_number;
  const auto written = read_decimal(text);
  if (!written) {
    return std::nullopt;
  }
  if (written->digit_count == 0) {
    return 0.0;
  }
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || !std::isfinite(number)) {
    return std::nullopt;
  }
  std::array<char, 40> buffer;
  const auto held = read_decimal(print_shortest(number, buffer));
  return held && *held == *written ? std::optional(number) : std::nullopt;
}

}  // namespace signalbox::rules
