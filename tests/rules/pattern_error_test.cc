// Texts that are not JSON, and the words and places the service has for them.
#include <catch2/catch.hpp>
#include <string>

#include "rules/rules.h"

namespace signalbox::rules {
namespace {

std::string reason(std::string_view pattern) {
  PatternError error;
  CHECK(Pattern::compile(pattern, error) == nullptr);
  return error.reason;
}

std::string reason_at(std::string_view words, std::string_view pattern, int column, int line = 1) {
  return std::string(words) + "\n at [Source: (String)\"" + std::string(pattern) +
         "\"; line: " + std::to_string(line) + ", column: " + std::to_string(column) + "]";
}

constexpr std::string_view value_expected =
    "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or "
    "'false')";

TEST_CASE("a pattern cut short names the object or array left open") {
  CHECK(reason("{\"a\":[1") ==
        reason_at("Unexpected end-of-input: expected close marker for Array (start marker at "
                  "[Source: (String)\"{\"a\":[1\"; line: 1, column: 6])",
                  "{\"a\":[1", 8));
  CHECK(reason("{\"a\":[1]") ==
        reason_at("Unexpected end-of-input: expected close marker for Object (start marker at "
                  "[Source: (String)\"{\"a\":[1]\"; line: 1, column: 1])",
                  "{\"a\":[1]", 9));
  CHECK(reason("{\"a\":") ==
        reason_at("Unexpected end-of-input within/between Object entries", "{\"a\":", 6));
  CHECK(reason("{\"a\":[\"x") ==
        reason_at("Unexpected end-of-input: was expecting closing quote for a string value",
                  "{\"a\":[\"x", 9));
  CHECK(reason("{\"a\":[\"x\\") ==
        reason_at("Unexpected end-of-input in character escape sequence", "{\"a\":[\"x\\", 10));
}

TEST_CASE("brackets that do not fit name both ends") {
  CHECK(reason("{\"a\":\n [}") ==
        reason_at("Unexpected close marker '}': expected ']' (for Array starting at "
                  "[Source: (String)\"{\"a\":\n [}\"; line: 2, column: 2])",
                  "{\"a\":\n [}", 3, 2));
  CHECK(reason("]") == reason_at("Unexpected close marker ']': no open Array to close", "]", 1));
}

TEST_CASE("characters out of place are told with what was expected") {
  const auto check = [](std::string_view pattern, std::string_view words, int column) {
    CHECK(reason(pattern) == reason_at(words, pattern, column));
  };
  check("{a:[1]}",
        "Unexpected character ('a' (code 97)): was expecting double-quote to start field name", 2);
  check("{\"a\" [1]}",
        "Unexpected character ('[' (code 91)): was expecting a colon to separate field name and "
        "value",
        6);
  check("{\"a\":[1 2]}",
        "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries", 9);
  check("{\"a\":[1] \"b\":[1]}",
        "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries",
        10);
  check("{\"a\":}", "Unexpected character ('}' (code 125)): expected a value", 6);
  check("{\"a\":[,1]}", "Unexpected character (',' (code 44)): " + std::string(value_expected), 7);
  check("{\"a\":[nulll]}",
        "Unrecognized token 'nulll': was expecting (JSON String, Number, Array, Object or token "
        "'null', 'true' or 'false')",
        7);
  check("{\"a\":[\"\\q\"]}", "Unrecognized character escape 'q' (code 113)", 9);
  check("{\"a\":[01]}", "Invalid numeric value: Leading zeroes not allowed", 8);
  check("{\"a\":[12.]}",
        "Unexpected character (']' (code 93)) in numeric value: Decimal point not followed by a "
        "digit",
        9);
}

TEST_CASE("columns count UTF-16 units, and lines end in either way") {
  CHECK(reason("{\"\xC3\xA9\":5}") ==
        reason_at("\"\xC3\xA9\" must be an object or an array", "{\"\xC3\xA9\":5}", 7));
  CHECK(reason("{\"\xF0\x9F\x98\x80\":5}") ==
        reason_at("\"\xF0\x9F\x98\x80\" must be an object or an array", "{\"\xF0\x9F\x98\x80\":5}",
                  8));
  const std::string_view lines = "{\"a\":\r\n[1]\r,\n\r\n\"b\":5}";
  CHECK(reason(lines) == reason_at("\"b\" must be an object or an array", lines, 6, 5));
}

TEST_CASE("control characters are shown as escapes, and long patterns are cut") {
  CHECK(reason("{\"a\":[\"x\ty\"]}") ==
        reason_at("Illegal unquoted character ((CTRL-CHAR, code 9)): has to be escaped using "
                  "backslash to be included in string value",
                  "{\"a\":[\"x\\u0009y\"]}", 9));
  const std::string pattern = "{\"a\":[\"" + std::string(600, 'x') + "\"],\"b\":5}";
  CHECK(reason(pattern) == "\"b\" must be an object or an array\n at [Source: (String)\"" +
                               pattern.substr(0, 500) + "\"[truncated " +
                               std::to_string(pattern.size() - 500) +
                               " chars]; line: 1, column: 616]");
  // Half a character stays of one that the cut goes through.
  const std::string cut = "{\"a\":[\"" + std::string(492, 'x') + "\xF0\x9F\x98\x80\"],\"b\":5}";
  const std::string shown = "{\"a\":[\"" + std::string(492, 'x') + "?\"[truncated 10 chars]";
  CHECK(reason(cut).find(shown) != std::string::npos);
}

TEST_CASE("a number instead of a pattern takes the space behind it along") {
  constexpr std::string_view words = "Filter is not an object";
  CHECK(reason("1") == reason_at(words, "1", 2));
  CHECK(reason("1 ") == reason_at(words, "1 ", 3));
  CHECK(reason("1  {}") == reason_at(words, "1  {}", 3));
  CHECK(reason("-2.5\r\n{}") == reason_at(words, "-2.5\r\n{}", 1, 2));
  CHECK(reason("1x").starts_with("Unexpected character ('x' (code 120)): Expected space"));
}

TEST_CASE("patterns nest a thousand levels and no deeper, on a small stack") {
  const auto nested = [](std::size_t depth) {
    std::string out;
    for (std::size_t i = 0; i < depth; ++i) {
      out += "{\"a\":";
    }
    return out + "[1]" + std::string(depth, '}');
  };
  PatternError error;
  CHECK(Pattern::compile(nested(999), error) != nullptr);
  CHECK(reason(nested(1'000)) ==
        "Document nesting depth (1001) exceeds the maximum allowed (1000, from "
        "`StreamReadConstraints.getMaxNestingDepth()`)");
  CHECK(reason(nested(100'000)) == reason(nested(1'000)));
  CHECK(reason(std::string(100'000, '[')).starts_with("Filter is not an object"));
}

TEST_CASE("a pattern with more than a thousand ways through its $or is refused") {
  const auto pattern = [](int or_count) {
    std::string out = "{";
    for (int i = 0; i < or_count; ++i) {
      const std::string name(1, static_cast<char>('a' + i));
      out += "\"" + name + "\":{\"$or\":[{\"x\":[1]},{\"y\":[2]}]},";
    }
    return out + "\"z\":[1]}";
  };
  PatternError error;
  CHECK(Pattern::compile(pattern(9), error) != nullptr);  // 512 ways
  CHECK(reason(pattern(10)).starts_with("Rule is too complex - more than 1000 combinations"));
  CHECK(reason(pattern(25)).starts_with("Rule is too complex - more than 1000 combinations"));
}

TEST_CASE("what a pattern may cost is a setting") {
  const auto reason_within = [](const std::string& text, const PatternLimits& limits) {
    PatternError error;
    const auto compiled = Pattern::compile(text, error, limits);
    CHECK((compiled == nullptr) == !error.reason.empty());
    return error.reason;
  };
  const std::string two_ways = R"({"$or":[{"a":[1]},{"b":[1]}]})";
  CHECK(reason_within(two_ways, {.combinations_max = 2}).empty());
  CHECK(reason_within(two_ways, {.combinations_max = 1}).starts_with("Rule is too complex"));

  const std::string large = R"({"a":[")" + std::string(1 << 20, 'x') + R"("]})";
  CHECK(reason_within(large, {}).starts_with("Rule is too complex - it takes "));
  CHECK(reason_within(large, PatternLimits::none()).empty());

  const std::string stars = R"({"a":[{"wildcard":"*a*b"},{"anything-but":{"wildcard":"c*"}}]})";
  CHECK(reason_within(stars, {}).empty());
  CHECK(reason_within(stars, {.stars_max = 3}).empty());
  CHECK(
      reason_within(stars, {.stars_max = 2}).starts_with("Rule is too complex - try using fewer"));
}

TEST_CASE("a pattern is counted with about the memory that it takes up in a set") {
  const auto fields = [](const std::string& values) {
    std::string out = "{";
    for (int i = 0; i < 2'000; ++i) {
      const std::string number = std::to_string(i);
      out += (i > 0 ? ",\"f" : "\"f") + number + "\":[" + values + "]";
    }
    return out + "}";
  };
  std::string texts;
  for (int i = 0; i < 2'000; ++i) texts += (i > 0 ? ",\"v" : "\"v") + std::to_string(i) + "\"";
  const std::string deep_name = "x" + std::string(40, 'y') + ".";
  std::string deep = "\"";
  for (int i = 0; i < 2'000; ++i) deep += deep_name;
  for (const std::string& text : {fields(R"({"exists":false})"), fields(R"({"exists":true})"),
                                  fields("1"), fields(R"("one","two",{"prefix":"three"})"),
                                  "{\"a\":[" + texts + "]}", "{" + deep + "z\":[1]}"}) {
    INFO(text.substr(0, 60));
    PatternError error;
    REQUIRE(Pattern::compile(text, error, {.compiled_bytes_max = 0}) == nullptr);
    const std::string said = "Rule is too complex - it takes ";
    REQUIRE(error.reason.starts_with(said));
    const std::size_t counted = std::stoul(error.reason.substr(said.size()));
    const auto rules = RuleSet::create();
    const std::size_t before = rules->memory_bytes();
    rules->put(1, Pattern::compile(text, error, PatternLimits::none()));
    const std::size_t taken = rules->memory_bytes() - before;
    INFO(counted << " counted, " << taken << " taken");
    CHECK(taken < counted * 3 / 2);
    CHECK(counted < taken * 3);
  }
}

}  // namespace
}  // namespace signalbox::rules
