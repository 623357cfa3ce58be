#include "rules/engine/event_value.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "rules/comparable_number.h"
#include "rules/utf8.h"

namespace signalbox::rules::engine {

namespace {

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
    if (read_short_number(text, number_)) {
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
