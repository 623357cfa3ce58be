#include "tests/rules/generator.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "tests/rules/naive.h"

namespace signalbox::rules::reference {
namespace {

using Kind = Json::Kind;

// Names that share beginnings, sort around the dot, hold one, or are not ASCII.
const std::vector<std::string> all_names = {"a",    "b",   "c", "d",      "a.b",   "b.c",
                                            "a-b",  "ab",  "é", "source", "A",     "x y",
                                            "a\"b", "a\\", "😀", "detail", "\uE000"};
const std::vector<std::string> pieces = {"a", "b", "ab",   "A", "B", "*", "\\", "\"", "\n",     "é",
                                         "É", "ß", "SS",   "σ", "Σ", "ς", "k",  "K",  "\u212A", "İ",
                                         "i̇", "1", ".png", "/", "😀", " ", "x",  "-"};
const std::vector<std::string> odd_texts = {"", "1", "1.0", "true", "null", "0", "*", "\\*", "{}"};
const std::vector<std::string> addresses = {
    "10.0.0.1",      "10.0.0.255",
    "10.1.2.3",      "11.0.0.0",
    "9.255.255.255", "10.0.0.256",
    "10.0.0",        "0.0.0.0",
    "::1",           "::",
    "2001:db8::1",   "2001:db9::",
    "2001:DB8::F",   "::ffff:10.0.0.1",
    "1::2::3",       "2001:db8:8000::1",
    "1.2.3.4",       "1.2.3.5",
};
const std::vector<std::string> blocks = {
    "10.0.0.0/8",  "10.0.0.1/31", "10.1.2.3/24", "0.0.0.0/0",     "1.2.3.4/30",
    "10.0.0.0/25", "::/0",        "::1/127",     "2001:db8::/32", "2001:db8::/33"};
const std::vector<std::string> all_numbers = {"0",
                                              "-0",
                                              "0.0",
                                              "1",
                                              "1.0",
                                              "-1",
                                              "2",
                                              "5",
                                              "0.1",
                                              "0.10",
                                              "100",
                                              "1e2",
                                              "1.00E+2",
                                              "10e-1",
                                              "-5.5",
                                              "5.5",
                                              "1e21",
                                              "1e-7",
                                              "1e300",
                                              "-1e300",
                                              "0e999999",
                                              "4.9e-324",
                                              "1e400",
                                              "10e399",
                                              "12.5",
                                              "0.5",
                                              "50e-2",
                                              "255",
                                              "256",
                                              "65536",
                                              "1e15",
                                              "1e16",
                                              "3",
                                              "4",
                                              "-100000",
                                              "0.001",
                                              "9007199254740991",
                                              "9007199254740992",
                                              "9007199254740993",
                                              "9007199254740993.0",
                                              "0.1234567890123456789",
                                              "1.7976931348623157e308",
                                              "123456789012345680",
                                              "123456789012345678",
                                              "2.2250738585072014e-308",
                                              "0.1000000000000000055511151231257827",
                                              "4999999999.999999"};

}  // namespace

std::uint64_t Random::next() {  // splitmix64
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

Generator::Generator(std::uint64_t seed) : random_(seed) {
  const std::size_t name_count = 2 + random_.below(4);
  while (names_.size() < name_count) {
    // The first few more often.
    names_.push_back(all_names[random_.below(random_.one_in(2) ? 5 : all_names.size())]);
  }
  for (std::size_t i = 0; i < 6; ++i) {
    std::string text;
    const std::size_t piece_count = random_.one_in(6) ? 10 + random_.below(60) : random_.below(5);
    const std::string& repeated = random_.pick(pieces);
    for (std::size_t j = 0; j < piece_count; ++j) {
      text += piece_count > 9 && !random_.one_in(8) ? repeated : random_.pick(pieces);
    }
    texts_.push_back(random_.one_in(6) ? random_.pick(odd_texts) : text);
  }
  comparable_ = {"1", "5"};
  for (std::size_t i = 0; i < 5; ++i) {
    const std::string& number = random_.pick(all_numbers);
    double value = 0;
    numbers_.push_back(number);
    if (is_comparable(number, value)) {
      comparable_.push_back(number);
    }
  }
}

// ---- texts ----

std::string Generator::text() {
  std::string out = random_.pick(texts_);
  if (random_.one_in(3)) {
    const auto letters = code_points(out);
    const std::size_t from = letters.empty() ? 0 : random_.below(letters.size());
    const std::size_t to = random_.one_in(2) ? letters.size() : from;
    out.clear();
    for (std::size_t i = to == from ? 0 : from; i < to; ++i) {  // a beginning or an end
      append_utf8(out, letters[i]);
    }
  }
  if (random_.one_in(6)) {
    out += random_.pick(pieces);
  }
  if (random_.one_in(8)) {
    out.insert(0, random_.pick(pieces));
  }
  return random_.one_in(10) ? other_case(out) : out;
}

std::string Generator::other_case(std::string_view text) {
  static const std::vector<std::pair<std::string, std::string>> pairs = {
      {"é", "É"}, {"ß", "SS"}, {"σ", "Σ"}, {"ς", "Σ"}, {"\u212A", "k"}, {"İ", "i̇"}};
  std::string out;
  for (const std::uint32_t letter : code_points(text)) {
    std::string one;
    append_utf8(one, letter);
    if (random_.one_in(2) && letter < 0x80) {
      const int c = static_cast<int>(letter);
      one[0] = static_cast<char>(std::islower(c) != 0 ? std::toupper(c) : std::tolower(c));
    } else if (random_.one_in(2)) {
      for (const auto& [a, b] : pairs) {
        one = one == a ? b : one == b ? a : one;
      }
    }
    out += one;
  }
  return out;
}

std::string Generator::wildcard() {
  std::string out;
  bool star = false;
  const auto maybe_star = [&](std::size_t n) {
    if (!star && random_.one_in(n)) {
      out += '*';
      star = true;
    }
  };
  maybe_star(3);
  for (const std::uint32_t letter : code_points(text())) {
    if (letter == '*' || letter == '\\') {
      out += '\\';
    }
    if (!random_.one_in(8)) {
      append_utf8(out, letter);
      star = false;
    } else if (out.ends_with('\\') && (letter == '*' || letter == '\\')) {
      out.pop_back();
    }
    maybe_star(6);
  }
  maybe_star(3);
  return out;
}

// Something that the wildcard matches.
std::string Generator::like(std::string_view wildcard) {
  std::string out;
  for (std::size_t i = 0; i < wildcard.size(); ++i) {
    if (wildcard[i] == '*') {
      out += random_.one_in(2) ? text() : "";
    } else {
      i += wildcard[i] == '\\' ? 1 : 0;
      out += wildcard[i];
    }
  }
  return out;
}

// The same number, mostly, in another spelling.
std::string Generator::respelled(const std::string& number) {
  const bool is_whole = number.find_first_of(".eE") == number.npos;
  const bool has_exponent = number.find_first_of("eE") != number.npos;
  switch (random_.below(5)) {
    case 0: return is_whole ? number + ".0" : number;
    case 1: return has_exponent ? number : number + "e0";
    case 2: return has_exponent ? number : number + "E+00";
    case 3: return is_whole && number != "0" && number != "-0" ? number + "0e-1" : number;
    default: return number;
  }
}

// ---- patterns ----

Json Generator::pattern() {
  Json out = pattern_object(0);
  set_styles(out);
  return out;
}

Json Generator::pattern_object(int depth) {
  Json out;
  const std::size_t member_count = 1 + random_.below(depth == 0 ? 3 : 2);
  for (std::size_t i = 0; i < member_count; ++i) {
    const std::size_t kind = random_.below(12);
    if (kind == 0 && depth < 3) {
      add_member(out, "$or", either(depth));
    } else if (kind < 5 && depth < 3) {
      add_member(out, random_.pick(names_), pattern_object(depth + 1));
    } else {
      add_member(out, random_.pick(names_), values());
    }
  }
  return out;
}

Json Generator::either(int depth) {
  Json out = json_array({});
  const std::size_t branch_count = 2 + random_.below(2);
  for (std::size_t i = 0; i < branch_count; ++i) {
    out.items.push_back(pattern_object(depth + 1));
  }
  return out;
}

Json Generator::values() {
  Json out = json_array({});
  const std::size_t value_count = random_.one_in(3) ? 1 + random_.below(5) : 1;
  for (std::size_t i = 0; i < value_count; ++i) {
    out.items.push_back(value());
  }
  return out;
}

Json Generator::value() {
  const auto expression = [](std::string_view name, const std::string& text) {
    return json_object(name, json_string(text));
  };
  switch (random_.below(18)) {
    case 0: return json_number(random_.pick(numbers_));
    case 1: return json_literal(random_.pick(std::vector<std::string>{"true", "false", "null"}));
    case 2: return expression("exactly", text());
    case 3: return expression("prefix", text());
    case 4: return expression("suffix", text());
    case 5: return json_object("prefix", expression("equals-ignore-case", text()));
    case 6: return json_object("suffix", expression("equals-ignore-case", text()));
    case 7: return expression("equals-ignore-case", text());
    case 8:
    case 9: return expression("wildcard", wildcard());
    case 10: return numeric();
    case 11: return expression("cidr", random_.pick(blocks));
    case 12: return json_object("exists", json_literal("true"));
    case 13: return json_object("exists", json_literal("false"));
    case 14:
    case 15: return json_object("anything-but", anything_but());
    default: return json_string(text());
  }
}

Json Generator::numeric() {
  std::vector<std::string> bounds = {random_.pick(comparable_), random_.pick(comparable_)};
  const auto value_of = [](const std::string& text) { return std::strtod(text.c_str(), nullptr); };
  std::sort(bounds.begin(), bounds.end(),
            [&](const auto& a, const auto& b) { return value_of(a) < value_of(b); });
  Json range = json_array({});
  const auto add = [&](std::string_view op, const std::string& bound) {
    range.items.push_back(json_string(op));
    range.items.push_back(json_number(bound));
  };
  if (random_.one_in(2) && value_of(bounds[0]) < value_of(bounds[1])) {
    add(random_.one_in(2) ? ">" : ">=", bounds[0]);
    add(random_.one_in(2) ? "<" : "<=", bounds[1]);
  } else {
    add(random_.pick(std::vector<std::string>{"=", "<", "<=", ">", ">="}), bounds[0]);
  }
  return json_object("numeric", std::move(range));
}

Json Generator::anything_but() {
  const auto list = [&](auto make) {
    if (random_.one_in(2)) {
      return make();
    }
    Json out = json_array({});
    const std::size_t item_count = 1 + random_.below(3);
    for (std::size_t i = 0; i < item_count; ++i) {
      out.items.push_back(make());
    }
    return out;
  };
  const auto some_text = [&] { return json_string(text()); };
  const auto some_affix = [&] {
    const std::string affix = text();
    return json_string(affix.empty() ? "a" : affix);
  };
  switch (random_.below(6)) {
    case 0: return list([&] { return json_number(random_.pick(comparable_)); });
    case 1: return json_object("prefix", list(some_affix));
    case 2: return json_object("suffix", list(some_affix));
    case 3: return json_object("equals-ignore-case", list(some_text));
    case 4: return json_object("wildcard", list([&] { return json_string(wildcard()); }));
    default: return list(some_text);
  }
}

Json Generator::broken_pattern() {
  Json out = pattern_object(0);
  const std::size_t change_count = 1 + random_.below(2);
  for (std::size_t i = 0; i < change_count; ++i) {
    mutate(out, true);
  }
  set_styles(out);
  return out;
}

// ---- events ----

Json Generator::scalar() {
  switch (random_.below(7)) {
    case 0: return json_number(random_.pick(numbers_));
    case 1: return json_number(respelled(random_.pick(comparable_)));
    case 2: return json_literal(random_.pick(std::vector<std::string>{"true", "false", "null"}));
    case 3: return json_string(random_.one_in(3) ? random_.pick(addresses) : text());
    default: return json_string(text());
  }
}

Json Generator::event_value(int depth) {
  if (depth > 4 || !random_.one_in(3)) {
    return scalar();
  }
  if (random_.one_in(2)) {
    return event_object(depth);
  }
  Json out = json_array({});
  const std::size_t item_count = random_.below(4);
  for (std::size_t i = 0; i < item_count; ++i) {
    out.items.push_back(random_.one_in(2) ? event_object(depth + 1) : event_value(depth + 1));
  }
  return out;
}

Json Generator::event_object(int depth) {
  Json out;
  const std::size_t member_count = random_.below(5);
  for (std::size_t i = 0; i < member_count; ++i) {
    add_member(out, random_.pick(names_), event_value(depth + 1));
  }
  return out;
}

Json Generator::event() {
  Json out = event_object(0);
  set_styles(out);
  return out;
}

Json Generator::event_for(const Json& pattern) {
  Json out;
  fill(out, pattern);
  if (random_.one_in(2)) {
    Json more = event_object(1);
    for (std::size_t i = 0; i < more.items.size(); ++i) {
      const std::size_t at = random_.below(out.items.size() + 1);
      out.names.insert(out.names.begin() + static_cast<std::ptrdiff_t>(at), more.names[i]);
      out.items.insert(out.items.begin() + static_cast<std::ptrdiff_t>(at), more.items[i]);
    }
  }
  for (std::size_t changes = random_.one_in(2) ? random_.below(3) : 0; changes > 0; --changes) {
    mutate(out, false);
  }
  set_styles(out);
  return out;
}

// Adds what the pattern asks for to the event.
void Generator::fill(Json& event, const Json& pattern) {
  for (std::size_t i = 0; i < pattern.items.size(); ++i) {
    const Json& item = pattern.items[i];
    if (pattern.names[i] == "$or" && item.kind == Kind::array) {
      fill(event, random_.pick(item.items));
      continue;
    }
    Json out;
    if (item.kind == Kind::object) {
      fill(out, item);
    } else if (!wanted(item, out)) {
      continue;
    }
    if (random_.one_in(4)) {
      out = json_array({std::move(out)});
      while (random_.one_in(2)) {
        out.items.insert(
            out.items.begin() + static_cast<std::ptrdiff_t>(random_.below(out.items.size() + 1)),
            random_.one_in(2) ? event_object(3) : event_value(4));
      }
    }
    add_member(event, pattern.names[i], std::move(out));
  }
}

// False when the field should be absent.
bool Generator::wanted(const Json& values, Json& out) {
  if (values.items.empty()) {
    return false;
  }
  const Json& value = random_.pick(values.items);
  if (value.kind != Kind::object) {
    out = value;
    if (value.kind == Kind::number) {
      out.text = respelled(out.text);
    }
    return true;
  }
  if (value.names[0] == "exists" && value.items[0].text == "false") {
    return false;
  }
  out = wanted_by(value);
  return true;
}

Json Generator::wanted_by(const Json& expression) {
  const std::string& name = expression.names[0];
  const Json& argument = expression.items[0];
  if (argument.kind == Kind::object && name != "anything-but") {
    const std::string text_in_case = other_case(argument.items[0].text);
    return json_string(name == "prefix" ? text_in_case + text() : text() + text_in_case);
  }
  if (name == "exactly") {
    return argument;
  }
  if (name == "prefix") {
    return json_string(argument.text + text());
  }
  if (name == "suffix") {
    return json_string(text() + argument.text);
  }
  if (name == "equals-ignore-case") {
    return json_string(other_case(argument.text));
  }
  if (name == "wildcard") {
    return json_string(like(argument.text));
  }
  if (name == "cidr") {
    return json_string(random_.pick(addresses));
  }
  if (name == "numeric") {
    return json_number(
        respelled(random_.one_in(2) ? argument.items[1].text : random_.pick(comparable_)));
  }
  return scalar();
}

// ---- changes ----

// Changes one place of the tree.
void Generator::mutate(Json& json, bool with_new_nodes) {
  Json* at = &json;
  while (at->is_container() && !at->items.empty() && !random_.one_in(3)) {
    at = &at->items[random_.below(at->items.size())];
  }
  if (at->is_container() && !at->items.empty()) {
    const std::size_t index = random_.below(at->items.size());
    const auto offset = static_cast<std::ptrdiff_t>(index);
    if (random_.one_in(2)) {
      at->items.erase(at->items.begin() + offset);
      if (at->kind == Kind::object) {
        at->names.erase(at->names.begin() + offset);
      }
    } else if (at->kind == Kind::object) {
      add_member(*at, random_.one_in(2) ? at->names[index] : random_.pick(names_),
                 random_.one_in(2) ? at->items[index] : scalar());
    } else {
      at->items.push_back(random_.one_in(2) ? at->items[index] : scalar());
    }
    return;
  }
  if (at == &json) {
    return;
  }
  static const std::vector<std::string> words = {"prefix", "suffix", "numeric", "=",  "<",
                                                 ">=",     "exists", "cidr",    "**", "a**b",
                                                 "\\a",    "/",      ""};
  switch (with_new_nodes ? random_.below(6) : 0) {
    case 0: *at = scalar(); break;
    case 1: *at = json_array({scalar()}); break;
    case 2: *at = json_object(random_.pick(words), scalar()); break;
    case 3: *at = random_.one_in(2) ? Json{} : json_array({}); break;
    case 4: *at = value(); break;
    default: *at = json_string(random_.pick(words));
  }
}

void Generator::set_styles(Json& json) {
  if (random_.one_in(3)) {
    std::vector<Json*> rest{&json};
    while (!rest.empty()) {
      Json* node = rest.back();
      rest.pop_back();
      node->style = random_.one_in(3) ? 1 + static_cast<std::uint32_t>(random_.below(1'000)) : 0;
      for (Json& item : node->items) {
        rest.push_back(&item);
      }
    }
  }
}

}  // namespace signalbox::rules::reference
