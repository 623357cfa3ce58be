#include "protocol/address_rule.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "http_target_server.h"

namespace signalbox::protocol {

using broker::HttpTrouble;
using Catch::Contains;

namespace {

AddressKind kind_of(const std::string& text) {
  return kind_of_address(boost::asio::ip::make_address(text));
}

HttpClientOptions knowing(std::vector<std::string> addresses) {
  auto options = loopback_options();
  options.look_up = [addresses = std::move(addresses)](const std::string&) {
    return LookedUp{addresses, addresses.empty(), "no such name"};
  };
  return options;
}

}  // namespace

TEST_CASE("addresses of the internet are global", "[address_rule]") {
  for (const auto* text : {"1.1.1.1",         "8.8.8.8",
                           "9.255.255.255",   "11.0.0.0",
                           "100.63.255.255",  "100.128.0.0",
                           "126.255.255.255", "128.0.0.0",
                           "169.253.255.255", "169.255.0.0",
                           "172.15.255.255",  "172.32.0.0",
                           "192.167.255.255", "192.169.0.0",
                           "198.17.255.255",  "198.20.0.0",
                           "223.255.255.255", "2606:4700:4700::1111",
                           "2a00:1450::1",    "2001:4860:4860::8888",
                           "::ffff:8.8.8.8"}) {
    CAPTURE(text);
    CHECK(kind_of(text) == AddressKind::global);
  }
}

TEST_CASE("addresses of the machine itself are loopback, however they are written",
          "[address_rule]") {
  for (const auto* text : {"127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"}) {
    CAPTURE(text);
    CHECK(kind_of(text) == AddressKind::loopback);
  }
}

TEST_CASE("networks of one's own, and ways into them, are private", "[address_rule]") {
  for (const auto* text : {"10.0.0.0",
                           "10.255.255.255",
                           "100.64.0.0",
                           "100.127.255.255",
                           "169.254.0.1",
                           "169.254.169.253",
                           "172.16.0.0",
                           "172.31.255.255",
                           "192.0.0.1",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.0.0",
                           "192.168.255.255",
                           "198.18.0.0",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "::ffff:10.0.0.1",
                           "::ffff:192.168.1.1",
                           "64:ff9b::8.8.8.8",
                           "64:ff9b::10.0.0.1",
                           "64:ff9b::127.0.0.1",
                           "64:ff9b:1::1",
                           "fc00::",
                           "fd12:3456::1",
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "2001::1",
                           "2001:db8::1",
                           "2002:7f00:1::",
                           "3fff::1",
                           "100::1",
                           "::127.0.0.1",
                           "4000::1"}) {
    CAPTURE(text);
    CHECK(kind_of(text) == AddressKind::private_use);
  }
}

TEST_CASE("no target is at multicast, reserved, unspecified or metadata addresses",
          "[address_rule]") {
  const AddressRule lenient{true, true};
  for (const auto* text :
       {"0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "::", "ff02::1",
        "fd00:ec2::254", "fd20:ce::254", "::ffff:0.0.0.0", "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254", "64:ff9b::0.0.0.0"}) {
    CAPTURE(text);
    CHECK(kind_of(text) == AddressKind::forbidden);
    CHECK_THAT(lenient.check(boost::asio::ip::make_address(text)), Contains("no target may have"));
  }
}

TEST_CASE("the rule says which addresses are refused, and what would allow them",
          "[address_rule]") {
  const auto check = [](const AddressRule& rule, const char* text) {
    return rule.check(boost::asio::ip::make_address(text));
  };
  const AddressRule strict;
  CHECK(check(strict, "8.8.8.8").empty());
  CHECK_THAT(check(strict, "127.0.0.1"), Contains("--http-targets-private"));
  CHECK_THAT(check(strict, "10.0.0.1"), Contains("10.0.0.1") && Contains("--http-targets-private"));
  const AddressRule local{true, false};
  CHECK(check(local, "127.0.0.1").empty());
  CHECK(check(local, "::1").empty());
  CHECK_FALSE(check(local, "10.0.0.1").empty());
  const AddressRule lenient{false, true};
  CHECK(check(lenient, "127.0.0.1").empty());
  CHECK(check(lenient, "10.0.0.1").empty());
  CHECK(check(lenient, "fd12::1").empty());
}

TEST_CASE("a call to a refused address makes no connection", "[address_rule]") {
  TargetServer server(TargetServer::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  const auto port = std::to_string(server.port());
  // The old spellings of 127.0.0.1 are names to us: the system makes the same address of them.
  for (const auto* host : {"127.0.0.1", "[::ffff:127.0.0.1]", "localhost", "2130706433", "0x7f.1",
                           "127.1", "0177.0.0.1", "[::ffff:7f00:1]"}) {
    CAPTURE(host);
    const auto failure = failure_of(ask(call_of("http://" + std::string(host) + ":" + port), {}));
    CHECK(failure.trouble == HttpTrouble::address_refused);
    CHECK_THAT(failure.detail, Contains("--http-targets-private"));
  }
  CHECK(server.connection_count() == 0);
  CHECK(answer_of(ask(call_of(server.url()))).status == 200);
}

TEST_CASE("a name is refused when any of its addresses is", "[address_rule]") {
  TargetServer server(TargetServer::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  const auto url = "http://target.test:" + std::to_string(server.port());
  const auto failure = failure_of(ask(call_of(url), knowing({"127.0.0.1", "10.0.0.1"})));
  CHECK(failure.trouble == HttpTrouble::address_refused);
  CHECK_THAT(failure.detail, Contains("10.0.0.1"));
  CHECK(failure_of(ask(call_of(url), knowing({"fe80::1%1"}))).trouble ==
        HttpTrouble::address_refused);
  CHECK(server.connection_count() == 0);
  CHECK(answer_of(ask(call_of(url), knowing({"127.0.0.1"}))).status == 200);
}

TEST_CASE("the address that was checked is the one connected to", "[address_rule]") {
  TargetServer server(TargetServer::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  std::atomic<int> lookups = 0;
  auto options = loopback_options();
  // A name whose second lookup would lead somewhere else.
  options.look_up = [&](const std::string&) {
    return LookedUp{{lookups++ == 0 ? "127.0.0.1" : "10.0.0.1"}, false, {}};
  };
  HttpClient client(std::move(options));
  const auto call = call_of("http://rebinding.test:" + std::to_string(server.port()));
  CHECK(answer_of(ask(client, call)).status == 200);
  CHECK(lookups == 1);
  CHECK(failure_of(ask(client, call)).trouble == HttpTrouble::address_refused);
}

TEST_CASE("the next address of a name is tried when one does not answer", "[address_rule]") {
  TargetServer server(TargetServer::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  const auto url = "http://target.test:" + std::to_string(server.port());
  CHECK(answer_of(ask(call_of(url), knowing({"127.0.0.2", "::1", "127.0.0.1"}))).status == 200);
}

TEST_CASE("an address that swallows everything leaves time for the next", "[address_rule]") {
  TargetServer server(TargetServer::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  const FullListener swallowing("127.0.0.2", server.port());
  auto call = call_of("http://target.test:" + std::to_string(server.port()));
  call.timeout = 2s;
  CHECK(answer_of(ask(call, knowing({"127.0.0.2", "127.0.0.1"}))).status == 200);
  call.timeout = 100ms;
  const auto failure = failure_of(ask(call, knowing({"127.0.0.2"})));
  CHECK(failure.trouble == HttpTrouble::timed_out);
  CHECK_THAT(failure.detail, Contains("connecting"));
}

TEST_CASE("a name that does not exist is told apart from one that cannot be looked up",
          "[name_lookup]") {
  const auto unknown = failure_of(ask(call_of("http://nowhere.test/"), knowing({})));
  CHECK(unknown.trouble == HttpTrouble::unknown_host);
  CHECK_THAT(unknown.detail, Contains("nowhere.test") && Contains("no such name"));

  auto options = loopback_options();
  options.look_up = [](const std::string&) { return LookedUp{{}, false, "try again"}; };
  CHECK(failure_of(ask(call_of("http://somewhere.test/"), options)).trouble ==
        HttpTrouble::connection_failed);
}

TEST_CASE("a name server that is silent holds up only those who ask for that name",
          "[name_lookup]") {
  TargetServer server(TargetServer::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  const auto port = std::to_string(server.port());
  // Shared with the lookup's thread, which the client leaves behind.
  const auto release = std::make_shared<std::promise<void>>();
  const auto released = release->get_future().share();
  const auto silent_lookups = std::make_shared<std::atomic<int>>(0);
  auto options = loopback_options();
  options.look_up = [released, silent_lookups](const std::string& host) {
    if (host == "silent.test") {
      ++*silent_lookups;
      released.wait();
    }
    return LookedUp{{"127.0.0.1"}, false, {}};
  };
  HttpClient client(std::move(options));
  std::atomic<int> told = 0;
  for (int count = 0; count < 10; ++count) {
    client.send(call_of("http://silent.test:" + port), [&](HttpOutcome) { ++told; });
  }
  auto late = call_of("http://silent.test:" + port);
  late.timeout = 100ms;
  const auto failure = failure_of(ask(client, std::move(late)));
  CHECK(failure.trouble == HttpTrouble::timed_out);
  CHECK_THAT(failure.detail, Contains("looking up its name"));
  CHECK(answer_of(ask(client, call_of("http://live.test:" + port))).status == 200);
  CHECK(told == 0);
  CHECK(*silent_lookups == 1);
  client.stop();
  CHECK(told == 0);
  release->set_value();
}

}  // namespace signalbox::protocol
