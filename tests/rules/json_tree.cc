#include "tests/rules/json_tree.h"

#include <simdjson.h>

#include <utility>

namespace signalbox::rules::reference {
namespace {

using Kind = Json::Kind;

constexpr int depth_max = 1'000;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<Json> read() {
    Json out;
    if (!read_value(out, 1)) {
      return std::nullopt;
    }
    skip_whitespace();
    return at_ == text_.size() ? std::optional(std::move(out)) : std::nullopt;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    skip_whitespace();
    if (at_ == text_.size() || text_[at_] != c) {
      return false;
    }
    ++at_;
    return true;
  }
  void skip_whitespace() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') {
      ++at_;
    }
  }

  bool read_value(Json& out, int depth) {
    skip_whitespace();
    switch (peek()) {
      case '{':
      case '[': return depth <= depth_max && read_container(out, depth);
      case '"': out.kind = Kind::string; return read_string(out.text);
      case 't':
      case 'f':
      case 'n': out.kind = Kind::literal; return read_literal(out.text);
      default: out.kind = Kind::number; return read_number(out.text);
    }
  }

  bool read_container(Json& out, int depth) {
    const bool is_object = text_[at_++] == '{';
    const char end = is_object ? '}' : ']';
    out.kind = is_object ? Kind::object : Kind::array;
    if (take(end)) {
      return true;
    }
    do {
      skip_whitespace();
      if (is_object && (!read_string(out.names.emplace_back()) || !take(':'))) {
        return false;
      }
      if (!read_value(out.items.emplace_back(), depth + 1)) {
        return false;
      }
    } while (take(','));
    return take(end);
  }

  bool read_literal(std::string& out) {
    for (const std::string_view literal : {"true", "false", "null"}) {
      if (text_.substr(at_).starts_with(literal)) {
        out = literal;
        at_ += literal.size();
        return true;
      }
    }
    return false;
  }

  bool read_digits() {
    const std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9') {
      ++at_;
    }
    return at_ > start;
  }

  bool read_number(std::string& out) {
    const std::size_t start = at_;
    at_ += peek() == '-' ? 1 : 0;
    if (peek() == '0') {
      ++at_;
    } else if (!read_digits()) {
      return false;
    }
    if (peek() == '.') {
      ++at_;
      if (!read_digits()) {
        return false;
      }
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      at_ += peek() == '+' || peek() == '-' ? 1 : 0;
      if (!read_digits()) {
        return false;
      }
    }
    out = text_.substr(start, at_ - start);
    return true;
  }

  bool read_string(std::string& out) {
    if (peek() != '"') {
      return false;
    }
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) {
        return false;
      }
      if (text_[at_] != '\\') {
        out += text_[at_];
      } else if (!read_escape(out)) {
        return false;
      }
    }
    return at_++ < text_.size();
  }

  // Ends on the last character of the escape.
  bool read_escape(std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    ++at_;
    if (peek() != 'u') {
      const std::size_t found = at_ < text_.size() ? letters.find(text_[at_]) : letters.npos;
      if (found == letters.npos) {
        return false;
      }
      out += meanings[found];
      return true;
    }
    std::uint32_t unit = 0;
    if (!read_hex(unit)) {
      return false;
    }
    if (unit >= 0xD800 && unit < 0xDC00 && text_.substr(at_ + 1, 2) == "\\u") {
      const std::size_t high_end = at_;
      std::uint32_t low = 0;
      at_ += 2;
      if (!read_hex(low)) {
        return false;
      }
      if (low >= 0xDC00 && low < 0xE000) {
        append_utf8(out, 0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00));
        return true;
      }
      at_ = high_end;
    }
    append_utf8(out, unit >= 0xD800 && unit < 0xE000 ? '?' : unit);
    return true;
  }

  // The four digits behind the u that the reader stands on.
  bool read_hex(std::uint32_t& unit) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (int i = 0; i < 4; ++i) {
      ++at_;
      const std::size_t value = digits.find(static_cast<char>(peek() | 0x20));
      const bool is_digit = peek() >= '0' && value != digits.npos;
      if (!is_digit) {
        return false;
      }
      unit = unit * 16 + static_cast<std::uint32_t>(value);
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Writer {
 public:
  void write(const Json& json) {
    whitespace(json.style, 0);
    switch (json.kind) {
      case Kind::object:
      case Kind::array: write_container(json); break;
      case Kind::string: write_string(json.text, json.style); break;
      default: out_ += json.text;
    }
    whitespace(json.style, 1);
  }
  std::string take() { return std::move(out_); }

 private:
  static std::uint32_t mix(std::uint32_t style, std::uint32_t place) {
    std::uint64_t hash = (style * 0x9E3779B97F4A7C15ULL) ^ (place * 0xC2B2AE3D27D4EB4FULL);
    hash = (hash ^ (hash >> 29)) * 0xBF58476D1CE4E5B9ULL;
    return static_cast<std::uint32_t>(hash >> 33);
  }

  void whitespace(std::uint32_t style, std::uint32_t place) {
    if (style == 0) {
      return;
    }
    switch (mix(style, place) % 12) {
      case 0: out_ += ' '; break;
      case 1: out_ += "\r\n\t"; break;
      case 2: out_ += "\n  "; break;
      case 3: out_ += std::string(mix(style, place + 7) % 130, ' '); break;  // past a SIMD block
      default: break;
    }
  }

  void write_container(const Json& json) {
    const bool is_object = json.kind == Kind::object;
    out_ += is_object ? '{' : '[';
    for (std::size_t i = 0; i < json.items.size(); ++i) {
      out_ += i == 0 ? "" : ",";
      if (is_object) {
        const std::uint32_t style = json.items[i].style;
        whitespace(style, 2);
        write_string(json.names[i], style);
        whitespace(style, 3);
        out_ += ':';
      }
      write(json.items[i]);
    }
    out_ += is_object ? '}' : ']';
  }

  void write_string(std::string_view text, std::uint32_t style) {
    out_ += '"';
    std::uint32_t place = 16;
    for (const std::uint32_t code_point : code_points(text)) {
      const std::uint32_t choice = style == 0 ? 1 : mix(style, ++place) % 5;
      if (choice == 0) {
        write_unicode_escape(code_point);
      } else if (code_point == '"' || code_point == '\\' || (code_point == '/' && choice == 2)) {
        out_ += '\\';
        out_ += static_cast<char>(code_point);
      } else if (code_point == '\n') {
        out_ += "\\n";
      } else if (code_point < 0x20) {
        write_unicode_escape(code_point);
      } else {
        append_utf8(out_, code_point);
      }
    }
    out_ += '"';
  }

  void write_unicode_escape(std::uint32_t code_point) {
    std::string one;
    append_utf8(one, code_point);
    const std::string_view digits = code_point % 2 == 0 ? "0123456789abcdef" : "0123456789ABCDEF";
    for (const char16_t unit : to_utf16(one)) {
      out_ += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) {
        out_ += digits[unit >> shift & 15];
      }
    }
  }

  std::string out_;
};

}  // namespace

Json json_string(std::string_view text) { return {Kind::string, std::string(text), {}, {}, 0}; }
Json json_number(std::string_view text) { return {Kind::number, std::string(text), {}, {}, 0}; }
Json json_literal(std::string_view text) { return {Kind::literal, std::string(text), {}, {}, 0}; }
Json json_array(std::vector<Json> items) { return {Kind::array, "", {}, std::move(items), 0}; }

Json json_object(std::string_view name, Json value) {
  Json out;
  add_member(out, name, std::move(value));
  return out;
}

void add_member(Json& object, std::string_view name, Json value) {
  object.names.emplace_back(name);
  object.items.push_back(std::move(value));
}

std::optional<Json> parse_json(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size()) ? Reader(text).read() : std::nullopt;
}

std::string render(const Json& json) {
  Writer writer;
  writer.write(json);
  return writer.take();
}

std::vector<std::uint32_t> code_points(std::string_view text) {
  std::vector<std::uint32_t> out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) {
      out.back() = out.back() << 6 | (byte & 0x3F);
    } else {
      out.push_back(byte < 0x80   ? byte
                    : byte < 0xE0 ? byte & 0x1F
                    : byte < 0xF0 ? byte & 0xF
                                  : byte & 7);
    }
  }
  return out;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  const int tails = code_point < 0x80 ? 0 : code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
  constexpr std::uint32_t leads[] = {0, 0xC0, 0xE0, 0xF0};
  out += static_cast<char>(leads[tails] | code_point >> (6 * tails));
  for (int i = tails - 1; i >= 0; --i) {
    out += static_cast<char>(0x80 | (code_point >> (6 * i) & 0x3F));
  }
}

std::u16string to_utf16(std::string_view text) {
  std::u16string out;
  for (const std::uint32_t code_point : code_points(text)) {
    if (code_point >= 0x10000) {
      out += static_cast<char16_t>(0xD800 + ((code_point - 0x10000) >> 10));
      out += static_cast<char16_t>(0xDC00 + (code_point & 0x3FF));
    } else {
      out += static_cast<char16_t>(code_point);
    }
  }
  return out;
}

}  // namespace signalbox::rules::reference
