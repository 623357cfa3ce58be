#include "broker/validate.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "broker/api/connections.h"
#include "broker/api/events.h"
#include "protocol/json_codec.h"

using namespace signalbox;
using namespace signalbox::broker::api;

namespace {

// What EventBridge answers to body.
template <class T>
std::string verdict(std::string_view body) {
  T request;
  broker::MissingMembers missing;
  const auto malformed = protocol::decode_json(body, request, missing);
  REQUIRE_FALSE(malformed);
  const auto error = broker::validate(request, missing);
  if (!error) return "valid";
  CHECK(error->code == broker::ErrorCode::validation);
  return error->message;
}

}  // namespace

TEST_CASE("a request within the model is valid", "[validate]") {
  CHECK(verdict<PutRuleRequest>(R"({"Name":"r.1-a_B","EventPattern":"{}","State":"ENABLED",)"
                                R"("Tags":[{"Key":"k","Value":""}]})") == "valid");
  CHECK(verdict<PutTargetsRequest>(
            R"({"Rule":"r","Targets":[{"Id":"t","Arn":"arn:aws:sqs:us-east-1:000000000000:q",)"
            R"("RetryPolicy":{"MaximumRetryAttempts":0}}]})") == "valid");
  CHECK(verdict<ListRulesRequest>("{}") == "valid");
}

TEST_CASE("a missing member is a null value", "[validate]") {
  CHECK(verdict<PutRuleRequest>("{}") ==
        "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member "
        "must not be null");
  CHECK(verdict<PutTargetsRequest>(R"({"Targets":[{"Arn":"a"},null]})") ==
        "3 validation errors detected: Value null at 'rule' failed to satisfy constraint: Member "
        "must not be null; Value null at 'targets.1.member.id' failed to satisfy constraint: "
        "Member must not be null; Value null at 'targets.2.member' failed to satisfy constraint: "
        "Member must not be null");
  CHECK(verdict<TagResourceRequest>(R"({"Tags":[]})") ==
        "1 validation error detected: Value null at 'resourceARN' failed to satisfy constraint: "
        "Member must not be null");
}

TEST_CASE("a text past its length is quoted with the limit", "[validate]") {
  const std::string name(65, 'n');
  CHECK(verdict<PutRuleRequest>(R"({"Name":")" + name + "\"}") ==
        "1 validation error detected: Value '" + name +
            "' at 'name' failed to satisfy constraint: Member must have length less than or equal "
            "to 64");
  CHECK(verdict<PutRuleRequest>(R"({"Name":")" + name.substr(1) + "\"}") == "valid");
}

TEST_CASE("lengths count characters, not bytes", "[validate]") {
  std::string description;
  for (int i = 0; i < 512; ++i) description += "\xf0\x9f\x98\x80";
  CHECK(verdict<PutRuleRequest>(R"({"Name":"r","Description":")" + description + "\"}") == "valid");
  CHECK(verdict<PutRuleRequest>(R"({"Name":"r","Description":")" + description + "x\"}") !=
        "valid");
}

TEST_CASE("a text that breaches pattern and length is told both, pattern first", "[validate]") {
  CHECK(
      verdict<PutRuleRequest>(R"({"Name":""})") ==
      "2 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member "
      "must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+; Value '' at 'name' failed to "
      "satisfy constraint: Member must have length greater than or equal to 1");
}

TEST_CASE("an enum lists its values", "[validate]") {
  CHECK(verdict<PutRuleRequest>(R"({"Name":"r","State":"ON"})") ==
        "1 validation error detected: Value 'ON' at 'state' failed to satisfy constraint: Member "
        "must satisfy enum value set: [ENABLED, DISABLED, "
        "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]");
  // A part of a value, or two of them, is no value.
  CHECK(verdict<PutRuleRequest>(R"({"Name":"r","State":"ENABLE"})") != "valid");
  CHECK(verdict<PutRuleRequest>(R"({"Name":"r","State":"ENABLED, DISABLED"})") != "valid");
}

TEST_CASE("numbers have bounds", "[validate]") {
  CHECK(verdict<ListRulesRequest>(R"({"Limit":0})") ==
        "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member "
        "must have value greater than or equal to 1");
  CHECK(verdict<ListRulesRequest>(R"({"Limit":101})") ==
        "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member "
        "must have value less than or equal to 100");
  CHECK(verdict<PutTargetsRequest>(
            R"({"Rule":"r","Targets":[{"Id":"t","Arn":"a"},{"Id":"u","Arn":"a",)"
            R"("RetryPolicy":{"MaximumRetryAttempts":186}}]})") ==
        "1 validation error detected: Value '186' at "
        "'targets.2.member.retryPolicy.maximumRetryAttempts' failed to satisfy constraint: Member "
        "must have value less than or equal to 185");
}

TEST_CASE("a list past its length is printed whole", "[validate]") {
  CHECK(verdict<PutEventsRequest>(R"({"Entries":[]})") ==
        "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: Member "
        "must have length greater than or equal to 1");
  std::string entries = R"({"Source":"s","DetailType":"d","Detail":"{}","Resources":["a","b"]})";
  for (int i = 0; i < 10; ++i) entries += ",{}";
  const auto message = verdict<PutEventsRequest>("{\"Entries\":[" + entries + "]}");
  CHECK(message.starts_with(
      "1 validation error detected: Value '[PutEventsRequestEntry(time=null, source=s, "
      "resources=[a, b], detailType=d, detail={}, eventBusName=null, traceHeader=null), "
      "PutEventsRequestEntry(time=null, "));
  CHECK(message.ends_with(
      "]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to "
      "10"));
}

TEST_CASE("entries of a list or map of texts are judged together", "[validate]") {
  CHECK(verdict<RemoveTargetsRequest>(R"({"Rule":"r","Ids":["a","b c"]})") ==
        "1 validation error detected: Value '[a, b c]' at 'ids' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must have length less than or equal to 64, Member "
        "must have length greater than or equal to 1, Member must satisfy regular expression "
        "pattern: [\\.\\-_A-Za-z0-9]+]");
  CHECK(verdict<RemoveTargetsRequest>(R"({"Rule":"r","Ids":["a","b-c"]})") == "valid");
  const auto transformer = [](std::string_view key, const std::string& path) {
    return fmt::format(R"({{"Rule":"r","Targets":[{{"Id":"t","Arn":"a","InputTransformer":)"
                       R"({{"InputTemplate":"x","InputPathsMap":{{"{}":"{}"}}}}}}]}})",
                       key, path);
  };
  CHECK(verdict<PutTargetsRequest>(transformer("k", "$.a")) == "valid");
  CHECK(verdict<PutTargetsRequest>(transformer("k.l", "$.a"))
            .find("Value '{k.l=$.a}' at "
                  "'targets.1.member.inputTransformer.inputPathsMap' failed to satisfy constraint: "
                  "Map keys "
                  "must satisfy constraint: [") != std::string::npos);
  CHECK(verdict<PutTargetsRequest>(transformer("k", std::string(257, 'p')))
            .ends_with("Map value must satisfy constraint: [Member must have length less than or "
                       "equal to 256]"));
}

TEST_CASE("buses are named by name or ARN", "[validate]") {
  const std::string arn = "arn:aws:events:eu-west-1:000000000000:event-bus/";
  for (const auto& fine : {std::string("orders"), std::string("aws.partner/a/b"), arn + "orders",
                           std::string("arn:aws-cn:events:local:123456789012:event-bus/a/b")}) {
    INFO(fine);
    CHECK(is_bus_name_or_arn(fine));
  }
  for (const auto& bad :
       {std::string(), std::string("a b"), arn, std::string("arn:aws:events"),
        std::string("arn:aws:sqs:eu-west-1:000000000000:event-bus/a"),
        std::string("arn:aws:events:eu-west-1:00000000000:event-bus/a"),
        std::string("arn:aws:events::000000000000:event-bus/a"),
        std::string("arn:aws:events:eu-west-1:000000000000:rule/a"), arn + "a:b"}) {
    INFO(bad);
    CHECK_FALSE(is_bus_name_or_arn(bad));
  }
  CHECK(is_bus_of_entry(arn + "orders"));
  CHECK_FALSE(is_bus_of_entry("a/b"));
  CHECK(is_partner_source("aws.partner/a/b"));
  CHECK(is_partner_source("aws.partner/a/b/c"));
  for (const std::string_view bad : {"aws.partner/a", "aws.partner/", "aws.partner//b",
                                     "aws.partner/a/", "aws.partner/a/b/", "partner/a/b"}) {
    CHECK_FALSE(is_partner_source(bad));
  }
  CHECK(is_endpoint_id("abc-1.xyz"));
  CHECK_FALSE(is_endpoint_id("abc"));
  CHECK_FALSE(is_endpoint_id("a.b.c"));
  CHECK_FALSE(is_endpoint_id(".b"));
}

TEST_CASE("the first missing parameter is what SQS reports", "[validate]") {
  CHECK_FALSE(broker::missing_parameter({}));
  const auto error =
      broker::missing_parameter({{.path = "entries", .parameter = "Entries", .entries = true},
                                 {.path = "queueUrl", .parameter = "QueueUrl"},
                                 {.path = "x", .parameter = "X"}});
  REQUIRE(error);
  CHECK(error->code == broker::ErrorCode::missing_parameter);
  CHECK(error->message == "The request must contain the parameter QueueUrl.");
}

TEST_CASE("an error about a secret does not quote it", "[validate]") {
  const auto password = [](const std::string& text) {
    return verdict<CreateConnectionRequest>(
        R"({"Name":"c","AuthorizationType":"BASIC","AuthParameters":{"BasicAuthParameters":)"
        R"({"Username":"u","Password":")" +
        text + R"("}}})");
  };
  const std::string start =
      "1 validation error detected: Value at 'authParameters.basicAuthParameters.password' failed "
      "to satisfy constraint: ";
  CHECK(password("fine") == "valid");
  CHECK(password("a:b") == start + "Member must satisfy regular expression pattern: " +
                               std::string(auth_parameter_pattern));
  CHECK(password(std::string(513, 'p')) ==
        start + "Member must have length less than or equal to 512");
}

TEST_CASE("a list that holds secrets is printed without them", "[validate]") {
  std::string list;
  for (int i = 0; i < 101; ++i) {
    list += list.empty() ? "" : ",";
    list += R"({"Key":"k","Value":"hidden","IsValueSecret":true})";
  }
  const auto message = verdict<UpdateConnectionRequest>(
      R"({"Name":"c","AuthParameters":{"InvocationHttpParameters":{"HeaderParameters":[)" + list +
      "]}}}");
  CHECK(
      message.starts_with("1 validation error detected: Value '[ConnectionHeaderParameter(key=k, "
                          "value=***Sensitive Data Redacted***, isValueSecret=true), "));
  CHECK(
      message.ends_with("' at 'authParameters.invocationHttpParameters.headerParameters' failed "
                        "to satisfy constraint: Member must have length less than or equal to "
                        "100"));
  CHECK(message.find("hidden") == std::string::npos);
}

TEST_CASE("the patterns of connections and API destinations are checked", "[validate]") {
  CHECK(is_connection_arn("arn:aws:events:us-east-1:000000000000:connection/c/1-a"));
  CHECK(is_connection_arn("arn:aws-cn:events:::connection/c.-_1/A"));
  for (const auto* bad : {"", "c", "arn:aws:events:us-east-1:000000000000:connection/c",
                          "arn:aws:events:us-east-1:000000000000:connection/c/",
                          "arn:aws:events:us-east-1:1:connection/c/1",
                          "arn:aws:events:US:000000000000:connection/c/1",
                          "arn:aws:sqs:us-east-1:000000000000:connection/c/1",
                          "arn:aws:events:us-east-1:000000000000:connection/c/1/2",
                          "arn:aws:events:us-east-1:000000000000:api-destination/c/1"}) {
    CHECK_FALSE(is_connection_arn(bad));
  }
  CHECK(is_https_endpoint("https://a.test:8443/x/*?y=%20&z=(1)"));
  for (const auto* bad : {"", "https://a b", "https://a/%2", "https://a/%zz", "https://[::1]/",
                          "https://a/#f", "https://a/\"b"}) {
    CHECK_FALSE(is_https_endpoint(bad));
  }
  const std::string configuration =
      "arn:aws:vpc-lattice:us-east-1:000000000000:resourceconfiguration/rcfg-";
  CHECK(is_resource_configuration_arn(""));
  CHECK(is_resource_configuration_arn(configuration + "0123456789abcdefg"));
  CHECK_FALSE(is_resource_configuration_arn(configuration + "1"));
}

TEST_CASE("the patterns of HTTP parameters are checked", "[validate]") {
  CHECK(is_auth_parameter("a b\t"));
  CHECK(is_auth_parameter(" "));
  for (const auto* bad : {"", "\t", "a:b", "a\nb", "a\x7f"}) CHECK_FALSE(is_auth_parameter(bad));
  CHECK(is_header_key("X-A,b"));
  for (const auto* bad : {"", "a b", "a:", "(a)"}) CHECK_FALSE(is_header_key(bad));
  CHECK(is_header_value(" a\tb "));
  for (const auto* bad : {"", "\t", "a\nb", "\xc3\xbc"}) CHECK_FALSE(is_header_value(bad));
  CHECK(is_query_string_value("a\r\n\xc3\xbc"));
  CHECK_FALSE(is_query_string_value("a\tb"));
  CHECK_FALSE(is_query_string_key("a\nb"));
  CHECK(is_path_parameter(" a "));
  for (const auto* bad : {"", " \t", "a\nb"}) CHECK_FALSE(is_path_parameter(bad));
}
