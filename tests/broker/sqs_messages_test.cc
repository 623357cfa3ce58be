#include <catch2/catch.hpp>
#include <set>

#include "tests/broker/test_broker.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using test::TestBroker;

namespace {

std::vector<std::string> bodies(const std::vector<api::Message>& messages) {
  std::vector<std::string> all;
  for (const auto& message : messages) all.push_back(message.body);
  return all;
}

std::string redrive_policy(const std::string& target, int max_receive_count) {
  return R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:)" + target +
         R"(","maxReceiveCount":)" + std::to_string(max_receive_count) + "}";
}

}  // namespace

TEST_CASE("a message sent is received with its body, digest and id", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  const auto sent = world.send(queue, "hello");
  REQUIRE(sent.released);
  CHECK(sent.response.md5_of_message_body == "5d41402abc4b2a76b9719d911017c592");
  const auto messages = world.receive(queue);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].body == "hello");
  CHECK(messages[0].message_id == sent.response.message_id);
  CHECK(messages[0].md5_of_body == sent.response.md5_of_message_body);
  CHECK(messages[0].attributes->at("ApproximateReceiveCount") == "1");
  CHECK(messages[0].attributes->at("SentTimestamp") == "1767323045678");
}

TEST_CASE("messages are handed out in the order they were sent", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  for (const char* body : {"a", "b", "c"}) world.send(queue, body);
  CHECK(bodies(world.receive(queue)) == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("a message returns to the queue when its visibility timeout passes", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  world.send(queue, "again");
  REQUIRE(world.receive(queue).size() == 1);
  CHECK(world.receive(queue).empty());
  CHECK(world.attribute(queue, "ApproximateNumberOfMessagesNotVisible") == "1");
  world.advance(29s);
  CHECK(world.receive(queue).empty());
  world.advance(1s);
  const auto messages = world.receive(queue);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].attributes->at("ApproximateReceiveCount") == "2");
}

TEST_CASE("a deleted message never comes back, and deleting it again succeeds", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  world.send(queue, "once");
  const auto handle = world.receive(queue).at(0).receipt_handle;
  CHECK_FALSE(world.remove(queue, handle));
  CHECK_FALSE(world.remove(queue, handle));
  world.advance(1h);
  CHECK(world.receive(queue).empty());
  CHECK(world.attribute(queue, "ApproximateNumberOfMessages") == "0");
  world.restart();
  world.advance(1h);
  CHECK(world.receive(queue).empty());
}

TEST_CASE("any earlier handle deletes the message, visible or not", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  world.send(queue, "once");
  const auto first = world.receive(queue).at(0).receipt_handle;
  world.advance(31s);
  const auto second = world.receive(queue).at(0).receipt_handle;
  CHECK(first != second);
  world.advance(31s);
  CHECK_FALSE(world.remove(queue, first));
  CHECK(world.receive(queue).empty());
}

TEST_CASE("a handle is refused when it was made up or belongs to another queue", "[sqs]") {
  TestBroker world;
  const auto orders = world.create_queue("orders");
  const auto invoices = world.create_queue("invoices");
  world.send(orders, "mine");
  const auto handle = world.receive(orders).at(0).receipt_handle;
  CHECK(world.remove(invoices, handle)->code == ErrorCode::receipt_handle_is_invalid);
  const auto garbage = world.remove(orders, "garbage");
  REQUIRE(garbage);
  CHECK(garbage->message == "The input receipt handle \"garbage\" is not a valid receipt handle.");
  for (std::size_t i = 0; i < handle.size(); ++i) {
    auto forged = handle;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    CHECK(world.remove(orders, forged)->code == ErrorCode::receipt_handle_is_invalid);
  }
  CHECK_FALSE(world.remove(orders, handle));
}

TEST_CASE("a delayed message is not visible before its delay has passed", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  world.send(queue, "later", 10);
  CHECK(world.attribute(queue, "ApproximateNumberOfMessagesDelayed") == "1");
  CHECK(world.receive(queue).empty());
  world.advance(9s);
  CHECK(world.receive(queue).empty());
  world.advance(1s);
  CHECK(world.attribute(queue, "ApproximateNumberOfMessagesDelayed") == "0");
  const auto messages = world.receive(queue);
  CHECK(bodies(messages) == std::vector<std::string>{"later"});
  CHECK_FALSE(world.remove(queue, messages.at(0).receipt_handle));
  world.restart();
  world.advance(1h);
  CHECK(world.receive(queue).empty());
}

TEST_CASE("more delayed messages than the horizon holds all become visible when due", "[sqs]") {
  Settings settings;
  settings.due_horizon_count = 8;
  settings.queue_window_messages = 4;
  TestBroker world(settings);
  const auto queue = world.create_queue("orders");
  std::multiset<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    const int delay_s = 1 + (i * 37) % 60;
    world.send(queue, std::to_string(delay_s), delay_s);
    expected.insert(std::to_string(delay_s));
  }
  std::multiset<std::string> seen;
  for (int second = 1; second <= 60; ++second) {
    world.advance(1s);
    while (true) {
      const auto messages = world.receive(queue);
      if (messages.empty()) break;
      for (const auto& message : messages) {
        CHECK(message.body == std::to_string(second));
        seen.insert(message.body);
        CHECK_FALSE(world.remove(queue, message.receipt_handle));
      }
    }
  }
  CHECK(seen == expected);
}

TEST_CASE("delayed messages survive a restart and come when they are due", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  world.send(queue, "later", 100);
  world.advance(50s);
  world.restart();
  CHECK(world.receive(queue).empty());
  world.advance(50s);
  CHECK(bodies(world.receive(queue)) == std::vector<std::string>{"later"});
}

TEST_CASE("no receive comes back empty while messages are stored beyond the window", "[sqs]") {
  Settings settings;
  settings.queue_window_messages = 16;
  TestBroker world(settings);
  const auto queue = world.create_queue("orders");
  for (int i = 0; i < 1000; ++i) world.send(queue, std::to_string(i));
  int next = 0;
  while (next < 1000) {
    const auto messages = world.receive(queue);
    REQUIRE_FALSE(messages.empty());
    for (const auto& message : messages) CHECK(message.body == std::to_string(next++));
  }
  CHECK(world.receive(queue).empty());
}

TEST_CASE("a message that was received too often goes to the dead letters at the next receive",
          "[sqs]") {
  TestBroker world;
  const auto dead = world.create_queue("dead");
  const auto queue = world.create_queue("orders", {{"RedrivePolicy", redrive_policy("dead", 2)}});
  const auto sent = world.send(queue, "poison");
  for (int i = 0; i < 2; ++i) {
    REQUIRE(world.receive(queue).size() == 1);
    world.advance(31s);
  }
  CHECK(world.receive(dead).empty());
  CHECK(world.receive(queue).empty());
  CHECK(world.attribute(queue, "ApproximateNumberOfMessages") == "0");
  const auto messages = world.receive(dead);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].body == "poison");
  CHECK(messages[0].message_id == sent.response.message_id);
  CHECK(messages[0].attributes->at("ApproximateReceiveCount") == "3");
  CHECK(messages[0].attributes->at("DeadLetterQueueSourceArn") ==
        "arn:aws:sqs:us-east-1:000000000000:orders");
}

TEST_CASE("with a redrive policy a receive that crashed still counts", "[sqs]") {
  TestBroker world;
  world.create_queue("dead");
  const auto queue = world.create_queue("orders", {{"RedrivePolicy", redrive_policy("dead", 1)}});
  world.send(queue, "poison");
  REQUIRE(world.receive(queue).size() == 1);
  world.restart();
  world.advance(31s);
  CHECK(world.receive(queue).empty());
}

TEST_CASE("a receive with visibility timeout 0 leaves the message visible", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  world.send(queue, "still here");
  REQUIRE(world.receive(queue, 1, 0).size() == 1);
  REQUIRE(world.receive(queue, 1, 0).size() == 1);
  CHECK(world.attribute(queue, "ApproximateNumberOfMessages") == "1");
}

TEST_CASE("changing the visibility timeout moves the moment of return", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  world.send(queue, "kept");
  const auto handle = world.receive(queue).at(0).receipt_handle;
  CHECK_FALSE(world.change_visibility(queue, handle, 100));
  world.advance(99s);
  CHECK(world.receive(queue).empty());
  CHECK_FALSE(world.change_visibility(queue, handle, 0));
  CHECK(world.receive(queue).size() == 1);
  CHECK_FALSE(world.change_visibility(queue, handle, 0));
}

TEST_CASE("a message that a late handle hid again is handed out once when it returns", "[sqs]") {
  Settings settings;
  settings.returned_messages_max = GENERATE(1, 120'000);
  TestBroker world(settings);
  const auto queue = world.create_queue("orders");
  for (const char* body : {"late", "other"}) world.send(queue, body);
  const auto handle = world.receive(queue, 1, 5).at(0).receipt_handle;
  REQUIRE(bodies(world.receive(queue, 1, 20)) == std::vector<std::string>{"other"});
  world.advance(5s);
  CHECK_FALSE(world.change_visibility(queue, handle, 15));
  world.advance(15s);
  const auto messages = world.receive(queue);
  const auto received = bodies(messages);
  CHECK(std::multiset<std::string>(received.begin(), received.end()) ==
        std::multiset<std::string>{"late", "other"});
  CHECK(world.attribute(queue, "ApproximateNumberOfMessages") == "0");
  CHECK(world.attribute(queue, "ApproximateNumberOfMessagesNotVisible") == "2");
  for (const auto& message : messages) CHECK_FALSE(world.remove(queue, message.receipt_handle));
  CHECK(world.attribute(queue, "ApproximateNumberOfMessagesNotVisible") == "0");
}

TEST_CASE("visibility cannot be stretched past twelve hours from the receive", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  world.send(queue, "kept");
  const auto handle = world.receive(queue).at(0).receipt_handle;
  world.advance(1s);
  CHECK(world.change_visibility(queue, handle, 43'200)->code == ErrorCode::invalid_parameter_value);
  CHECK_FALSE(world.change_visibility(queue, handle, 43'199));
  CHECK(world.change_visibility(queue, handle, 43'201)->code == ErrorCode::invalid_parameter_value);
}

TEST_CASE("the visibility of a deleted message cannot be changed", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  world.send(queue, "gone");
  const auto handle = world.receive(queue).at(0).receipt_handle;
  CHECK_FALSE(world.remove(queue, handle));
  const auto error = world.change_visibility(queue, handle, 10);
  REQUIRE(error);
  CHECK(error->message ==
        "Value " + handle +
            " for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not "
            "available for visibility timeout change.");
}

TEST_CASE("messages older than the retention period are gone", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders", {{"MessageRetentionPeriod", "60"}});
  world.send(queue, "old");
  world.advance(30s);
  world.send(queue, "young");
  world.advance(30s);
  CHECK(bodies(world.receive(queue)) == std::vector<std::string>{"young"});
  world.advance(2min);
  CHECK(world.receive(queue).empty());
  CHECK(world.attribute(queue, "ApproximateNumberOfMessages") == "0");
}

TEST_CASE("a purge leaves nothing, in flight or delayed, and the queue goes on", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  world.send(queue, "in flight");
  const auto handle = world.receive(queue).at(0).receipt_handle;
  world.send(queue, "visible");
  world.send(queue, "delayed", 10);
  api::PurgeQueueRequest purge;
  purge.queue_url = queue;
  CHECK_FALSE(world.call<&Broker::purge_queue>(purge).error);
  CHECK(world.call<&Broker::purge_queue>(purge).error->code == ErrorCode::purge_queue_in_progress);
  CHECK_FALSE(world.remove(queue, handle));
  world.send(queue, "new");
  world.advance(2min);
  CHECK(bodies(world.receive(queue)) == std::vector<std::string>{"new"});
  CHECK(world.attribute(queue, "ApproximateNumberOfMessagesDelayed") == "0");
  CHECK_FALSE(world.call<&Broker::purge_queue>(purge).error);
}

TEST_CASE("a long poll answers as soon as a message is durable, and empty when its time is up",
          "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  api::ReceiveMessageRequest request;
  request.queue_url = queue;
  request.wait_time_seconds = 20;
  auto woken = world.start<&Broker::receive_message>(request);
  world.advance(5s);
  CHECK_FALSE(woken->released);
  world.send(queue, "wake up");
  REQUIRE(woken->released);
  CHECK(bodies(world.messages_of(woken->response, request)) == std::vector<std::string>{"wake up"});
  auto ended = world.start<&Broker::receive_message>(request);
  world.advance(19s);
  CHECK_FALSE(ended->released);
  world.advance(1s);
  CHECK(ended->released);
  CHECK(ended->response.handed_out.empty());
}

TEST_CASE("a long poll wakes when a visibility timeout ends", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  world.send(queue, "again");
  REQUIRE(world.receive(queue, 1, 5).size() == 1);
  api::ReceiveMessageRequest request;
  request.queue_url = queue;
  request.wait_time_seconds = 20;
  auto reply = world.start<&Broker::receive_message>(request);
  CHECK_FALSE(reply->released);
  world.advance(5s);
  CHECK(reply->released);
  CHECK(reply->response.handed_out.size() == 1);
}

TEST_CASE("a long poll whose client went away takes no message with it", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  api::ReceiveMessageRequest request;
  request.queue_url = queue;
  request.wait_time_seconds = 20;
  auto reply = world.start<&Broker::receive_message>(request);
  world.engine().cancel(2);
  CHECK(reply->released);
  world.send(queue, "for the next one");
  CHECK(world.receive(queue).size() == 1);
}

TEST_CASE("a message wakes the first of many long polls, in the order they came", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  api::ReceiveMessageRequest request;
  request.queue_url = queue;
  request.wait_time_seconds = 20;
  std::vector<std::shared_ptr<test::Reply<api::ReceiveMessageResponse>>> polls;
  for (int i = 0; i < 50; ++i) polls.push_back(world.start<&Broker::receive_message>(request));
  const auto count_runs = [&] {
    std::size_t sum = 0;
    for (const auto& poll : polls) sum += poll->run_count;
    return sum;
  };
  CHECK(count_runs() == 50);
  for (std::size_t sent = 0; sent < 3; ++sent) {
    world.send(queue, "one");
    CHECK(polls[sent]->released);
    CHECK(polls[sent]->response.handed_out.size() == 1);
    CHECK_FALSE(polls[sent + 1]->released);
  }
  // For each message the one who gets it, and the next, who finds nothing: when the message is
  // durable, and again when the receive is.
  CHECK(count_runs() == 50 + 3 * 3);
}

TEST_CASE("long polls behind one that has to ask the disk get their messages, too", "[sqs]") {
  Settings settings;
  settings.queue_window_messages = 2;
  TestBroker world(settings);
  const auto dead = world.create_queue("dead");
  const auto queue = world.create_queue(
      "orders",
      {{"RedrivePolicy",
        R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1})"},
       {"VisibilityTimeout", "5"}});
  world.send(queue, "often received");
  REQUIRE(world.receive(queue).size() == 1);
  api::ReceiveMessageRequest request;
  request.queue_url = queue;
  request.wait_time_seconds = 20;
  std::vector<std::shared_ptr<test::Reply<api::ReceiveMessageResponse>>> polls;
  for (int i = 0; i < 6; ++i) polls.push_back(world.start<&Broker::receive_message>(request));
  world.advance(5s);
  CHECK(world.attribute(dead, "ApproximateNumberOfMessages") == "1");
  api::SendMessageBatchRequest batch;
  batch.queue_url = queue;
  for (int i = 0; i < 5; ++i) {
    batch.entries.emplace_back();
    batch.entries.back().id = std::to_string(i);
    batch.entries.back().message_body = std::to_string(i);
  }
  CHECK_FALSE(world.call<&Broker::send_message_batch>(batch).error);
  for (std::size_t i = 0; i < 5; ++i) CHECK(polls[i]->released);
  CHECK_FALSE(polls[5]->released);
}

TEST_CASE("messages whose reply could not be written are visible at once, and counted", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  world.send(queue, "lost on the way");
  api::ReceiveMessageRequest request;
  request.queue_url = queue;
  const auto lost = world.call<&Broker::receive_message>(request).response.handed_out;
  REQUIRE(lost.size() == 1);
  CHECK(world.receive(queue).empty());
  world.engine().give_back({lost, {}});
  world.settle();
  const auto again = world.receive(queue);
  REQUIRE(again.size() == 1);
  CHECK(again[0].attributes->at("ApproximateReceiveCount") == "2");
  // The message is another's by now: nothing changes, nor after its end.
  world.engine().give_back({lost, {}});
  world.settle();
  CHECK(world.receive(queue).empty());
  CHECK_FALSE(world.remove(queue, again[0].receipt_handle));
  world.engine().give_back({lost, {}});
  world.settle();
  CHECK(world.receive(queue).empty());
  CHECK(world.attribute(queue, "ApproximateNumberOfMessages") == "0");
}

TEST_CASE("a long poll on a queue that is deleted hears that it does not exist", "[sqs]") {
  TestBroker world;
  const auto queue = world.create_queue("orders");
  api::ReceiveMessageRequest request;
  request.queue_url = queue;
  request.wait_time_seconds = 20;
  auto reply = world.start<&Broker::receive_message>(request);
  api::DeleteQueueRequest remove;
  remove.queue_url = queue;
  CHECK_FALSE(world.call<&Broker::delete_queue>(remove).error);
  REQUIRE(reply->released);
  CHECK(reply->error->code == ErrorCode::queue_does_not_exist);
}

TEST_CASE("messages returned beyond what memory remembers are still delivered", "[sqs]") {
  Settings settings;
  settings.returned_messages_max = 3;
  settings.queue_window_messages = 4;
  TestBroker world(settings);
  const auto queue = world.create_queue("orders");
  for (int i = 0; i < 20; ++i) world.send(queue, std::to_string(i));
  for (int i = 0; i < 20; i += 10) REQUIRE_FALSE(world.receive(queue).empty());
  world.advance(31s);
  std::set<std::string> seen;
  for (int i = 0; i < 40 && seen.size() < 20; ++i) {
    for (const auto& message : world.receive(queue, 10, 3600)) {
      CHECK(seen.insert(message.body).second);
      CHECK_FALSE(world.remove(queue, message.receipt_handle));
    }
  }
  CHECK(seen.size() == 20);
  CHECK(world.attribute(queue, "ApproximateNumberOfMessages") == "0");
}
