// Events made to hurt: deep, wide, and arrays that multiply.
#include <pthread.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "rules/rules.h"

namespace signalbox::rules {
namespace {

std::shared_ptr<const Pattern> pattern(std::string_view text) {
  PatternError error;
  auto compiled = Pattern::compile(text, error);
  REQUIRE(compiled);
  return compiled;
}

std::string deep_objects(std::size_t depth, std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i) {
    out += "{\"a\":";
  }
  return out + std::string(value) + std::string(depth, '}');
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
  const auto in_array = pattern(R"({"a":[1]})");
  const auto absent = pattern(R"({"b":[{"exists":false}]})");
  std::string path = "a";
  for (int i = 1; i < 1'000; ++i) {
    path += ".a";
  }
  const auto in_objects = pattern("{\"" + path + "\":[5]}");
  bool objects_match = false;
  bool array_matches = false;
  bool deepest_match = true;
  on_small_stack([&] {
    objects_match = in_objects->matches(deep_objects(1'000, "5"));
    array_matches = in_array->matches(deep_array(1'000));
    deepest_match = in_array->matches(deep_array(100'000)) ||
                    absent->matches(deep_objects(100'000, "5")) ||
                    absent->matches("{\"c\":" + std::string(100'000, '[')) ||
                    absent->matches("{\"c\":" + std::string(100'000, '{'));
  });
  CHECK(objects_match);
  CHECK(array_matches);
  CHECK_FALSE(deepest_match);
}

TEST_CASE("two fields over a long array of objects are decided without trying every pair") {
  const auto pair = pattern(R"({"a":{"b":[1],"c":[2]}})");
  std::string event = "{\"a\":[{\"b\":1,\"c\":0}";
  for (int i = 0; i < 30'000; ++i) {
    event += ",{\"b\":1},{\"c\":2}";
  }
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(pair->matches(event + "]}"));
  CHECK(pair->matches(event + ",{\"b\":1,\"c\":2}]}"));
  // Trying the 900 million pairs takes far longer, also without sanitizers.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("fields in different long arrays do not multiply") {
  const auto apart = pattern(R"({"a":{"x":[1]},"a-b":{"x":[1]},"b":{"x":[1],"y":[2]}})");
  const auto array = [](std::string_view element) {
    std::string out = "[" + std::string(element);
    for (int i = 0; i < 5'000; ++i) {
      out += "," + std::string(element);
    }
    return out + "]";
  };
  const std::string event = "{\"a\":" + array(R"({"x":1})") + ",\"a-b\":" + array(R"({"x":1})");
  const auto start = std::chrono::steady_clock::now();
  CHECK(apart->matches(event + ",\"b\":{\"x\":1,\"y\":2}}"));
  CHECK_FALSE(apart->matches(event + ",\"b\":[{\"x\":1},{\"y\":2}]}"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("many fields below one very long name cost no more than short ones") {
  std::string event = "{\"" + std::string(400'000, 'k') + "\":{\"a\":1";
  for (int i = 0; i < 40'000; ++i) {
    event += ",\"" + std::to_string(i) + "\":1";
  }
  const auto start = std::chrono::steady_clock::now();
  CHECK(pattern("{\"" + std::string(400'000, 'k') + ".39999\":[1]}")->matches(event + "}}"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

}  // namespace
}  // namespace signalbox::rules
