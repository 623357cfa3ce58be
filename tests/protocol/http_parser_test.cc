#include "protocol/http_parser.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

namespace signalbox::protocol {
namespace {

constexpr RequestParser::Limits limits{1024, 10, 4096};

struct Outcome {
  bool is_done = false;
  unsigned status = 0;
  std::size_t consumed_bytes = 0;
  HttpRequest request;
};

// Feeds the bytes in pieces ending at the given positions, as a connection does: what is not
// consumed is offered again together with what follows.
Outcome parse(RequestParser& parser, std::string_view bytes, const std::vector<std::size_t>& ends) {
  Outcome outcome;
  for (const auto end : ends) {
    for (bool go_on = true; go_on;) {
      std::size_t consumed_bytes = 0;
      const auto available = bytes.substr(outcome.consumed_bytes, end - outcome.consumed_bytes);
      const auto step = parser.feed(available, consumed_bytes);
      outcome.consumed_bytes += consumed_bytes;
      if (step == RequestParser::Step::refused) {
        outcome.status = parser.refusal_status();
        return outcome;
      }
      if (step == RequestParser::Step::done) {
        outcome.is_done = true;
        outcome.request = parser.take();
        return outcome;
      }
      go_on = step == RequestParser::Step::head_done;
    }
  }
  return outcome;
}

Outcome parse(std::string_view bytes) {
  RequestParser parser(limits);
  return parse(parser, bytes, {bytes.size()});
}

unsigned status_of(std::string_view bytes) { return parse(bytes).status; }

std::string with_headers(std::string_view headers) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n";
}

}  // namespace

TEST_CASE("a request arrives with its target, lower case header names and body", "[http]") {
  const std::string request =
      "POST /q?a=1 HTTP/1.1\r\nHost: a:1\r\nX-Amz-Target:  AmazonSQS.SendMessage \r\n"
      "Content-Length: 5\r\n\r\nhello";
  const auto outcome = parse(request + "GET / HTTP/1.1\r\n");
  REQUIRE(outcome.is_done);
  CHECK(outcome.request.method == "POST");
  CHECK(outcome.request.target == "/q?a=1");
  CHECK(outcome.request.header("x-amz-target") == "AmazonSQS.SendMessage");
  CHECK(outcome.request.has_header("host"));
  CHECK_FALSE(outcome.request.has_header("x-none"));
  CHECK(outcome.request.body == "hello");
  CHECK(outcome.consumed_bytes == request.size());
}

TEST_CASE("chunks are joined, and trailers dropped", "[http]") {
  const auto outcome = parse(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5;name=value\r\nhello\r\n1\r\n!\r\n0\r\nX-Trailer: 1\r\nHost: evil\r\n\r\nNEXT");
  REQUIRE(outcome.is_done);
  CHECK(outcome.request.body == "hello!");
  CHECK_FALSE(outcome.request.has_header("x-trailer"));
  CHECK(outcome.request.header("host") == "a");
}

TEST_CASE("an empty line before a request is skipped", "[http]") {
  const auto outcome = parse("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(outcome.is_done);
  CHECK(outcome.request.method == "GET");
}

TEST_CASE("malformed request lines are refused", "[http]") {
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == 0);  // control
  CHECK(status_of("GET /\r\n") == 400);
  CHECK(status_of("GET\r\n") == 400);
  CHECK(status_of("GET  / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET / x HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1 \r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of(std::string_view("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 30)) == 400);
  CHECK(status_of("G(T / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of(" GET / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("\n") == 400);
}

TEST_CASE("a TLS handshake is refused at its first byte", "[http]") {
  CHECK(status_of("\x16\x03\x01") == 400);
}

TEST_CASE("other versions of HTTP are refused with 505", "[http]") {
  CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 0);  // control
  CHECK(status_of("GET / HTTP/0.9\r\n\r\n") == 505);
  CHECK(status_of("GET / HTTP/1.2\r\n\r\n") == 505);
  CHECK(status_of("GET / HTTP/3\r\n\r\n") == 505);
  CHECK(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
  CHECK(status_of("GET / http/1.1\r\n\r\n") == 400);
}

TEST_CASE("line ends other than CR LF are refused", "[http]") {
  CHECK(status_of("GET / HTTP/1.1\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n") == 400);
}

TEST_CASE("malformed headers are refused", "[http]") {
  CHECK(status_of(with_headers("X: 1\r\nY:\r\nZ:\t2\r\n")) == 0);  // control
  CHECK(status_of(with_headers("X : 1\r\n")) == 400);
  CHECK(status_of(with_headers("X Y: 1\r\n")) == 400);
  CHECK(status_of(with_headers(": 1\r\n")) == 400);
  CHECK(status_of(with_headers("X\r\n")) == 400);
  CHECK(status_of(with_headers("X: 1\r\n folded\r\n")) == 400);
  CHECK(status_of(with_headers("X: 1\r\n\tfolded\r\n")) == 400);
  CHECK(status_of(with_headers("X: a\x01z\r\n")) == 400);
  CHECK(status_of(with_headers(std::string("X: a\0z\r\n", 8))) == 400);
  CHECK(status_of("GET / HTTP/1.1\r\n Host: a\r\n\r\n") == 400);
}

TEST_CASE("exactly one Host is needed in HTTP/1.1, at most one in HTTP/1.0", "[http]") {
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.0\r\nHost: a\r\n\r\n") == 0);  // control
}

TEST_CASE("a length that can be read in two ways is refused", "[http]") {
  CHECK(status_of(with_headers("Content-Length: 1\r\n")) == 0);  // control
  CHECK(status_of(with_headers("Content-Length: 1\r\nContent-Length: 1\r\n")) == 400);
  CHECK(status_of(with_headers("Content-Length: 1\r\nContent-Length: 2\r\n")) == 400);
  CHECK(status_of(with_headers("Content-Length: 1, 1\r\n")) == 400);
  CHECK(status_of(with_headers("Content-Length: +1\r\n")) == 400);
  CHECK(status_of(with_headers("Content-Length: -1\r\n")) == 400);
  CHECK(status_of(with_headers("Content-Length: 0x1\r\n")) == 400);
  CHECK(status_of(with_headers("Content-Length: 1 1\r\n")) == 400);
  CHECK(status_of(with_headers("Content-Length:\r\n")) == 400);
  CHECK(status_of(with_headers("Content-Length: 99999999999999999999\r\n")) == 400);
  CHECK(status_of(with_headers("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")) == 400);
  CHECK(status_of(with_headers("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n")) == 400);
  CHECK(status_of(with_headers("Content-Length: 1\r\nTransfer-Encoding: gzip\r\n")) == 400);
  CHECK(status_of(with_headers("Transfer-Encoding: gzip\r\nContent-Length: 1\r\n")) == 400);
}

TEST_CASE("transfer encodings other than chunked are refused", "[http]") {
  CHECK(status_of(with_headers("Transfer-Encoding: chunked\r\n")) == 0);  // control
  CHECK(status_of(with_headers("Transfer-Encoding: gzip, chunked\r\n")) == 501);
  CHECK(status_of(with_headers("Transfer-Encoding: identity\r\n")) == 501);
  CHECK(status_of(with_headers("Transfer-Encoding: xchunked\r\n")) == 501);
  CHECK(status_of(with_headers("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")) ==
        400);
  CHECK(status_of(with_headers("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) ==
        400);
  CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("malformed chunks are refused", "[http]") {
  const auto chunked = with_headers("Transfer-Encoding: chunked\r\n");
  CHECK(parse(chunked + "1\r\na\r\n0\r\n\r\n").is_done);  // control
  CHECK(status_of(chunked + "g\r\n") == 400);
  CHECK(status_of(chunked + "\r\n") == 400);
  CHECK(status_of(chunked + "-1\r\n") == 400);
  CHECK(status_of(chunked + "0x1\r\na\r\n0\r\n\r\n") == 400);
  CHECK(status_of(chunked + "1 \r\na\r\n0\r\n\r\n") == 400);
  CHECK(status_of(chunked + "1\r\nab\r\n0\r\n\r\n") == 400);
  CHECK(status_of(chunked + "1\nX\n0\r\n\r\n") == 400);
  CHECK(status_of(chunked + "1;a\n\r\nX\r\n0\r\n\r\n") == 400);
  CHECK(status_of(chunked + "fffffffffffffffff\r\n") == 400);
  CHECK(status_of(chunked + "0\r\nbad trailer\r\n\r\n") == 400);
  CHECK(status_of(chunked + "0\r\nContent-Length: 1\r\n\r\n") == 400);
  CHECK(status_of(chunked + std::string(limits.header_bytes_max + 1, '1')) == 431);
}

TEST_CASE("endless chunk extensions are refused", "[http]") {
  const auto chunked = with_headers("Transfer-Encoding: chunked\r\n");
  const auto extended = [](int chunk_count) {
    std::string chunks;
    while (chunk_count-- > 0) chunks += "1;" + std::string(500, 'x') + "\r\na\r\n";
    return chunks + "0\r\n\r\n";
  };
  CHECK(parse(chunked + extended(4)).is_done);  // control
  CHECK(status_of(chunked + extended(100)) == 400);
}

TEST_CASE("headers up to the limits pass, and not a byte or a header more", "[http]") {
  const auto sized = [](std::size_t head_bytes) {
    const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    return begin + std::string(head_bytes - begin.size() - 4, 'x') + "\r\n\r\n";
  };
  CHECK(parse(sized(limits.header_bytes_max)).is_done);
  CHECK(status_of(sized(limits.header_bytes_max + 2)) == 431);
  CHECK(status_of(with_headers("X: " + std::string(limits.header_bytes_max, 'x'))) == 431);
  CHECK(status_of("GET /" + std::string(limits.header_bytes_max, 'x')) == 414);

  const auto counted = [](std::size_t count) {
    std::string headers;
    for (std::size_t at = 1; at < count; ++at) headers += "X: 1\r\n";
    return with_headers(headers);
  };
  CHECK(parse(counted(limits.header_count_max)).is_done);
  CHECK(status_of(counted(limits.header_count_max + 1)) == 431);
}

TEST_CASE("bodies up to the limit pass, and not a byte more", "[http]") {
  const auto limit = limits.body_bytes_max;
  const auto sized = [](std::uint64_t bytes) {
    return with_headers("Content-Length: " + std::to_string(bytes) + "\r\n");
  };
  CHECK(parse(sized(limit) + std::string(limit, 'x')).is_done);
  CHECK(status_of(sized(limit + 1)) == 413);

  const auto chunked = with_headers("Transfer-Encoding: chunked\r\n");
  CHECK(parse(chunked + "1000\r\n" + std::string(4096, 'x') + "\r\n0\r\n\r\n").is_done);
  CHECK(status_of(chunked + "1001\r\n") == 413);
  CHECK(status_of(chunked + "fff\r\n" + std::string(4095, 'x') + "\r\n2\r\n") == 413);
}

TEST_CASE("a request with a limit of its own is held to that one", "[http]") {
  RequestParser::Limits own = limits;
  own.own_body_limit = [](std::string_view method, std::string_view target) -> BodyLimit {
    if (method == "PUT" && target == "/large") return {10'000, "larger than large"};
    return {};
  };
  RequestParser parser(own);
  const auto sized = [](std::string_view line, std::size_t bytes) {
    return std::string(line) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) +
           "\r\n\r\n";
  };
  const auto whole = [&](std::string_view line, std::size_t bytes) {
    const auto text = sized(line, bytes) + std::string(bytes, 'x');
    return parse(parser, text, {text.size()});
  };
  CHECK(whole("PUT /large", 10'000).request.body.size() == 10'000);
  // The next request on the connection is another one.
  CHECK(whole("PUT /other", 4096).is_done);
  CHECK(whole("PUT /other", 4097).status == 413);
  RequestParser other(own);
  CHECK(parse(other, sized("PUT /large", 10'001), {sized("PUT /large", 10'001).size()}).status ==
        413);
  CHECK(other.refusal_reason() == "larger than large");
}

TEST_CASE("the only expectation is 100-continue", "[http]") {
  RequestParser parser(limits);
  std::size_t consumed_bytes = 0;
  const auto request = with_headers("Content-Length: 1\r\nExpect: 100-Continue\r\n");
  CHECK(parser.feed(request, consumed_bytes) == RequestParser::Step::head_done);
  CHECK(parser.expects_continue());
  CHECK(status_of(with_headers("Expect: magic\r\n")) == 417);
}

TEST_CASE("a connection persists as its version and Connection header say", "[http]") {
  const auto keeps_alive = [](std::string_view request) {
    RequestParser parser(limits);
    std::size_t consumed_bytes = 0;
    REQUIRE(parser.feed(request, consumed_bytes) == RequestParser::Step::done);
    return parser.keep_alive();
  };
  CHECK(keeps_alive("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK_FALSE(keeps_alive("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"));
  CHECK_FALSE(keeps_alive("GET / HTTP/1.0\r\n\r\n"));
  CHECK(keeps_alive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST_CASE("mutated requests mean the same however they are cut into pieces", "[http]") {
  const std::vector<std::string> seeds = {
      "POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\nX: y z\r\n\r\nbody\r\n\r",
      "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n"
      "a;x=\"y\"\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
      "\r\nHEAD http://a/ HTTP/1.0\r\nConnection: keep-alive, close\r\nExpect: "
      "100-continue\r\n\r\n",
  };
  using namespace std::string_view_literals;  // sizes with the NUL inside
  constexpr auto alphabet = "\r\n\t :;,=0aZ\0\x80\xff\"/"sv;
  std::mt19937 random(20250101);
  const auto below = [&](std::size_t bound) { return random() % bound; };
  unsigned done_count = 0;
  unsigned refused_count = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = seeds[below(seeds.size())];
    for (auto changes = below(4); changes > 0; --changes) {
      const auto at = below(bytes.size());
      switch (below(3)) {
        case 0: bytes[at] = alphabet[below(alphabet.size())]; break;
        case 1: bytes.insert(at, 1, alphabet[below(alphabet.size())]); break;
        default: bytes.erase(at, 1 + below(3)); break;
      }
    }
    std::vector<std::size_t> ends;
    for (std::size_t end = 0; end < bytes.size();) {
      end = std::min(bytes.size(), end + 1 + below(round % 2 == 0 ? 1 : 20));
      ends.push_back(end);
    }
    RequestParser parser(limits);
    const auto whole = parse(parser, bytes, {bytes.size()});
    RequestParser other(limits);
    const auto pieces = parse(other, bytes, ends);
    INFO(bytes);
    REQUIRE(whole.is_done == pieces.is_done);
    REQUIRE(whole.status == pieces.status);
    REQUIRE(whole.request.body == pieces.request.body);
    REQUIRE(whole.request.headers == pieces.request.headers);
    if (whole.is_done) REQUIRE(whole.consumed_bytes == pieces.consumed_bytes);
    done_count += whole.is_done;
    refused_count += whole.status != 0;
  }
  // The mutations must reach both sides of the door.
  CHECK(done_count > 1'000);
  CHECK(refused_count > 1'000);
}

}  // namespace signalbox::protocol
