#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <random>

#include "protocol/credential_scope.h"

using signalbox::protocol::CredentialScope;
using signalbox::protocol::parse_credential_scope;

namespace {

CredentialScope parse(std::string_view authorization, std::string_view query = {}) {
  return parse_credential_scope(authorization, query, {});
}

bool is_default(const CredentialScope& scope) {
  return scope.account == "000000000000" && scope.region == "us-east-1";
}

}  // namespace

TEST_CASE("the scope of a signature names key, region and service", "[scope]") {
  const auto scope = parse(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/sqs/aws4_request, "
      "SignedHeaders=host;x-amz-date, Signature=abc");
  CHECK(scope.access_key == "AKIDEXAMPLE");
  CHECK(scope.account == "000000000000");
  CHECK(scope.region == "eu-west-1");
  CHECK(scope.service == "sqs");
}

TEST_CASE("an access key of twelve digits names the account", "[scope]") {
  const auto scope =
      parse("AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-west-2/events/aws4_request,x");
  CHECK(scope.account == "123456789012");
  CHECK(scope.region == "us-west-2");
  CHECK(parse("AWS4-HMAC-SHA256 Credential=12345678901/20260101/us-west-2/sqs/aws4_request")
            .account == "000000000000");
}

TEST_CASE("the access key of an assumed role names the role's account", "[scope]") {
  const auto account = [](std::string_view key) {
    return parse(fmt::format("AWS4-HMAC-SHA256 Credential={}/20260101/us-west-2/sqs/aws4_request",
                             key))
        .account;
  };
  CHECK(account("ASIA123456789012ABCD") == "123456789012");
  CHECK(account("ASIAIOSFODNN7EXAMPLE") == "000000000000");
  CHECK(account("AKIA123456789012ABCD") == "000000000000");
  CHECK(account("ASIA123456789012ABCDE") == "000000000000");
}

TEST_CASE("a presigned request carries its scope in the query", "[scope]") {
  const auto scope = parse(
      "",
      "Action=X&X-Amz-Credential=111122223333%2F20260101%2Fap-south-1%2Fsqs%2Faws4_request&b=%");
  CHECK(scope.account == "111122223333");
  CHECK(scope.region == "ap-south-1");
  CHECK(scope.service == "sqs");
  const auto header_wins =
      parse("AWS4-HMAC-SHA256 Credential=a/1/eu-west-1/sqs/aws4_request",
            "X-Amz-Credential=111122223333/20260101/ap-south-1/sqs/aws4_request");
  CHECK(header_wins.region == "eu-west-1");
}

TEST_CASE("a multi-region signature has no region", "[scope]") {
  const auto scope =
      parse("AWS4-ECDSA-P256-SHA256 Credential=123456789012/20260101/sqs/aws4_request, a=b");
  CHECK(scope.account == "123456789012");
  CHECK(scope.region == "us-east-1");
  CHECK(scope.service == "sqs");
}

TEST_CASE("a key may hold slashes", "[scope]") {
  const auto scope = parse("AWS4-HMAC-SHA256 Credential=a/b+c/20260101/eu-west-1/sqs/aws4_request");
  CHECK(scope.access_key == "a/b+c");
  CHECK(scope.region == "eu-west-1");
}

TEST_CASE("garbage gives the defaults", "[scope]") {
  for (const std::string_view garbage :
       {"", "Basic dXNlcjpwYXNz", "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=", "AWS4-HMAC-SHA256 Credential=/////",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f", "AWS4-HMAC-SHA256 Credential=aws4_request",
        "AWS4-HMAC-SHA256 Credential=,", "AWS4-HMAC-SHA256 Credential=a/1/US EAST/sqs/aws4_request",
        "AWS4-HMAC-SHA256 Credential=a/1/../sqs/aws4_request",
        "AWS4-HMAC-SHA256 Credential=a/1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/sqs/aws4_request",
        "AWS AKID:signature"}) {
    INFO(garbage);
    CHECK(is_default(parse(garbage)));
  }
  CHECK(is_default(parse("", "X-Amz-Credential=%zz")));
  CHECK(is_default(parse("", "X-Amz-Credential")));
  CHECK(is_default(parse("", "X-Amz-Credential=%ff/1/x/y/aws4_request")));
}

TEST_CASE("random bytes in place of a scope never do harm", "[scope]") {
  std::mt19937_64 random(4);
  const std::string seed =
      "AWS4-HMAC-SHA256 Credential=123456789012/20260101/eu-west-1/sqs/aws4_request";
  for (int i = 0; i < 20'000; ++i) {
    std::string text = seed;
    for (auto changes = random() % 8; changes > 0; --changes) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    text.resize(random() % (text.size() + 1));
    const auto scope = parse(text, text);
    REQUIRE(scope.account.size() == 12);
    REQUIRE((!scope.region.empty() && scope.region.size() <= 32));
  }
}
