#include "protocol/http_client.h"

#include <catch2/catch.hpp>

#include "http_target_server.h"

namespace signalbox::protocol {

using broker::HttpTrouble;
using Catch::Contains;

namespace {

// What one answer, given byte for byte, comes to.
HttpOutcome outcome_of(std::string bytes) {
  TargetServer server(TargetServer::answering(std::move(bytes)));
  return ask(call_of(server.url()));
}

std::string answer(std::string_view headers, std::string_view body = {}) {
  return "HTTP/1.1 200 OK\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

bool has_ipv6() {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool is_bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return is_bound;
}

}  // namespace

TEST_CASE("a call sends one whole request and tells status and body", "[http_client]") {
  std::promise<std::string> request;
  TargetServer server([&](const TargetConnection& connection) {
    request.set_value(connection.read_request());
    connection.send("HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello");
    connection.wait_for_hang_up();
  });
  auto call = call_of(server.url("/a/b?c=d#part"), "{\"n\":1}");
  call.headers = {{"Content-Type", "application/json"}, {"X-One", "1"}};
  const auto told = answer_of(ask(std::move(call)));
  CHECK(told.status == 201);
  CHECK(told.body == "hello");
  CHECK_FALSE(told.is_cut);
  CHECK_FALSE(told.retry_after);
  CHECK(request.get_future().get() ==
        "POST /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
            "\r\nConnection: close\r\nContent-Length: 7\r\nContent-Type: application/json\r\n"
            "X-One: 1\r\nUser-Agent: Signalbox\r\n\r\n{\"n\":1}");
}

TEST_CASE("an IPv6 address is connected to and named in brackets", "[http_client]") {
  if (!has_ipv6()) {
    WARN("this machine has no IPv6");
    return;
  }
  std::promise<std::string> request;
  TargetServer server(
      [&](const TargetConnection& connection) {
        request.set_value(connection.read_request());
        connection.send(answer("Content-Length: 0\r\n"));
      },
      AF_INET6);
  const auto authority = "[::1]:" + std::to_string(server.port());
  CHECK(answer_of(ask(call_of("http://" + authority))).status == 200);
  CHECK_THAT(request.get_future().get(),
             Contains("POST / HTTP/1.1\r\nHost: " + authority + "\r\n"));
}

TEST_CASE("every proper way to end an answer is understood", "[http_client]") {
  CHECK(answer_of(outcome_of(answer("Content-Length: 2\r\n", "hi"))).body == "hi");
  CHECK(answer_of(outcome_of(answer("", "until the end"))).body == "until the end");
  CHECK(answer_of(outcome_of(answer("Transfer-Encoding: chunked\r\n",
                                    "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n")))
            .body == "abcde");
  CHECK(answer_of(outcome_of("HTTP/1.0 503 No\r\n\r\nbusy")).status == 503);
  CHECK(answer_of(outcome_of("HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n"
                             "Content-Length: 0\r\n\r\n"))
            .status == 302);
}

TEST_CASE("204 and 304 end with their head, whatever it says", "[http_client]") {
  for (const auto* status : {"204 No Content", "304 Not Modified"}) {
    TargetServer server([&](const TargetConnection& connection) {
      connection.read_request();
      connection.send("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 9\r\n\r\n");
      connection.wait_for_hang_up();
    });
    CHECK(answer_of(ask(call_of(server.url()))).body.empty());
  }
}

TEST_CASE("interim answers are passed over, but not without end", "[http_client]") {
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
  CHECK(answer_of(outcome_of(go_on + hints + answer("Content-Length: 2\r\n", "hi"))).body == "hi");

  std::string many;
  for (int count = 0; count < 100; ++count) many += go_on;
  CHECK(failure_of(outcome_of(many)).trouble == HttpTrouble::bad_answer);
  CHECK(failure_of(outcome_of(go_on)).trouble == HttpTrouble::connection_failed);
  CHECK(failure_of(outcome_of("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")).trouble ==
        HttpTrouble::bad_answer);
}

TEST_CASE("an answer that arrives byte by byte is understood", "[http_client]") {
  TargetServer server([](const TargetConnection& connection) {
    connection.read_request();
    for (const char byte : answer("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n")) {
      connection.send({&byte, 1});
    }
    connection.wait_for_hang_up();
  });
  CHECK(answer_of(ask(call_of(server.url()))).body == "abc");
}

TEST_CASE("an answer longer than is read is cut, and its status counts", "[http_client]") {
  auto options = loopback_options();
  options.answer_bytes_max = 1000;
  const auto length = GENERATE(1000u, 1001u, 10'000'000u);
  const bool is_chunked = GENERATE(false, true);
  TargetServer server([&](const TargetConnection& connection) {
    connection.read_request();
    const std::string body(length, 'x');
    char size[16];
    std::snprintf(size, sizeof size, "%x\r\n", length);
    connection.send(is_chunked
                        ? answer("Transfer-Encoding: chunked\r\n", size + body + "\r\n0\r\n\r\n")
                        : answer("Content-Length: " + std::to_string(length) + "\r\n", body));
  });
  const auto told = answer_of(ask(call_of(server.url()), options));
  CHECK(told.status == 200);
  CHECK(told.body.size() == 1000);
  CHECK(told.is_cut == (length > 1000));
}

TEST_CASE("an announced length takes no memory before it is there", "[http_client]") {
  TargetServer server([](const TargetConnection& connection) {
    connection.read_request();
    connection.send(answer("Content-Length: 9000000000000000000\r\n", "x"));
  });
  CHECK(failure_of(ask(call_of(server.url()))).trouble == HttpTrouble::connection_failed);
}

TEST_CASE("an answer that ends too early is a broken connection", "[http_client]") {
  const auto* const early =
      GENERATE("", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Le",
               "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha");
  const auto failure = failure_of(outcome_of(early));
  CHECK(failure.trouble == HttpTrouble::connection_failed);
  CHECK_THAT(failure.detail, Contains("127.0.0.1:") && Contains("closed"));
}

TEST_CASE("what is not HTTP is a bad answer", "[http_client]") {
  const auto garbage = GENERATE(as<std::string>(), "SSH-2.0-OpenSSH_9.2\r\n", "\x16\x03\x01\x02",
                                "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
                                "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", std::string(100'000, 'x'),
                                "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'),
                                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  CHECK(failure_of(outcome_of(garbage)).trouble == HttpTrouble::bad_answer);
}

TEST_CASE("what speaks another protocol is noticed before the deadline", "[http_client]") {
  TargetServer server([](const TargetConnection& connection) {
    connection.send("\x15\x03\x01");
    connection.wait_for_hang_up();
  });
  CHECK(failure_of(ask(call_of(server.url()))).trouble == HttpTrouble::bad_answer);
}

TEST_CASE("a connection that is refused or reset is a failed one", "[http_client]") {
  std::string url;
  {
    TargetServer gone([](const TargetConnection&) {});
    url = gone.url();
  }
  const auto refused = failure_of(ask(call_of(url)));
  CHECK(refused.trouble == HttpTrouble::connection_failed);
  CHECK_THAT(refused.detail, Contains("refused"));

  TargetServer resetting([](const TargetConnection& connection) {
    connection.read_request();
    connection.reset();
  });
  CHECK(failure_of(ask(call_of(resetting.url()))).trouble == HttpTrouble::connection_failed);
}

TEST_CASE("the deadline holds over the whole exchange", "[http_client]") {
  const bool drips = GENERATE(false, true);
  TargetServer server([&](const TargetConnection& connection) {
    connection.read_request();
    // Each byte alone would be in time.
    if (drips) {
      connection.send("HTTP/1.1 200 OK\r\nX: ");
      while (connection.send("x")) ::usleep(10'000);
    }
    connection.wait_for_hang_up();
  });
  auto call = call_of(server.url());
  call.timeout = 300ms;
  const auto begin = std::chrono::steady_clock::now();
  const auto failure = failure_of(ask(std::move(call)));
  CHECK(failure.trouble == HttpTrouble::timed_out);
  CHECK_THAT(failure.detail, Contains("within 300 ms"));
  CHECK(std::chrono::steady_clock::now() - begin >= 300ms);
}

TEST_CASE("an answer that comes before the request is read counts", "[http_client]") {
  TargetServer server([](const TargetConnection& connection) {
    connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    connection.wait_for_hang_up();
  });
  CHECK(answer_of(ask(call_of(server.url(), std::string(32u << 20, 'x')))).status == 413);
}

TEST_CASE("Retry-After is told with the answer", "[http_client]") {
  const auto told = answer_of(
      outcome_of("HTTP/1.1 429 Slow Down\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"));
  CHECK(told.retry_after == 120s);
}

TEST_CASE("nothing in a URL or a header can become a second request", "[http_client]") {
  TargetServer server(TargetServer::answering(answer("Content-Length: 0\r\n")));
  HttpClient client(loopback_options());
  const auto refused = [&](HttpCall call) {
    const auto failure = failure_of(ask(client, std::move(call)));
    return failure.trouble == HttpTrouble::bad_url && !failure.detail.empty();
  };
  CHECK(refused(call_of(server.url("/a\r\nX-Injected: 1"))));
  CHECK(refused(call_of(server.url("/a b"))));
  CHECK(refused(call_of("http://user:secret@127.0.0.1/")));
  const std::pair<std::string, std::string> bad_headers[] = {{"X", "1\r\nX-Injected: 1"},
                                                             {"X", "1\n"},
                                                             {"X", std::string("\0", 1)},
                                                             {"X: 1\r\nY", "2"},
                                                             {"", "1"},
                                                             {"X Y", "1"},
                                                             {"Host", "other"},
                                                             {"host", "other"},
                                                             {"Content-Length", "0"},
                                                             {"Transfer-Encoding", "chunked"},
                                                             {"Connection", "keep-alive"}};
  for (const auto& header : bad_headers) {
    auto call = call_of(server.url());
    call.headers = {header};
    CAPTURE(header.first, header.second);
    CHECK(refused(std::move(call)));
  }
  for (const auto* method : {"", "GET / HTTP/1.1\r\n", "CONNECT", "TRACE"}) {
    auto call = call_of(server.url());
    call.method = method;
    CHECK(refused(std::move(call)));
  }
  CHECK(server.connection_count() == 0);
  CHECK(answer_of(ask(client, call_of(server.url()))).status == 200);
}

TEST_CASE("calls run side by side: one without an answer holds up no other", "[http_client]") {
  TargetServer silent([](const TargetConnection& connection) { connection.wait_for_hang_up(); });
  TargetServer live(TargetServer::answering(answer("Content-Length: 0\r\n")));
  HttpClient client(loopback_options());
  std::atomic<int> silent_told = 0;
  for (int count = 0; count < 50; ++count) {
    client.send(call_of(silent.url()), [&](HttpOutcome) { ++silent_told; });
  }
  for (int count = 0; count < 50; ++count) {
    CHECK(answer_of(ask(client, call_of(live.url()))).status == 200);
  }
  CHECK(silent_told == 0);
}

TEST_CASE("a client that is stopped tells nothing more", "[http_client]") {
  TargetServer silent([](const TargetConnection& connection) {
    connection.read_request();
    connection.wait_for_hang_up();
  });
  std::atomic<int> told = 0;
  const auto witness = std::make_shared<int>();
  HttpClient client(loopback_options());
  for (int count = 0; count < 20; ++count) {
    client.send(call_of(silent.url()), [&told, witness](HttpOutcome) { ++told; });
  }
  REQUIRE(wait_until([&] { return silent.connection_count() > 0; }));
  client.stop();
  client.send(call_of(silent.url()), [&told](HttpOutcome) { ++told; });
  client.stop();
  CHECK(told == 0);
  CHECK(witness.use_count() == 1);
}

}  // namespace signalbox::protocol
