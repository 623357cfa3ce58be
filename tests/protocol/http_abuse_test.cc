// What hostile or broken clients send, at the socket: the reply they get, that nothing after it is
// taken for a request, and that others are served meanwhile.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "http_raw_client.h"

namespace signalbox::protocol {
namespace {

// The status of the refusal, provided that the connection ends with it.
unsigned refusal_of(TestServer& server, std::string_view bytes) {
  auto client = server.connect();
  // What follows a refused request must never be answered.
  client.send(std::string(bytes) + get_request("/smuggled"));
  const auto reply = client.read_reply();
  if (reply.header("Connection") != "close") return 0;
  return client.is_closed() ? reply.status : 0;
}

std::string with_headers(std::string_view headers) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n";
}

std::chrono::microseconds cpu_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto total = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return total(usage.ru_utime) + total(usage.ru_stime);
}

class LimitedFiles {
 public:
  // Leaves room for that many descriptors beyond the highest one in use.
  explicit LimitedFiles(int more_count) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    const rlimit limit{static_cast<rlim_t>(next + more_count), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~LimitedFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("malformed requests are refused and end their connection", "[http][abuse]") {
  TestServer server;
  CHECK(refusal_of(server, "GARBAGE\r\n") == 400);
  CHECK(refusal_of(server, "GET / HTTP/1.1\nHost: a\n\n") == 400);
  CHECK(refusal_of(server, "GET / HTTP/1.1\r\nHost : a\r\n\r\n") == 400);
  CHECK(refusal_of(server, "GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refusal_of(server, with_headers("Host: b\r\n")) == 400);
  CHECK(refusal_of(server, with_headers("X: 1\r\n folded\r\n")) == 400);
  CHECK(refusal_of(server, "GET / HTTP/7.0\r\nHost: a\r\n\r\n") == 505);
  CHECK(refusal_of(server, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
  CHECK(refusal_of(server, with_headers("Expect: tea\r\n")) == 417);
}

TEST_CASE("smuggling attempts are refused and end their connection", "[http][abuse]") {
  TestServer server;
  CHECK(refusal_of(server, with_headers("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n") +
                               "0\r\n\r\nX") == 400);
  CHECK(refusal_of(server, with_headers("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n") +
                               "0\r\n\r\nX") == 400);
  CHECK(refusal_of(server, with_headers("Content-Length: 0\r\nContent-Length: 40\r\n")) == 400);
  CHECK(refusal_of(server, with_headers("Transfer-Encoding: xchunked\r\n")) == 501);
  CHECK(refusal_of(server, with_headers("Transfer-Encoding: chunked\r\n") + "1\nX\n0\r\n\r\n") ==
        400);
  CHECK(refusal_of(server, with_headers("Transfer-Encoding: chunked\r\n") + "zz\r\n") == 400);
}

TEST_CASE("what is over a limit is refused, and what is at it passes", "[http][abuse]") {
  HttpServerOptions options;
  options.body_bytes_max = 100'000;
  TestServer server(options);
  CHECK(refusal_of(server, with_headers("X: " + std::string(16 * 1024, 'x') + "\r\n")) == 431);
  CHECK(refusal_of(server, with_headers("X: " + std::string(1024 * 1024, 'x') + "\r\n")) == 431);
  std::string many;
  for (int count = 0; count < 10'000; ++count) many += "X: 1\r\n";
  CHECK(refusal_of(server, with_headers(many)) == 431);
  CHECK(refusal_of(server, "GET /" + std::string(64 * 1024, 'x')) == 414);
  CHECK(refusal_of(server, with_headers("Content-Length: 100001\r\n")) == 413);
  CHECK(refusal_of(server, with_headers("Transfer-Encoding: chunked\r\n") + "186a1\r\n") == 413);

  auto client = server.connect();
  client.send(with_headers("X: " + std::string(8 * 1024, 'x') + "\r\nContent-Length: 100000\r\n") +
              std::string(100'000, 'b'));
  CHECK(client.read_reply().status == 200);
}

TEST_CASE("a body over the limit is refused before it is sent", "[http][abuse]") {
  TestServer server;
  auto client = server.connect();
  client.send(with_headers("Content-Length: 99999999\r\nExpect: 100-continue\r\n"));
  CHECK(client.read_reply().status == 413);
}

TEST_CASE("a client still sending its body gets to read the refusal", "[http][abuse]") {
  TestServer server;
  auto client = server.connect();
  REQUIRE(client.send(with_headers("Content-Length: 8388608\r\n")));
  // Without the server reading on, this would end in a reset that destroys the reply.
  REQUIRE(client.send(std::string(8 * 1024 * 1024, 'x')));
  CHECK(client.read_reply().status == 413);
  CHECK(client.is_closed());
}

TEST_CASE("a refusal to HEAD has no body", "[http][abuse]") {
  TestServer server;
  auto client = server.connect();
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  CHECK(client.read_to_end().ends_with("\r\n\r\n"));
}

TEST_CASE("bodies being received are bounded together", "[http][abuse]") {
  HttpServerOptions options;
  options.body_bytes_total_max = 1024 * 1024;
  TestServer server(options);
  const std::string most(700 * 1024, 'x');
  auto first = server.connect();
  auto second = server.connect();
  for (auto* client : {&first, &second}) {
    client->send(with_headers("Content-Length: 716801\r\n") + most);
  }
  // The one whose bytes go over the limit is refused; the other is not.
  REQUIRE(wait_until([&] { return first.has_input() || second.has_input(); }));
  auto& refused = first.has_input() ? first : second;
  auto& admitted = first.has_input() ? second : first;
  CHECK(refused.read_reply().status == 503);
  CHECK_FALSE(admitted.has_input());
  auto third = server.connect();
  third.send(post_request("small ones always pass"));
  CHECK(third.read_reply().status == 200);
  admitted.send("x");
  CHECK(admitted.read_reply().status == 200);
  // What was held is given back.
  third.send(post_request(most));
  CHECK(third.read_reply().status == 200);
}

TEST_CASE("a client that leaves in the middle harms nobody", "[http][abuse]") {
  TestServer server;
  for (const auto& bytes :
       {std::string(), std::string("GET"), with_headers("Content-Length: 5\r\n"),
        with_headers("Transfer-Encoding: chunked\r\n") + "5\r\nab", get_request(),
        get_request() + "GE"}) {
    for (const bool with_reset : {false, true}) {
      auto client = server.connect();
      client.send(bytes);
      with_reset ? client.reset() : client.close();
    }
  }
  auto client = server.connect();
  client.send(get_request());
  CHECK(client.read_reply().status == 200);
}

TEST_CASE("past the most connections clients wait in line until one leaves", "[http][abuse]") {
  HttpServerOptions options;
  options.connections_max = 2;
  TestServer server(options);
  auto first = server.connect();
  auto second = server.connect();
  first.send(get_request());
  second.send(get_request());
  CHECK(first.read_reply().status == 200);
  CHECK(second.read_reply().status == 200);
  auto third = server.connect();
  third.send(get_request());
  CHECK_FALSE(third.has_input(200ms));
  first.close();
  CHECK(third.read_reply().status == 200);
}

TEST_CASE("without free file descriptors the server waits without spinning", "[http][abuse]") {
  TestServer server;
  std::vector<RawClient> clients;
  for (int count = 0; count < 40; ++count) clients.emplace_back(0);
  const auto served_count = [&] {
    return std::count_if(clients.begin(), clients.end(),
                         [](auto& client) { return client.fd() >= 0 && client.has_input(); });
  };
  bool were_some_served = false;
  std::ptrdiff_t still_served_count = 0;
  std::chrono::microseconds used{};
  int answered_count = 0;
  {
    // Nothing is asserted in here: UBSan's own checks need a descriptor.
    const LimitedFiles limited(4);
    for (auto& client : clients) {
      client.connect(server.port());
      client.send(get_request());
    }
    were_some_served = wait_until([&] { return served_count() >= 4; });
    const auto cpu_begin = cpu_time();
    // Time has to pass for a spin to show.
    std::this_thread::sleep_for(500ms);
    used = cpu_time() - cpu_begin;
    still_served_count = served_count();
    // Each client that leaves makes room for the next.
    while (wait_until([&] { return served_count() > 0 || answered_count == 40; }) &&
           answered_count < 40) {
      for (auto& client : clients) {
        if (client.fd() < 0 || !client.has_input()) continue;
        answered_count += client.read_reply().status == 200;
        client.close();
      }
    }
  }
  CHECK(were_some_served);
  CHECK(still_served_count == 4);  // control: the others do wait
  CHECK(used < 100ms);
  CHECK(answered_count == 40);
}

TEST_CASE("others are served while hundreds of clients dawdle", "[http][abuse]") {
  TestServer server;
  std::vector<RawClient> slow;
  for (int count = 0; count < 200; ++count) {
    slow.push_back(server.connect());
    slow.back().send(count % 2 == 0 ? "GET / HT" : with_headers("Content-Length: 100\r\n") + "x");
  }
  auto client = server.connect();
  for (int count = 0; count < 100; ++count) {
    client.send(get_request());
    REQUIRE(client.read_reply().status == 200);
  }
}

}  // namespace signalbox::protocol
