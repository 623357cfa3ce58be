#include <catch2/catch.hpp>

#include "broker/md5.h"
#include "broker/page_token.h"
#include "broker/queue_url.h"
#include "tests/broker/test_broker.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using test::TestBroker;

namespace {

std::optional<Error> create(TestBroker& broker, const std::string& name,
                            api::StringMap attributes = {}) {
  api::CreateQueueRequest request;
  request.queue_name = name;
  request.attributes = std::move(attributes);
  return broker.call<&Broker::create_queue>(request).error;
}

std::optional<Error> set(TestBroker& broker, const std::string& queue, api::StringMap attributes) {
  api::SetQueueAttributesRequest request;
  request.queue_url = queue;
  request.attributes = std::move(attributes);
  return broker.call<&Broker::set_queue_attributes>(request).error;
}

}  // namespace

TEST_CASE("a queue URL is understood in every style that SDKs send", "[url]") {
  Caller caller;
  caller.region = "eu-west-1";
  const auto place = [&](const char* url) { return parse_queue_url(url, caller); };
  for (const char* url :
       {"http://localhost:4566/111122223333/orders", "https://example.com/111122223333/orders/",
        "/111122223333/orders", "http://localhost:4566/queue/eu-west-1/111122223333/orders",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/orders",
        "https://eu-west-1.queue.amazonaws.com/111122223333/orders"}) {
    INFO(url);
    REQUIRE(place(url));
    CHECK(place(url)->account == "111122223333");
    CHECK(place(url)->region == "eu-west-1");
    CHECK(place(url)->name == "orders");
  }
  CHECK(place("orders")->account == "000000000000");
  CHECK(place("http://sqs.us-east-2.localhost/111122223333/orders")->region == "us-east-2");
  for (const char* url : {"", "http://localhost:4566", "http://localhost/orders", "/1/2/3",
                          "http://localhost/12345/orders", "//"}) {
    INFO(url);
    CHECK_FALSE(place(url));
  }
}

TEST_CASE("a page token gives its name back and nothing else passes for one", "[url]") {
  for (const std::string name : {"a", "orders", "with spaces", "x.fifo"}) {
    CHECK(read_page_token(make_page_token(name)) == name);
  }
  for (const char* token : {"", "abc", "YWJj", "%%%%", "YWZ0ZXI=="}) {
    INFO(token);
    CHECK_FALSE(read_page_token(token));
  }
}

TEST_CASE("attribute digests are those the service has recorded", "[md5]") {
  const auto digest = [](const std::string& name, const std::string& value) {
    api::MessageAttributeMap attributes;
    attributes[name].data_type = "String";
    attributes[name].string_value = value;
    return hex(md5_of(attributes));
  };
  CHECK(digest("MyAttribute", "foobar") == "adb59cd4678ea5a855436b949cd07ab6");
  CHECK(digest("Foo", "Bar") == "ae7155c6026991b6d54b11589678bf9c");
  CHECK(digest("AWSTraceHeader",
               "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1") ==
        "5ae4d5d7636402d80f4eb6d213245a88");
}

TEST_CASE("creating a queue again succeeds unless a given attribute differs", "[queues]") {
  TestBroker broker;
  CHECK_FALSE(create(broker, "orders", {{"VisibilityTimeout", "60"}}));
  CHECK_FALSE(create(broker, "orders"));
  CHECK_FALSE(create(broker, "orders", {{"VisibilityTimeout", "60"}, {"DelaySeconds", "0"}}));
  const auto error = create(broker, "orders", {{"VisibilityTimeout", "30"}});
  REQUIRE(error);
  CHECK(error->code == ErrorCode::queue_name_exists);
  CHECK(error->message ==
        "A queue already exists with the same name and a different value for attribute "
        "VisibilityTimeout");
}

TEST_CASE("a queue that cannot be made leaves nothing behind", "[queues]") {
  TestBroker broker;
  for (const auto& [name, attributes] : std::vector<std::pair<std::string, api::StringMap>>{
           {"", {}},
           {"no spaces", {}},
           {"dots.are.out", {}},
           {std::string(81, 'x'), {}},
           {"orders", {{"VisibilityTimeout", "43201"}}},
           {"orders", {{"VisibilityTimeout", "soon"}}},
           {"orders", {{"Nonsense", "1"}}},
           {"orders", {{"FifoQueue", "true"}}},
           {"orders", {{"QueueArn", "arn"}}},
           {"orders", {{"RedrivePolicy", "not JSON"}}},
           {"orders", {{"RedrivePolicy", R"({"maxReceiveCount":1})"}}},
           {"orders.fifo", {{"FifoQueue", "false"}}},
           {"orders.fifo", {}}}) {
    INFO(name);
    CHECK(create(broker, name, attributes));
  }
  CHECK_FALSE(broker.call<&Broker::list_queues>({}).response.queue_urls);
}

TEST_CASE("a redrive policy must name a queue that exists, and an empty one removes it",
          "[queues]") {
  TestBroker broker;
  const auto queue = broker.create_queue("orders");
  const api::StringMap policy{
      {"RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead",)"
                        R"("maxReceiveCount":"3"})"}};
  CHECK(set(broker, queue, policy)->code == ErrorCode::invalid_parameter_value);
  broker.create_queue("dead");
  CHECK_FALSE(set(broker, queue, policy));
  CHECK(broker.attribute(queue, "RedrivePolicy") == policy.at("RedrivePolicy"));
  CHECK_FALSE(set(broker, queue, {{"RedrivePolicy", ""}}));
  CHECK(broker.attribute(queue, "RedrivePolicy").empty());
}

TEST_CASE("accounts and regions are worlds of their own", "[queues]") {
  TestBroker broker;
  broker.create_queue("orders");
  broker.caller.region = "eu-west-1";
  CHECK_FALSE(broker.call<&Broker::list_queues>({}).response.queue_urls);
  broker.create_queue("orders");
  CHECK(broker.attribute("orders", "QueueArn") == "arn:aws:sqs:eu-west-1:000000000000:orders");
  broker.caller.account = "111122223333";
  CHECK_FALSE(broker.call<&Broker::list_queues>({}).response.queue_urls);
  // A URL of another account names that account's queue.
  CHECK(broker.attribute("http://localhost/000000000000/orders", "QueueArn") ==
        "arn:aws:sqs:eu-west-1:000000000000:orders");
}

TEST_CASE("the number of worlds is bounded", "[queues]") {
  Settings settings;
  settings.worlds_max = 2;
  TestBroker broker(settings);
  CHECK_FALSE(create(broker, "a"));
  broker.caller.region = "eu-west-1";
  CHECK_FALSE(create(broker, "a"));
  broker.caller.region = "eu-west-2";
  CHECK(create(broker, "a")->code == ErrorCode::limit_exceeded);
}

TEST_CASE("listing is in pages of ordered names", "[queues]") {
  TestBroker broker;
  for (const char* name : {"b1", "a2", "a1", "a3"}) broker.create_queue(name);
  api::ListQueuesRequest request;
  request.queue_name_prefix = "a";
  request.max_results = 2;
  auto page = broker.call<&Broker::list_queues>(request).response;
  REQUIRE(page.queue_urls);
  CHECK(page.queue_urls->size() == 2);
  CHECK(page.queue_urls->front().ends_with("/a1"));
  REQUIRE(page.next_token);
  request.next_token = page.next_token;
  page = broker.call<&Broker::list_queues>(request).response;
  CHECK(page.queue_urls->size() == 1);
  CHECK(page.queue_urls->front().ends_with("/a3"));
  CHECK_FALSE(page.next_token);
  request.next_token = "made up";
  CHECK(broker.call<&Broker::list_queues>(request).error);
}

TEST_CASE("what was set is there after a restart", "[queues]") {
  TestBroker broker;
  const auto queue = broker.create_queue("orders", {{"DelaySeconds", "5"}});
  api::TagQueueRequest tags;
  tags.queue_url = queue;
  tags.tags = {{"team", "shop"}};
  broker.call<&Broker::tag_queue>(tags);
  for (int i = 0; i < 10; ++i) broker.send(queue, "m", 0);
  broker.send(queue, "later");
  REQUIRE(broker.receive(queue, 4).size() == 4);
  broker.restart();
  CHECK(broker.attribute(queue, "DelaySeconds") == "5");
  CHECK(broker.attribute(queue, "ApproximateNumberOfMessages") == "6");
  CHECK(broker.attribute(queue, "ApproximateNumberOfMessagesNotVisible") == "4");
  CHECK(broker.attribute(queue, "ApproximateNumberOfMessagesDelayed") == "1");
  api::ListQueueTagsRequest request;
  request.queue_url = queue;
  CHECK(broker.call<&Broker::list_queue_tags>(request).response.tags == tags.tags);
}

TEST_CASE("a deleted queue's name is blocked for a minute when the setting says so", "[queues]") {
  Settings settings;
  settings.queue_deleted_recently = true;
  TestBroker broker(settings);
  api::DeleteQueueRequest request;
  request.queue_url = broker.create_queue("orders");
  CHECK_FALSE(broker.call<&Broker::delete_queue>(request).error);
  CHECK(broker.call<&Broker::delete_queue>(request).error->code == ErrorCode::queue_does_not_exist);
  CHECK(create(broker, "orders")->code == ErrorCode::queue_deleted_recently);
  broker.advance(60s);
  CHECK_FALSE(create(broker, "orders"));
}

TEST_CASE("a store written by a newer version is refused, naming the record", "[queues]") {
  auto store = std::make_shared<signalbox::storage::MemoryStore>();
  {
    TestBroker broker({}, store);
    broker.create_queue("orders");
    CHECK(broker.load_problem().empty());
  }
  signalbox::storage::MemoryStore::Options options;
  options.contents = store->contents();
  for (auto& [key, value] : options.contents) {
    if (signalbox::storage::keys::parse_queue(key)) value[0] = 99;
  }
  TestBroker broker({}, std::make_shared<signalbox::storage::MemoryStore>(std::move(options)));
  CHECK(broker.load_problem() == "a queue record has a format this version does not know");
}
