// The command line of `signalbox queue`, and how it shows what the broker answers.
#include "signalbox/queue_options.h"

#include <catch2/catch.hpp>

#include "signalbox/http_client.h"
#include "signalbox/queue_text.h"

using namespace signalbox;

namespace {

std::optional<std::string> no_environment(std::string_view) { return std::nullopt; }

QueueArguments parse(std::vector<std::string> arguments) {
  return parse_queue_arguments(arguments, no_environment);
}

bool complains(std::vector<std::string> arguments, std::string_view part) {
  return parse(std::move(arguments)).error.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("each command takes its own arguments and options", "[queue]") {
  const auto sent = parse({"send", "orders", "hello", "--group", "g", "--delay=5", "--attribute",
                           "color=red=blue", "--attribute", "n:Number=5"});
  REQUIRE(sent.error.empty());
  CHECK(sent.options.verb == QueueVerb::send);
  CHECK(sent.options.queue == "orders");
  CHECK(sent.options.body == "hello");
  CHECK(sent.options.group == "g");
  CHECK(sent.options.delay_s == 5);
  REQUIRE(sent.options.attributes.size() == 2);
  CHECK(sent.options.attributes[0].value == "red=blue");
  CHECK(sent.options.attributes[1].type == "Number");
  const auto edited = parse({"edit", "dead", "some-id", "--send-to", "orders", "--force"});
  CHECK(edited.options.message_id == "some-id");
  CHECK(edited.options.send_to == "orders");
  CHECK(edited.options.force);
  CHECK(parse({"peek", "orders"}).options.limit == 10);
  CHECK_FALSE(parse({"peek", "orders", "--all"}).options.limit);
}

TEST_CASE("--wait is seconds for receive and a wish for redrive", "[queue]") {
  CHECK(parse({"receive", "orders", "--wait", "20"}).options.wait_s == 20);
  CHECK(parse({"redrive", "dead", "--wait"}).options.is_waiting);
  CHECK(complains({"receive", "orders", "--wait", "21"}, "from 0 to 20"));
}

TEST_CASE("a body that looks like an option comes after two dashes", "[queue]") {
  CHECK(complains({"send", "orders", "--x"}, "send has no option --x"));
  CHECK(parse({"send", "orders", "--", "--x"}).options.body == "--x");
  CHECK(parse({"send", "orders", "-"}).options.file == "-");
}

TEST_CASE("what is wrong with a queue command is said", "[queue]") {
  CHECK(complains({"frobnicate"}, "no command queue frobnicate"));
  CHECK(complains({"peek"}, "peek needs a QUEUE"));
  CHECK(complains({"discard", "orders"}, "discard needs a MESSAGE_ID"));
  CHECK(complains({"peek", "orders", "more"}, "what to do with more"));
  CHECK(complains({"peek", "orders", "--state", "gone"}, "visible, in_flight or delayed"));
  CHECK(complains({"peek", "orders", "--limit", "0"}, "--limit 0"));
  CHECK(complains({"peek", "orders", "--limit"}, "--limit needs a value"));
  CHECK(complains({"peek", "orders", "--yes"}, "peek has no option --yes"));
  CHECK(complains({"send", "orders"}, "one body"));
  CHECK(complains({"send", "orders", "x", "--file", "y"}, "one body"));
  CHECK(complains({"send", "orders", "x", "--attribute", "novalue"}, "NAME=VALUE"));
  CHECK(complains({"redrive", "dead", "--rate", "501"}, "from 1 to 500"));
  CHECK(complains({"redrive", "dead", "--cancel", "--wait"}, "--cancel goes with nothing else"));
  CHECK(parse({}).options.help);
  CHECK(parse({"peek", "--help"}).options.help);
}

TEST_CASE("the world and the address come from the AWS variables, and options win", "[queue]") {
  const auto environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "AWS_ENDPOINT_URL") return "http://broker:9";
    if (name == "AWS_DEFAULT_REGION") return "eu-west-1";
    if (name == "AWS_ACCESS_KEY_ID") return "123456789012";
    return std::nullopt;
  };
  auto options = parse_queue_arguments({"ls"}, environment).options;
  CHECK(options.endpoint_url == "http://broker:9");
  CHECK(options.region == "eu-west-1");
  CHECK(options.account == "123456789012");
  options = parse_queue_arguments({"ls", "--region", "us-east-2"}, environment).options;
  CHECK(options.region == "us-east-2");
  const auto ordinary_key = [](std::string_view name) -> std::optional<std::string> {
    return name == "AWS_ACCESS_KEY_ID" ? std::optional<std::string>("AKIAIOSFODNN") : std::nullopt;
  };
  CHECK_FALSE(parse_queue_arguments({"ls"}, ordinary_key).options.account);
}

TEST_CASE("addresses are read with and without scheme, port and brackets", "[queue]") {
  const auto read = [](std::string_view url) {
    HttpAddress address;
    const auto problem = parse_http_url(url, address);
    return problem.empty() ? address.host + " " + address.port + " " + address.authority : problem;
  };
  CHECK(read("http://127.0.0.1:80/") == "127.0.0.1 80 127.0.0.1:80");
  CHECK(read("localhost") == "localhost 4566 localhost");
  CHECK(read("http://[::1]:4567") == "::1 4567 [::1]:4567");
  CHECK(read("http://[::1]") == "::1 4566 [::1]");
  CHECK(read("https://x").find("https is not spoken") != std::string::npos);
  for (const char* bad : {"", "http://", "http://x:port", "http://:80", "http://a b"}) {
    INFO(bad);
    CHECK(read(bad).find("no address") != std::string::npos);
  }
}

TEST_CASE("a table's columns are as wide as their widest cell", "[queue]") {
  CHECK(table_text({{"QUEUE", "N"}, {"a", "12345"}, {"größer", "7"}}) ==
        "QUEUE   N\n"
        "a       12345\n"
        "größer      7\n");
  CHECK(age_text(-5) == "0 s");
  CHECK(age_text(119'999) == "119 s");
  CHECK(age_text(7'200'000) == "2 h");
  CHECK(time_text(1'767'323'045'678) == "2026-01-02 03:04:05 UTC");
}

TEST_CASE("a message cannot steer the terminal it is shown on", "[queue]") {
  simdjson::dom::parser parser;
  const std::string json = R"({"message_id":"i","state":"visible","sent_ms":0,"receive_count":0,)"
                           R"("body":"a\u001b[31mb\u009bc\nd\te"})";
  const auto text = message_text(parser.parse(json), 0);
  CHECK(text.ends_with("a?[31mb?c\nd\te\n"));
}
