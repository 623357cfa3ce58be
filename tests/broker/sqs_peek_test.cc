// Looking at a queue's messages without receiving them.
#include <set>

#include "storage/faulty_store.h"
#include "tests/broker/operator_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using signalbox::storage::FaultyStore;
using signalbox::storage::MemoryStore;
using test::bodies_of;
using test::numbered;
using test::OperatorBroker;
using Bodies = test::Bodies;

namespace {

Settings with_window(std::size_t messages) {
  Settings settings;
  settings.queue_window_messages = messages;
  return settings;
}

}  // namespace

TEST_CASE("a peek shows messages in the queue's order and changes nothing", "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send_all(url, {"a", "b", "c"});
  for (int i = 0; i < 3; ++i) {
    CHECK(broker.peek_bodies("orders") == Bodies{"a", "b", "c"});
  }
  CHECK(broker.counts(url) == Bodies{"3", "0", "0"});
  const auto received = broker.receive(url);
  REQUIRE(bodies_of(received) == Bodies{"a", "b", "c"});
  CHECK(received[0].attributes->at("ApproximateReceiveCount") == "1");
}

TEST_CASE("a peek tells all that is known of a message", "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  api::SendMessageRequest request;
  request.queue_url = url;
  request.message_body = "hello";
  request.message_attributes["blob"].data_type = "Binary";
  request.message_attributes["blob"].binary_value = api::Blob{std::string("\0\xff", 2)};
  const auto sent = broker.call<&Broker::send_message>(request).response;
  const auto messages = broker.peek("orders");
  REQUIRE(messages.size() == 1);
  const auto& message = messages[0];
  CHECK(message.message_id == sent.message_id);
  CHECK(message.md5_of_body == sent.md5_of_message_body);
  CHECK(message.size_bytes == 5 + 4 + 6 + 2);
  CHECK(message.sent_ms == to_ms(broker.clock().now()));
  CHECK(message.receive_count == 0);
  CHECK_FALSE(message.first_received_ms);
  CHECK_FALSE(message.visible_at_ms);
  CHECK(message.message_attributes->at("blob").binary_value->bytes == std::string("\0\xff", 2));
}

TEST_CASE("messages in flight are shown with when they come back, and come back first", "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send_all(url, {"a", "b", "c"});
  broker.receive(url, 2, 30);
  const Time received_at = broker.clock().now();
  broker.advance(10s);
  const auto flying = broker.peek("orders", "in_flight");
  REQUIRE(bodies_of(flying) == Bodies{"a", "b"});
  CHECK(flying[0].visible_at_ms == to_ms(received_at + 30s));
  CHECK(flying[0].receive_count == 1);
  CHECK(flying[0].first_received_ms == to_ms(received_at));
  CHECK(broker.peek_bodies("orders") == Bodies{"c"});
  broker.advance(20s);
  CHECK(broker.peek_bodies("orders", "in_flight").empty());
  const auto visible = broker.peek("orders");
  CHECK(bodies_of(visible) == Bodies{"a", "b", "c"});
  CHECK(visible[0].receive_count == 1);
  CHECK_FALSE(visible[0].visible_at_ms);
}

TEST_CASE("delayed messages are shown by when they become visible", "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  const auto other = broker.create_queue("other");
  broker.send(url, "late", 300);
  broker.send(other, "not ours", 200);
  broker.send(url, "soon", 100);
  broker.send(url, "now");
  const auto delayed = broker.peek("orders", "delayed", 1);
  CHECK(bodies_of(delayed) == Bodies{"soon", "late"});
  CHECK(delayed[0].visible_at_ms == to_ms(broker.clock().now() + 100s));
  CHECK(broker.peek_bodies("orders") == Bodies{"now"});
  broker.advance(100s);
  CHECK(broker.peek_bodies("orders", "delayed") == Bodies{"late"});
  CHECK(broker.peek_bodies("orders") == Bodies{"now", "soon"});
}

TEST_CASE("a peek reads on where the window in memory ends, page by page", "[peek]") {
  OperatorBroker broker(with_window(8));
  const auto url = broker.create_queue("orders");
  const auto all = numbered(100);
  broker.send_all(url, all);
  for (const std::int64_t page_size : {1, 7, 99, 100, 1000}) {
    CHECK(broker.peek_bodies("orders", "visible", page_size) == all);
  }
  const auto taken = bodies_of(broker.receive(url, 7));
  REQUIRE(taken.size() == 7);
  const Bodies rest(all.begin() + 7, all.end());
  CHECK(broker.peek_bodies("orders", "in_flight", 3) == taken);
  CHECK(broker.peek_bodies("orders", "visible", 3) == rest);
  broker.restart();
  CHECK(broker.peek_bodies("orders", "in_flight", 3) == taken);
  CHECK(broker.peek_bodies("orders", "visible", 3) == rest);
}

TEST_CASE("messages that joined the tail again are shown once, where they wait", "[peek]") {
  Settings settings = with_window(4);
  settings.returned_messages_max = 2;
  OperatorBroker broker(settings);
  const auto url = broker.create_queue("orders");
  broker.send_all(url, numbered(12));
  broker.receive(url, 6, 5);
  broker.advance(5s);
  const auto seen = broker.peek_bodies("orders", "visible", 5);
  CHECK(seen.size() == 12);
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 12);
  CHECK(broker.peek("orders").back().receive_count == 1);
}

TEST_CASE("a FIFO queue is shown in order, with groups, sequence numbers and delays", "[peek]") {
  OperatorBroker broker(with_window(4));
  const auto url = broker.create_fifo("orders.fifo", {{"DelaySeconds", "60"}});
  broker.send_all(url, {"a1", "a2"}, "a");
  broker.send_all(url, {"b1"}, "b");
  broker.advance(30s);
  broker.send_all(url, numbered(20), "c");
  CHECK(broker.peek_bodies("orders.fifo").empty());
  CHECK(broker.peek("orders.fifo", "delayed").size() == 23);
  broker.advance(30s);
  const auto visible = broker.peek("orders.fifo", "visible", 2);
  REQUIRE(bodies_of(visible) == Bodies{"a1", "a2", "b1"});
  CHECK(visible[0].group_id == "a");
  CHECK(visible[0].sequence_number < visible[1].sequence_number);
  CHECK(visible[0].deduplication_id->size() == 64);
  const auto delayed = broker.peek("orders.fifo", "delayed", 6);
  CHECK(bodies_of(delayed) == numbered(20));
  CHECK(delayed[0].visible_at_ms == to_ms(broker.clock().now() + 30s));
  REQUIRE(broker.receive(url, 1).size() == 1);
  CHECK(broker.peek_bodies("orders.fifo") == Bodies{"a2", "b1"});
  CHECK(broker.peek_bodies("orders.fifo", "in_flight") == Bodies{"a1"});
}

TEST_CASE("tenants' messages that left out of turn are not shown twice", "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send_all(url, {"n1", "n2", "n3", "n4"}, "noisy");
  broker.send_all(url, {"q1"}, "quiet");
  const auto taken = bodies_of(broker.receive(url, 3));
  auto all = broker.peek_bodies("orders");
  CHECK(all.size() == 2);
  const auto flying = broker.peek_bodies("orders", "in_flight");
  CHECK(std::set<std::string>(flying.begin(), flying.end()) ==
        std::set<std::string>(taken.begin(), taken.end()));
  all.insert(all.end(), flying.begin(), flying.end());
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == 5);
}

TEST_CASE("expired messages are not shown", "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders", {{"MessageRetentionPeriod", "60"}});
  broker.send_all(url, {"old"});
  broker.advance(30s);
  broker.send_all(url, {"new"});
  broker.clock().advance(30s);  // no deadline fires: it is there still
  CHECK(broker.peek_bodies("orders") == Bodies{"new"});
}

TEST_CASE("a purge between two pages ends the listing, and what comes later is shown", "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send_all(url, numbered(4));
  const auto first = broker.peek_page("orders", "visible", 2);
  REQUIRE(first.response.next);
  api::PurgeQueueRequest purge;
  purge.queue_url = url;
  broker.call<&Broker::purge_queue>(purge);
  CHECK(broker.peek_page("orders", "visible", 2, first.response.next).response.messages.empty());
  broker.send_all(url, {"new"});
  const auto second = broker.peek_page("orders", "visible", 2, first.response.next);
  CHECK(bodies_of(second.response.messages) == Bodies{"new"});
}

TEST_CASE("messages deleted between two pages are left out of the second", "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send_all(url, numbered(4));
  const auto first = broker.peek_page("orders", "visible", 1);
  for (const auto& message : broker.receive(url, 2)) broker.remove(url, message.receipt_handle);
  const auto second = broker.peek_page("orders", "visible", 10, first.response.next);
  CHECK(bodies_of(second.response.messages) == Bodies{"message 2", "message 3"});
}

TEST_CASE("one message can be looked for by its id", "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send_all(url, numbered(5));
  api::PeekMessagesRequest request;
  request.queue = "orders";
  request.id = broker.send(url, "this one").response.message_id;
  const auto found = broker.call<&Broker::peek_messages>(request).response.messages;
  CHECK(bodies_of(found) == Bodies{"this one"});
}

TEST_CASE("a page that has looked at much ends, and the next goes on behind it", "[peek]") {
  OperatorBroker broker;
  const auto ours = broker.create_queue("ours");
  const auto other = broker.create_queue("other");
  broker.send(ours, "first", 60);
  for (int i = 0; i < 1010; ++i) {
    api::SendMessageBatchRequest request;
    request.queue_url = other;
    for (int j = 0; j < 10; ++j) {
      auto& entry = request.entries.emplace_back();
      entry.id = std::to_string(j);
      entry.message_body = "x";
      entry.delay_seconds = 60;
    }
    REQUIRE_FALSE(broker.call<&Broker::send_message_batch>(request).error);
  }
  broker.clock().advance(1ms);
  broker.send(ours, "second", 60);
  const auto page = broker.peek_page("ours", "delayed");
  CHECK(bodies_of(page.response.messages) == Bodies{"first"});
  CHECK(page.response.next);
  CHECK(broker.peek_bodies("ours", "delayed") == Bodies{"first", "second"});

  broker.advance(60s);
  api::PeekMessagesRequest request;
  request.queue = "other";
  request.id = broker.send(other, "the last").response.message_id;
  const auto unfinished = broker.call<&Broker::peek_messages>(request).response;
  CHECK(unfinished.messages.empty());
  request.next = unfinished.next;
  REQUIRE(request.next);
  const auto found = broker.call<&Broker::peek_messages>(request).response;
  CHECK(bodies_of(found.messages) == Bodies{"the last"});
}

TEST_CASE("what is deleted, received or purged while a page is read is shown as it is then",
          "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send_all(url, {"a", "b"});
  const auto held = broker.receive(url, 1, 0);
  REQUIRE(bodies_of(broker.peek("orders")) == Bodies{"a", "b"});
  // Read, but not yet answered.
  const auto begin = [&] {
    auto reply = std::make_shared<test::Reply<api::PeekMessagesResponse>>();
    api::PeekMessagesRequest request;
    request.queue = "orders";
    broker.engine().submit(
        std::make_unique<test::TestJob<&Broker::peek_messages>>(request, reply, false));
    REQUIRE_FALSE(reply->released);
    return reply;
  };
  auto reading = begin();
  CHECK_FALSE(broker.remove(url, held[0].receipt_handle));
  CHECK(bodies_of(reading->response.messages) == Bodies{"b"});
  reading = begin();
  CHECK(bodies_of(broker.receive(url)) == Bodies{"b"});
  CHECK(reading->response.messages.empty());
  broker.send_all(url, {"c"});
  reading = begin();
  api::PurgeQueueRequest purge;
  purge.queue_url = url;
  broker.call<&Broker::purge_queue>(purge);
  REQUIRE(reading->released);
  CHECK(reading->response.messages.empty());
}

TEST_CASE("large bodies end a page early", "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  const std::string body(400'000, 'x');
  broker.send_all(url, Bodies(5, body));
  const auto page = broker.peek_page("orders", "visible", 100);
  CHECK(page.response.messages.size() == 3);
  CHECK(page.response.next);
  CHECK(broker.peek("orders").size() == 5);
}

TEST_CASE("a peek waits until what was decided before it is durable", "[peek]") {
  auto faulty = std::make_shared<FaultyStore>(std::make_shared<MemoryStore>());
  OperatorBroker broker({}, faulty);
  const auto url = broker.create_queue("orders");
  broker.send_all(url, {"a", "b"});
  faulty->delay_commit(faulty->commit_count() + 1);
  api::ReceiveMessageRequest receive;
  receive.queue_url = url;
  broker.start<&Broker::receive_message>(receive);
  api::PeekMessagesRequest request;
  request.queue = "orders";
  const auto reply = broker.start<&Broker::peek_messages>(request, false);
  CHECK_FALSE(reply->released);
  faulty->release();
  broker.settle();
  REQUIRE(reply->released);
  CHECK(bodies_of(reply->response.messages) == Bodies{"b"});
}

TEST_CASE("a disk that cannot be read is no empty queue", "[peek]") {
  auto faulty = std::make_shared<FaultyStore>(std::make_shared<MemoryStore>());
  OperatorBroker broker({}, faulty);
  broker.send_all(broker.create_queue("orders"), {"a"});
  faulty->fail_reads(true);
  const auto page = broker.peek_page("orders", "visible");
  REQUIRE(page.error);
  CHECK(page.error->code == ErrorCode::internal_failure);
  faulty->fail_reads(false);
  CHECK(broker.peek_bodies("orders") == Bodies{"a"});
}

TEST_CASE("a store that takes no writes still lets one look, and nothing more", "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send_all(url, {"a", "b"});
  const auto position = broker.peek("orders")[0].position;
  auto store = std::make_shared<MemoryStore>(
      MemoryStore::Options{.contents = static_cast<MemoryStore&>(broker.store()).contents()});
  REQUIRE(broker.engine().reload(store, true).empty());
  CHECK(broker.peek_bodies("orders") == Bodies{"a", "b"});
  const auto refused = broker.discard("orders", position);
  REQUIRE(refused.error);
  CHECK(refused.error->code == ErrorCode::service_unavailable);
  CHECK(broker.peek_bodies("orders") == Bodies{"a", "b"});
}

TEST_CASE("what is wrong with a question is said", "[peek]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.create_queue("other");
  broker.send_all(url, {"a", "b"});
  const auto says = [](const auto& reply, ErrorCode code, std::string_view part) {
    return reply.error && reply.error->code == code &&
           reply.error->message.find(part) != std::string::npos;
  };
  CHECK(says(broker.peek_page("none", "visible"), ErrorCode::resource_not_found,
             "no queue none in account 000000000000 and region us-east-1"));
  const auto bad = ErrorCode::invalid_parameter_value;
  CHECK(says(broker.peek_page("orders", "hidden"), bad, "visible, in_flight or delayed"));
  CHECK(says(broker.peek_page("orders", "visible", 0), bad, "from 1 to 1000"));
  CHECK(says(broker.peek_page("orders", "visible", 1001), bad, "from 1 to 1000"));
  CHECK(says(broker.peek_page("orders", "visible", 1, "x"), bad, "next is not of a listing"));
  const auto next = broker.peek_page("orders", "visible", 1).response.next;
  REQUIRE(next);
  CHECK(says(broker.peek_page("other", "visible", 1, next), bad, "next is not of a listing"));
  CHECK(says(broker.peek_page("orders", "delayed", 1, next), bad, "next is not of a listing"));
}

TEST_CASE("the overview counts each queue's messages and names its dead letters", "[peek]") {
  OperatorBroker broker;
  broker.create_queue("dead");
  const std::string dead_arn = "arn:aws:sqs:us-east-1:000000000000:dead";
  const std::string policy = R"({"deadLetterTargetArn":")" + dead_arn + R"(","maxReceiveCount":3})";
  const auto url = broker.create_queue("orders", {{"RedrivePolicy", policy}});
  broker.send_all(url, {"a", "b", "c"});
  broker.send(url, "later", 60);
  broker.receive(url, 2);
  api::DescribeQueuesRequest request;
  request.limit = 1;
  auto page = broker.call<&Broker::describe_queues>(request).response;
  REQUIRE(page.queues.size() == 1);
  CHECK(page.queues[0].name == "dead");
  CHECK_FALSE(page.queues[0].oldest_sent_ms);
  request.next = page.next;
  page = broker.call<&Broker::describe_queues>(request).response;
  REQUIRE(page.queues.size() == 1);
  CHECK_FALSE(page.next);
  const auto& orders = page.queues[0];
  CHECK(orders.name == "orders");
  CHECK(orders.url == url);
  CHECK((orders.visible == 1 && orders.in_flight == 2 && orders.delayed == 1));
  CHECK(orders.dead_letter_target_arn == dead_arn);
  CHECK(orders.max_receive_count == 3);
  CHECK(orders.oldest_sent_ms == to_ms(broker.clock().now()));
}
