#include "rules/engine/event_value.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "rules/comparable_number.h"
#include "rules/utf8.h"

namespace signalbox::rules::engine {

namespace {

// Doubles hold every decimal of so many digits and no exponent to speak of.
constexpr std::size_t exact_digits_max = 15;
constexpr double powers_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// Digits with a point among them, so few that the double of the text compares for certain.
bool read_short(std::string_view text, double& out) {
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

bool is_number(std::string_view text) {
  std::size_t at = text.front() == '-' ? 1 : 0;
  const auto digits = [&] {
    const std::size_t first = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - first;
  };
  const bool leading_zero = at < text.size() && text[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (leading_zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

}  // namespace

bool LazyNumber::near(std::string_view text, double& out) {
  if (state_ == State::unread) {
    state_ = State::none;
    if (read_short(text, number_)) {
      state_ = State::comparable;
    } else if (is_number(text)) {
      const auto read = std::from_chars(text.data(), text.data() + text.size(), number_);
      if (read.ec == std::errc() && std::isfinite(number_)) {
        state_ = State::near;
      } else if (comparable_number(text) == 0.0) {  // 0e999999999
        number_ = 0;
        state_ = State::comparable;
      }
      if (number_ == 0) number_ = 0;  // never the negative one
    }
  }
  out = number_;
  return state_ != State::none;
}

bool LazyNumber::compares(std::string_view text) {
  if (state_ == State::near) {
    state_ = comparable_number(text) ? State::comparable : State::none;
  }
  return state_ == State::comparable;
}

bool read_plain_ipv4(std::string_view text, unsigned char* out) {
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at == text.size() || text[at++] != '.')) return false;
    unsigned number = 0;
    const std::size_t first = at;
    while (at < text.size() && at < first + 3 && is_digit(text[at])) {
      number = number * 10 + static_cast<unsigned>(text[at++] - '0');
    }
    if (at == first || number > 0xFF) return false;
    out[part] = static_cast<unsigned char>(number);
  }
  return at == text.size();
}

}  // namespace signalbox::rules::engine
