#include "rules/json_token_reader.h"

#include <fmt/format.h>

#include <utility>

#include "rules/utf8.h"

namespace signalbox::rules {
namespace {

// Whether the byte can be part of a word such as a misspelt `null`. Bytes of multi-byte characters
// of the basic plane count: nearly all of those are letters.
bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool is_ignored_control = byte < 0x09 || (byte >= 0x0E && byte < 0x1C) || byte == 0x7F;
  return is_ignored_control || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         is_digit(c) || byte == '_' || byte == '$' || (byte >= 0x80 && byte < 0xF0);
}

// Whether a word can begin with the character at offset: letters, roughly.
bool starts_word(std::string_view text, std::size_t offset) {
  const std::uint32_t code_point = utf8_decode(text, offset);
  if (code_point < 0x80) {
    return is_word_byte(text[offset]) && !is_digit(text[offset]);
  }
  const bool is_symbol = (code_point >= 0x2000 && code_point < 0x2C00) ||
                         (code_point >= 0x3000 && code_point < 0x3040) || code_point >= 0xFE00;
  return code_point >= 0xC0 && !is_symbol;
}

std::string_view scope_name(bool is_array) { return is_array ? "Array" : "Object"; }

}  // namespace

// --- words and places ---------------------------------------------------------------------------

// The text as the service quotes it: at most 500 characters, control characters but line ends
// escaped.
std::string JsonTokenReader::source() const {
  constexpr std::size_t shown_max = 500;
  std::string out = "(String)\"";
  std::size_t shown = 0;
  std::size_t offset = 0;
  while (offset < text_.size() && shown < shown_max) {
    const std::size_t length = utf8_length(text_, offset);
    const std::size_t units = length == 4 ? 2 : 1;
    if (shown + units > shown_max) {  // the service shows half a character
      out += '?';
      ++shown;
      break;
    }
    const std::uint32_t code_point = utf8_decode(text_, offset);
    const bool control = code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
    if (control && code_point != '\n' && code_point != '\r') {
      out += fmt::format("\\u{:04X}", code_point);
    } else {
      out += text_.substr(offset, length);
    }
    offset += length;
    shown += units;
  }
  out += '"';
  const std::size_t total = utf16_length(text_);
  if (shown < total) out += fmt::format("[truncated {} chars]", total - shown);
  return out;
}

std::string JsonTokenReader::place(const Position& at) const {
  return fmt::format("[Source: {}; line: {}, column: {}]", source(), at.line, column(at));
}

std::size_t JsonTokenReader::column(const Position& at) const {
  return utf16_length(text_.substr(at.line_start, at.offset - at.line_start)) + 1;
}

std::size_t JsonTokenReader::column() const { return column(at_); }

void JsonTokenReader::fail_without_position(std::string_view reason) {
  if (!failed()) {
    error_ = reason;
    current_ = Token::end_of_input;
  }
}

void JsonTokenReader::fail_at(const Position& at, std::string_view reason) {
  if (!failed()) {
    fail_without_position(fmt::format("{}\n at {}", reason, place(at)));
  }
}

void JsonTokenReader::fail_at(std::size_t offset, std::string_view reason) {
  Position at = at_;
  at.offset = offset;
  fail_at(at, reason);
}

void JsonTokenReader::fail(std::string_view reason) { fail_at(at_, reason); }

void JsonTokenReader::fail_unexpected(std::string_view expectation) {
  fail(fmt::format("Unexpected character ({}): {}", describe_char(at_.offset), expectation));
  at_.offset += utf8_length(text_, at_.offset);
}

// Where a number stops being one: the service names the character, but points behind the whole part
// unless that is 0 or the text ends here.
void JsonTokenReader::fail_in_number(std::size_t culprit, std::string_view expectation) {
  const bool at_end = culprit == text_.size();
  const std::size_t shown = at_end ? culprit - 1 : culprit;
  const std::string reason = fmt::format("Unexpected character ({}) in numeric value: {}",
                                         describe_char(shown), expectation);
  std::size_t whole_end = at_.offset + (text_[at_.offset] == '-' ? 1 : 0);
  const bool is_zero = whole_end < text_.size() && text_[whole_end] == '0';
  while (whole_end < text_.size() && is_digit(text_[whole_end])) {
    ++whole_end;
  }
  at_.offset = at_end || is_zero ? shown : whole_end;
  fail(reason);
  ++at_.offset;
}

void JsonTokenReader::repeat_position() { error_ += fmt::format("\n at {}", place(at_)); }

std::string JsonTokenReader::describe_char(std::size_t offset) const {
  const std::uint32_t code_point = utf8_decode(text_, offset);
  if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) {
    return fmt::format("(CTRL-CHAR, code {})", code_point);
  }
  if (code_point > 0xFFFF) {  // told by its first UTF-16 unit, which has no form of its own
    const std::uint32_t unit = 0xD800 + ((code_point - 0x10000) >> 10);
    return fmt::format("'?' (code {} / 0x{:x})", unit, unit);
  }
  const auto shown = text_.substr(offset, utf8_length(text_, offset));
  if (code_point > 0xFF) {
    return fmt::format("'{}' (code {} / 0x{:x})", shown, code_point, code_point);
  }
  return fmt::format("'{}' (code {})", shown, code_point);
}

void JsonTokenReader::fail_end_in_scope() {
  const Scope& scope = scopes_.back();
  fail(
      fmt::format("Unexpected end-of-input: expected close marker for {} (start marker at "
                  "{})",
                  scope_name(scope.is_array), place(scope.start)));
}

// --- tokens -------------------------------------------------------------------------------------

Token JsonTokenReader::next() {
  if (failed()) {
    return Token::end_of_input;
  }
  if (current_ == Token::name) {
    value_ = std::move(pending_value_);
    current_ = after_name_;
    return current_;
  }
  if (string_pending_) {
    text();  // skipping a string still checks it
    if (failed()) {
      return Token::end_of_input;
    }
  }
  if (!skip_whitespace()) {
    if (!failed() && !scopes_.empty()) {
      fail_end_in_scope();
    }
    return current_ = Token::end_of_input;
  }
  const char c = text_[at_.offset];
  if (c == ']' || c == '}') {
    return current_ = close_scope(c);
  }
  if (!scopes_.empty() && !read_separator()) {
    return current_ = Token::end_of_input;
  }
  if (!scopes_.empty() && !scopes_.back().is_array) {
    if (!read_name()) {
      return current_ = Token::end_of_input;
    }
    std::string name = std::move(value_);
    after_name_ = read_value();
    pending_value_ = std::move(value_);
    value_ = std::move(name);
    return current_ = failed() ? Token::end_of_input : Token::name;
  }
  current_ = read_value();
  return current_;
}

const std::string& JsonTokenReader::text() {
  // The string value behind a name is left unread while the name is current.
  if (string_pending_ && current_ == Token::string) {
    string_pending_ = false;
    read_string(value_, "string value");
  }
  return value_;
}

// One white space character, or the two of a line's end. False when there is none.
bool JsonTokenReader::skip_one_space() {
  const char c = text_[at_.offset];
  if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return false;
  if (c == '\r' && text_.substr(at_.offset + 1, 1) == "\n") ++at_.offset;
  ++at_.offset;
  if (c == '\r' || c == '\n') {
    ++at_.line;
    at_.line_start = at_.offset;
  }
  return true;
}

bool JsonTokenReader::skip_whitespace() {
  while (at_.offset < text_.size()) {
    if (skip_one_space()) continue;
    const char c = text_[at_.offset];
    if (c == '/') {
      fail(
          "Unexpected character ('/' (code 47)): maybe a (non-standard) comment? (not "
          "recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)");
      return false;
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      ++at_.offset;
      fail(
          fmt::format("Illegal character ({}): only regular white space (\\r, \\n, \\t) is "
                      "allowed between tokens",
                      describe_char(at_.offset - 1)));
      ++at_.offset;
      return false;
    }
    return true;
  }
  return false;
}

// The comma between two entries, and the white space behind it.
bool JsonTokenReader::read_separator() {
  Scope& scope = scopes_.back();
  if (!scope.has_entries) {
    scope.has_entries = true;
    return true;
  }
  if (text_[at_.offset] != ',') {
    fail_unexpected(
        fmt::format("was expecting comma to separate {} entries", scope_name(scope.is_array)));
    return false;
  }
  ++at_.offset;
  if (!skip_whitespace()) {
    fail(fmt::format("Unexpected end-of-input within/between {} entries",
                     scope_name(scope.is_array)));
    return false;
  }
  return true;
}

bool JsonTokenReader::read_name() {
  if (text_[at_.offset] != '"') {
    fail_unexpected("was expecting double-quote to start field name");
    return false;
  }
  ++at_.offset;
  if (!read_string(value_, "name")) {
    return false;
  }
  const auto fail_at_end = [this] {
    fail("Unexpected end-of-input within/between Object entries");
    return false;
  };
  if (!skip_whitespace()) {
    return fail_at_end();
  }
  if (text_[at_.offset] != ':') {
    fail_unexpected("was expecting a colon to separate field name and value");
    return false;
  }
  ++at_.offset;
  return skip_whitespace() || fail_at_end();
}

Token JsonTokenReader::read_value() {
  const Position start = at_;
  const char c = text_[at_.offset];
  switch (c) {
    case '"':
      ++at_.offset;
      string_pending_ = true;
      return Token::string;
    case '{': return open_scope(false, start);
    case '[': return open_scope(true, start);
    case 't': return read_literal("true", Token::literal_true);
    case 'f': return read_literal("false", Token::literal_false);
    case 'n': return read_literal("null", Token::literal_null);
    case '}': fail_unexpected("expected a value"); return Token::end_of_input;
    default: return c == '-' || is_digit(c) ? read_number() : fail_odd_value(start);
  }
}

Token JsonTokenReader::open_scope(bool is_array, Position start) {
  ++at_.offset;
  scopes_.push_back({is_array, start});
  if (scopes_.size() > depth_max_) {
    fail_without_position(
        fmt::format("Document nesting depth ({}) exceeds the maximum allowed ({}, from "
                    "`StreamReadConstraints.getMaxNestingDepth()`)",
                    scopes_.size(), depth_max_));
    return Token::end_of_input;
  }
  value_ = is_array ? "[" : "{";
  return is_array ? Token::start_array : Token::start_object;
}

Token JsonTokenReader::close_scope(char close) {
  const bool is_array = close == ']';
  if (scopes_.empty()) {
    fail(fmt::format("Unexpected close marker '{}': no open {} to close", close,
                     scope_name(is_array)));
    return Token::end_of_input;
  }
  const Scope& scope = scopes_.back();
  if (scope.is_array != is_array) {
    fail(fmt::format("Unexpected close marker '{}': expected '{}' (for {} starting at {})", close,
                     scope.is_array ? ']' : '}', scope_name(scope.is_array), place(scope.start)));
    ++at_.offset;
    return Token::end_of_input;
  }
  ++at_.offset;
  scopes_.pop_back();
  value_ = close;
  return is_array ? Token::end_array : Token::end_object;
}

Token JsonTokenReader::read_literal(std::string_view literal, Token token) {
  const std::size_t end = at_.offset + literal.size();
  const bool ends = end >= text_.size() || !is_word_byte(text_[end]);
  if (text_.substr(at_.offset, literal.size()) != literal || !ends) {
    return fail_odd_value(at_);
  }
  at_.offset = end;
  value_ = literal;
  return token;
}

// A value that starts with something no value starts with, or a misspelt literal.
Token JsonTokenReader::fail_odd_value(Position start) {
  constexpr std::size_t word_shown_max = 256;
  std::size_t end = start.offset;
  while (end < text_.size() && starts_word(text_, start.offset) && is_word_byte(text_[end])) {
    ++end;
  }
  const auto word = text_.substr(start.offset, end - start.offset);
  if (word == "NaN" || word == "INF" || word == "Infinity") {
    fail_not_a_number(start.offset, end);
  } else if (!word.empty()) {
    const bool cut = word.size() > word_shown_max;
    fail(fmt::format("Unrecognized token '{}{}': was expecting {}", word.substr(0, word_shown_max),
                     cut ? "..." : "", value_expected));
    at_.offset = end;
  } else if (text_[start.offset] == '+') {
    fail_at(start.offset + 1,
            "Unexpected character ('+' (code 43)) in numeric value: JSON spec does not allow "
            "numbers to have plus signs: enable "
            "`JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow");
    ++at_.offset;
  } else {
    fail_unexpected(fmt::format("expected a valid value {}", value_expected));
  }
  return Token::end_of_input;
}

void JsonTokenReader::fail_not_a_number(std::size_t start, std::size_t end) {
  at_.offset = end;
  fail(
      fmt::format("Non-standard token '{}': enable "
                  "`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow",
                  text_.substr(start, end - start)));
}

}  // namespace signalbox::rules
