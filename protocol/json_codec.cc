#include "protocol/json_codec.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>

#include "broker/base64.h"

namespace signalbox::protocol {

namespace {

// What a thread keeps between bodies; a larger body's buffers are given back after it.
constexpr std::size_t kept_body_bytes_max = 512 * 1024;

// simdjson reads past the end: the body is copied in front of zeroes it may read.
struct ThreadParser {
  simdjson::dom::parser parser;
  std::unique_ptr<char[]> buffer;
  std::size_t capacity = 0;

  const char* padded(std::string_view body) {
    const std::size_t needed = body.size() + simdjson::SIMDJSON_PADDING;
    if (capacity < needed) {
      capacity = std::max<std::size_t>(needed, 16 * 1024);
      buffer = std::make_unique<char[]>(capacity);
    }
    std::memcpy(buffer.get(), body.data(), body.size());
    std::memset(buffer.get() + body.size(), 0, simdjson::SIMDJSON_PADDING);
    return buffer.get();
  }
};

thread_local ThreadParser thread_parser;

// How the services' own parser names what it found.
std::string_view token_name(json::element value) {
  using simdjson::dom::element_type;
  switch (value.type()) {
    case element_type::STRING: return "STRING_VALUE";
    case element_type::INT64:
    case element_type::UINT64: return "NUMBER_VALUE";
    case element_type::DOUBLE: return "DECIMAL_VALUE";
    case element_type::BOOL: return value.get_bool().value_unsafe() ? "TRUE_VALUE" : "FALSE_VALUE";
    case element_type::NULL_VALUE: return "NULL_VALUE";
    case element_type::ARRAY: return "START_ARRAY";
    case element_type::OBJECT: return "START_OBJECT";
  }
  return "UNKNOWN_VALUE";
}

constexpr std::string_view list_not_expected = "Start of list found where not expected";
constexpr std::string_view map_not_expected = "Start of structure or map found where not expected.";

}  // namespace

namespace json {

std::optional<DecodeError> parse(std::string_view body, element& root) {
  const bool blank = body.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (blank) body = "{}";
  ThreadParser& mine = thread_parser;
  const char* text = mine.padded(body);
  const auto error = mine.parser.parse(text, body.size(), false).get(root);
  if (error == simdjson::SUCCESS) return std::nullopt;
  release_large_buffers();
  return DecodeError{.message = {}, .detail = simdjson::error_message(error)};
}

void release_large_buffers() {
  if (thread_parser.capacity > kept_body_bytes_max) thread_parser = ThreadParser();
}

void Reader::add_missing(const MemberPath& member, bool entries) {
  broker::add_missing(missing, member, entries);
}

bool Reader::expect_entries(std::size_t count) {
  entry_count += count;
  if (entry_count <= entry_count_max) return true;
  error = DecodeError{.message = {}, .detail = "too many entries in lists and maps"};
  return false;
}

bool Reader::refuse_scalar(element value, std::string_view wanted) {
  std::string message;
  if (value.is_array()) {
    message = list_not_expected;
  } else if (value.is_object()) {
    message = map_not_expected;
  } else {
    message = fmt::format("{} can not be converted to {}", token_name(value), wanted);
  }
  error = DecodeError{.message = std::move(message), .detail = {}};
  return false;
}

bool Reader::refuse_collection(element value, std::string_view wanted) {
  std::string message;
  if (value.is_array()) {
    message = list_not_expected;
  } else if (value.is_object()) {
    message = map_not_expected;
  } else {
    message = fmt::format("Expected {} or null", wanted);
  }
  error = DecodeError{.message = std::move(message), .detail = {}};
  return false;
}

bool read(Reader& reader, element value, const MemberPath&, std::string& out) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) {
    return reader.refuse_scalar(value, "a String");
  }
  out.assign(text);
  return true;
}

bool read(Reader& reader, element value, const MemberPath&, bool& out) {
  if (value.get_bool().get(out) != simdjson::SUCCESS) {
    return reader.refuse_scalar(value, "a Boolean");
  }
  return true;
}

bool read(Reader& reader, element value, const MemberPath&, double& out) {
  if (value.is_number() && value.get_double().get(out) == simdjson::SUCCESS) return true;
  return reader.refuse_scalar(value, "a Double");
}

bool read(Reader& reader, element value, const MemberPath&, std::int64_t& out) {
  if (value.get_int64().get(out) == simdjson::SUCCESS) return true;
  double number = 0;
  // Past 2^53 a double no longer says which integer was meant.
  constexpr double exact_max = 9'007'199'254'740'992.0;
  if (value.is_double() && value.get_double().get(number) == simdjson::SUCCESS &&
      std::trunc(number) == number && std::abs(number) <= exact_max) {
    out = static_cast<std::int64_t>(number);
    return true;
  }
  return reader.refuse_scalar(value, "an Integer");
}

bool read(Reader& reader, element value, const MemberPath&, broker::api::Blob& out) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) {
    return reader.refuse_scalar(value, "a Blob");
  }
  auto bytes = broker::decode_base64(text);
  if (!bytes) return reader.refuse_scalar(value, "a Blob");
  out.bytes = std::move(*bytes);
  return true;
}

bool read(Reader& reader, element value, const MemberPath&, broker::api::Timestamp& out) {
  constexpr std::string_view wanted = "milliseconds since epoch";
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    const auto time = parse_rfc3339(text);
    if (!time) return reader.refuse_scalar(value, wanted);
    out = *time;
    return true;
  }
  double seconds = 0;
  if (value.get_double().get(seconds) != simdjson::SUCCESS) {
    return reader.refuse_scalar(value, wanted);
  }
  const double ms = std::round(seconds * 1000);
  if (!(ms >= static_cast<double>(timestamp_ms_min) &&
        ms <= static_cast<double>(timestamp_ms_max))) {
    return reader.refuse_scalar(value, wanted);
  }
  out.ms = static_cast<std::int64_t>(ms);
  return true;
}

void append(std::string& out, const std::string& text) { append_json_string(out, text); }
void append(std::string& out, bool value) { out += value ? "true" : "false"; }
void append(std::string& out, std::int64_t value) {
  const fmt::format_int digits(value);
  out.append(digits.data(), digits.size());
}
void append(std::string& out, double value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}
void append(std::string& out, const broker::api::Blob& value) {
  out += '"';
  broker::append_base64(out, value.bytes);
  out += '"';
}
// Plain decimals, as many as needed: 1767323045.678, 1767323045.
void append(std::string& out, const broker::api::Timestamp& value) {
  const bool negative = value.ms < 0;
  const std::uint64_t ms =
      negative ? -static_cast<std::uint64_t>(value.ms) : static_cast<std::uint64_t>(value.ms);
  if (negative) out += '-';
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}.{:03}"), ms / 1000, ms % 1000);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
}

void append(std::string& out, const broker::api::IsoTimestamp& value) {
  out += '"';
  append_rfc3339(out, {value.ms});
  out += '"';
}

}  // namespace json

namespace {

constexpr std::uint64_t each_byte(std::uint8_t byte) { return 0x0101010101010101ull * byte; }

// The high bit of each byte that is below limit; exact for the lowest such byte, which is all that
// is asked of it. limit <= 128.
constexpr std::uint64_t bytes_below(std::uint64_t word, std::uint8_t limit) {
  return (word - each_byte(limit)) & ~word & each_byte(0x80);
}

// How many bytes from text on need no escape. Message bodies of up to 1 MiB pass here, so it looks
// at eight at a time.
std::size_t clean_length(std::string_view text) {
  std::size_t i = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; i + 8 <= text.size(); i += 8) {
      std::uint64_t word;
      std::memcpy(&word, text.data() + i, 8);
      const std::uint64_t found = bytes_below(word, 0x20) | bytes_below(word ^ each_byte('"'), 1) |
                                  bytes_below(word ^ each_byte('\\'), 1);
      if (found != 0) return i + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
  }
  for (; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == '"' || c == '\\') break;
  }
  return i;
}

// The character after the backslash; 'u' for those without a short form; 0: needs no escape.
constexpr std::array<char, 256> escape_letters = [] {
  std::array<char, 256> letters{};
  for (std::size_t c = 0; c < 0x20; ++c) letters[c] = 'u';
  letters['"'] = '"';
  letters['\\'] = '\\';
  letters['\b'] = 'b';
  letters['\f'] = 'f';
  letters['\n'] = 'n';
  letters['\r'] = 'r';
  letters['\t'] = 't';
  return letters;
}();

constexpr std::size_t escaped_bytes_max = 6;  // \u001f

char* write_escaped(char* to, char c) {
  const auto byte = static_cast<unsigned char>(c);
  const char letter = escape_letters[byte];
  if (letter == 0) {
    *to++ = c;
    return to;
  }
  *to++ = '\\';
  *to++ = letter;
  if (letter != 'u') return to;
  constexpr std::string_view digits = "0123456789abcdef";
  *to++ = '0';
  *to++ = '0';
  *to++ = digits[byte >> 4];
  *to++ = digits[byte & 15];
  return to;
}

}  // namespace

// Long clean runs are copied whole. Where escapes are dense, as in JSON inside JSON, going byte by
// byte through a small buffer is two to three times as fast as many short appends.
void append_json_string(std::string& out, std::string_view text) {
  constexpr std::size_t run_bytes_min = 32;
  constexpr std::size_t block_bytes = 64;
  out += '"';
  while (true) {
    const std::size_t clean = clean_length(text);
    if (clean == text.size()) break;
    std::size_t taken = clean;
    if (clean >= run_bytes_min) {
      out += text.substr(0, clean);
    } else {
      char block[block_bytes * escaped_bytes_max];
      char* end = block;
      taken = std::min(block_bytes, text.size());
      for (const char c : text.substr(0, taken)) end = write_escaped(end, c);
      out.append(block, static_cast<std::size_t>(end - block));
    }
    text.remove_prefix(taken);
  }
  out += text;
  out += '"';
}

}  // namespace signalbox::protocol
