// Deadlines, disconnects and the end of a server: each waited for by what the client can see.
#include <catch2/catch.hpp>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include "http_raw_client.h"

namespace signalbox::protocol {
namespace {

using Clock = std::chrono::steady_clock;

// Long timeouts, so that only the one under test can end a connection.
HttpServerOptions patient_options() {
  HttpServerOptions options;
  options.header_timeout = options.body_timeout = options.body_rate_grace = options.idle_timeout =
      options.write_timeout = 60s;
  return options;
}

// A handler that keeps its exchanges for the test to answer.
class Keeper {
 public:
  HttpServer::Handler handler() {
    return [this](HttpRequest&& request, std::shared_ptr<Exchange> exchange) {
      if (request.target != "/keep") return TestServer::echo(std::move(request), exchange);
      if (is_watching) exchange->watch_disconnect([this] { ++gone_count; });
      kept = std::move(exchange);
      has_kept = true;
    };
  }
  void answer(TestServer& server) {
    has_kept = false;
    server->post(kept->io_thread(), std::make_unique<CallTask>([this] {
                   HttpReply reply;
                   reply.body = body;
                   if (wants_unwritten) reply.unwritten = [this] { ++unwritten_count; };
                   std::exchange(kept, nullptr)->reply(std::move(reply));
                   ++answered_count;
                 }));
  }
  bool wait() {
    return wait_until([this] { return has_kept.load(); });
  }

  bool is_watching = true;
  bool wants_unwritten = false;
  std::string body = "at last";
  std::shared_ptr<Exchange> kept;
  std::atomic<bool> has_kept = false;
  std::atomic<int> gone_count = 0;
  std::atomic<int> answered_count = 0;
  std::atomic<int> unwritten_count = 0;
};

}  // namespace

TEST_CASE("an idle connection is closed when its time is over, not before", "[http][deadline]") {
  auto options = patient_options();
  options.idle_timeout = 300ms;
  TestServer server(options);
  auto fresh = server.connect();
  auto used = server.connect();
  used.send(get_request());
  CHECK(used.read_reply().status == 200);
  const auto begin = Clock::now();
  CHECK(fresh.is_closed());
  CHECK(used.is_closed());
  CHECK(Clock::now() - begin >= 290ms);
  CHECK(Clock::now() - begin < 10s);
}

TEST_CASE("headers that dawdle are refused with 408", "[http][deadline]") {
  auto options = patient_options();
  options.header_timeout = 300ms;
  TestServer server(options);
  auto client = server.connect();
  CHECK_FALSE(client.has_input(450ms));  // control: the time runs from the first byte
  const auto begin = Clock::now();
  // Bytes that trickle in do not prolong it.
  std::thread trickle([&] {
    while (client.send("G") && Clock::now() - begin < 10s && !client.has_input(20ms)) {
    }
  });
  trickle.join();
  CHECK(client.read_reply().status == 408);
  CHECK(client.is_closed());
  CHECK(Clock::now() - begin >= 290ms);
  CHECK(Clock::now() - begin < 10s);
}

TEST_CASE("the headers' time starts again with each request", "[http][deadline]") {
  auto options = patient_options();
  options.header_timeout = 1s;
  TestServer server(options);
  auto client = server.connect();
  const auto begin = Clock::now();
  while (Clock::now() - begin < 1500ms) {
    client.send(get_request());
    REQUIRE(client.read_reply().status == 200);
    std::this_thread::sleep_for(10ms);
  }
}

TEST_CASE("a body that takes too long is refused with 408", "[http][deadline]") {
  auto options = patient_options();
  options.body_timeout = 300ms;
  TestServer server(options);
  auto client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx");
  const auto begin = Clock::now();
  CHECK(client.read_reply().status == 408);
  CHECK(client.is_closed());
  CHECK(Clock::now() - begin >= 290ms);
}

TEST_CASE("a body slower than the least rate is refused, a faster one is not", "[http][deadline]") {
  auto options = patient_options();
  options.body_rate_grace = 200ms;
  options.body_rate_min_bytes_per_s = 1024;
  TestServer server(options);
  auto slow = server.connect();
  auto fast = server.connect();
  for (auto* client : {&slow, &fast}) {
    client->send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  }
  std::size_t sent_bytes = 0;
  // Both keep sending: the slow one a few bytes at a time.
  while (!slow.has_input(10ms) && sent_bytes < 900'000) {
    slow.send("x");
    fast.send(std::string(1000, 'x'));
    sent_bytes += 1000;
  }
  CHECK(slow.read_reply().status == 408);
  CHECK_FALSE(fast.has_input());
  fast.send(std::string(1'000'000 - sent_bytes, 'x'));
  CHECK(fast.read_reply().status == 200);
}

TEST_CASE("a client that does not read its reply is dropped", "[http][deadline]") {
  auto options = patient_options();
  options.write_timeout = 300ms;
  options.connections_max = 1;
  const std::size_t reply_bytes = 64 * 1024 * 1024;
  TestServer server(options, [&](HttpRequest&& request, const std::shared_ptr<Exchange>& exchange) {
    HttpReply reply;
    if (request.target == "/large") reply.body.assign(reply_bytes, 'x');
    exchange->reply(std::move(reply));
  });
  RawClient lazy(server.port(), 4096);
  lazy.send(get_request("/large"));
  REQUIRE(lazy.has_input(patience));
  // Its place goes to the next client when it is dropped.
  auto next = server.connect();
  next.send(get_request());
  CHECK(next.read_reply().status == 200);
  CHECK(lazy.read_to_end().size() < reply_bytes);
}

TEST_CASE("a client that reads its reply slowly but in time gets all of it", "[http][deadline]") {
  const std::size_t reply_bytes = 8 * 1024 * 1024;
  TestServer server({}, [&](HttpRequest&&, const std::shared_ptr<Exchange>& exchange) {
    HttpReply reply;
    reply.body.assign(reply_bytes, 'x');
    exchange->reply(std::move(reply));
  });
  RawClient client(server.port(), 4096);
  client.send(get_request() + get_request());
  CHECK(client.read_reply().body.size() == reply_bytes);
  CHECK(client.read_reply().body.size() == reply_bytes);
}

TEST_CASE("a waiting request is told when its client leaves", "[http][disconnect]") {
  Keeper keeper;
  TestServer server(patient_options(), keeper.handler());
  for (const bool with_reset : {false, true}) {
    auto client = server.connect();
    client.send(get_request("/keep"));
    REQUIRE(keeper.wait());
    CHECK(keeper.gone_count == 0);
    with_reset ? client.reset() : client.close();
    CHECK(wait_until([&] { return keeper.gone_count == 1; }));
    keeper.answer(server);  // to nobody
    REQUIRE(wait_until([&] { return keeper.answered_count == 1; }));
    keeper.answered_count = 0;
    keeper.gone_count = 0;
  }
  auto client = server.connect();
  client.send(get_request("/control"));
  CHECK(client.read_reply().status == 200);
}

TEST_CASE("after the reply nobody is told of a client leaving", "[http][disconnect]") {
  auto options = patient_options();
  options.connections_max = 1;
  Keeper keeper;
  TestServer server(options, keeper.handler());
  auto client = server.connect();
  client.send(get_request("/keep"));
  REQUIRE(keeper.wait());
  keeper.answer(server);
  CHECK(client.read_reply().body == "at last");
  client.send(get_request("/next"));
  CHECK(client.read_reply().body == "GET /next ");
  client.close();
  auto other = server.connect();  // served only when the first is gone for the server, too
  other.send(get_request());
  CHECK(other.read_reply().status == 200);
  CHECK(keeper.gone_count == 0);
}

TEST_CASE("watching a client does not eat its pipelined requests", "[http][disconnect]") {
  Keeper keeper;
  TestServer server(patient_options(), keeper.handler());
  auto client = server.connect();
  client.send(get_request("/keep"));
  REQUIRE(keeper.wait());
  std::string more;
  for (int count = 0; count < 1000; ++count) more += get_request("/" + std::to_string(count));
  client.send(more);
  CHECK_FALSE(client.has_input(50ms));
  keeper.answer(server);
  CHECK(client.read_reply().body == "at last");
  for (int count = 0; count < 1000; ++count) {
    REQUIRE(client.read_reply().body == "GET /" + std::to_string(count) + " ");
  }
  CHECK(keeper.gone_count == 0);
}

TEST_CASE("a client leaving behind many pipelined bytes is noticed", "[http][disconnect]") {
  auto options = patient_options();
  Keeper keeper;
  TestServer server(options, keeper.handler());
  auto client = server.connect();
  client.send(get_request("/keep") + std::string(100'000, 'x'));
  REQUIRE(keeper.wait());
  client.close();
  CHECK(wait_until([&] { return keeper.gone_count == 1; }));
}

TEST_CASE("a client that only stops sending still gets its replies", "[http][disconnect]") {
  Keeper keeper;
  keeper.is_watching = GENERATE(true, false);
  TestServer server(patient_options(), keeper.handler());
  auto client = server.connect();
  client.send(get_request("/keep") + get_request("/keep"));
  client.finish_sending();
  for (int count = 0; count < 2; ++count) {
    REQUIRE(keeper.wait());
    if (keeper.is_watching) CHECK(wait_until([&] { return keeper.gone_count == count + 1; }));
    keeper.answer(server);
    CHECK(client.read_reply().body == "at last");
  }
  CHECK(client.is_closed());
}

TEST_CASE("draining closes idle connections and lets requests under way finish", "[http][drain]") {
  Keeper keeper;
  TestServer server(patient_options(), keeper.handler());
  auto idle = server.connect();
  idle.send(get_request());
  CHECK(idle.read_reply().status == 200);
  auto active = server.connect();
  active.send(get_request("/keep"));
  REQUIRE(keeper.wait());
  const auto port = server.port();

  auto drained = std::async(std::launch::async, [&] { server->drain(patience); });
  CHECK(idle.is_closed());
  CHECK_THROWS(RawClient(port));
  CHECK(drained.wait_for(50ms) == std::future_status::timeout);  // control: it waits
  keeper.answer(server);
  const auto reply = active.read_reply();
  CHECK(reply.body == "at last");
  CHECK(reply.header("Connection") == "close");
  CHECK(active.is_closed());
  active.close();
  CHECK(drained.wait_for(patience) == std::future_status::ready);
}

TEST_CASE("draining gives up on a request at its deadline", "[http][drain]") {
  Keeper keeper;
  TestServer server(patient_options(), keeper.handler());
  auto client = server.connect();
  client.send(get_request("/keep"));
  REQUIRE(keeper.wait());
  const auto begin = Clock::now();
  server->drain(200ms);
  CHECK(Clock::now() - begin >= 200ms);
  CHECK(Clock::now() - begin < 10s);
  CHECK(client.is_closed());
  CHECK(keeper.gone_count == 1);
  server->drain(200ms);  // again: nothing to do
}

TEST_CASE("an exchange may outlive its server", "[http][drain]") {
  Keeper keeper;
  TestServer server(patient_options(), keeper.handler());
  auto client = server.connect();
  client.send(get_request("/keep"));
  REQUIRE(keeper.wait());
  server.destroy();
  CHECK(client.is_closed());
  keeper.kept->reply({});
  keeper.kept.reset();
}

TEST_CASE("an abandoned exchange may outlive its server", "[http][drain]") {
  Keeper keeper;
  TestServer server(patient_options(), keeper.handler());
  auto client = server.connect();
  client.send(get_request("/keep"));
  REQUIRE(keeper.wait());
  server.destroy();
  keeper.kept.reset();
}

TEST_CASE("tasks posted after the end are destroyed without running", "[http][drain]") {
  TestServer server;
  server->drain(0ms);
  auto token = std::make_shared<int>(0);
  server->post(0, std::make_unique<CallTask>([token] { ++*token; }));
  CHECK(token.use_count() == 1);
  CHECK(*token == 0);
}

TEST_CASE("servers start and stop under load without losing themselves", "[http][drain]") {
  for (int round = 0; round < 10; ++round) {
    HttpServerOptions options;
    options.io_thread_count = 2;
    TestServer server(options);
    std::atomic<bool> is_over = false;
    std::atomic<int> answered_count = 0;
    std::vector<std::thread> users;
    for (int user = 0; user < 4; ++user) {
      users.emplace_back([&, port = server.port()] {
        while (!is_over) {
          try {
            RawClient client(port);
            while (client.send(get_request()) && client.read_reply().status == 200) {
              ++answered_count;
            }
          } catch (const std::runtime_error&) {
          }
        }
      });
    }
    CHECK(wait_until([&] { return answered_count > 20; }));
    server->drain(round % 2 == 0 ? 0ms : 5000ms);
    is_over = true;
    for (auto& user : users) user.join();
  }
}

TEST_CASE("whoever answers hears of a reply that could not be written, and only then", "[http]") {
  Keeper keeper;
  keeper.wants_unwritten = true;
  TestServer server(patient_options(), keeper.handler());
  const auto ask = [&] {
    auto client = server.connect();
    client.send(get_request("/keep"));
    REQUIRE(keeper.wait());
    return client;
  };
  auto reader = ask();
  keeper.answer(server);
  CHECK(reader.read_reply().body == "at last");
  reader.close();

  auto leaves_before = ask();
  leaves_before.close();
  REQUIRE(wait_until([&] { return keeper.gone_count == 1; }));
  keeper.answer(server);
  CHECK(wait_until([&] { return keeper.unwritten_count == 1; }));

  keeper.body = std::string(64u << 20, 'x');  // more than a socket holds
  auto leaves_amid = ask();
  keeper.answer(server);
  CHECK(leaves_amid.has_input(patience));
  CHECK(keeper.unwritten_count == 1);
  leaves_amid.reset();
  CHECK(wait_until([&] { return keeper.unwritten_count == 2; }));
}

}  // namespace signalbox::protocol
