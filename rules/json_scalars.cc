// The numbers and strings of JsonTokenReader.
#include <fmt/format.h>

#include <utility>

#include "rules/json_token_reader.h"
#include "rules/utf8.h"

namespace signalbox::rules {

// --- numbers ------------------------------------------------------------------------------------

Token JsonTokenReader::read_number() {
  const std::size_t start = at_.offset;
  std::size_t at = start + (text_[start] == '-' ? 1 : 0);
  if (at == text_.size()) {
    fail_at(at, "Unexpected end-of-inputNo digit following sign");
    return Token::end_of_input;
  }
  if (!is_digit(text_[at])) {
    if (text_[at] == '.') {
      at_.offset = at;
      fail_unexpected(fmt::format("expected a valid value {}", value_expected));
    } else if (text_.substr(at, 8) == "Infinity") {
      fail_not_a_number(start, at + 8);
    } else if (text_.substr(at, 3) == "INF") {
      fail_not_a_number(start, at + 3);
    } else {
      fail_in_number(at, "expected digit (0-9) to follow minus sign, for valid numeric value");
    }
    return Token::end_of_input;
  }
  if (text_[at] == '0' && at + 1 < text_.size() && is_digit(text_[at + 1])) {
    at_.offset = at + 1;
    fail("Invalid numeric value: Leading zeroes not allowed");
    return Token::end_of_input;
  }
  while (at < text_.size() && is_digit(text_[at])) {
    ++at;
  }
  const std::size_t integer_end = at;
  if (!read_fraction(at) || !read_exponent(at)) {
    return Token::end_of_input;
  }
  value_ = text_.substr(start, at - start);
  at_.offset = at;
  // The service takes the space along that a number outside of everything must end with.
  if (scopes_.empty() && at < text_.size() && !skip_one_space()) {
    fail_unexpected("Expected space separating root-level values");
    return Token::end_of_input;
  }
  if (value_.size() > number_length_max) {
    fail_without_position(
        fmt::format("Number value length ({}) exceeds the maximum allowed ({}, from "
                    "`StreamReadConstraints.getMaxNumberLength()`)",
                    value_.size(), number_length_max));
    return Token::end_of_input;
  }
  return at == integer_end ? Token::integer : Token::decimal;
}

bool JsonTokenReader::read_fraction(std::size_t& at) {
  if (at == text_.size() || text_[at] != '.') {
    return true;
  }
  const std::size_t digits = at + 1;
  for (++at; at < text_.size() && is_digit(text_[at]);) {
    ++at;
  }
  if (at > digits) {
    return true;
  }
  fail_in_number(at, "Decimal point not followed by a digit");
  return false;
}

bool JsonTokenReader::read_exponent(std::size_t& at) {
  if (at == text_.size() || (text_[at] != 'e' && text_[at] != 'E')) {
    return true;
  }
  ++at;
  if (at < text_.size() && (text_[at] == '+' || text_[at] == '-')) {
    ++at;
  }
  const std::size_t digits = at;
  while (at < text_.size() && is_digit(text_[at])) {
    ++at;
  }
  if (at > digits) {
    return true;
  }
  if (at == text_.size()) {
    at_.offset = at;
    fail("Unexpected end-of-inputexpected a digit for number exponent");
    return false;
  }
  fail_in_number(at, "Exponent indicator not followed by a digit");
  return false;
}

// --- strings ------------------------------------------------------------------------------------

// From behind the opening quote to behind the closing one. `where` says what the string is, for the
// words of an error.
bool JsonTokenReader::read_string(std::string& out, std::string_view where) {
  out.clear();
  high_surrogate_ = 0;
  while (at_.offset < text_.size()) {
    const auto byte = static_cast<unsigned char>(text_[at_.offset]);
    if (byte == '"') {
      append_unit(out, 0);
      ++at_.offset;
      return true;
    }
    if (byte < 0x20) {
      fail(
          fmt::format("Illegal unquoted character ({}): has to be escaped using backslash to be "
                      "included in {}",
                      describe_char(at_.offset), where));
      ++at_.offset;
      return false;
    }
    if (byte == '\\') {
      ++at_.offset;
      if (!read_escape(out)) {
        return false;
      }
    } else {
      append_unit(out, 0);
      out += static_cast<char>(byte);
      ++at_.offset;
    }
  }
  fail(where == "name" ? "Unexpected end-of-input in field name"
                       : "Unexpected end-of-input: was expecting closing quote for a string value");
  return false;
}

bool JsonTokenReader::read_escape(std::string& out) {
  if (at_.offset == text_.size()) {
    fail("Unexpected end-of-input in character escape sequence");
    return false;
  }
  const char c = text_[at_.offset];
  std::uint32_t unit = 0;
  switch (c) {
    case '"':
    case '\\':
    case '/': unit = static_cast<unsigned char>(c); break;
    case 'b': unit = '\b'; break;
    case 'f': unit = '\f'; break;
    case 'n': unit = '\n'; break;
    case 'r': unit = '\r'; break;
    case 't': unit = '\t'; break;
    case 'u':
      ++at_.offset;
      if (!read_hex4(unit)) {
        return false;
      }
      if (unit == 0) {
        append_unit(out, 0);
        out += '\0';
        return true;
      }
      append_unit(out, unit);
      return true;
    default:
      fail(fmt::format("Unrecognized character escape {}", describe_char(at_.offset)));
      at_.offset += utf8_length(text_, at_.offset);
      return false;
  }
  ++at_.offset;
  append_unit(out, unit);
  return true;
}

bool JsonTokenReader::read_hex4(std::uint32_t& unit) {
  unit = 0;
  for (int i = 0; i < 4; ++i, ++at_.offset) {
    if (at_.offset == text_.size()) {
      fail("Unexpected end-of-input in character escape sequence");
      return false;
    }
    const int digit = hex_digit(text_[at_.offset]);
    if (digit < 0) {
      fail_unexpected("expected a hex-digit for character escape sequence");
      return false;
    }
    unit = unit * 16 + static_cast<std::uint32_t>(digit);
  }
  return true;
}

// Appends a UTF-16 unit, joining the two halves of a pair. A half that stays alone becomes `?`,
// which is what the service's matcher compares. Unit 0 only ends a pair that was begun.
void JsonTokenReader::append_unit(std::string& out, std::uint32_t unit) {
  const bool low = unit >= 0xDC00 && unit < 0xE000;
  if (high_surrogate_ != 0) {
    const std::uint32_t high = std::exchange(high_surrogate_, 0);
    if (low) {
      utf8_append(out, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
      return;
    }
    out += '?';
  }
  if (unit >= 0xD800 && unit < 0xDC00) {
    high_surrogate_ = unit;
  } else if (low) {
    out += '?';
  } else if (unit != 0) {
    utf8_append(out, unit);
  }
}

}  // namespace signalbox::rules
