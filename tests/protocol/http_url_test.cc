#include "protocol/http_url.h"

#include <catch2/catch.hpp>

#include "protocol/retry_after.h"

namespace signalbox::protocol {

using namespace std::chrono_literals;

namespace {

HttpUrl parsed(std::string_view text) {
  HttpUrl url;
  CAPTURE(text);
  const auto problem = parse_http_url(text, url);
  CHECK(problem == "");
  return url;
}

}  // namespace

TEST_CASE("a URL is taken apart into what a request needs", "[http_url]") {
  const auto plain = parsed("http://example.com");
  CHECK((!plain.is_tls && plain.host == "example.com" && plain.port == 80));
  CHECK((plain.host_header == "example.com" && plain.target == "/"));
  const auto tls = parsed("https://Example.com:8443/a/b?c=d&e#f");
  CHECK((tls.is_tls && tls.host == "Example.com" && tls.port == 8443));
  CHECK((tls.host_header == "Example.com:8443" && tls.target == "/a/b?c=d&e"));
  const auto query = parsed("https://example.com?a=/b@c:d");
  CHECK((query.port == 443 && query.target == "/?a=/b@c:d"));
  const auto v6 = parsed("http://[2001:db8::1]:8080/x");
  CHECK((v6.host == "2001:db8::1" && v6.port == 8080 && v6.host_header == "[2001:db8::1]:8080"));
  CHECK(parsed("http://[::1]").host_header == "[::1]");
  CHECK(parsed("http://a:80/").host_header == "a");
  CHECK(parsed("https://a:443/").host_header == "a");
  CHECK(parsed("https://a:80/").host_header == "a:80");
  CHECK(parsed("http://a#b").target == "/");
}

TEST_CASE("what is no URL of a target is refused with the reason", "[http_url]") {
  for (const std::string_view text : {"",
                                      "example.com",
                                      "ftp://example.com",
                                      "http:",
                                      "http://",
                                      "http:///path",
                                      "http://?q",
                                      "http://:80/",
                                      "http://a:/",
                                      "http://a:0/",
                                      "http://a:65536/",
                                      "http://a:8x/",
                                      "http://a:-1/",
                                      "http://a:80:80/",
                                      "http://user@a/",
                                      "http://user:pw@a/",
                                      "http://@a/",
                                      "http://a\\@b/",
                                      "http://[::1",
                                      "http://[]/",
                                      "http://[::1]x/",
                                      "http://[a.b]/",
                                      "http://[fe80::1%25eth0]/",
                                      "http://a b/",
                                      "http://a/\r\nX: 1",
                                      "http://a/\t",
                                      "http://a%2eb/",
                                      "http://\xc3\xa4.de/",
                                      "http://a/\xc3\xa4",
                                      "http://a,b/"}) {
    HttpUrl url;
    CAPTURE(text);
    CHECK(parse_http_url(text, url) != "");
  }
  HttpUrl url;
  CHECK(parse_http_url("http://a/\0b", url).empty());  // a C string: ends at the zero
  CHECK_FALSE(parse_http_url(std::string_view("http://a/\0b", 11), url).empty());
  CHECK_FALSE(parse_http_url("http://" + std::string(254, 'a'), url).empty());
}

TEST_CASE("Retry-After is seconds or a date", "[retry_after]") {
  // Sun, 06 Nov 1994 08:49:37 GMT
  const auto now = std::chrono::system_clock::from_time_t(784'111'777);
  const auto parse = [&](std::string_view value, std::string_view date = {}) {
    return parse_retry_after(value, date, now);
  };
  CHECK(parse("0") == 0s);
  CHECK(parse("120") == 120s);
  CHECK(parse("99999") == 24h);
  CHECK(parse("99999999999999999999999") == 24h);
  CHECK(parse("Sun, 06 Nov 1994 08:50:37 GMT") == 60s);
  CHECK(parse("Sunday, 06-Nov-94 08:50:37 GMT") == 60s);
  CHECK(parse("Sun Nov  6 08:50:37 1994") == 60s);
  CHECK(parse("Sun, 06 Nov 1994 07:00:00 GMT") == 0s);
  CHECK(parse("Fri, 31 Dec 1999 23:59:59 GMT") == 24h);
  // The target's clock is ten minutes ahead: what counts is its own difference.
  CHECK(parse("Sun, 06 Nov 1994 09:00:37 GMT", "Sun, 06 Nov 1994 08:59:37 GMT") == 60s);
  for (const auto* text : {"-1", "-120", "-99999999999999999999999"}) {
    CAPTURE(text);
    REQUIRE(parse(text));
    CHECK(*parse(text) < 0s);
  }
  for (const auto* text : {"", "soon", "1.5", "5 s", "Sun, 06 Nov 1994", "- 5", "+"}) {
    CAPTURE(text);
    CHECK_FALSE(parse(text));
  }
}

}  // namespace signalbox::protocol
