// FIFO queues: order within a group, its lock, deduplication, and what survives a restart.
#include <catch2/catch.hpp>
#include <set>

#include "tests/broker/test_broker.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using test::Reply;
using test::TestBroker;

namespace {

class FifoBroker : public TestBroker {
 public:
  using TestBroker::TestBroker;

  std::string create_fifo(const std::string& name, api::StringMap attributes = {}) {
    attributes["FifoQueue"] = "true";
    return create_queue(name, std::move(attributes));
  }
  Reply<api::SendMessageResponse> send_to(const std::string& queue, const std::string& group,
                                          const std::string& body,
                                          std::optional<std::string> deduplication_id = {}) {
    api::SendMessageRequest request;
    request.queue_url = queue;
    request.message_body = body;
    request.message_group_id = group;
    request.message_deduplication_id = std::move(deduplication_id);
    return call<&Broker::send_message>(request);
  }
  // Each with an id of its own.
  void send_all(const std::string& queue, const std::string& group,
                const std::vector<std::string>& bodies) {
    for (const auto& body : bodies) {
      REQUIRE_FALSE(send_to(queue, group, body, group + "-" + body).error);
    }
  }
  std::vector<api::Message> attempt(const std::string& queue, const std::string& attempt_id) {
    api::ReceiveMessageRequest request;
    request.queue_url = queue;
    request.max_number_of_messages = 10;
    request.receive_request_attempt_id = attempt_id;
    auto reply = call<&Broker::receive_message>(request);
    return messages_of(reply.response, request);
  }
};

std::vector<std::string> bodies(const std::vector<api::Message>& messages) {
  std::vector<std::string> all;
  for (const auto& message : messages) all.push_back(message.body);
  return all;
}

using Bodies = std::vector<std::string>;

std::string redrive_policy(const std::string& target, int max_receive_count) {
  return R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:)" + target +
         R"(","maxReceiveCount":)" + std::to_string(max_receive_count) + "}";
}

}  // namespace

TEST_CASE("a group's messages come out in order, as many as possible before another's", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo");
  world.send_all(queue, "a", {"1"});
  world.send_all(queue, "b", {"1", "2"});
  world.send_all(queue, "a", {"2", "3"});
  const auto messages = world.receive(queue, 4);
  CHECK(bodies(messages) == Bodies{"1", "2", "3", "1"});
  CHECK(messages[0].attributes->at("MessageGroupId") == "a");
  CHECK(messages[3].attributes->at("MessageGroupId") == "b");
}

TEST_CASE("sequence numbers grow, as sent and as received, and are 20 digits", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo");
  const auto first = world.send_to(queue, "a", "1", "x").response.sequence_number;
  const auto second = world.send_to(queue, "a", "2", "y").response.sequence_number;
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->size() == 20);
  CHECK(*first < *second);
  const auto messages = world.receive(queue);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].attributes->at("SequenceNumber") == *first);
  CHECK(messages[1].attributes->at("SequenceNumber") == *second);
  CHECK(messages[0].attributes->at("MessageDeduplicationId") == "x");
}

TEST_CASE("a group is locked until all of it that is in flight has been deleted", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo");
  world.send_all(queue, "a", {"1", "2", "3"});
  const auto two = world.receive(queue, 2);
  REQUIRE(two.size() == 2);
  CHECK(world.receive(queue).empty());
  world.send_all(queue, "a", {"4"});
  world.send_all(queue, "b", {"1"});
  CHECK(bodies(world.receive(queue)) == Bodies{"1"});
  CHECK_FALSE(world.remove(queue, two[0].receipt_handle));
  CHECK(world.receive(queue).empty());
  CHECK_FALSE(world.remove(queue, two[1].receipt_handle));
  CHECK(bodies(world.receive(queue)) == Bodies{"3", "4"});
}

TEST_CASE("after the timeout a group starts again at its oldest message", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo");
  world.send_all(queue, "a", {"1", "2", "3"});
  const auto two = world.receive(queue, 2);
  CHECK_FALSE(world.remove(queue, two[0].receipt_handle));
  world.advance(30s);
  const auto again = world.receive(queue);
  CHECK(bodies(again) == Bodies{"2", "3"});
  CHECK(again[0].attributes->at("ApproximateReceiveCount") == "2");
  CHECK(again[1].attributes->at("ApproximateReceiveCount") == "1");
}

TEST_CASE("a longer timeout of any message blocks its whole group", "[fifo]") {
  for (const std::size_t position : {0U, 1U, 2U}) {
    FifoBroker world;
    const auto queue = world.create_fifo("orders.fifo");
    world.send_all(queue, "a", {"1", "2", "3"});
    const auto all = world.receive(queue);
    REQUIRE(all.size() == 3);
    CHECK_FALSE(world.change_visibility(queue, all[position].receipt_handle, 60));
    world.advance(30s);
    CHECK(world.receive(queue).empty());
    world.advance(30s);
    CHECK(bodies(world.receive(queue)) == Bodies{"1", "2", "3"});
  }
}

TEST_CASE("a visibility timeout of 0 gives the whole group back in order", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo");
  world.send_all(queue, "a", {"1", "2", "3"});
  CHECK(bodies(world.receive(queue, 10, 0)) == Bodies{"1", "2", "3"});
  CHECK(bodies(world.receive(queue, 2, 0)) == Bodies{"1", "2"});
  const auto all = world.receive(queue);
  CHECK(bodies(all) == Bodies{"1", "2", "3"});
  for (const std::size_t position : {2U, 0U, 1U}) {
    CHECK_FALSE(world.change_visibility(queue, all[position].receipt_handle, 0));
  }
  CHECK(bodies(world.receive(queue)) == Bodies{"1", "2", "3"});
}

TEST_CASE("an expired handle of a FIFO queue deletes nothing, one of a deleted message succeeds",
          "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo");
  world.send_all(queue, "a", {"1"});
  const auto handle = world.receive(queue).at(0).receipt_handle;
  world.advance(30s);
  const auto error = world.remove(queue, handle);
  REQUIRE(error);
  CHECK(error->code == ErrorCode::invalid_parameter_value);
  CHECK(error->message == "Value " + handle + " for parameter ReceiptHandle is invalid. Reason: " +
                              "The receipt handle has expired.");
  const auto newer = world.receive(queue).at(0).receipt_handle;
  CHECK(world.remove(queue, handle));  // of an older receive, though the message is in flight
  CHECK(world.change_visibility(queue, handle, 10));
  CHECK_FALSE(world.change_visibility(queue, newer, 60));
  world.advance(59s);
  CHECK_FALSE(world.remove(queue, newer));
  CHECK_FALSE(world.remove(queue, newer));
  CHECK(world.attribute(queue, "ApproximateNumberOfMessages") == "0");
}

TEST_CASE("a message sent again within five minutes is the one of before", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo");
  const auto first = world.send_to(queue, "a", "once", "id");
  const auto handle = world.receive(queue).at(0).receipt_handle;
  CHECK_FALSE(world.remove(queue, handle));
  const auto check_is_known = [&] {
    const auto again = world.send_to(queue, "b", "other text", "id");
    CHECK(again.response.message_id == first.response.message_id);
    CHECK(again.response.sequence_number == first.response.sequence_number);
    CHECK(world.receive(queue).empty());
  };
  check_is_known();
  world.advance(4min + 59s);
  check_is_known();
  world.restart();
  check_is_known();
  world.advance(1s);
  const auto later = world.send_to(queue, "b", "other text", "id");
  CHECK(later.response.message_id != first.response.message_id);
  CHECK(bodies(world.receive(queue)) == Bodies{"other text"});
}

TEST_CASE("what was accepted before is found on disk when memory holds little", "[fifo]") {
  Settings settings;
  settings.deduplication_ids_max = 2;
  FifoBroker world(settings);
  const auto queue = world.create_fifo("orders.fifo");
  std::vector<std::string> ids;
  for (const char* id : {"a", "b", "c", "d"}) {
    ids.push_back(world.send_to(queue, "g", id, id).response.message_id);
    world.advance(1min);
  }
  CHECK(world.send_to(queue, "g", "a", "a").response.message_id == ids[0]);
  CHECK(world.send_to(queue, "g", "d", "d").response.message_id == ids[3]);
  CHECK(world.receive(queue).size() == 4);
}

TEST_CASE("records of deduplication leave the disk when they no longer count", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo");
  const auto record_count = [&] {
    std::size_t count = 0;
    const auto range =
        signalbox::storage::keys::all_of(signalbox::storage::keys::Prefix::deduplication);
    const auto view = world.store().view();
    REQUIRE(view->scan(range.first, range.past_last, signalbox::storage::Direction::forward,
                       [&](std::string_view, std::string_view) { return ++count, true; }));
    return count;
  };
  world.send_all(queue, "a", {"1", "2", "3"});
  CHECK(record_count() == 3);
  SECTION("in the same run") { world.advance(8min); }
  SECTION("after a restart") {
    world.restart();
    world.advance(8min);
  }
  CHECK(record_count() == 0);
}

TEST_CASE("without an id the body counts, when the queue says so", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo", {{"ContentBasedDeduplication", "true"}});
  const auto first = world.send_to(queue, "a", "hello");
  CHECK(world.send_to(queue, "a", "hello").response.message_id == first.response.message_id);
  const std::string digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  CHECK(world.send_to(queue, "a", "x", digest).response.message_id == first.response.message_id);
  CHECK(world.send_to(queue, "a", "hello", "mine").response.message_id !=
        first.response.message_id);
  const auto messages = world.receive(queue);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].attributes->at("MessageDeduplicationId") == digest);
  CHECK(messages[1].attributes->at("MessageDeduplicationId") == "mine");
}

TEST_CASE("ids count in the whole queue or in a group, as the queue was created", "[fifo]") {
  FifoBroker world;
  const auto whole = world.create_fifo("whole.fifo");
  const auto by_group = world.create_fifo("group.fifo", {{"DeduplicationScope", "messageGroup"}});
  const auto send_twice = [&](const std::string& queue) {
    world.send_to(queue, "a", "1", "id");
    world.send_to(queue, "b", "2", "id");
    return world.receive(queue).size();
  };
  CHECK(send_twice(whole) == 1);
  CHECK(send_twice(by_group) == 2);
  api::SetQueueAttributesRequest request;
  request.queue_url = whole;
  request.attributes = {{"DeduplicationScope", "messageGroup"}};
  CHECK_FALSE(world.call<&Broker::set_queue_attributes>(request).error);
  world.restart();
  CHECK(world.send_to(whole, "c", "3", "id").response.sequence_number ==
        world.send_to(whole, "d", "4", "id").response.sequence_number);
}

TEST_CASE("a purge forgets messages, locks and what was accepted", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo");
  world.send_all(queue, "a", {"1", "2"});
  REQUIRE(world.receive(queue, 1).size() == 1);
  api::PurgeQueueRequest request;
  request.queue_url = queue;
  CHECK_FALSE(world.call<&Broker::purge_queue>(request).error);
  CHECK(world.receive(queue).empty());
  world.send_all(queue, "a", {"1"});
  world.restart();
  world.advance(1min);
  CHECK(bodies(world.receive(queue)) == Bodies{"1"});
}

TEST_CASE("two messages of one id in a batch are one", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo");
  api::SendMessageBatchRequest request;
  request.queue_url = queue;
  for (const char* id : {"x", "y", "z"}) {
    api::SendMessageBatchRequestEntry entry;
    entry.id = id;
    entry.message_body = id;
    entry.message_group_id = "a";
    entry.message_deduplication_id = std::string(id) == "z" ? "z" : "same";
    request.entries.push_back(entry);
  }
  const auto reply = world.call<&Broker::send_message_batch>(request);
  REQUIRE(reply.response.successful);
  const auto& sent = *reply.response.successful;
  REQUIRE(sent.size() == 3);
  CHECK(sent[0].message_id == sent[1].message_id);
  CHECK(sent[0].sequence_number == sent[1].sequence_number);
  CHECK(bodies(world.receive(queue)) == Bodies{"x", "z"});
}

TEST_CASE("a FIFO queue refuses messages without a group, an id, or with a delay of their own",
          "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo");
  api::SendMessageRequest request;
  request.queue_url = queue;
  request.message_body = "x";
  auto error = world.call<&Broker::send_message>(request).error;
  REQUIRE(error);
  CHECK(error->code == ErrorCode::missing_parameter);
  CHECK(error->message == "The request must contain the parameter MessageGroupId.");
  request.message_group_id = "a";
  error = world.call<&Broker::send_message>(request).error;
  REQUIRE(error);
  CHECK(error->message ==
        "The queue should either have ContentBasedDeduplication enabled or "
        "MessageDeduplicationId provided explicitly");
  request.message_deduplication_id = "id";
  request.delay_seconds = 2;
  error = world.call<&Broker::send_message>(request).error;
  REQUIRE(error);
  CHECK(error->message ==
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter "
        "that is not valid for this queue type.");
  request.delay_seconds = 0;
  CHECK_FALSE(world.call<&Broker::send_message>(request).error);
  api::SendMessageBatchRequest batch;
  batch.queue_url = queue;
  api::SendMessageBatchRequestEntry entry;
  entry.id = "one";
  entry.message_body = "x";
  batch.entries = {entry};
  error = world.call<&Broker::send_message_batch>(batch).error;
  REQUIRE(error);
  CHECK(error->code == ErrorCode::invalid_parameter_value);
  CHECK(error->message == "The request must contain the parameter MessageGroupId.");
  CHECK(world.receive(queue).size() == 1);
}

TEST_CASE("a FIFO queue's delay is the queue's, and a change counts for messages there", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo", {{"DelaySeconds", "10"}});
  world.send_all(queue, "a", {"1"});
  world.advance(5s);
  world.send_all(queue, "a", {"2"});
  world.send_all(queue, "b", {"3"});
  CHECK(world.attribute(queue, "ApproximateNumberOfMessagesDelayed") == "3");
  CHECK(world.receive(queue).empty());
  world.advance(5s);
  const auto first = world.receive(queue);
  CHECK(bodies(first) == Bodies{"1"});
  CHECK_FALSE(world.remove(queue, first[0].receipt_handle));
  CHECK(world.receive(queue).empty());
  api::SetQueueAttributesRequest request;
  request.queue_url = queue;
  request.attributes = {{"DelaySeconds", "0"}};
  CHECK_FALSE(world.call<&Broker::set_queue_attributes>(request).error);
  CHECK(bodies(world.receive(queue)) == Bodies{"2", "3"});
  CHECK(world.attribute(queue, "ApproximateNumberOfMessagesDelayed") == "0");
}

TEST_CASE("a long poll gets a FIFO message when its delay or its group's lock ends", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo", {{"DelaySeconds", "3"}});
  api::ReceiveMessageRequest request;
  request.queue_url = queue;
  request.wait_time_seconds = 20;
  world.send_all(queue, "a", {"1", "2"});
  auto poll = world.start<&Broker::receive_message>(request);
  world.advance(2s);
  CHECK_FALSE(poll->released);
  world.advance(1s);
  REQUIRE(poll->released);
  const auto first = world.messages_of(poll->response, request);
  REQUIRE(first.size() == 1);
  poll = world.start<&Broker::receive_message>(request);
  world.advance(1s);
  CHECK_FALSE(poll->released);
  CHECK_FALSE(world.remove(queue, first[0].receipt_handle));
  world.settle();
  REQUIRE(poll->released);
  CHECK(poll->response.handed_out.size() == 1);
}

TEST_CASE("locks, order and receive counts of groups survive a restart", "[fifo]") {
  Settings settings;
  settings.queue_window_messages = 4;
  FifoBroker world(settings);
  const auto queue = world.create_fifo("orders.fifo");
  world.send_all(queue, "a", {"1", "2", "3", "4"});
  world.send_all(queue, "b", {"5", "6"});
  const auto in_flight = world.receive(queue, 2);
  CHECK(bodies(in_flight) == Bodies{"1", "2"});
  world.restart();
  CHECK(bodies(world.receive(queue)) == Bodies{"5", "6"});
  CHECK(world.receive(queue).empty());
  CHECK_FALSE(world.remove(queue, in_flight[0].receipt_handle));
  world.restart();
  CHECK(world.receive(queue).empty());
  world.advance(30s);
  world.restart();
  const auto again = world.receive(queue, 1);
  REQUIRE(bodies(again) == Bodies{"2"});
  CHECK(again[0].attributes->at("ApproximateReceiveCount") == "2");
  CHECK(bodies(world.receive(queue)) == Bodies{"5", "6"});
  CHECK_FALSE(world.remove(queue, again[0].receipt_handle));
  CHECK(bodies(world.receive(queue)) == Bodies{"3", "4"});
}

TEST_CASE("groups far behind a locked one are found, up to what the window may hold", "[fifo]") {
  Settings settings;
  settings.queue_window_messages = 4;
  FifoBroker world(settings);
  const auto queue = world.create_fifo("orders.fifo");
  for (int i = 0; i < 50; ++i) world.send_all(queue, "busy", {std::to_string(i)});
  world.send_all(queue, "quiet", {"far"});
  REQUIRE(world.receive(queue, 1).size() == 1);
  CHECK(bodies(world.receive(queue)) == Bodies{"far"});
  world.restart();
  CHECK(world.receive(queue).empty());
  world.advance(30s);
  CHECK(bodies(world.receive(queue, 3)) == Bodies{"0", "1", "2"});
}

TEST_CASE("a receive attempt repeated gets the same messages and handles, and more time",
          "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo");
  world.send_all(queue, "a", {"1", "2"});
  const auto first = world.attempt(queue, "try-1");
  REQUIRE(first.size() == 2);
  world.advance(20s);
  const auto again = world.attempt(queue, "try-1");
  REQUIRE(again.size() == 2);
  for (const std::size_t i : {0U, 1U}) {
    CHECK(again[i].receipt_handle == first[i].receipt_handle);
    CHECK(again[i].message_id == first[i].message_id);
  }
  world.advance(20s);
  CHECK(world.receive(queue).empty());
  CHECK(world.attempt(queue, "try-2").empty());
  CHECK_FALSE(world.remove(queue, first[0].receipt_handle));
  CHECK(world.attempt(queue, "try-1").empty());  // a message has changed
}

TEST_CASE(
    "dead letters of a FIFO queue keep group, id and sent time, age anew, and are deduplicated by "
    "id",
    "[fifo]") {
  FifoBroker world;
  const auto dead = world.create_fifo("dead.fifo", {{"MessageRetentionPeriod", "60"}});
  const auto queue =
      world.create_fifo("orders.fifo", {{"RedrivePolicy", redrive_policy("dead.fifo", 1)}});
  world.send_all(queue, "a", {"1", "2"});
  const auto sent_at = world.receive(queue).at(0).attributes->at("SentTimestamp");
  world.advance(59s);
  CHECK(world.receive(queue).empty());
  world.advance(30s);
  const auto messages = world.receive(dead, 10, 0);
  CHECK(bodies(messages) == Bodies{"1", "2"});
  CHECK(messages[0].attributes->at("MessageGroupId") == "a");
  CHECK(messages[0].attributes->at("MessageDeduplicationId") == messages[0].message_id);
  CHECK(messages[0].attributes->at("SentTimestamp") == sent_at);
  CHECK(messages[0].attributes->at("DeadLetterQueueSourceArn").ends_with("orders.fifo"));
  world.advance(30s);
  CHECK(world.receive(dead).empty());
}

TEST_CASE("a dead-letter queue is of the same type as its source", "[fifo]") {
  FifoBroker world;
  world.create_queue("plain");
  world.create_fifo("dead.fifo");
  api::CreateQueueRequest request;
  request.queue_name = "orders.fifo";
  request.attributes = {{"FifoQueue", "true"}, {"RedrivePolicy", redrive_policy("plain", 3)}};
  CHECK(world.call<&Broker::create_queue>(request).error);
  request.queue_name = "orders";
  request.attributes = {{"RedrivePolicy", redrive_policy("dead.fifo", 3)}};
  CHECK(world.call<&Broker::create_queue>(request).error);
}

TEST_CASE("messages past their retention leave a FIFO queue, locked groups or not", "[fifo]") {
  FifoBroker world;
  const auto queue = world.create_fifo("orders.fifo", {{"MessageRetentionPeriod", "60"}});
  world.send_all(queue, "a", {"1", "2", "3"});
  world.send_all(queue, "b", {"4"});
  REQUIRE(world.receive(queue, 1).size() == 1);
  world.advance(3min);
  CHECK(world.attribute(queue, "ApproximateNumberOfMessages") == "0");
  CHECK(world.receive(queue).empty());
}

TEST_CASE("names and attributes of FIFO queues are checked", "[fifo]") {
  FifoBroker world;
  const auto error_of = [&](const std::string& name, api::StringMap attributes) {
    api::CreateQueueRequest request;
    request.queue_name = name;
    request.attributes = std::move(attributes);
    const auto error = world.call<&Broker::create_queue>(request).error;
    return error ? error->message : "";
  };
  CHECK(error_of("a.fifo", {}).starts_with("Can only include alphanumeric"));
  CHECK(error_of("a", {{"FifoQueue", "true"}}).find(".fifo suffix") != std::string::npos);
  CHECK(error_of("a", {{"FifoQueue", "false"}}) == "Unknown Attribute FifoQueue.");
  CHECK(error_of(std::string(76, 'x') + ".fifo", {{"FifoQueue", "true"}}) != "");
  CHECK(error_of(std::string(75, 'x') + ".fifo", {{"FifoQueue", "true"}}) == "");
  CHECK(error_of("a.fifo", {{"FifoQueue", "true"}, {"DeduplicationScope", "x"}}) ==
        "Invalid value for the parameter DeduplicationScope.");
  CHECK(error_of("a.fifo", {{"FifoQueue", "true"}, {"FifoThroughputLimit", "perMessageGroupId"}})
            .find("allowed only when") != std::string::npos);
  const auto queue = world.create_fifo("a.fifo");
  CHECK(world.attribute(queue, "FifoQueue") == "true");
  CHECK(world.attribute(queue, "ContentBasedDeduplication") == "false");
  CHECK(world.attribute(queue, "DeduplicationScope") == "queue");
  CHECK(world.attribute(queue, "FifoThroughputLimit") == "perQueue");
  api::SetQueueAttributesRequest request;
  request.queue_url = queue;
  request.attributes = {{"FifoQueue", "true"}};
  CHECK_FALSE(world.call<&Broker::set_queue_attributes>(request).error);
  request.attributes = {{"FifoQueue", "false"}};
  CHECK(world.call<&Broker::set_queue_attributes>(request).error);
}

TEST_CASE("the delayed messages of a FIFO queue are counted after a restart, too", "[fifo]") {
  TestBroker world;
  const auto queue = world.create_queue(
      "orders.fifo",
      {{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}, {"DelaySeconds", "160"}});
  const auto counts = [&] {
    return world.attribute(queue, "ApproximateNumberOfMessages") + " visible, " +
           world.attribute(queue, "ApproximateNumberOfMessagesDelayed") + " delayed";
  };
  for (int i = 0; i < 4; ++i) {
    api::SendMessageRequest request;
    request.queue_url = queue;
    request.message_body = "m" + std::to_string(i);
    request.message_group_id = "g";
    REQUIRE_FALSE(world.call<&Broker::send_message>(request).error);
    world.advance(40s);
  }
  // Sent 160, 120, 80 and 40 seconds ago.
  CHECK(counts() == "1 visible, 3 delayed");
  world.restart();
  CHECK(counts() == "1 visible, 3 delayed");
  world.advance(50s);
  CHECK(counts() == "2 visible, 2 delayed");
  world.advance(120s);
  CHECK(counts() == "4 visible, 0 delayed");
}
