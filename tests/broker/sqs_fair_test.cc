// Fair queues: message groups on standard queues.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "test_broker.h"

namespace signalbox::broker {
namespace {

using namespace std::chrono_literals;
using Bodies = std::vector<std::string>;

class FairBroker : public test::TestBroker {
 public:
  using TestBroker::TestBroker;

  // count messages of the tenant; no tenant when it is empty.
  void send_as(const std::string& queue, const std::string& tenant, int count = 1,
               std::optional<std::int64_t> delay_s = {}) {
    for (int i = 0; i < count; ++i) {
      api::SendMessageRequest request;
      request.queue_url = queue;
      request.message_body = tenant.empty() ? "nobody" : tenant;
      if (!tenant.empty()) request.message_group_id = tenant;
      request.delay_seconds = delay_s;
      REQUIRE_FALSE(call<&Broker::send_message>(request).error);
    }
  }
  std::vector<api::Message> take(const std::string& queue, int count) {
    std::vector<api::Message> all;
    while (count > 0) {
      auto messages = receive(queue, std::min(count, 10));
      if (messages.empty()) break;
      count -= static_cast<int>(messages.size());
      all.insert(all.end(), messages.begin(), messages.end());
    }
    return all;
  }
  Bodies take_bodies(const std::string& queue, int count) {
    Bodies all;
    for (const auto& message : take(queue, count)) all.push_back(message.body);
    return all;
  }
};

}  // namespace

TEST_CASE("a noisy tenant's backlog comes after the messages of quiet ones", "[fair]") {
  FairBroker world;
  const auto queue = world.create_queue("orders");
  world.send_as(queue, "a", 100);
  CHECK(world.take(queue, 30).size() == 30);
  world.send_as(queue, "b", 2);
  world.send_as(queue, "", 1);
  CHECK(world.take_bodies(queue, 5) == Bodies{"b", "b", "nobody", "a", "a"});
}

TEST_CASE("fewer than 30 in flight make no tenant noisy", "[fair]") {
  FairBroker world;
  const auto queue = world.create_queue("orders");
  world.send_as(queue, "a", 40);
  CHECK(world.take(queue, 29).size() == 29);
  world.send_as(queue, "b", 1);
  CHECK(world.take_bodies(queue, 1) == Bodies{"a"});
  CHECK(world.take_bodies(queue, 1) == Bodies{"b"});
}

TEST_CASE("no more than a tenth of what is in flight makes no tenant noisy", "[fair]") {
  FairBroker world;
  const auto queue = world.create_queue("orders");
  world.send_as(queue, "", 271);
  CHECK(world.take(queue, 271).size() == 271);
  world.send_as(queue, "a", 40);
  CHECK(world.take(queue, 30).size() == 30);
  world.send_as(queue, "b", 1);
  CHECK(world.take_bodies(queue, 1) == Bodies{"a"});  // 30 of 301
  CHECK(world.take_bodies(queue, 1) == Bodies{"b"});  // 31 of 302
}

TEST_CASE("a tenant that sent nothing for five minutes is quiet", "[fair]") {
  FairBroker world;
  const auto queue = world.create_queue("orders", {{"VisibilityTimeout", "3600"}});
  world.send_as(queue, "a", 40);
  CHECK(world.take(queue, 35).size() == 35);
  world.send_as(queue, "b", 2);
  CHECK(world.take_bodies(queue, 1) == Bodies{"b"});
  world.advance(5min);
  CHECK(world.take_bodies(queue, 1) == Bodies{"a"});
}

TEST_CASE("of several noisy tenants the one with the fewest in flight comes first", "[fair]") {
  FairBroker world;
  const auto queue = world.create_queue("orders");
  world.send_as(queue, "a", 45);
  CHECK(world.take(queue, 40).size() == 40);
  world.send_as(queue, "b", 35);
  CHECK(world.take_bodies(queue, 30) == Bodies(30, "b"));
  CHECK(world.take_bodies(queue, 10) == Bodies{"b", "b", "b", "b", "b", "a", "a", "a", "a", "a"});
}

TEST_CASE("a tenant that takes most of the consumers' time is noisy", "[fair]") {
  FairBroker world;
  const auto queue = world.create_queue("orders", {{"VisibilityTimeout", "600"}});
  const auto handle_for = [&](const std::string& tenant, Duration time) {
    world.send_as(queue, tenant);
    const auto message = world.take(queue, 1).at(0);
    CHECK(message.body == tenant);
    world.advance(time);
    CHECK_FALSE(world.remove(queue, message.receipt_handle));
  };
  handle_for("slow", 20s);
  world.send_as(queue, "slow");
  world.send_as(queue, "quick");
  CHECK(world.take_bodies(queue, 2) == Bodies{"slow", "quick"});  // too little to tell
  handle_for("slow", 20s);
  world.send_as(queue, "slow");
  world.send_as(queue, "quick");
  CHECK(world.take_bodies(queue, 2) == Bodies{"quick", "slow"});
  world.advance(9min);
  world.send_as(queue, "slow");
  world.send_as(queue, "quick");
  CHECK(world.take_bodies(queue, 2) == Bodies{"slow", "quick"});  // that was long ago
}

TEST_CASE("a tenant is not locked: its messages are handed out side by side", "[fair]") {
  FairBroker world;
  const auto queue = world.create_queue("orders");
  world.send_as(queue, "a", 3);
  CHECK(world.take(queue, 1).size() == 1);
  CHECK(world.take(queue, 10).size() == 2);
}

TEST_CASE("a quiet tenant is found behind a backlog larger than the window", "[fair]") {
  Settings settings;
  settings.queue_window_messages = 8;
  FairBroker world(settings);
  const auto queue = world.create_queue("orders");
  world.send_as(queue, "a", 300);
  CHECK(world.take(queue, 30).size() == 30);
  world.send_as(queue, "b", 1);
  CHECK(world.take_bodies(queue, 2) == Bodies{"b", "a"});
  CHECK(world.take(queue, 1000).size() == 269);
}

TEST_CASE("what had come before the first group is still handed out once each", "[fair]") {
  FairBroker world;
  const auto queue = world.create_queue("orders", {{"VisibilityTimeout", "10"}});
  world.send_as(queue, "", 4);
  const auto early = world.take(queue, 2);
  world.advance(10s);  // visible again
  const auto held = world.take(queue, 1);
  world.send_as(queue, "a", 2);
  CHECK(world.take_bodies(queue, 10) == Bodies{"nobody", "nobody", "nobody", "a", "a"});
  CHECK(world.take(queue, 10).empty());
  CHECK_FALSE(world.remove(queue, held.at(0).receipt_handle));
  world.advance(10s);
  CHECK(world.take(queue, 10).size() == 5);
  CHECK_FALSE(world.remove(queue, early.at(1).receipt_handle));
  CHECK(world.attribute(queue, "ApproximateNumberOfMessagesNotVisible") == "4");
}

TEST_CASE("an old handle deletes or hides a tenant's message that is visible again", "[fair]") {
  FairBroker world;
  const auto queue = world.create_queue("orders", {{"VisibilityTimeout", "10"}});
  world.send_as(queue, "a", 3);
  const auto messages = world.take(queue, 3);
  world.advance(10s);
  CHECK_FALSE(world.remove(queue, messages.at(0).receipt_handle));
  CHECK_FALSE(world.change_visibility(queue, messages.at(1).receipt_handle, 60));
  CHECK(world.take(queue, 10).size() == 1);
  CHECK(world.attribute(queue, "ApproximateNumberOfMessagesNotVisible") == "2");
}

TEST_CASE("tenants, their delayed and their received messages survive a restart", "[fair]") {
  Settings settings;
  settings.queue_window_messages = 8;
  FairBroker world(settings);
  const auto queue = world.create_queue("orders");
  world.send_as(queue, "b", 1, 5);
  world.send_as(queue, "a", 60);
  CHECK(world.take(queue, 30).size() == 30);
  world.restart();
  world.advance(5s);
  CHECK(world.take_bodies(queue, 2) == Bodies{"b", "a"});
  world.advance(30s);
  world.restart();
  CHECK(world.take(queue, 100).size() == 61);
}

TEST_CASE("a purge forgets tenants", "[fair]") {
  FairBroker world;
  const auto queue = world.create_queue("orders");
  world.send_as(queue, "a", 40);
  CHECK(world.take(queue, 35).size() == 35);
  api::PurgeQueueRequest request;
  request.queue_url = queue;
  CHECK_FALSE(world.call<&Broker::purge_queue>(request).error);
  world.send_as(queue, "a", 1);
  world.send_as(queue, "b", 1);
  CHECK(world.take_bodies(queue, 10) == Bodies{"a", "b"});
}

TEST_CASE("a tenant's dead letters keep its name", "[fair]") {
  FairBroker world;
  const auto dead = world.create_queue("dead");
  const auto queue = world.create_queue(
      "orders",
      {{"RedrivePolicy",
        R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1})"},
       {"VisibilityTimeout", "5"}});
  world.send_as(queue, "a", 1);
  CHECK(world.take(queue, 1).size() == 1);
  world.advance(5s);
  CHECK(world.take(queue, 1).empty());
  const auto letters = world.take(dead, 10);
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].attributes->at("MessageGroupId") == "a");
}

}  // namespace signalbox::broker
