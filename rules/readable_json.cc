#include "rules/readable_json.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <bit>
#include <cstdint>
#include <limits>

#include "rules/explain.h"
#include "rules/utf8.h"

namespace signalbox::rules {
namespace {

constexpr std::string_view ellipsis = "\u2026";
constexpr std::string_view replacement = "\uFFFD";

// Terminals obey some of these, and readers see none of them.
bool is_unprintable(std::uint32_t c) {
  const bool is_control = c < 0x20 || (c >= 0x7F && c < 0xA0);
  const bool turns_direction =
      (c >= 0x200E && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return is_control || turns_direction || c == 0x2028 || c == 0x2029;
}

// The bytes of the character at offset, or 0 when they are not UTF-8.
std::size_t valid_length(std::string_view text, std::size_t offset) {
  const std::size_t length = utf8_length(text, offset);
  return simdjson::validate_utf8(text.data() + offset, length) ? length : 0;
}

void append_readable(std::string& out, std::string_view text, bool as_json) {
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const std::size_t length = valid_length(text, at);
    if (length == 0) {
      out += replacement;
      ++at;
      continue;
    }
    const std::uint32_t code_point = utf8_decode(text, at);
    if (as_json && (c == '"' || c == '\\')) {
      out += '\\';
      out += c;
    } else if (as_json && c == '\n') {
      out += "\\n";
    } else if (as_json && c == '\t') {
      out += "\\t";
    } else if (is_unprintable(code_point)) {
      out += fmt::format("\\u{:04x}", code_point);
    } else {
      out += text.substr(at, length);
    }
    at += length;
  }
}

std::string readable_string(std::string_view text) {
  std::string out;
  append_readable_string(out, cut_text(text, ExplainLimits::text_bytes_max));
  return out;
}

std::string readable_address(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), buffer.data(), buffer.size());
  return buffer.data();
}

// A match expression is {"NAME":OPERAND}, a plain value an operand without a name.
struct Expression {
  std::string_view name;
  std::string operand;

  std::string json() const {
    return name.empty() ? operand : fmt::format("{{\"{}\":{}}}", name, operand);
  }
};

// The texts carry the quotes at the ends where they are anchored.
struct ToExpression {
  Expression operator()(const ExactText& exact) const { return {"", readable_value(exact.text)}; }
  Expression operator()(const EqualNumber& equal) const {
    return {"", fmt::format("{}", equal.number)};
  }
  Expression operator()(const NumberRange& range) const {
    std::string operand;
    const auto add = [&](std::string_view op, double number) {
      operand += fmt::format("{}\"{}\",{}", operand.empty() ? "[" : ",", op, number);
    };
    if (range.bottom != std::numeric_limits<double>::lowest()) {
      add(range.bottom_open ? ">" : ">=", range.bottom);
    }
    if (range.top != std::numeric_limits<double>::max()) {
      add(range.top_open ? "<" : "<=", range.top);
    }
    return {"numeric", operand.empty() ? "[\"<=\",1.7976931348623157e308]" : operand + "]"};
  }
  Expression operator()(const Prefix& prefix) const {
    return {"prefix", readable_string(std::string_view(prefix.text).substr(1))};
  }
  Expression operator()(const Suffix& suffix) const {
    return {"suffix",
            readable_string(std::string_view(suffix.text).substr(0, suffix.text.size() - 1))};
  }
  Expression operator()(const IgnoreCase& ignore_case) const {
    std::string_view text = ignore_case.text.original();
    if (ignore_case.where != IgnoreCase::Where::suffix) text.remove_prefix(1);
    if (ignore_case.where != IgnoreCase::Where::prefix) text.remove_suffix(1);
    const Expression whole{"equals-ignore-case", readable_string(text)};
    switch (ignore_case.where) {
      case IgnoreCase::Where::prefix: return {"prefix", whole.json()};
      case IgnoreCase::Where::suffix: return {"suffix", whole.json()};
      case IgnoreCase::Where::whole: break;
    }
    return whole;
  }
  Expression operator()(const Wildcard& wildcard) const {
    std::string text;
    for (const std::string& piece : wildcard.pieces()) {
      if (&piece != &wildcard.pieces().front()) text += '*';
      for (const char c : piece) {
        if (c == '*' || c == '\\') text += '\\';
        text += c;
      }
      if (text.size() > 2 * ExplainLimits::text_bytes_max) break;  // cut anyway
    }
    std::string_view between = std::string_view(text).substr(1);
    if (text.size() <= 2 * ExplainLimits::text_bytes_max) between.remove_suffix(1);
    return {"wildcard", readable_string(between)};
  }
  Expression operator()(const IpRange& range) const {
    int free_bits = 0;
    for (std::size_t i = 0; i < range.bottom.size(); ++i) {
      free_bits += std::popcount(static_cast<unsigned char>(range.bottom[i] ^ range.top[i]));
    }
    const int bits = static_cast<int>(range.bottom.size()) * 8 - free_bits;
    return {"cidr", fmt::format("\"{}/{}\"", readable_address(range.bottom), bits)};
  }
};

// All items are of one kind.
std::string anything_but(const std::vector<ValueMatcher>& items) {
  std::string_view name;
  std::string list;
  for (std::size_t i = 0; i < items.size() && i < ExplainLimits::anything_but_items_max; ++i) {
    const Expression item = std::visit(ToExpression{}, items[i]);
    name = item.name;
    list += i == 0 ? "" : ",";
    list += item.operand;
  }
  if (items.size() > ExplainLimits::anything_but_items_max) {
    list += fmt::format(",\"{}{} more\"", ellipsis,
                        items.size() - ExplainLimits::anything_but_items_max);
  }
  const Expression inner{name, items.size() > 1 ? fmt::format("[{}]", list) : list};
  return Expression{"anything-but", inner.json()}.json();
}

}  // namespace

std::string cut_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80 && bytes_max - end < 4) {
    --end;
  }
  return std::string(text.substr(0, end)).append(ellipsis);
}

void append_readable_string(std::string& json, std::string_view text) {
  json += '"';
  append_readable(json, text, true);
  json += '"';
}

std::string readable_text(std::string_view text) {
  std::string out;
  append_readable(out, text, false);
  return out;
}

std::string readable_value(std::string_view value) {
  if (value.front() == '"') return readable_string(value.substr(1, value.size() - 2));
  // Half a number would be another number.
  if (value.size() > ExplainLimits::text_bytes_max) return readable_string(value);
  return std::string(value);
}

std::size_t predicate_count(const FieldPattern& pattern) {
  return pattern.any_of.size() + pattern.none_of.size() + (pattern.exists ? 1 : 0) +
         (pattern.absent ? 1 : 0);
}

std::vector<std::string> readable_predicates(const FieldPattern& pattern, std::size_t count_max) {
  std::vector<std::string> out;
  for (const ValueMatcher& matcher : pattern.any_of) {
    if (out.size() == count_max) return out;
    out.push_back(std::visit(ToExpression{}, matcher).json());
  }
  for (const auto& items : pattern.none_of) {
    if (out.size() == count_max) return out;
    out.push_back(anything_but(items));
  }
  if (pattern.exists && out.size() < count_max) out.emplace_back(R"({"exists":true})");
  if (pattern.absent && out.size() < count_max) out.emplace_back(R"({"exists":false})");
  return out;
}

}  // namespace signalbox::rules
