// What targets receive: Input, InputPath and InputTransformer.
#include "broker/input_transformer.h"

#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>

namespace signalbox::broker {
namespace {

using Paths = std::map<std::string, std::string>;

constexpr std::string_view event =
    R"({"version":"0","id":"e1","detail-type":"order.created","source":"shop",)"
    R"("account":"000000000000","time":"2026-01-02T03:04:05Z","region":"us-east-1",)"
    R"("resources":["arn:a","arn:b"],"detail":{"command":"run","count":1.50,"big":1e400,)"
    R"("ok":true,"nothing":null,"acc":{"acc_id":"0a78","sf_id":"baz"},"list":["A","B"],)"
    R"("numbers":[1,2],"empty":{},"quote":"say \"hi\"","a/b":"slash","x-y":"dash",)"
    R"("we\u0069rd":"escaped name","twice":1,"twice":2,"rows":[{"k":"v0"},{"k":"v1"}]}})";

const RenderContext context{"arn:aws:events:us-east-1:000000000000:rule/bus/r", "r",
                            "2026-01-02T03:04:06Z"};

Result<std::shared_ptr<const TargetInput>> compile(const TargetInputConfig& config) {
  return TargetInput::compile(config);
}

TargetInputConfig input_template(std::string_view text, const Paths& paths) {
  TargetInputConfig config{.target_id = "T"};
  config.input_template = text;
  config.input_paths = &paths;
  return config;
}

std::optional<std::string> render(const TargetInputConfig& config) {
  const auto compiled = compile(config);
  INFO((compiled.has_value() ? std::string() : compiled.assume_error().message));
  REQUIRE(compiled.has_value());
  REQUIRE(compiled.assume_value());
  return compiled.assume_value()->render(event, context);
}

std::optional<std::string> fill(std::string_view text, const Paths& paths = {}) {
  return render(input_template(text, paths));
}

std::optional<std::string> at_path(std::string_view path) {
  TargetInputConfig config{.target_id = "T"};
  config.input_path = path;
  return render(config);
}

std::string refusal(const TargetInputConfig& config) {
  const auto compiled = compile(config);
  REQUIRE(compiled.has_error());
  CHECK(compiled.assume_error().code == ErrorCode::validation);
  return compiled.assume_error().message;
}

std::string refused_path(std::string_view path) {
  TargetInputConfig config{.target_id = "T"};
  config.input_path = path;
  return refusal(config);
}

std::string refused_input(std::string_view text) {
  TargetInputConfig config{.target_id = "T"};
  config.input = text;
  return refusal(config);
}

constexpr auto nothing = std::nullopt;

TEST_CASE("a target without input settings has no input of its own") {
  const auto compiled = compile({.target_id = "T"});
  REQUIRE(compiled.has_value());
  CHECK(compiled.assume_value() == nullptr);
}

TEST_CASE("only one of Input, InputPath and InputTransformer may be given") {
  TargetInputConfig config{.target_id = "my-target"};
  config.input = "{}";
  config.input_path = "$";
  CHECK(refusal(config) ==
        "Only one of Input, InputPath, or InputTransformer must be provided for target my-target.");
}

TEST_CASE("Input goes to the target as it is") {
  for (const std::string_view text :
       {"{\"a\": [1, 2.50]}", "\"text\"", "12.0", "true", "null", " [ ] "}) {
    TargetInputConfig config{.target_id = "T"};
    config.input = text;
    CHECK(render(config) == std::string(text));
  }
}

TEST_CASE("Input that is not one JSON value is refused with its place") {
  CHECK(refused_input("{'db_name':1}") ==
        "JSON syntax error in input for target T: [Source: (String)\"{'db_name':1}\"; line: 1, "
        "column: 3]");
  for (const std::string_view text : {"", " ", "word", "{", "{}{}", "{} x", "\"a", "[1,]", "01"}) {
    INFO(text);
    CHECK(refused_input(text).starts_with("JSON syntax error in input for target T: "));
  }
}

TEST_CASE("InputPath sends the part of the event it names, as it is written there") {
  CHECK(at_path("$") == std::string(event));
  CHECK(at_path("$.source") == "\"shop\"");
  CHECK(at_path("$.detail-type") == "\"order.created\"");
  CHECK(at_path("$['detail-type']") == "\"order.created\"");
  CHECK(at_path("$[\"detail-type\"]") == "\"order.created\"");
  CHECK(at_path("$.detail['x-y']") == "\"dash\"");
  CHECK(at_path("$.detail.a/b") == "\"slash\"");
  CHECK(at_path("$.detail.acc") == R"({"acc_id":"0a78","sf_id":"baz"})");
  CHECK(at_path("$.detail.acc.sf_id") == "\"baz\"");
  CHECK(at_path("$.resources[1]") == "\"arn:b\"");
  CHECK(at_path("$.detail.rows[1].k") == "\"v1\"");
  CHECK(at_path("$.detail.nothing") == "null");
  CHECK(at_path("$.detail.empty") == "{}");
  CHECK(at_path("$.detail.quote") == R"("say \"hi\"")");
  CHECK(at_path("$.detail.weird") == "\"escaped name\"");
}

TEST_CASE("numbers keep the digits they were written with") {
  CHECK(at_path("$.detail.count") == "1.50");
  CHECK(at_path("$.detail.big") == "1e400");
  CHECK(fill(R"({"c":<c>,"t":"<c>"})", {{"c", "$.detail.count"}}) == R"({"c":1.50,"t":"1.50"})");
}

TEST_CASE("of two members with the same name the last counts") {
  CHECK(at_path("$.detail.twice") == "2");
}

TEST_CASE("an InputPath that leads nowhere delivers nothing") {
  for (const std::string_view path :
       {"$.missing", "$.detail.missing.deeper", "$.source.x", "$.resources[2]", "$.resources.x",
        "$.detail[0]", "$.detail.acc[0].x"}) {
    INFO(path);
    CHECK(at_path(path) == nothing);
  }
}

TEST_CASE("paths other than members and indices are refused") {
  for (const std::string_view path :
       {"",         "detail",  ".detail", "$detail",
        "$.",       "$..a",    "$.a.",    "$.*",
        "$[*]",     "$.a[*]",  "$.a[]",   "$.a[-1]",
        "$.a[0",    "$.a['b'", "$.a['']", "$.a[?(@.b)]",
        "$.a[0:2]", "$.a b",   "$.a[b]",  "$.a[99999999999999999999]"}) {
    INFO(path);
    CHECK(refused_path(path) == "InputPath for target T is invalid.");
  }
}

TEST_CASE("InputPathsMap takes no quoted brackets and is checked even where nothing uses it") {
  const Paths paths{{"a", "$['detail-type']"}};
  CHECK(refusal(input_template("\"x\"", paths)) == "InputPath for target T is invalid.");
  CHECK(fill("\"<a>\"", {{"a", "$.resources[0]"}}) == "\"arn:a\"");
}

TEST_CASE("a placeholder that is not defined is refused by name") {
  CHECK(refusal(input_template("\"<known> <other>\"", Paths{{"known", "$.id"}})) ==
        "InputTemplate for target T contains invalid placeholder other.");
  CHECK(refusal(input_template("{\"a\":<aws.events.nothing>}", {})) ==
        "InputTemplate for target T contains invalid placeholder aws.events.nothing.");
}

TEST_CASE("a JSON template puts JSON where a value stands") {
  const Paths paths{{"command", "$.detail.command"}, {"acc", "$.detail.acc"},
                    {"list", "$.detail.list"},       {"ok", "$.detail.ok"},
                    {"nothing", "$.detail.nothing"}, {"quote", "$.detail.quote"}};
  CHECK(fill(R"({"c":<command>,"a":<acc>,"l":<list>,"o":<ok>,"n":<nothing>})", paths) ==
        R"({"c":"run","a":{"acc_id":"0a78","sf_id":"baz"},"l":["A","B"],"o":true,"n":null})");
  CHECK(fill(R"({"q":<quote>})", paths) == R"({"q":"say \"hi\""})");
  CHECK(fill(R"({"list":[<ok>,<command>]})", paths) == R"({"list":[true,"run"]})");
  CHECK(fill(R"([<ok>,<command>,<list>])", paths) == R"([true,"run",["A","B"]])");
}

TEST_CASE("a JSON template puts bare text inside quotes") {
  const Paths paths{{"command", "$.detail.command"}, {"ok", "$.detail.ok"}};
  CHECK(fill(R"({"c":"<command>","t":"it is <command>: <ok>!"})", paths) ==
        R"({"c":"run","t":"it is run: true!"})");
  CHECK(fill(R"({"t":"a \"<command>\" b"})", paths) == R"({"t":"a \"run\" b"})");
}

TEST_CASE("white space around and inside a JSON template stays") {
  CHECK(fill("\n { \"c\" : <c> }\n", {{"c", "$.detail.command"}}) == "\n { \"c\" : \"run\" }\n");
}

TEST_CASE("a path that leads nowhere is an empty string in a JSON template") {
  CHECK(fill(R"({"command":<c>,"t":"[<c>]"})", {{"c", "$.detail.missing"}}) ==
        R"({"command":"","t":"[]"})");
}

TEST_CASE("objects and arrays of strings inside quotes make no JSON, and nothing is delivered") {
  const Paths paths{{"acc", "$.detail.acc"}, {"list", "$.detail.list"}, {"n", "$.detail.numbers"}};
  CHECK(fill(R"({"a":"<acc>"})", paths) == nothing);
  CHECK(fill(R"({"a":"text <acc> text"})", paths) == nothing);
  CHECK(fill(R"({"a":"<list>"})", paths) == nothing);
  CHECK(fill(R"({"a":"<aws.events.event>"})", paths) == nothing);
  CHECK(fill(R"({"a":"<n>"})", paths) == R"({"a":"[1,2]"})");
}

TEST_CASE("values are not escaped: one with quotes in it breaks the quotes around it") {
  CHECK(fill(R"({"q":"<q>"})", {{"q", "$.detail.quote"}}) == nothing);
  CHECK(fill(R"("<q>")", {{"q", "$.detail.quote"}}) == nothing);
}

TEST_CASE("a JSON template that cannot become JSON is refused with its place") {
  const Paths paths{{"time", "$.time"}};
  CHECK(refusal(input_template(R"({"name":at_<time>})", paths)) ==
        "Invalid InputTemplate for target T : [Source: (String)\"{\"name\":at_<time>}\"; line: 1, "
        "column: 13]");
  for (const std::string_view text :
       {R"({"name":<time>)", R"({"name":"<time>})", R"({"name":<time>,})", R"({"name" <time>})",
        R"({<time>:1})", R"({"<time>":1})", R"({"at <time>":1})", R"({"a":1}{"b":2})"}) {
    INFO(text);
    CHECK(refusal(input_template(text, paths))
              .starts_with("Invalid InputTemplate for target T : [Source: (String)\""));
  }
}

TEST_CASE("a text template keeps its quotes") {
  const Paths paths{{"type", "$.detail-type"}, {"count", "$.detail.count"}};
  CHECK(fill(R"("Event of <type>: <count>")", paths) == R"("Event of order.created: 1.50")");
}

TEST_CASE("several quoted lines give several quoted lines") {
  const Paths paths{{"type", "$.detail-type"}, {"source", "$.source"}};
  CHECK(fill("\"type <type>\"\n\"from <source>\"", paths) ==
        "\"type order.created\"\n\"from shop\"");
}

TEST_CASE("a text template without quotes delivers nothing") {
  const Paths paths{{"type", "$.detail-type"}, {"acc", "$.detail.acc"}};
  CHECK(fill("Event of <type>", paths) == nothing);
  CHECK(fill("<type>", paths) == nothing);
  CHECK(fill("\"Event of <type>", paths) == nothing);
  CHECK(fill("\"broken\nline <type>\"", paths) == nothing);
  CHECK(fill("<acc> and more", paths) == nothing);
}

TEST_CASE("a placeholder alone gives the object or array it stands for") {
  const Paths paths{{"acc", "$.detail.acc"}, {"list", "$.detail.list"}};
  CHECK(fill("<acc>", paths) == R"({"acc_id":"0a78","sf_id":"baz"})");
  CHECK(fill(" <list> ", paths) == R"( ["A","B"] )");
}

TEST_CASE("in a text template objects and arrays lose their quotes") {
  const Paths paths{
      {"acc", "$.detail.acc"}, {"list", "$.detail.list"}, {"ok", "$.detail.ok"}, {"no", "$.no"}};
  CHECK(fill(R"("<acc> <list> <ok> <no>.")", paths) == R"("{acc_id:0a78,sf_id:baz} [A,B] true .")");
}

TEST_CASE("angle brackets around other text are no placeholders") {
  CHECK(fill(R"("1 < 2 <> <a b> >")") == R"("1 < 2 <> <a b> >")");
}

TEST_CASE("the reserved variables need no path") {
  CHECK(fill(R"({"arn":<aws.events.rule-arn>,"name":"<aws.events.rule-name>",)"
             R"("at":<aws.events.event.ingestion-time>})") ==
        R"({"arn":"arn:aws:events:us-east-1:000000000000:rule/bus/r","name":"r",)"
        R"("at":"2026-01-02T03:04:06Z"})");
  CHECK(fill(R"("<aws.events.rule-name> at <aws.events.event.ingestion-time>")") ==
        R"("r at 2026-01-02T03:04:06Z")");
}

TEST_CASE("aws.events.event is the event without its detail and with detailType") {
  CHECK(fill(R"({"e":<aws.events.event>})") ==
        R"({"e":{"version":"0","id":"e1","detailType":"order.created","source":"shop",)"
        R"("account":"000000000000","time":"2026-01-02T03:04:05Z","region":"us-east-1",)"
        R"("resources":["arn:a","arn:b"]}})");
}

TEST_CASE("aws.events.event.json is the whole event, in JSON templates only") {
  CHECK(fill(R"({"e":<aws.events.event.json>})") == "{\"e\":" + std::string(event) + "}");
  CHECK(refusal(input_template("\"<aws.events.event.json>\"", {})) ==
        "InputTemplate for target T contains placeholder aws.events.event.json valid only for JSON "
        "template.");
}

TEST_CASE("an event nested a thousand levels deep goes through a template") {
  const std::string deep = std::string(1'000, '[') + std::string(1'000, ']');
  const std::string nested = "{\"detail\":{\"d\":" + deep + "}}";
  const Paths paths{{"d", "$.detail.d"}};
  const auto compiled = compile(input_template(R"({"d":<d>})", paths));
  REQUIRE(compiled.has_value());
  CHECK(compiled.assume_value()->render(nested, context) == "{\"d\":" + deep + "}");
}

}  // namespace
}  // namespace signalbox::broker
