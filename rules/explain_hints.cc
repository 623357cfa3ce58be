#include "rules/explain_hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "rules/comparable_number.h"
#include "rules/explain.h"
#include "rules/readable_json.h"
#include "rules/utf8.h"

namespace signalbox::rules {
namespace {

using Field = EventFields::Field;

constexpr std::size_t values_looked_at_max = 8;
constexpr std::size_t matchers_looked_at_max = 32;
// Comparing without case takes memory for every character.
constexpr std::size_t compared_bytes_max = 1024;
constexpr std::size_t ancestors_max = 64;
constexpr std::size_t names_shown_max = 3;

std::string_view between_quotes(std::string_view text) { return text.substr(1, text.size() - 2); }

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// The text of a JSON number, or not.
bool is_number_text(std::string_view text) {
  const bool starts = !text.empty() && (is_digit(text.front()) || text.front() == '-');
  EventFields fields;
  return starts && text.size() < compared_bytes_max &&
         fields.read(fmt::format("{{\"a\":{}}}", text));
}

std::string shown_path(std::string_view path) {
  return readable_text(cut_text(path, ExplainLimits::text_bytes_max));
}

// Why one value is not what one matcher wants, if it is a near miss.
class NearMiss {
 public:
  explicit NearMiss(const Field& field) : field_(field), value_(field.value) {}

  std::string operator()(const ExactText& exact) const {
    const std::string_view wanted = exact.text;
    if (!field_.is_string()) {
      return wanted == fmt::format("\"{}\"", value_) ? other_type(wanted) : std::string();
    }
    if (wanted.front() != '"') {
      return between_quotes(value_) == wanted ? other_type(wanted) : std::string();
    }
    if (equals_ignoring_case(wanted, IgnoreCase::Where::whole)) {
      return differ_in_case("equals-ignore-case", between_quotes(wanted));
    }
    if (trim(between_quotes(value_)) == trim(between_quotes(wanted))) {
      return fmt::format("{} and {} differ only in the blanks at their ends.",
                         readable_value(value_), readable_value(wanted));
    }
    return star_hint(between_quotes(wanted), "");
  }

  std::string operator()(const EqualNumber& equal) const {
    return number_hint(fmt::format("{}", equal.number),
                       [&](double number) { return number == equal.number; });
  }

  std::string operator()(const NumberRange& range) const {
    return number_hint("a number", [&](double number) {
      return (range.bottom_open ? number > range.bottom : number >= range.bottom) &&
             (range.top_open ? number < range.top : number <= range.top);
    });
  }

  std::string operator()(const Prefix& prefix) const {
    if (!field_.is_string()) return only_strings("prefix");
    if (equals_ignoring_case(prefix.text, IgnoreCase::Where::prefix)) {
      return in_another_case("prefix", std::string_view(prefix.text).substr(1));
    }
    return star_hint(std::string_view(prefix.text).substr(1), "*");
  }

  std::string operator()(const Suffix& suffix) const {
    if (!field_.is_string()) return only_strings("suffix");
    if (equals_ignoring_case(suffix.text, IgnoreCase::Where::suffix)) {
      return in_another_case("suffix",
                             std::string_view(suffix.text).substr(0, suffix.text.size() - 1));
    }
    return {};
  }

  std::string operator()(const IgnoreCase&) const {
    return field_.is_string() ? std::string() : only_strings("equals-ignore-case");
  }

  std::string operator()(const Wildcard& wildcard) const {
    if (!field_.is_string()) return only_strings("wildcard");
    if (value_.size() > compared_bytes_max) return {};
    std::vector<std::string> folded;
    for (const std::string& piece : wildcard.pieces()) folded.push_back(ascii_lower(piece));
    const bool near = Wildcard(std::move(folded)).matches(ascii_lower(value_));
    return near ? fmt::format("{} would match but for its case: wildcard tells capitals apart.",
                              readable_value(value_))
                : std::string();
  }

  std::string operator()(const IpRange&) const {
    const bool is_address = field_.is_string() && parse_ip(between_quotes(value_)).has_value();
    return is_address ? std::string()
                      : fmt::format("{} is not an IP address.", readable_value(value_));
  }

 private:
  static std::string ascii_lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
  }

  bool equals_ignoring_case(std::string_view wanted, IgnoreCase::Where where) const {
    if (wanted.size() > compared_bytes_max || value_.size() < 2) return false;
    const IgnoreCaseText text(wanted);
    switch (where) {
      case IgnoreCase::Where::whole: return text.equals(value_);
      case IgnoreCase::Where::prefix: return text.is_prefix_of(value_);
      case IgnoreCase::Where::suffix: return text.is_suffix_of(value_);
    }
    return false;
  }

  static std::string quoted(std::string_view text) {
    return readable_value(fmt::format("\"{}\"", text));
  }

  std::string differ_in_case(std::string_view operator_name, std::string_view wanted) const {
    return fmt::format("{} and {} differ only in case: {{\"{}\":{}}} would match.",
                       readable_value(value_), quoted(wanted), operator_name, quoted(wanted));
  }

  static std::string in_another_case(std::string_view affix, std::string_view wanted) {
    return fmt::format(
        "The {0} is there in another case: {{\"{0}\":{{\"equals-ignore-case\":{1}}}}} would match.",
        affix, quoted(wanted));
  }

  std::string other_type(std::string_view wanted) const {
    const auto with_type = [](std::string_view value) {
      const bool number = value.front() == '-' || is_digit(value.front());
      return fmt::format("{}{}",
                         value.front() == '"' ? "the string "
                         : number             ? "the number "
                                              : "",
                         readable_value(value));
    };
    return fmt::format("The event has {}, the pattern wants {}: they are never equal.",
                       with_type(value_), with_type(wanted));
  }

  template <class Wants>
  std::string number_hint(std::string_view wanted, const Wants& wants) const {
    if (field_.is_string()) {
      const std::string_view text = between_quotes(value_);
      if (!is_number_text(text)) return {};
      const auto number = comparable_number(text);
      if (!number || !wants(*number)) return {};
      return fmt::format("The event has the string {}, the pattern wants {}, without quotes.",
                         readable_value(value_), wanted);
    }
    const bool is_number = value_.front() == '-' || is_digit(value_.front());
    if (!is_number || comparable_number(value_)) return {};
    return fmt::format("{} has more digits than a double holds: it compares with no number.",
                       readable_value(value_));
  }

  std::string only_strings(std::string_view operator_name) const {
    return fmt::format("{} matches strings only, and {} is none.", operator_name,
                       readable_value(value_));
  }

  // A star in a plain text, which would match as a wildcard.
  std::string star_hint(std::string_view wanted, std::string_view behind) const {
    if (wanted.find('*') == std::string_view::npos || wanted.size() > compared_bytes_max) return {};
    const std::string text = fmt::format("{}{}", wanted, wanted.ends_with('*') ? "" : behind);
    std::vector<std::string> pieces;
    std::string error;
    if (!Wildcard::parse(text, pieces, error)) return {};
    if (!Wildcard(std::move(pieces)).matches(between_quotes(value_))) return {};
    return fmt::format("A star stands for itself here: {{\"wildcard\":{}}} would match.",
                       quoted(text));
  }

  const Field& field_;
  std::string_view value_;
};

std::string join_names(const std::vector<std::string_view>& names, bool has_more) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool is_last = i + 1 == names.size();
    out += i == 0 ? "" : is_last && !has_more ? " and " : ", ";
    out += shown_path(names[i]);
  }
  return has_more ? out + " and more" : out;
}

// Something above the path that is a value, so that nothing can be below.
std::string ancestor_hint(std::string_view path, const EventOutline& event) {
  std::size_t looked_at = 0;
  for (auto dot = path.find('.'); dot != std::string_view::npos && looked_at < ancestors_max;
       dot = path.find('.', dot + 1), ++looked_at) {
    const auto* above = event.find(path.substr(0, dot));
    if (above == nullptr || above->has_object || !above->has_value()) continue;
    const std::string shown = shown_path(path.substr(0, dot));
    if (above->has_json_string) {
      return fmt::format(
          "{} is a string that holds JSON, and patterns do not look into strings: "
          "send it as an object.",
          shown);
    }
    return fmt::format("{} is a {}, not an object.", shown,
                       above->has_string ? "string" : "number, true, false or null");
  }
  return {};
}

}  // namespace

std::string value_hint(const FieldPattern& pattern, std::span<const Field* const> values) {
  for (std::size_t i = 0; i < values.size() && i < values_looked_at_max; ++i) {
    for (std::size_t j = 0; j < pattern.any_of.size() && j < matchers_looked_at_max; ++j) {
      std::string hint = std::visit(NearMiss(*values[i]), pattern.any_of[j]);
      if (!hint.empty()) return hint;
    }
  }
  return {};
}

std::string absence_hint(const FieldPattern& pattern, const EventOutline& event) {
  const std::string_view path = pattern.path;
  if (auto hint = ancestor_hint(path, event); !hint.empty()) return hint;
  const auto shown = [&](const EventOutline::Node& node) {
    return shown_path(event.path_of(node));
  };
  if (const auto* node = event.similar(path)) {
    return fmt::format("The event spells it {}.", shown(*node));
  }
  const auto dot = path.rfind('.');
  if (const auto* node = event.named(dot == std::string_view::npos ? path : path.substr(dot + 1))) {
    if (node->parent == EventOutline::none) {
      return fmt::format("The event has {} at its top level.", shown(*node));
    }
    return fmt::format("The event has {}: write the pattern along that path.", shown(*node));
  }
  if (!pattern.none_of.empty()) {
    return R"(anything-but wants a value: put {"exists":false} beside it if none will do.)";
  }
  return {};
}

std::string container_at(std::string_view path, const EventOutline& event) {
  const auto* node = event.find(path);
  if (node == nullptr || node->has_value()) return {};
  if (node->has_object) {
    auto names = event.names_in(*node, names_shown_max + 1);
    const bool has_more = names.size() > names_shown_max;
    if (has_more) names.pop_back();
    const std::string_view what = node->has_array ? "an array of objects" : "an object";
    if (names.empty()) return node->has_array ? std::string(what) : "an empty object";
    return fmt::format("{} with {}", what, join_names(names, has_more));
  }
  return node->has_array ? "an array without values" : "";
}

}  // namespace signalbox::rules
