#include "protocol/guard.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

namespace signalbox::protocol {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

HttpRequest request_with(Headers headers, std::string method = "POST") {
  HttpRequest request;
  request.method = std::move(method);
  request.target = "/";
  request.headers = std::move(headers);
  return request;
}

std::string check_host(const Guard& guard, std::string host) {
  return guard.check(request_with({{"host", std::move(host)}}));
}

std::string check_origin(const Guard& guard, std::string origin) {
  return guard.check(request_with({{"host", "localhost:4566"}, {"origin", std::move(origin)}}));
}

std::string header_of(const HttpReply& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("loopback names and addresses are answered to on any port", "[guard]") {
  const Guard guard({});
  for (const auto* host :
       {"localhost", "localhost:4566", "LocalHost:1", "localhost.", "sqs.localhost:4566",
        "a.b.localhost", "127.0.0.1", "127.0.0.1:4566", "127.255.1.2:80", "[::1]", "[::1]:4566",
        "[0:0:0:0:0:0:0:1]:4566", "[::ffff:127.0.0.1]"}) {
    INFO(host);
    CHECK(check_host(guard, host).empty());
  }
}

TEST_CASE("a foreign Host is refused and the refusal names the setting", "[guard]") {
  const Guard guard({});
  for (const auto* host : {"evil.com",
                           "evil.com:4566",
                           "localhost.evil.com",
                           "evillocalhost",
                           "127.0.0.1.evil.com",
                           "127.0.0.1evil.com",
                           "128.0.0.1",
                           "0.0.0.0:4566",
                           "10.0.0.1",
                           "[::2]",
                           "[::]:4566",
                           "[fe80::1]",
                           "::1",
                           "0x7f.1",
                           "2130706433",
                           "",
                           ":4566",
                           "localhost:x",
                           "localhost:456600",
                           "localhost@evil.com",
                           "user@localhost",
                           "localhost/x",
                           "local host",
                           "[::1",
                           "[::1]x",
                           "[::1]:4566:1",
                           "[localhost]",
                           ".localhost",
                           "evil.com#.localhost"}) {
    INFO(host);
    CHECK_THAT(check_host(guard, host), Catch::Contains("--allowed-host"));
  }
  CHECK_THAT(check_host(guard, "evil.com:4566"), Catch::Contains("--allowed-host evil.com."));
}

TEST_CASE("a very long Host is cut in the refusal", "[guard]") {
  CHECK(check_host(Guard({}), std::string(8000, 'x')).size() < 400);
}

TEST_CASE("configured hosts are answered to, and wildcards match below their name", "[guard]") {
  const Guard guard({{"broker.internal", "10.1.2.3", "[fd00::1]", "*.Example.com"}, {}});
  for (const auto* host : {"broker.internal:4566", "BROKER.internal", "10.1.2.3:4566",
                           "[fd00::1]:4566", "a.example.com", "a.b.example.COM:1", "localhost"}) {
    INFO(host);
    CHECK(check_host(guard, host).empty());
  }
  for (const auto* host : {"broker.internal.evil.com", "xbroker.internal", "10.1.2.4", "[fd00::2]",
                           "example.com", "evilexample.com", ".example.com"}) {
    INFO(host);
    CHECK_FALSE(check_host(guard, host).empty());
  }
  CHECK(check_host(Guard({{"*"}, {}}), "evil.com").empty());
}

TEST_CASE("the host of an absolute target counts like the Host header", "[guard]") {
  auto request = request_with({{"host", "localhost"}});
  request.target = "http://evil.com/";
  CHECK_THAT(Guard({}).check(request), Catch::Contains("evil.com"));
  request.target = "http://localhost:4566/?x=http://evil.com/";
  CHECK(Guard({}).check(request).empty());
  request.target = "/?x=http://evil.com/";
  CHECK(Guard({}).check(request).empty());
}

TEST_CASE("a request without Host, as HTTP/1.0 has it, passes", "[guard]") {
  CHECK(Guard({}).check(request_with({})).empty());
}

TEST_CASE("web pages are refused unless their origin is configured", "[guard]") {
  const Guard closed({});
  CHECK(closed.check(request_with({{"host", "localhost"}})).empty());  // control: no page
  for (const auto* origin : {"https://evil.com", "http://localhost:3000", "null", "", "file://"}) {
    INFO(origin);
    CHECK_THAT(check_origin(closed, origin), Catch::Contains("--allowed-origin"));
  }
  CHECK_THAT(check_origin(closed, "https://evil.com"),
             Catch::Contains("--allowed-origin https://evil.com."));

  const Guard open({{}, {"https://App.example.com", "http://localhost:3000"}});
  CHECK(check_origin(open, "https://app.example.com").empty());
  CHECK(check_origin(open, "http://localhost:3000").empty());
  for (const auto* origin :
       {"http://app.example.com", "https://app.example.com:8443", "https://x.app.example.com",
        "https://app.example.com.evil.com", "http://localhost", "http://localhost:30001", "null"}) {
    INFO(origin);
    CHECK_FALSE(check_origin(open, origin).empty());
  }
  CHECK(check_origin(Guard({{}, {"*"}}), "https://evil.com").empty());
  CHECK(check_origin(Guard({{}, {"null"}}), "null").empty());
  CHECK(check_origin(Guard({{}, {"https://a.com:443"}}), "https://a.com").empty());
}

TEST_CASE("an allowed origin does not open a foreign Host", "[guard]") {
  const Guard guard({{}, {"*"}});
  CHECK_FALSE(
      guard.check(request_with({{"host", "evil.com"}, {"origin", "http://evil.com"}})).empty());
}

TEST_CASE("two Origin headers are refused", "[guard]") {
  const Guard guard({{}, {"http://a.com"}});
  CHECK_FALSE(
      guard
          .check(request_with(
              {{"host", "localhost"}, {"origin", "http://a.com"}, {"origin", "http://evil.com"}}))
          .empty());
}

TEST_CASE("pages that the server itself serves may use it", "[guard]") {
  CHECK(check_origin(Guard({}), "http://localhost:4566").empty());
  CHECK_FALSE(check_origin(Guard({}), "https://localhost:4566").empty());
  CHECK_FALSE(check_origin(Guard({}), "http://localhost:4567").empty());
}

TEST_CASE("requests of other sites without an Origin are refused", "[guard]") {
  const auto from_site = [](std::string site) {
    return request_with({{"host", "localhost"}, {"sec-fetch-site", std::move(site)}}, "GET");
  };
  const Guard guard({{}, {"http://a.com"}});
  CHECK_FALSE(guard.check(from_site("cross-site")).empty());
  CHECK(guard.check(from_site("none")).empty());
  CHECK(guard.check(from_site("same-origin")).empty());
  CHECK(Guard({{}, {"*"}}).check(from_site("cross-site")).empty());
  CHECK(guard
            .check(request_with({{"host", "localhost"},
                                 {"origin", "http://a.com"},
                                 {"sec-fetch-site", "cross-site"}}))
            .empty());
}

TEST_CASE("a preflight lists what browser SDKs need", "[guard]") {
  const Guard guard({{}, {"http://a.com"}});
  const std::string wanted = "amz-sdk-invocation-id,amz-sdk-request,authorization,x-amz-target";
  const auto preflight = request_with({{"host", "localhost"},
                                       {"origin", "http://a.com"},
                                       {"access-control-request-method", "POST"},
                                       {"access-control-request-headers", wanted}},
                                      "OPTIONS");
  CHECK(guard.check(preflight).empty());
  REQUIRE(Guard::is_preflight(preflight));
  const auto reply = guard.preflight_reply(preflight);
  CHECK(reply.status == 204);
  CHECK(reply.body.empty());
  CHECK(header_of(reply, "Access-Control-Allow-Origin") == "http://a.com");
  CHECK(header_of(reply, "Access-Control-Allow-Headers") == wanted);
  CHECK_THAT(header_of(reply, "Access-Control-Allow-Methods"), Catch::Contains("POST"));
  CHECK_THAT(header_of(reply, "Vary"), Catch::Contains("Origin"));
  CHECK(header_of(reply, "Access-Control-Max-Age") == "7200");
  CHECK(header_of(reply, "Access-Control-Allow-Private-Network").empty());
  CHECK(header_of(reply, "Access-Control-Allow-Credentials").empty());

  CHECK_FALSE(Guard({}).check(preflight).empty());  // control: not without the setting
}

TEST_CASE("a preflight's headers are echoed only when they are header names", "[guard]") {
  const auto preflight = request_with({{"host", "localhost"},
                                       {"origin", "http://a.com"},
                                       {"access-control-request-method", "POST"},
                                       {"access-control-request-headers", "a<script>"}},
                                      "OPTIONS");
  const auto reply = Guard({{}, {"*"}}).preflight_reply(preflight);
  CHECK(header_of(reply, "Access-Control-Allow-Headers").empty());
}

TEST_CASE("other OPTIONS requests are no preflight", "[guard]") {
  CHECK_FALSE(Guard::is_preflight(request_with({{"origin", "http://a.com"}}, "OPTIONS")));
  CHECK_FALSE(
      Guard::is_preflight(request_with({{"access-control-request-method", "POST"}}, "OPTIONS")));
  CHECK_FALSE(Guard::is_preflight(request_with(
      {{"origin", "http://a.com"}, {"access-control-request-method", "POST"}}, "POST")));
}

TEST_CASE("replies to allowed pages carry CORS headers, others none", "[guard]") {
  HttpReply reply;
  Guard::add_cors_headers(request_with({{"origin", "http://a.com"}}), reply);
  CHECK(header_of(reply, "Access-Control-Allow-Origin") == "http://a.com");
  CHECK(header_of(reply, "Vary") == "Origin");
  const auto exposed = header_of(reply, "Access-Control-Expose-Headers");
  for (const auto* name : {"x-amzn-RequestId", "x-amzn-query-error", "x-amzn-ErrorType"}) {
    CHECK_THAT(exposed, Catch::Contains(name));
  }

  HttpReply plain;
  Guard::add_cors_headers(request_with({{"host", "localhost"}}), plain);
  CHECK(plain.headers.empty());
}

TEST_CASE("malformed settings are named", "[guard]") {
  CHECK(Guard::check_settings({{"a.com", "*.a.com", "*", "10.0.0.1", "[::2]"},
                               {"http://a.com", "https://[::1]:1", "*", "null"}})
            .empty());
  for (const auto* host : {"", "http://a.com", "a.com:80", "a.com/", "*.", "a.*.com", "[::x]"}) {
    INFO(host);
    CHECK_THAT(Guard::check_settings({{host}, {}}), Catch::Contains("--allowed-host"));
  }
  for (const auto* origin : {"", "a.com", "http://a.com/", "http://", "http://a.com:x", "://a"}) {
    INFO(origin);
    CHECK_THAT(Guard::check_settings({{}, {origin}}), Catch::Contains("--allowed-origin"));
  }
}

TEST_CASE("listening beyond loopback needs to be asked for by name", "[guard]") {
  for (const auto* address : {"127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"}) {
    INFO(address);
    CHECK(check_listen(address, false).empty());
  }
  for (const auto* address : {"0.0.0.0", "::", "[::]", "10.0.0.1", "", "broker.internal",
                              "127.0.0.1.evil.com", "128.0.0.1", "::2"}) {
    INFO(address);
    CHECK_THAT(check_listen(address, false), Catch::Contains("--insecure-plaintext"));
    CHECK(check_listen(address, true).empty());
  }
}

}  // namespace signalbox::protocol
