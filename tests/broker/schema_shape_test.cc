// Schemas learned from values: they accept what they were learned from, and go on from their text.
#include <boost/json/serialize.hpp>
#include <random>
#include <regex>

#include "broker/schemas/discovery.h"
#include "broker/schemas/export.h"
#include "tests/broker/schema_fixture.h"

namespace signalbox::broker::schemas {

using namespace test;

namespace {

// Objects of few names and every kind of value, so that they agree and disagree.
class Values {
 public:
  explicit Values(unsigned seed) : random_(seed) {}

  std::string object(int depth = 0) {
    std::string text;
    for (int i = 0, count = below(5); i < count; ++i) {
      const std::string name = "\"k" + std::to_string(i * 2 + below(2)) + "\":";
      text += (text.empty() ? "" : ",") + name + value(depth + 1);
    }
    return "{" + text + "}";
  }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

  std::string value(int depth) {
    switch (below(depth < 5 ? 9 : 6)) {
      case 0: return std::to_string(below(100));
      case 1: return "0.5";
      case 2: return "\"text\"";
      case 3: return "\"2026-01-01T00:00:00Z\"";
      case 4: return "null";
      case 5: return "true";
      case 6: return object(depth);
      case 7: return "[]";
      default: return "[" + value(depth + 1) + "," + value(depth + 1) + "]";
    }
  }

  std::mt19937 random_;
};

bool add(Shape& shape, const std::string& json) {
  simdjson::dom::parser parser;
  return shape.add(parser.parse(json).value());
}

std::string text_of(const Shape& shape) { return boost::json::serialize(shape.to_schema()); }

std::shared_ptr<const CompiledSchema> compiled(Shape& detail) {
  return test::compiled(event_document(detail, "s", "Some Type"), SchemaType::open_api_3);
}

std::string event_of(const std::string& detail) {
  return R"({"version":"0","id":"i","detail-type":"Some Type","source":"s","account":"1",)"
         R"("time":"2026-01-01T00:00:00Z","region":"r","resources":[],"detail":)" +
         detail + "}";
}

}  // namespace

TEST_CASE("the schema of any values accepts each of them, also in draft 4", "[schemas]") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    Values values(seed);
    Shape shape;
    std::vector<std::string> seen;
    for (int i = 0; i < 12; ++i) add(shape, seen.emplace_back(values.object()));
    const std::string document = event_document(shape, "s", "Some Type");
    const auto open_api = test::compiled(document, SchemaType::open_api_3);
    const auto draft_4 = test::compiled(to_draft_4(document));
    for (const auto& json : seen) {
      INFO(seed << " " << json << " " << document);
      REQUIRE(violation(*open_api, event_of(json)).empty());
      REQUIRE(violation(*draft_4, event_of(json)).empty());
      REQUIRE_FALSE(add(shape, json));
    }
  }
}

TEST_CASE("what is new to a shape is what its schema would refuse, and nothing else is said to be",
          "[schemas]") {
  std::size_t refused = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    Values values(seed);
    Shape shape;
    add(shape, values.object());
    for (int i = 0; i < 10; ++i) {
      const auto schema = compiled(shape);
      const std::string json = values.object();
      const bool was_valid = violation(*schema, event_of(json)).empty();
      const bool is_new = add(shape, json);
      INFO(seed << " " << json);
      if (!was_valid) REQUIRE(is_new);
      refused += !was_valid;
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("a shape read back from its schema is the same and learns on", "[schemas]") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    Values values(seed);
    Shape shape;
    for (int i = 0; i < 5; ++i) add(shape, values.object());
    Shape again = shape_of_detail(event_document(shape, "s", "Some Type"));
    REQUIRE(text_of(again) == text_of(shape));
    for (int i = 0; i < 5; ++i) {
      const std::string json = values.object();
      REQUIRE(add(again, json) == add(shape, json));
      REQUIRE(text_of(again) == text_of(shape));
    }
  }
}

TEST_CASE("what is known of a member grows with what is seen", "[schemas]") {
  Shape shape;
  CHECK(add(shape, R"({"a":null,"b":[],"c":1})"));
  CHECK(add(shape, R"({"a":"x","b":[2],"c":1.5})"));
  CHECK(add(shape, R"({"b":["y"],"c":2,"d":true})"));
  CHECK_FALSE(add(shape, R"({"b":[1,"z"],"c":2})"));
  CHECK(text_of(shape) ==
        R"({"type":"object","required":["b","c"],"properties":{)"
        R"("a":{"type":"string","nullable":true},)"
        R"("b":{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"integer",)"
        R"("format":"int64"}]}},"c":{"type":"number","format":"double"},)"
        R"("d":{"type":"boolean"}}})");
}

TEST_CASE("an object with ever new members is a map", "[schemas]") {
  Shape shape;
  for (int i = 0; i < 300; ++i) add(shape, "{\"user-" + std::to_string(i) + "\":1}");
  CHECK(text_of(shape) ==
        R"({"type":"object","additionalProperties":{"type":"integer","format":"int64"}})");
  CHECK_FALSE(add(shape, R"({"user-x":7})"));
  CHECK(add(shape, R"({"user-x":"seven"})"));
}

TEST_CASE("a schema is never longer than the service takes", "[schemas]") {
  Shape shape;
  std::string wide;
  for (int i = 0; i < 150; ++i) {
    std::string inner;
    for (int j = 0; j < 150; ++j) {
      inner += (j == 0 ? "\"" : ",\"") + std::string(20, 'n') + std::to_string(j) + "\":1";
    }
    wide += (i == 0 ? "\"m" : ",\"m") + std::to_string(i) + "\":{" + inner + "}";
  }
  add(shape, "{" + wide + "}");
  const std::string document = event_document(shape, "s", "Some Type");
  CHECK(document.size() <= 100'000);
  // Nor does the shape keep what its schema does not tell.
  CHECK(text_of(shape).size() < document.size());
  CHECK_FALSE(add(shape, "{" + std::regex_replace(wide, std::regex(":1"), ":true") + "}"));
  CHECK(violation(*test::compiled(document, SchemaType::open_api_3), event_of("{" + wide + "}"))
            .empty());
}

TEST_CASE("samples that are no events are described as they are", "[schemas]") {
  const auto inferred = infer_document({R"({"a":1})", R"({"a":2,"b":"x"})"});
  REQUIRE_FALSE(inferred.problem);
  const auto schema = test::compiled(inferred.document, SchemaType::open_api_3);
  CHECK(violation(*schema, R"({"a":3})").empty());
  CHECK(violation(*schema, R"({"b":"x"})") == "$.a is required but missing");
  CHECK(infer_document({"1"}).problem == "Event 1 is not a JSON object.");
}

}  // namespace signalbox::broker::schemas
