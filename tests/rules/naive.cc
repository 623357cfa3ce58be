#include "tests/rules/naive.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <regex>
#include <set>
#include <utility>

namespace signalbox::rules::reference {
namespace {

using Kind = Json::Kind;
using Elements = NaiveEvent::Elements;

// ---- numbers ----

// Sign, digits without zeros around them, exponent: the same for all ways to write a number.
struct Decimal {
  bool negative = false;
  std::string digits;
  long long exponent = 0;  // 0.DIGITS * 10^exponent

  bool operator==(const Decimal&) const = default;
};

Decimal decimal(const std::string& text) {
  Decimal out;
  const std::size_t e = text.find_first_of("eE");
  bool in_fraction = false;
  for (const char c : text.substr(0, e)) {
    if (c == '-') {
      out.negative = true;
    } else if (c == '.') {
      in_fraction = true;
    } else if (out.digits.empty() && c == '0') {
      out.exponent -= in_fraction ? 1 : 0;
    } else {
      out.digits += c;
      out.exponent += in_fraction ? 0 : 1;
    }
  }
  out.digits.erase(out.digits.find_last_not_of('0') + 1);
  if (out.digits.empty()) {
    return {};
  }
  constexpr long long far_out = 1'000'000'000;  // no double is near
  const long long written = e == text.npos ? 0 : std::strtoll(text.c_str() + e + 1, nullptr, 10);
  out.exponent += std::clamp(written, -far_out, far_out);
  return out;
}

// ---- texts ----

// Letters beyond ASCII: their lower and upper case.
const std::map<std::uint32_t, std::pair<std::string, std::string>> known_cases = {
    {0xC9, {"é", "É"}},  {0xE9, {"é", "É"}},  {0xDF, {"ß", "SS"}},       {0x3A3, {"σ", "Σ"}},
    {0x3C3, {"σ", "Σ"}}, {0x3C2, {"ς", "Σ"}}, {0x212A, {"k", "\u212A"}}, {0x130, {"i̇", "İ"}},
};

// What a letter of a pattern stands for without regard to case.
std::pair<std::string, std::string> cases(std::uint32_t letter) {
  if (const auto found = known_cases.find(letter); found != known_cases.end()) {
    return found->second;
  }
  std::string one;
  append_utf8(one, letter);
  if (letter < 0x80) {
    return {std::string(1, static_cast<char>(std::tolower(static_cast<int>(letter)))),
            std::string(1, static_cast<char>(std::toupper(static_cast<int>(letter))))};
  }
  return {one, one};
}

// The lengths of the beginnings of `text` that are `pattern` but for case.
std::set<std::size_t> ignore_case_lengths(std::string_view pattern, std::string_view text) {
  std::set<std::size_t> lengths{0};
  for (const std::uint32_t letter : code_points(pattern)) {
    std::set<std::size_t> next;
    const auto [lower, upper] = cases(letter);
    for (const std::size_t length : lengths) {
      for (const std::string& form : {lower, upper}) {
        if (letter < 0x10000 && text.substr(length).starts_with(form)) {
          next.insert(length + form.size());
        }
      }
    }
    lengths = std::move(next);
  }
  return lengths;
}

bool is_like(std::string_view wildcard, std::string_view text) {
  std::vector<bool> reached(text.size() + 1, false);  // by how much of the text is used up
  reached[0] = true;
  for (std::size_t i = 0; i < wildcard.size(); ++i) {
    if (wildcard[i] == '*') {
      std::fill(std::find(reached.begin(), reached.end(), true), reached.end(), true);
      continue;
    }
    i += wildcard[i] == '\\' ? 1 : 0;
    for (std::size_t used = text.size(); used > 0; --used) {
      reached[used] = reached[used - 1] && text[used - 1] == wildcard[i];
    }
    reached[0] = false;
  }
  return reached.back();
}

// ---- addresses ----

// 4 or 16 bytes; empty when the text is no address.
std::string address(const std::string& text) {
  unsigned octets[4];
  char end = 0;
  const bool plain = text.find_first_not_of("0123456789.") == text.npos && text.size() <= 15;
  if (plain && std::sscanf(text.c_str(), "%u.%u.%u.%u%c", &octets[0], &octets[1], &octets[2],
                           &octets[3], &end) == 4) {
    const std::string out(std::begin(octets), std::end(octets));
    return std::all_of(std::begin(octets), std::end(octets), [](auto o) { return o < 256; }) ? out
                                                                                             : "";
  }
  // Zeros in front mean nothing, however many.
  const std::string short_groups =
      std::regex_replace(text, std::regex("(^|:)0+(?=[0-9a-fA-F])"), "$1");
  char bytes[16];
  if (text.find('.') != text.npos || inet_pton(AF_INET6, short_groups.c_str(), bytes) != 1) {
    return "";
  }
  const std::string out(bytes, sizeof bytes);
  const bool is_mapped = out.starts_with(std::string(10, '\0') + "\xFF\xFF");
  return is_mapped ? out.substr(12) : out;
}

bool is_inside(const std::string& value, const std::string& cidr) {
  const std::size_t slash = cidr.find('/');
  std::string first = address(cidr.substr(0, slash));
  std::string last = first;
  for (std::size_t bit = std::stoul(cidr.substr(slash + 1)); bit < first.size() * 8; ++bit) {
    first[bit / 8] &= static_cast<char>(~(0x80 >> bit % 8));
    last[bit / 8] |= static_cast<char>(0x80 >> bit % 8);
  }
  const std::string at = address(value);
  const std::size_t shared = std::min(at.size(), first.size());
  const std::string start = at.substr(0, shared);
  if (at.size() < first.size()) {  // IPv4 in a block of IPv6: the service compares what it has
    return shared > 0 && start > first.substr(0, shared) && start < last.substr(0, shared);
  }
  return start >= first && start <= last;  // of IPv6 in a block of IPv4 the first four bytes
}

// ---- one value ----

bool is_same(const Json& a, const Json& b) {
  if (a.kind != Kind::number || b.kind != Kind::number) {
    return a.kind == b.kind && a.text == b.text;
  }
  double x = 0;
  double y = 0;
  const bool compares = is_comparable(a.text, x);
  return compares == is_comparable(b.text, y) && (compares ? x == y : a.text == b.text);
}

bool is_in_range(const Json& range, const Json& value) {
  double number = 0;
  if (value.kind != Kind::number || !is_comparable(value.text, number)) {
    return false;
  }
  bool holds = true;
  for (std::size_t i = 0; i < range.items.size(); i += 2) {
    const std::string& op = range.items[i].text;
    const double bound = std::strtod(range.items[i + 1].text.c_str(), nullptr);
    holds = holds && (op == "="    ? number == bound
                      : op == "<"  ? number < bound
                      : op == "<=" ? number <= bound
                      : op == ">"  ? number > bound
                                   : number >= bound);
  }
  return holds;
}

bool is_wanted(const Json& want, const Json& value);

bool is_anything_but(const Json& unwanted, const Json& value) {
  if (unwanted.kind == Kind::object) {  // an expression with one argument or a list of them
    const Json& argument = unwanted.items[0];
    const auto& arguments =
        argument.kind == Kind::array ? argument.items : std::vector<Json>{argument};
    return std::none_of(arguments.begin(), arguments.end(), [&](const Json& one) {
      return is_wanted(json_object(unwanted.names[0], one), value);
    });
  }
  const auto& list = unwanted.kind == Kind::array ? unwanted.items : std::vector<Json>{unwanted};
  return std::none_of(list.begin(), list.end(),
                      [&](const Json& one) { return is_same(one, value); });
}

// Whether the value is one that the entry of a field's array asks for.
bool is_wanted(const Json& want, const Json& value) {
  if (want.kind != Kind::object) {
    return is_same(want, value);
  }
  const std::string& name = want.names[0];
  const Json& argument = want.items[0];
  if (name == "exists") {
    return argument.text == "true";
  }
  if (name == "numeric") {
    return is_in_range(argument, value);
  }
  if (name == "anything-but") {
    return is_anything_but(argument, value);
  }
  if (value.kind != Kind::string) {
    return false;
  }
  const std::string_view text = value.text;
  // The service compares strings with their quotes: "K" has the prefix K" and the suffix "K.
  const std::string closed = value.text + '"';
  const std::string opened = '"' + value.text;
  const bool ignores_case = argument.kind == Kind::object;  // {"prefix":{"equals-ignore-case":…}}
  if (name == "exactly") {
    return text == argument.text;
  }
  if (name == "prefix") {
    return ignores_case ? !ignore_case_lengths(argument.items[0].text, closed).empty()
                        : closed.starts_with(argument.text);
  }
  if (name == "suffix" && ignores_case) {
    for (std::size_t start = 0; start <= opened.size(); ++start) {
      if (ignore_case_lengths(argument.items[0].text, std::string_view(opened).substr(start))
              .contains(opened.size() - start)) {
        return true;
      }
    }
    return false;
  }
  return name == "suffix" ? opened.ends_with(argument.text)
         : name == "equals-ignore-case"
             ? ignore_case_lengths(argument.text, text).contains(text.size())
         : name == "wildcard" ? is_like(argument.text, text)
                              : is_inside(value.text, argument.text);  // cidr
}

// ---- whole patterns ----

const std::set<std::string> expression_names = {
    "exactly", "equals-ignore-case", "prefix",  "suffix", "anything-but",
    "exists",  "wildcard",           "numeric", "cidr"};

// Where some `$or` cannot be the operator, each is a field like any other.
bool has_or_field(const Json& object) {
  for (std::size_t i = 0; i < object.items.size(); ++i) {
    const Json& item = object.items[i];
    if (object.names[i] != "$or") {
      if (item.kind == Kind::object && has_or_field(item)) {
        return true;
      }
      continue;
    }
    if (item.kind != Kind::array) {
      return true;
    }
    for (const Json& branch : item.items) {
      if (branch.kind != Kind::object || has_or_field(branch) ||
          std::any_of(branch.names.begin(), branch.names.end(),
                      [](const auto& name) { return expression_names.contains(name); })) {
        return true;
      }
    }
  }
  return false;
}

// Whether the fields from this one on are found in elements that agree with those taken so far:
// tries every leaf.
template <class Field>
bool is_found(Field field, Field end, const Elements& taken, const NaiveEvent& event) {
  if (field == end) {
    return true;
  }
  const auto& wants = field->second->items;
  bool is_absent = true;
  for (const NaiveEvent::Leaf& leaf : event.leaves()) {
    const auto agrees = [&](const auto& entry) {
      const auto found = taken.find(entry.first);
      return found == taken.end() || found->second == entry.second;
    };
    if (leaf.path != field->first ||
        !std::all_of(leaf.elements.begin(), leaf.elements.end(), agrees)) {
      continue;
    }
    is_absent = false;
    Elements together = taken;
    together.insert(leaf.elements.begin(), leaf.elements.end());
    if (std::any_of(wants.begin(), wants.end(),
                    [&](const Json& want) { return is_wanted(want, *leaf.value); }) &&
        is_found(std::next(field), end, together, event)) {
      return true;
    }
  }
  const bool may_be_absent = std::any_of(wants.begin(), wants.end(), [](const Json& want) {
    return want.kind == Kind::object && want.names[0] == "exists" && want.items[0].text == "false";
  });
  return may_be_absent && is_absent && is_found(std::next(field), end, taken, event);
}

}  // namespace

bool is_case_known(std::uint32_t letter) { return letter < 0x80 || known_cases.contains(letter); }

bool is_comparable(const std::string& text, double& number) {
  number = std::strtod(text.c_str(), nullptr);
  const Decimal written = decimal(text);
  if (written.digits.empty()) {
    number = 0;
    return true;
  }
  if (!std::isfinite(number) || number == 0) {
    return false;
  }
  // The shortest decimal of the double, though never of one digit where two are nearer to it.
  char printed[32];
  int digits = 2;
  do {
    std::snprintf(printed, sizeof printed, "%.*e", digits++ - 1, number);
  } while (std::strtod(printed, nullptr) != number);
  return decimal(printed) == written;
}

NaiveEvent::NaiveEvent(Json event) : event_(std::make_shared<const Json>(std::move(event))) {
  add_leaves(*event_, "", true, {});
}

void NaiveEvent::add_leaves(const Json& value, const std::string& path, bool at_root,
                            const Elements& elements) {
  if (value.kind == Kind::object) {
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      add_leaves(value.items[i], at_root ? value.names[i] : path + "." + value.names[i], false,
                 elements);
    }
  } else if (value.kind == Kind::array) {
    const int array = array_count_++;
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      Elements inside = elements;
      if (value.items[i].is_container()) {
        inside[array] = i;
      }
      add_leaves(value.items[i], path, false, inside);
    }
  } else {
    leaves_.push_back({to_utf16(path), &value, elements});
  }
}

NaivePattern::NaivePattern(Json pattern)
    : pattern_(std::make_shared<const Json>(std::move(pattern))),
      or_is_field_(has_or_field(*pattern_)),
      ways_(1) {
  add_object(*pattern_, "", true, ways_);
}

void NaivePattern::add_object(const Json& object, const std::string& path, bool at_root,
                              std::vector<Fields>& ways) const {
  for (std::size_t i = 0; i < object.items.size(); ++i) {
    const std::string& name = object.names[i];
    const Json& value = object.items[i];
    if (name == "$or" && !or_is_field_) {
      const std::vector<Fields> before = std::exchange(ways, {});
      for (const Json& branch : value.items) {
        std::vector<Fields> through = before;
        add_object(branch, path, at_root, through);
        ways.insert(ways.end(), through.begin(), through.end());
      }
    } else if (value.kind == Kind::object) {
      add_object(value, at_root ? name : path + "." + name, false, ways);
    } else {
      // Behind an empty name there is no dot, unlike in events.
      for (Fields& way : ways) {
        way[to_utf16(path.empty() ? name : path + "." + name)] = &value;  // the last one counts
      }
    }
  }
}

bool NaivePattern::matches(const NaiveEvent& event) const {
  return std::any_of(ways_.begin(), ways_.end(), [&](const Fields& way) {
    return is_found(way.begin(), way.end(), Elements{}, event);
  });
}

}  // namespace signalbox::rules::reference
