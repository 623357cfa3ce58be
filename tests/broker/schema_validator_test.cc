// What each keyword of draft 4 and OpenAPI 3 demands of a value. No broker.
#include "tests/broker/schema_fixture.h"

namespace signalbox::broker::schemas {

using namespace test;

namespace {

// "valid" and "invalid" values of a schema, each a JSON text.
void check(const std::string& schema, std::initializer_list<const char*> valid,
           std::initializer_list<const char*> invalid) {
  const auto made = compiled(schema);
  for (const auto* json : valid) {
    INFO(schema << " " << json);
    CHECK(violation(*made, json).empty());
  }
  for (const auto* json : invalid) {
    INFO(schema << " " << json);
    CHECK_FALSE(violation(*made, json).empty());
  }
}

}  // namespace

TEST_CASE("a type is any of those named, and an integer is a number without a fraction",
          "[schemas]") {
  check(R"({"type":"integer"})", {"1", "-1", "1.0", "18446744073709551615"},
        {"1.5", "\"1\"", "null"});
  check(R"({"type":"number"})", {"1", "1.5"}, {"true", "\"1\""});
  check(R"({"type":"string"})", {"\"\""}, {"1", "[]"});
  check(R"({"type":"boolean"})", {"true"}, {"0", "null"});
  check(R"({"type":"null"})", {"null"}, {"0", "{}"});
  check(R"({"type":["array","object"]})", {"[]", "{}"}, {"\"\"", "1"});
  check("{}", {"1", "null", "{}"}, {});
}

TEST_CASE("numbers are held to their bounds and multiples", "[schemas]") {
  check(R"({"minimum":1,"maximum":3})", {"1", "3", "2.5", "\"x\""}, {"0.9", "3.1"});
  check(R"({"minimum":1,"exclusiveMinimum":true})", {"1.1"}, {"1"});
  check(R"({"maximum":3,"exclusiveMaximum":true})", {"2.9"}, {"3"});
  check(R"({"multipleOf":0.1})", {"0.3", "7", "1.1"}, {"0.35"});
  check(R"({"multipleOf":2})", {"4", "-2", "0"}, {"3"});
}

TEST_CASE("integers are exact, however large", "[schemas]") {
  check(R"({"multipleOf":2})", {"1000000000"}, {"1000000001", "9007199254740993"});
  check(R"({"multipleOf":1000})", {"1700000000000"}, {"1700000000500"});
  check(R"({"multipleOf":0.01})", {"10000000.01", "19.99", "1e9"}, {"10000000.005"});
  check(R"({"multipleOf":1})", {"1e20"}, {"1000000000.5"});
  check(R"({"maximum":4347959651775334406})", {"4347959651775334406"}, {"4347959651775334407"});
  check(R"({"minimum":18446744073709551614})", {"18446744073709551615"}, {"18446744073709551613"});
  check(R"({"maximum":9007199254740993,"exclusiveMaximum":true})", {"9007199254740992"},
        {"9007199254740993"});
  check(R"({"enum":[9007199254740993]})", {"9007199254740993"}, {"9007199254740992"});
  check(R"({"uniqueItems":true})", {"[9007199254740992,9007199254740993]"}, {"[0,-0.0]"});
}

TEST_CASE("strings are held to their length in characters, pattern and format", "[schemas]") {
  check(R"({"minLength":2,"maxLength":3})", {"\"äö\"", "\"abc\"", "1"}, {"\"ä\"", "\"abcd\""});
  check(R"({"pattern":"b+"})", {"\"abbc\""}, {"\"ac\""});
  check(R"({"pattern":"^.{2}$"})", {"\"äö\""}, {"\"äöü\""});
  check(R"({"format":"date-time"})",
        {"\"2026-02-28T23:59:60Z\"", "\"2026-01-01t00:00:00.5+01:00\""},
        {"\"2026-02-29T00:00:00Z\"", "\"2026-01-01 00:00:00Z\"", "\"2026-01-01T00:00:00\""});
  check(R"({"format":"ipv4"})", {"\"127.0.0.1\""}, {"\"127.0.0\"", "\"1.2.3.256\""});
  check(R"({"format":"ipv6"})", {"\"::1\""}, {"\"::g\""});
  check(R"({"format":"email"})", {"\"a@example.com\""}, {"\"a\"", "\"@b\"", "\"a b@c\""});
  check(R"({"format":"hostname"})", {"\"example.com\""}, {"\"-a\"", "\"a..b\"", "\"\""});
  check(R"({"format":"uri"})", {"\"urn:x\"", "\"https://a/b?c#d\""}, {"\"/a\"", "\"a b:c\""});
  check(R"({"format":"uuid"})", {"\"12345678-1234-1234-1234-123456789abc\""}, {"\"1234\""});
  check(R"({"format":"of my own"})", {"\"anything\""}, {});
}

TEST_CASE("arrays are held to their elements, counts and being unique", "[schemas]") {
  check(R"({"items":{"type":"integer"}})", {"[]", "[1,2]", "{}"}, {"[1,\"2\"]"});
  check(R"({"items":[{"type":"integer"},{"type":"string"}]})", {"[1]", "[1,\"a\",null]"},
        {"[1,2]"});
  check(R"({"items":[{}],"additionalItems":false})", {"[1]", "[]"}, {"[1,2]"});
  check(R"({"items":[{}],"additionalItems":{"type":"string"}})", {"[1,\"a\"]"}, {"[1,2]"});
  check(R"({"items":[],"additionalItems":false})", {"[]"}, {"[1]"});
  check(R"({"additionalItems":{"type":"boolean"}})", {"[1]"}, {});
  check(R"({"minItems":1,"maxItems":2})", {"[1]", "[1,2]"}, {"[]", "[1,2,3]"});
  check(R"({"uniqueItems":true})", {"[1,2,\"1\"]", "[{\"a\":1},{\"a\":2}]"},
        {"[1,1.0]", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]"});
}

TEST_CASE("objects are held to their members", "[schemas]") {
  check(R"({"required":["a","b"]})", {R"({"a":1,"b":null,"c":2})", "[]"}, {R"({"a":1})", "{}"});
  check(R"({"properties":{"a":{"type":"string"}},"additionalProperties":false})", {R"({"a":""})"},
        {R"({"a":1})", R"({"b":1})"});
  check(R"({"properties":{"a":{}},"additionalProperties":{"type":"integer"}})",
        {R"({"a":"x","b":1})"}, {R"({"b":"x"})"});
  check(R"({"patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false})",
        {R"({"x1":1})"}, {R"({"x1":"a"})", R"({"y":1})"});
  check(R"({"minProperties":1,"maxProperties":2})", {R"({"a":1})"},
        {"{}", R"({"a":1,"b":1,"c":1})"});
  check(R"({"dependencies":{"a":["b"],"c":{"required":["d"]}}})",
        {R"({"b":1})", R"({"a":1,"b":1})", R"({"c":1,"d":1})"}, {R"({"a":1})", R"({"c":1})"});
}

TEST_CASE("more required members than fit on the stack are all looked for", "[schemas]") {
  std::string required;
  std::string value;
  for (int i = 0; i < 400; ++i) {
    required += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\"";
    if (i != 399) value += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
  }
  const auto schema = compiled("{\"required\":[" + required + "]}");
  CHECK(violation(*schema, "{" + value + "}") == "$.k399 is required but missing");
  CHECK(violation(*schema, "{" + value + ",\"k399\":1}").empty());
}

TEST_CASE("combinations and enums count as a whole", "[schemas]") {
  check(R"({"enum":[1,"a",null,{"b":[1.0]}]})", {"1", "1.0", "\"a\"", "null", R"({"b":[1]})"},
        {"2", "\"b\"", "false", R"({"b":[1,2]})"});
  check(R"({"allOf":[{"minimum":1},{"maximum":2}]})", {"1"}, {"0", "3"});
  check(R"({"anyOf":[{"type":"string"},{"minimum":5}]})", {"\"x\"", "5"}, {"4"});
  check(R"({"oneOf":[{"multipleOf":2},{"multipleOf":3}]})", {"2", "3"}, {"6", "5"});
  check(R"({"not":{"type":"string"}})", {"1"}, {"\"\""});
  check(R"({"anyOf":[{"type":"object","properties":{"a":{"type":"string"}}},{"type":"array"}]})",
        {R"({"a":"x"})", "[]"}, {R"({"a":1})", "1"});
}

TEST_CASE("references are followed within the document, also in circles through the value",
          "[schemas]") {
  check(R"({"definitions":{"a/b":{"type":"string"}},"items":{"$ref":"#/definitions/a~1b"}})",
        {"[\"x\"]"}, {"[1]"});
  check(R"({"definitions":{"a b":{"type":"string"}},"items":{"$ref":"#/definitions/a%20b"}})",
        {"[\"x\"]"}, {"[1]"});
  check(R"({"properties":{"next":{"$ref":"#"}},"required":["v"]})", {R"({"v":1,"next":{"v":2}})"},
        {R"({"v":1,"next":{"next":{"v":1}}})"});
}

TEST_CASE("the path leads to the value that is wrong", "[schemas]") {
  const std::string schema =
      R"({"properties":{"a":{"items":{"properties":{"b":{"type":"string"}}}}}})";
  CHECK(violation(schema, R"({"a":[{},{"b":1}]})") == "$.a[1].b must be a string");
  CHECK(violation(R"({"type":"object"})", "1") == "$ must be an object");
  CHECK(violation(R"({"type":["number","null"]})", "\"x\"") == "$ must be a number or null");
  CHECK(violation(R"({"allOf":[{"required":["x"]}]})", "{}") == "$.x is required but missing");
}

TEST_CASE("a schema that would take too long to check is broken off, also inside of a not",
          "[schemas]") {
  std::string definitions;
  for (int i = 0; i < 40; ++i) {
    const std::string next = "{\"$ref\":\"#/definitions/d" + std::to_string(i + 1) + "\"}";
    definitions += "\"d" + std::to_string(i) + "\":{\"anyOf\":[" + next + "," + next + "]},";
  }
  definitions += R"("d40":{"required":["never"]})";
  const std::string rest = "\"definitions\":{" + definitions + "}}";
  CHECK_FALSE(violation(R"({"anyOf":[{"$ref":"#/definitions/d0"}],)" + rest, "{}").empty());
  CHECK(violation(R"({"not":{"$ref":"#/definitions/d0"},)" + rest, "{}").find("steps") !=
        std::string::npos);
}

TEST_CASE("values of an enum and matches of patterns count as steps", "[schemas]") {
  std::string values;
  std::string elements;
  for (int i = 0; i < 5000; ++i) values += (i == 0 ? "[" : ",[") + std::to_string(i) + "]";
  for (int i = 0; i < 2000; ++i) elements += i == 0 ? "[-1]" : ",[-1]";
  const auto enumerated = compiled("{\"items\":{\"not\":{\"enum\":[" + values + "]}}}");
  CHECK(violation(*enumerated, "[[-1]]").empty());
  CHECK(violation(*enumerated, "[" + elements + "]").find("steps") != std::string::npos);
  std::string patterns;
  std::string members;
  for (int i = 0; i < 150; ++i) {
    patterns += (i == 0 ? "\"^x" : ",\"^x") + std::to_string(i) + "$\":{}";
  }
  for (int i = 0; i < 2000; ++i) {
    members += (i == 0 ? "\"y" : ",\"y") + std::to_string(i) + "\":1";
  }
  const auto patterned = compiled("{\"patternProperties\":{" + patterns + "}}");
  CHECK(violation(*patterned, R"({"y":1})").empty());
  CHECK(violation(*patterned, "{" + members + "}").find("steps") != std::string::npos);
  // Texts are looked up: however many there are, each is one step.
  std::string texts;
  for (int i = 0; i < 5000; ++i) texts += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\"";
  std::string many;
  for (int i = 0; i < 5000; ++i) many += i == 0 ? "\"7\"" : ",\"7\"";
  CHECK(violation("{\"items\":{\"enum\":[" + texts + "]}}", "[" + many + "]").empty());
}

TEST_CASE("a schema has patterns within limits", "[schemas]") {
  std::string patterns;
  for (int i = 0; i < 201; ++i) {
    patterns += (i == 0 ? "\"a" : ",\"a") + std::to_string(i) + "\":{}";
  }
  CHECK(problem_with("{\"patternProperties\":{" + patterns + "}}") ==
        "/patternProperties/a200: is one pattern too many: a schema may have 200, and long ones "
        "fewer.");
  std::string long_ones;
  for (int i = 0; i < 100; ++i) {
    long_ones += (i == 0 ? "\"" : ",\"") + std::string("^(x[a-z]{1,200}){1,4}") +
                 std::to_string(i) + "\":{}";
  }
  CHECK(problem_with("{\"patternProperties\":{" + long_ones + "}}").find("too many") !=
        std::string::npos);
}

TEST_CASE("OpenAPI 3 says with nullable what draft 4 says with a type", "[schemas]") {
  const std::string head = R"({"openapi":"3.0.0","info":{"title":"t","version":"1"},"paths":{},)"
                           R"("components":{"schemas":)";
  const auto schema = compiled(
      head + R"({"A":{"type":"object","properties":{"n":{"type":"string","nullable":true}}}}}})",
      SchemaType::open_api_3);
  CHECK(violation(*schema, R"({"n":null})").empty());
  CHECK_FALSE(violation(*schema, R"({"n":1})").empty());
  // The one that no other refers to.
  const auto root = compiled(
      head +
          R"({"Part":{"type":"string"},"Whole":{"items":{"$ref":"#/components/schemas/Part"}}}}})",
      SchemaType::open_api_3);
  CHECK(root->root->place == "/components/schemas/Whole");
  CHECK_FALSE(root->is_of_envelope);
}

TEST_CASE("OpenAPI 3.1 has constants, tuples, true and false, and words beside a reference",
          "[schemas]") {
  const auto schema = [](const std::string& version, const std::string& text) {
    return compiled(R"({"openapi":")" + version + R"(","info":{"title":"t","version":"1"},)" +
                        R"("paths":{},"components":{"schemas":{"Event":)" + text +
                        R"(,"Name":{"type":"string"}}}})",
                    SchemaType::open_api_3);
  };
  const auto check_3_1 = [&](const std::string& text, const std::string& good,
                             const std::string& bad) {
    CAPTURE(text);
    CHECK(violation(*schema("3.1.0", text), good).empty());
    CHECK_FALSE(violation(*schema("3.1.0", text), bad).empty());
  };
  check_3_1(R"({"const":{"a":1}})", R"({"a":1})", R"({"a":2})");
  check_3_1(R"({"const":"a","enum":["a","b"]})", R"("a")", R"("b")");
  check_3_1(R"({"prefixItems":[{"type":"string"}],"items":{"type":"number"}})", R"(["a",1])",
            R"(["a","b"])");
  check_3_1(R"({"prefixItems":[{}],"items":false})", "[1]", "[1,2]");
  check_3_1(R"({"$ref":"#/components/schemas/Name","minLength":2})", R"("ab")", R"("a")");
  check_3_1(R"({"properties":{"a":false,"b":true}})", R"({"b":1})", R"({"a":1})");
  CHECK(violation(*schema("3.1.0", R"({"properties":{"a":false}})"), R"({"a":1})") ==
        "$.a must not be there");
  // They are no words of 3.0.
  CHECK(violation(*schema("3.0.3", R"({"const":1})"), "2").empty());
  CHECK(
      violation(*schema("3.0.3", R"({"$ref":"#/components/schemas/Name","minLength":2})"), R"("a")")
          .empty());
}

TEST_CASE("references are looked at in the whole document", "[schemas]") {
  const auto problem_of = [](const std::string& members) {
    const auto made = compile_schema(R"({"openapi":"3.0.0","info":{"title":"t","version":"1"},)" +
                                         members + R"(,"components":{"schemas":{"A":{}}}})",
                                     SchemaType::open_api_3);
    const auto* problem = std::get_if<SchemaProblem>(&made);
    return problem == nullptr ? std::string() : problem->text();
  };
  CHECK(problem_of(R"("paths":{"/a":{"$ref":"other.yaml"}})") ==
        "/paths/~1a/$ref: refers to other.yaml, outside of this document: nothing is fetched.");
  CHECK(problem_of(R"("paths":{"/a":{"get":{"responses":{"200":{"$ref":"#/components/r/X"}}}}})") ==
        "/paths/~1a/get/responses/200/$ref: refers to #/components/r/X, where nothing is.");
  const std::string mapping = R"("paths":{},"x":{"discriminator":{"mapping":{"a":)";
  CHECK(
      problem_of(mapping + R"("http://example.com/a.json"}}})") ==
      "/x/discriminator/mapping/a: refers to http://example.com/a.json, outside of this document: "
      "nothing is fetched.");
  CHECK(problem_of(mapping + R"("A"}}})").empty());
  CHECK(problem_of(mapping + R"("#/components/schemas/A"}}})").empty());
  CHECK(problem_of(R"("paths":{},"x":{"example":{"$ref":"other.yaml"}})").empty());
  CHECK(problem_with(R"({"$ref":""})").find("outside of this document") != std::string::npos);
  CHECK(problem_with(R"({"properties":{"enum":{"$ref":"other.json"}}})").find("/properties/enum") ==
        0);
}

TEST_CASE("a schema that describes the whole event says so, or has what only an envelope has",
          "[schemas]") {
  CHECK(compiled(R"({"properties":{"detail":{},"detail-type":{}}})")->is_of_envelope);
  CHECK(compiled(R"({"x-amazon-events-source":"s"})")->is_of_envelope);
  CHECK_FALSE(compiled(R"({"properties":{"detail":{}}})")->is_of_envelope);
  const std::string event = R"("definitions":{"E":{"properties":{"detail":{},"detail-type":{}}}}})";
  CHECK(compiled(R"({"$ref":"#/definitions/E",)" + event)->is_of_envelope);
  CHECK(compiled(R"({"allOf":[{"$ref":"#/definitions/E"}],)" + event)->is_of_envelope);
  const auto named = compiled(
      R"({"openapi":"3.0.0","info":{"title":"t","version":"1"},"paths":{},"components":{"schemas":)"
      R"({"AWSEvent":{"properties":{"detail":{}}}}}})",
      SchemaType::open_api_3);
  CHECK(named->is_of_envelope);
}

}  // namespace signalbox::broker::schemas
