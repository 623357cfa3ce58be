// Events made to hurt: deep, wide, broken, and arrays that multiply.
//
// Nothing here looks at a clock. Where time is the question, the event is so large that work which
// grows with its square takes many minutes; work that does not takes seconds, also in a debug
// build.
#include <pthread.h>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/rules.h"

namespace signalbox::rules {
namespace {

std::shared_ptr<const Pattern> compile(std::string_view text) {
  PatternError error;
  auto compiled = Pattern::compile(text, error);
  REQUIRE(compiled);
  return compiled;
}

bool matches_in_set(const std::shared_ptr<const Pattern>& pattern, std::string_view event) {
  const auto rules = RuleSet::create();
  rules->put(1, pattern);
  std::vector<RuleId> ids;
  rules->snapshot()->match(event, ids);
  return !ids.empty();
}

// Whether the pattern matches the event, asked alone and in a set. The event is JSON.
bool matches(std::string_view pattern_text, std::string_view event) {
  const auto pattern = compile(pattern_text);
  const bool alone = pattern->matches(event);
  CHECK(matches_in_set(pattern, event) == alone);
  return alone;
}

std::string repeated(std::string_view text, std::size_t count, std::string_view between = "") {
  std::string out;
  out.reserve((text.size() + between.size()) * count);
  for (std::size_t i = 0; i < count; ++i) {
    out += i == 0 ? "" : between;
    out += text;
  }
  return out;
}

std::string deep_objects(std::size_t depth, std::string_view value) {
  return repeated("{\"a\":", depth) + std::string(value) + std::string(depth, '}');
}

std::string deep_array(std::size_t depth) {
  return "{\"a\":" + std::string(depth, '[') + "1" + std::string(depth, ']') + "}";
}

// Runs `work` on a thread with 128 KiB of stack, the least that sanitizers leave room for.
template <class Work>
void on_small_stack(Work work) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, 128 * 1024) == 0);
  pthread_t thread;
  const auto run = [](void* given) -> void* {
    (*static_cast<Work*>(given))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, run, &work) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
}

TEST_CASE("events a thousand levels deep match on a small stack, deeper ones match nothing") {
  const auto in_array = compile(R"({"a":[1]})");
  const auto absent = compile(R"({"b":[{"exists":false}]})");
  const auto in_objects = compile("{\"" + repeated("a", 1'000, ".") + "\":[5]}");
  const std::vector<std::string> deep = {deep_array(100'000), deep_objects(100'000, "5"),
                                         "{\"a\":" + std::string(100'000, '['),
                                         "{\"a\":" + std::string(100'000, '{')};
  bool objects_match = false;
  bool array_matches = false;
  bool deepest_match = false;
  on_small_stack([&] {
    objects_match = in_objects->matches(deep_objects(1'000, "5")) &&
                    matches_in_set(in_objects, deep_objects(1'000, "5"));
    array_matches =
        in_array->matches(deep_array(1'000)) && matches_in_set(in_array, deep_array(1'000));
    for (const std::string& event : deep) {
      deepest_match = deepest_match || in_array->matches(event) || absent->matches(event) ||
                      matches_in_set(in_array, event) || matches_in_set(in_objects, event);
      matches_in_set(absent, event);  // what no rule asks about may be as deep as it likes
    }
  });
  CHECK(objects_match);
  CHECK(array_matches);
  CHECK_FALSE(deepest_match);
}

TEST_CASE("strings of a megabyte match as short ones do, with every operator and spelling") {
  constexpr std::size_t size = 1 << 20;
  // A pattern may take a megabyte compiled, so its own texts are shorter.
  constexpr std::size_t whole_size = 100'000;
  constexpr std::size_t letter_count = 5'000;
  const auto quoted = [](std::string_view one) { return "\"" + std::string(one) + "\""; };
  const auto check = [](std::string_view value, std::string_view matching, std::string_view other) {
    const std::string event = "{\"k\":" + std::string(value) + "}";
    CHECK(matches("{\"k\":[" + std::string(matching) + "]}", event));
    CHECK_FALSE(matches("{\"k\":[" + std::string(other) + "]}", event));
  };
  const std::string value = quoted(std::string(size, 'a') + "b");
  const std::string text = std::string(whole_size, 'a') + "b";
  check(quoted(text), quoted(text), quoted(text + "b"));
  check(value, R"({"prefix":"aaaa"})", R"({"prefix":"aaab"})");
  check(value, R"({"suffix":"aab"})", R"({"suffix":"aaa"})");
  check(value, "{\"suffix\":" + quoted(text) + "}", "{\"prefix\":" + quoted(text) + "}");
  check(value, R"({"prefix":{"equals-ignore-case":"AaA"}})",
        R"({"suffix":{"equals-ignore-case":"AaA"}})");
  check(quoted(std::string(letter_count, 'a')),
        "{\"equals-ignore-case\":" + quoted(std::string(letter_count, 'A')) + "}",
        "{\"equals-ignore-case\":" + quoted(std::string(letter_count - 1, 'A')) + "}");
  check(value, R"({"wildcard":"*aa*a*b"})", R"({"wildcard":"*ab*b"})");
  check(value, R"({"anything-but":"a"})", R"({"anything-but":{"prefix":"aaa"}})");
  check(value, R"({"exists":true})", R"({"numeric":["=",1]})");
  // Spelled with escapes; and a name.
  const std::string escaped = repeated("\\u0061", whole_size) + "b";
  check(quoted(escaped), quoted(text), quoted(text.substr(1)));
  const std::string name_event = "{\"" + text + "\":1}";
  CHECK(matches("{\"" + text + "\":[1]}", name_event));
  CHECK_FALSE(matches("{\"" + text.substr(1) + "\":[1]}", name_event));
  // A number of a megabyte, which no double holds.
  const std::string digits(size, '7');
  check(digits, R"({"anything-but":7})", R"({"numeric":[">",0]})");
  check(quoted(digits), R"({"prefix":"777"})", R"({"cidr":"0.0.0.0/0"})");
}

TEST_CASE("wildcards of many stars take no detours over a long string") {
  const std::string stars = repeated("*aaaaaaaaaaaaaaaa", 60) + "*b*c";
  const std::string event = "{\"k\":\"" + std::string(100'000, 'a') + "b\"}";
  CHECK_FALSE(matches("{\"k\":[{\"wildcard\":\"" + stars + "\"}]}", event));
  CHECK(matches("{\"k\":[{\"wildcard\":\"" + repeated("*aaaaaaaa", 60) + "*b\"}]}", event));
}

TEST_CASE("a name given a hundred thousand times has a hundred thousand values") {
  constexpr std::size_t count = 100'000;
  const std::string ones = "{" + repeated(R"("a":1)", count, ",");
  CHECK(matches(R"({"a":[2]})", ones + R"(,"a":2})"));
  CHECK_FALSE(matches(R"({"a":[2]})", ones + "}"));
  CHECK(matches(R"({"a":[{"anything-but":1}]})", ones + R"(,"a":null})"));
  CHECK_FALSE(matches(R"({"a":[{"anything-but":1}]})", ones + "}"));
  CHECK_FALSE(matches(R"({"a":[{"exists":false}],"b":[1]})", ones + R"(,"b":1})"));
  CHECK(matches(R"({"a":{"a":[1]},"b":[1]})",
                "{" + repeated(R"("a":{"a":0})", count, ",") + R"(,"a":{"a":1},"b":1})"));
  // Each an array of its own, whose elements do not exclude each other.
  CHECK(matches(R"({"a":{"b":[1],"c":[2]}})",
                "{" + repeated(R"("a":[{"b":1}])", count, ",") + R"(,"a":[{"c":2}]})"));
}

TEST_CASE("a hundred thousand different names are read as few are") {
  std::string event = "{\"x\":{";
  for (int i = 0; i < 100'000; ++i) {
    event += "\"" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  }
  event += "\"last\":1},\"y\":2}";
  CHECK(matches(R"({"x":{"77777":[77777],"last":[1]},"y":[2]})", event));
  CHECK_FALSE(matches(R"({"x":{"77777":[77778],"last":[1]},"y":[2]})", event));
  CHECK_FALSE(matches(R"({"x":{"5":[{"exists":false}]}})", event));
}

TEST_CASE("bytes that are not UTF-8 match nothing, wherever they stand") {
  const auto absent = compile(R"({"b":[{"exists":false}]})");
  const auto any = compile(R"({"a":[{"exists":true}]})");
  for (const std::string_view bytes :
       {"\xFF", "\xC3", "\xC3(", "\xC0\x80", "\xE2\x82", "\xED\xA0\x80", "\xF0\x9F\x98",
        "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\x80"}) {
    for (const std::string& event :
         {"{\"a\":\"" + std::string(bytes) + "\"}", "{\"" + std::string(bytes) + "\":1,\"a\":1}",
          "{\"a\":1,\"x\":\"" + std::string(bytes) + "\"}", "{\"a\":1}" + std::string(bytes),
          "{\"a\":1" + std::string(bytes) + "}"}) {
      INFO(event);
      CHECK_FALSE(any->matches(event));
      CHECK_FALSE(absent->matches(event));
      CHECK_FALSE(matches_in_set(any, event));
      CHECK_FALSE(matches_in_set(absent, event));
    }
  }
  CHECK(matches(R"({"a":[{"exists":true}]})", "{\"a\":\"\xF4\x8F\xBF\xBF\"}"));
}

TEST_CASE("numbers past every double are values, but no numbers that compare") {
  for (const std::string number :
       {"1e400", "-1e400", "1e-400", "1e999999999999999999999", "1e-999999999999999999999",
        "123456789012345678901234567890", "0.1234567890123456789"}) {
    INFO(number);
    const std::string event = "{\"a\":" + number + "}";
    CHECK(matches("{\"a\":[" + number + "]}", event));
    CHECK(matches(R"({"a":[{"exists":true}]})", event));
    CHECK(matches(R"({"a":[{"anything-but":[0,1]}]})", event));
    CHECK_FALSE(matches(R"({"a":[{"numeric":[">",-1]}]})", event));
    CHECK_FALSE(matches(R"({"a":[{"numeric":["<=",1]}]})", event));
    CHECK_FALSE(matches("{\"a\":[0]}", event));
  }
  CHECK(matches("{\"a\":[0]}", "{\"a\":0e999999999999999999999}"));
  CHECK(matches("{\"a\":[0]}", "{\"a\":-0.0" + std::string(100'000, '0') + "}"));
}

TEST_CASE("two fields over a long array of objects are decided without trying every pair") {
  const std::string_view pair = R"({"a":{"b":[1],"c":[2]}})";
  const std::string event = "{\"a\":[{\"b\":1,\"c\":0}" + repeated(R"(,{"b":1},{"c":2})", 100'000);
  CHECK_FALSE(matches(pair, event + "]}"));
  CHECK(matches(pair, event + ",{\"b\":1,\"c\":2}]}"));
}

TEST_CASE("values that all differ lead to a rule no more often than values that are the same") {
  std::string event = R"({"a":[{"b":1,"c":0})";
  for (int i = 1; i < 100'000; ++i) {
    const std::string number = std::to_string(i);
    event += R"(,{"b":)" + number + R"(},{"c":"x)" + number + R"("})";
  }
  const std::vector<std::pair<std::string_view, std::string_view>> wants = {
      {R"({"numeric":[">",0]})", R"({"prefix":"x"})"},
      {R"({"anything-but":0})", R"({"wildcard":"*1*"})"},
      {R"({"exists":true})", R"({"suffix":"7"})"},
      {R"({"numeric":[">=",7,"<",90000]})", R"({"equals-ignore-case":"X123"})"}};
  for (const auto& [b, c] : wants) {
    const std::string pattern =
        R"({"a":{"b":[)" + std::string(b) + R"(],"c":[)" + std::string(c) + R"(,"last"]}})";
    INFO(pattern);
    CHECK_FALSE(matches(pattern, event + "]}"));
    CHECK(matches(pattern, event + R"(,{"b":8,"c":"last"}]})"));
  }
}

TEST_CASE("fields in different long arrays do not multiply") {
  const std::string_view apart = R"({"a":{"x":[1]},"a-b":{"x":[1]},"b":{"x":[1],"y":[2]}})";
  const std::string array = "[" + repeated(R"({"x":1})", 100'000, ",") + "]";
  const std::string event = "{\"a\":" + array + ",\"a-b\":" + array;
  CHECK(matches(apart, event + ",\"b\":{\"x\":1,\"y\":2}}"));
  CHECK_FALSE(matches(apart, event + ",\"b\":[{\"x\":1},{\"y\":2}]}"));
}

TEST_CASE("absence is asked of the elements of a long array without trying every pair") {
  const std::string_view lacking = R"({"a":{"b":[1],"c":[{"exists":false}]}})";
  const std::string event = "{\"a\":[" + repeated(R"({"b":1,"c":2})", 100'000, ",");
  CHECK_FALSE(matches(lacking, event + "]}"));
  CHECK(matches(lacking, event + ",{\"b\":1}]}"));
}

TEST_CASE("arrays of the same name do not multiply") {
  const auto event = [](std::string_view array, std::string_view last) {
    return "{" + repeated(array, 20'000, ",") + std::string(last) + "}";
  };
  const std::string_view apart = R"("u":[{"b":1},{"c":2},{"d":3},{"e":4}])";
  const std::string_view fields =
      R"({"u":{"b":[1],"c":[2],"d":[3],"e":[4]},"z":{"x":[1],"y":[2]}})";
  CHECK(matches(fields, event(apart, R"(,"z":[{"x":1,"y":2}])")));
  CHECK_FALSE(matches(fields, event(apart, R"(,"z":[{"x":1},{"y":2}])")));
  // Absence of something that each of them has in an element that may be left out, or may not.
  const std::string_view lacking = R"({"u":{"b":[1],"c":[2],"d":[{"exists":false}]}})";
  CHECK_FALSE(matches(lacking, event(R"("u":[{"b":1},{"c":2},{"d":3}])", "")));
  CHECK_FALSE(matches(lacking, event(R"("u":[{"b":1,"c":2},{"d":3}])", "")));
  CHECK(matches(lacking, event(R"("u":[{"b":1},{"c":2}])", R"(,"u":[{"b":1},{"d":3}])")));
}

TEST_CASE("fields of one array with those of another between them do not multiply") {
  const std::string_view between = R"({"a":[1],"a-b":[1],"a-b.z":[2],"a.x":[5]})";
  const auto event = [](std::string_view a, std::string_view b) {
    const std::string ones = repeated("[1],", 50'000);
    return "{\"a\":[" + ones + std::string(a) + "],\"a-b\":[" + ones + std::string(b) + "]}";
  };
  CHECK_FALSE(matches(between, event(R"({"x":5})", R"({"z":2})")));
  CHECK(matches(between, event(R"([1,{"x":5}])", R"([1,{"z":2}])")));
}

TEST_CASE("many fields below one very long name cost no more than short ones") {
  const std::string name(400'000, 'k');
  std::string event = "{\"" + name + "\":{\"a\":1";
  for (int i = 0; i < 100'000; ++i) {
    event += ",\"" + std::to_string(i) + "\":1";
  }
  CHECK(matches("{\"" + name + ".99999\":[1]}", event + "}}"));
}

}  // namespace
}  // namespace signalbox::rules
