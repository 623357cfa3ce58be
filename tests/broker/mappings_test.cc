// Queues whose messages functions are invoked with: what is received, in which batches, what is
// deleted and what comes again.
#include "broker/functions/mappings.h"

#include <simdjson.h>

#include <catch2/catch.hpp>

#include "tests/broker/function_shop.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using functions::Mappings;
namespace wire = api::lambda;

namespace {

struct MappedQueue : test::FunctionShop {
  explicit MappedQueue(api::StringMap attributes = {}, const std::string& name = "notifications")
      : queue(create_queue(name, std::move(attributes))), arn(queue_arn(name)) {}

  wire::CreateEventSourceMappingRequest request() const {
    wire::CreateEventSourceMappingRequest made;
    made.event_source_arn = arn;
    made.function_name = "orders";
    return made;
  }
  std::string map(const wire::CreateEventSourceMappingRequest& made) {
    const auto reply = call<&Mappings::create_event_source_mapping>(made);
    REQUIRE_FALSE(reply.error);
    return *reply.response.uuid;
  }
  std::string map_with_failures_reported() {
    auto made = request();
    made.function_response_types = {"ReportBatchItemFailures"};
    return map(made);
  }
  std::string refusal(const wire::CreateEventSourceMappingRequest& made) {
    const auto reply = call<&Mappings::create_event_source_mapping>(made);
    REQUIRE(reply.error);
    return reply.error->message;
  }
  void send_all(std::initializer_list<const char*> bodies) {
    for (const char* body : bodies) send(queue, body);
  }
  std::string visible() { return attribute(queue, "ApproximateNumberOfMessages"); }
  std::string hidden() { return attribute(queue, "ApproximateNumberOfMessagesNotVisible"); }
  // Bodies of a batch, in its order.
  static std::vector<std::string> bodies(const Asked& asked) { return members(asked, "body"); }
  static std::vector<std::string> ids(const Asked& asked) { return members(asked, "messageId"); }
  static std::vector<std::string> members(const Asked& asked, const char* name) {
    std::vector<std::string> found;
    const std::string payload = payload_of(asked);
    simdjson::dom::parser parser;
    for (const auto record : parser.parse(payload)["Records"]) {
      found.emplace_back(std::string_view(record[name]));
    }
    return found;
  }
  static std::string failures(const std::vector<std::string>& ids) {
    std::string json;
    for (const auto& id : ids) {
      json += (json.empty() ? "" : ",") + ("{\"itemIdentifier\":\"" + id + "\"}");
    }
    return "{\"batchItemFailures\":[" + json + "]}";
  }

  std::string queue;
  std::string arn;
};

using Bodies = std::vector<std::string>;

}  // namespace

TEST_CASE("a function gets a queue's messages, and what it has done is deleted", "[mappings]") {
  MappedQueue world;
  world.map(world.request());
  world.send_all({"a", "b"});
  // Nobody is there to take them: they stay visible, and uncounted.
  CHECK(world.visible() == "2");
  const auto batch = world.next();
  CHECK(MappedQueue::bodies(batch) == Bodies{"a", "b"});
  CHECK(world.hidden() == "2");
  CHECK(world.respond(batch, "null"));
  CHECK(world.hidden() == "0");
  CHECK(world.visible() == "0");
  const auto idle = world.next();
  CHECK_FALSE(idle->released);
  world.send_all({"c"});
  CHECK(MappedQueue::bodies(idle) == Bodies{"c"});
}

TEST_CASE("a record has all that the service writes", "[mappings]") {
  MappedQueue world;
  world.map(world.request());
  api::SendMessageRequest request;
  request.queue_url = world.queue;
  request.message_body = "{\"a\":1}";
  request.message_attributes["Kind"] = {.string_value = "order", .data_type = "String"};
  world.call<&Broker::send_message>(request);
  const auto batch = world.next();
  simdjson::dom::parser parser;
  const std::string payload = MappedQueue::payload_of(batch);
  const simdjson::dom::element record = parser.parse(payload)["Records"].at(0);
  CHECK(std::string_view(record["body"]) == "{\"a\":1}");
  CHECK(std::string_view(record["eventSource"]) == "aws:sqs");
  CHECK(std::string_view(record["eventSourceARN"]) == world.arn);
  CHECK(std::string_view(record["awsRegion"]) == "us-east-1");
  CHECK(std::string_view(record["md5OfBody"]) == "bb6cb5c68df4652941caf652a366f2d8");
  CHECK(std::string_view(record["attributes"]["ApproximateReceiveCount"]) == "1");
  CHECK(std::string_view(record["attributes"]["SenderId"]) == "000000000000");
  const simdjson::dom::element kind = record["messageAttributes"]["Kind"];
  CHECK(std::string_view(kind["stringValue"]) == "order");
  CHECK(std::string_view(kind["dataType"]) == "String");
  CHECK(kind["stringListValues"].is_array());
  CHECK(record["md5OfMessageAttributes"].is_string());
}

TEST_CASE("messages that a function reports come again, the others are deleted", "[mappings]") {
  MappedQueue world;
  world.map_with_failures_reported();
  world.send_all({"1", "2", "3", "4", "5"});
  const auto batch = world.next();
  const auto ids = MappedQueue::ids(batch);
  REQUIRE(ids.size() == 5);
  CHECK(world.respond(batch, MappedQueue::failures({ids[1], ids[3]})));
  CHECK(world.hidden() == "2");
  const auto again = world.next();
  world.advance(29s);
  CHECK_FALSE(again->released);
  world.advance(1s);
  CHECK(MappedQueue::bodies(again) == Bodies{"2", "4"});
}

TEST_CASE("answers that fail a batch whole", "[mappings]") {
  const auto [answer, left] = GENERATE(table<std::string, std::string>({
      {"", "0"},
      {"null", "0"},
      {"{}", "0"},
      {"{\"batchItemFailures\":[]}", "0"},
      {"{\"batchItemFailures\":null}", "0"},
      {"{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}", "2"},
      {"{\"batchItemFailures\":[{\"itemIdentifier\":null}]}", "2"},
      {"{\"batchItemFailures\":[{\"identifier\":\"a\"}]}", "2"},
      {"{\"batchItemFailures\":[{\"itemIdentifier\":\"none of the batch\"}]}", "2"},
      {"{\"batchItemFailures\":\"none\"}", "2"},
      {"{\"batchItemFailures\":[", "2"},
  }));
  MappedQueue world;
  world.map_with_failures_reported();
  world.send_all({"a", "b"});
  const auto batch = world.next();
  CHECK(world.respond(batch, answer));
  CAPTURE(answer);
  CHECK(world.hidden() == left);
}

TEST_CASE("without ReportBatchItemFailures the answer does not matter", "[mappings]") {
  MappedQueue world;
  world.map(world.request());
  world.send_all({"a", "b"});
  const auto batch = world.next();
  CHECK(world.respond(batch, MappedQueue::failures(MappedQueue::ids(batch))));
  CHECK(world.hidden() == "0");
}

TEST_CASE("a poison message is in the dead-letter queue after its receives", "[mappings]") {
  MappedQueue world(api::StringMap{{"VisibilityTimeout", "10"}});
  const auto dead = world.create_queue("dead");
  world.call<&Broker::set_queue_attributes>(
      {world.queue,
       {{"RedrivePolicy", "{\"deadLetterTargetArn\":\"" + MappedQueue::queue_arn("dead") +
                              "\",\"maxReceiveCount\":3}"}}});
  world.map_with_failures_reported();
  world.send_all({"good", "poison"});
  for (int i = 0; i < 3; ++i) {
    const auto batch = world.next();
    world.advance(10s);
    const auto ids = MappedQueue::ids(batch);
    REQUIRE_FALSE(ids.empty());
    // It took all its time, and still counts.
    world.respond(batch, MappedQueue::failures({ids.back()}));
  }
  const auto idle = world.next();
  world.advance(10s);
  CHECK_FALSE(idle->released);
  const auto messages = world.receive(dead);
  REQUIRE(messages.size() >= 1);
  CHECK(messages.back().body == "poison");
}

TEST_CASE("a function that fails or runs out of time gets its batch again", "[mappings]") {
  MappedQueue world;
  world.map_with_failures_reported();
  world.send_all({"a"});
  CHECK(world.fail(world.next(), R"({"errorType":"E","errorMessage":"m"})"));
  CHECK(world.hidden() == "1");
  const auto second = world.next();
  world.advance(30s);
  CHECK(MappedQueue::bodies(second) == Bodies{"a"});
  // The function's five seconds, then what is left of the queue's thirty.
  world.advance(5s);
  CHECK_FALSE(world.respond(second, "null"));
  const auto third = world.next();
  world.advance(25s);
  CHECK(MappedQueue::bodies(third) == Bodies{"a"});
  CHECK(world.respond(third, "null"));
  CHECK(world.hidden() == "0");
}

TEST_CASE("batches are as large as the mapping says", "[mappings]") {
  MappedQueue world;
  auto made = world.request();
  made.batch_size = 2;
  world.map(made);
  world.send_all({"a", "b", "c"});
  CHECK(MappedQueue::bodies(world.next()) == Bodies{"a", "b"});
  CHECK(MappedQueue::bodies(world.next()) == Bodies{"c"});
}

TEST_CASE("a batching window gathers messages until it ends or the batch is full", "[mappings]") {
  MappedQueue world(api::StringMap{{"VisibilityTimeout", "100"}});
  auto made = world.request();
  made.batch_size = 25;
  made.maximum_batching_window_in_seconds = 10;
  world.map(made);
  const auto batch = world.next();
  world.send_all({"a", "b"});
  world.advance(6s);
  world.send_all({"c"});
  world.advance(3s);
  CHECK_FALSE(batch->released);
  world.advance(1s);
  CHECK(MappedQueue::bodies(batch) == Bodies{"a", "b", "c"});
  world.respond(batch, "null");
  const auto full = world.next();
  for (int i = 0; i < 26; ++i) world.send(world.queue, std::to_string(i));
  CHECK(MappedQueue::bodies(full).size() == 25);
}

TEST_CASE("a batch is no larger than six megabytes", "[mappings]") {
  MappedQueue world;
  world.map(world.request());
  for (int i = 0; i < 8; ++i) world.send(world.queue, std::string(1'000'000, 'x'));
  CHECK(MappedQueue::bodies(world.next()).size() == 6);
  CHECK(MappedQueue::bodies(world.next()).size() == 2);
}

TEST_CASE("messages that no filter matches are deleted", "[mappings]") {
  MappedQueue world;
  auto made = world.request();
  made.filter_criteria.emplace().filters = {{.pattern = R"({"body":{"kind":["order"]}})"},
                                            {.pattern = R"({"body":["plain"]})"}};
  world.map(made);
  world.send_all({R"({"kind":"order"})", R"({"kind":"other"})", "plain", "else", "[1]"});
  const auto batch = world.next();
  CHECK(MappedQueue::bodies(batch) == Bodies{R"({"kind":"order"})", "plain"});
  CHECK(world.visible() == "0");
  CHECK(world.hidden() == "2");
}

TEST_CASE("filters see a message's attributes", "[mappings]") {
  MappedQueue world;
  auto made = world.request();
  made.filter_criteria.emplace().filters = {
      {.pattern = R"({"messageAttributes":{"Kind":{"stringValue":["order"]}}})"}};
  world.map(made);
  for (const char* kind : {"order", "other"}) {
    api::SendMessageRequest request;
    request.queue_url = world.queue;
    request.message_body = kind;
    request.message_attributes["Kind"] = {.string_value = kind, .data_type = "String"};
    world.call<&Broker::send_message>(request);
  }
  CHECK(MappedQueue::bodies(world.next()) == Bodies{"order"});
}

TEST_CASE("a mapping has no more batches at work than its MaximumConcurrency", "[mappings]") {
  MappedQueue world;
  auto made = world.request();
  made.batch_size = 1;
  made.scaling_config.emplace().maximum_concurrency = 2;
  world.map(made);
  world.send_all({"a", "b", "c"});
  const auto first = world.next();
  const auto second = world.next();
  const auto third = world.next();
  CHECK(first->released);
  CHECK(second->released);
  CHECK_FALSE(third->released);
  CHECK(world.visible() == "1");
  world.respond(first, "null");
  CHECK(MappedQueue::bodies(third) == Bodies{"c"});
}

TEST_CASE("a group of a FIFO queue is one batch at a time, in order", "[mappings]") {
  MappedQueue world(api::StringMap{{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}},
                    "orders.fifo");
  auto made = world.request();
  made.batch_size = 2;
  made.function_response_types = {"ReportBatchItemFailures"};
  world.map(made);
  const auto put = [&](const std::string& group, const std::string& body) {
    api::SendMessageRequest request;
    request.queue_url = world.queue;
    request.message_body = body;
    request.message_group_id = group;
    REQUIRE_FALSE(world.call<&Broker::send_message>(request).error);
  };
  for (const char* body : {"a1", "a2", "a3"}) put("a", body);
  put("b", "b1");
  const auto first = world.next();
  const auto second = world.next();
  const auto third = world.next();
  CHECK(MappedQueue::bodies(first) == Bodies{"a1", "a2"});
  CHECK(MappedQueue::bodies(second) == Bodies{"b1"});
  CHECK_FALSE(third->released);
  world.respond(second, "null");
  // The first has failed: what is behind it waits with it.
  world.respond(first, MappedQueue::failures(MappedQueue::ids(first)));
  CHECK_FALSE(third->released);
  world.advance(30s);
  CHECK(MappedQueue::bodies(third) == Bodies{"a1", "a2"});
  world.respond(third, "null");
  CHECK(MappedQueue::bodies(world.next()) == Bodies{"a3"});
}

TEST_CASE("a FIFO queue's group is in order however many workers there are", "[mappings]") {
  MappedQueue world(api::StringMap{{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}},
                    "orders.fifo");
  auto made = world.request();
  made.batch_size = 2;
  const auto workers = {world.next(), world.next(), world.next()};
  for (const char* body : {"1", "2", "3", "4"}) {
    api::SendMessageRequest request;
    request.queue_url = world.queue;
    request.message_body = body;
    request.message_group_id = "a";
    world.call<&Broker::send_message>(request);
  }
  world.map(made);
  Bodies done;
  for (const auto& worker : workers) {
    const auto released = [](const auto& each) { return each->released; };
    CHECK(std::count_if(workers.begin(), workers.end(), released) ==
          (done.size() < 4 ? 1 + static_cast<long>(done.size() / 2) : 2));
    if (!worker->released) continue;
    for (const auto& body : MappedQueue::bodies(worker)) done.push_back(body);
    world.respond(worker, "null");
  }
  CHECK(done == Bodies{"1", "2", "3", "4"});
}

TEST_CASE("large messages of a FIFO queue's group are in order, too", "[mappings]") {
  MappedQueue world(api::StringMap{{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}},
                    "orders.fifo");
  auto made = world.request();
  made.function_response_types = {"ReportBatchItemFailures"};
  for (char body = 'a'; body < 'i'; ++body) {
    api::SendMessageRequest request;
    request.queue_url = world.queue;
    request.message_body = std::string(1'000'000, body);
    request.message_group_id = "g";
    world.call<&Broker::send_message>(request);
  }
  world.map(made);
  const auto first = world.next();
  const auto second = world.next();
  CHECK(MappedQueue::bodies(first).size() == 6);
  CHECK_FALSE(second->released);
  SECTION("the others follow when the first have been done") {
    world.respond(first, "null");
    CHECK(MappedQueue::bodies(second).size() == 2);
  }
  SECTION("the others wait with those that have failed") {
    world.respond(first, MappedQueue::failures(MappedQueue::ids(first)));
    CHECK_FALSE(second->released);
    world.advance(30s);
    CHECK(MappedQueue::bodies(second).size() == 6);
  }
}

TEST_CASE("a mapping polls again after a restart, and loses nothing that was under way",
          "[mappings]") {
  MappedQueue world;
  world.map(world.request());
  world.send_all({"a"});
  const auto batch = world.next();
  CHECK(batch->released);
  world.restart();
  CHECK(world.load_problem().empty());
  CHECK_FALSE(world.respond(batch, "null"));
  const auto again = world.next();
  world.advance(30s);
  CHECK(MappedQueue::bodies(again) == Bodies{"a"});
  CHECK(world.respond(again, "null"));
  CHECK(world.hidden() == "0");
}

TEST_CASE("a mapping that is disabled or deleted takes no more messages", "[mappings]") {
  MappedQueue world;
  const auto uuid = world.map(world.request());
  const auto idle = world.next();
  wire::UpdateEventSourceMappingRequest off;
  off.uuid = uuid;
  off.enabled = false;
  CHECK(world.call<&Mappings::update_event_source_mapping>(off).response.state == "Disabling");
  world.send_all({"a"});
  CHECK_FALSE(idle->released);
  CHECK(world.visible() == "1");
  off.enabled = true;
  CHECK(world.call<&Mappings::update_event_source_mapping>(off).response.state == "Enabling");
  CHECK(MappedQueue::bodies(idle) == Bodies{"a"});
  world.respond(idle, "null");
  const auto waiting = world.next();
  CHECK(world.call<&Mappings::delete_event_source_mapping>({uuid}).response.state == "Deleting");
  world.send_all({"b"});
  CHECK_FALSE(waiting->released);
  CHECK(world.call<&Mappings::get_event_source_mapping>({uuid}).error);
}

TEST_CASE("an alias for two versions shares the batches out, to those that have a worker",
          "[mappings]") {
  MappedQueue world;
  using Functions = functions::Functions;
  REQUIRE_FALSE(world.call<&Functions::publish_version>({"orders", {}, {}, {}}).error);
  wire::UpdateFunctionConfigurationRequest changed;
  changed.function_name = "orders";
  changed.description = "another";
  REQUIRE_FALSE(world.call<&Functions::update_function_configuration>(changed).error);
  REQUIRE_FALSE(world.call<&Functions::publish_version>({"orders", {}, {}, {}}).error);
  wire::CreateAliasRequest alias{"orders", "live", "1", {}, {}};
  alias.routing_config = {{{"2", 0.5}}};
  REQUIRE_FALSE(world.call<&Functions::create_alias>(alias).error);
  auto made = world.request();
  made.function_name = "orders:live";
  made.batch_size = 1;
  world.map(made);

  // Both wait for each of 40: who gets it is drawn.
  std::map<std::string, int> count;
  auto first = world.next("orders:1");
  auto second = world.next("orders:2");
  for (int i = 0; i < 40; ++i) {
    world.send(world.queue, "m");
    auto& asked = first->released ? first : second;
    const std::string name = first->released ? "orders:1" : "orders:2";
    REQUIRE(asked->released);
    ++count[name];
    REQUIRE(world.respond(asked, "{}", name));
    asked = world.next(name);
  }
  CHECK(count["orders:1"] > 5);
  CHECK(count["orders:2"] > 5);

  // Only one has a worker: it gets all.
  world.restart();
  for (int i = 0; i < 10; ++i) {
    auto only = world.next("orders:1");
    world.send(world.queue, "m");
    REQUIRE(only->released);
    REQUIRE(world.respond(only, "{}", "orders:1"));
  }
}

TEST_CASE("a mapping says that its queue or its function is gone", "[mappings]") {
  MappedQueue world;
  const auto uuid = world.map(world.request());
  const auto result = [&] {
    return *world.call<&Mappings::get_event_source_mapping>({uuid}).response.last_processing_result;
  };
  api::DeleteQueueRequest gone;
  gone.queue_url = world.queue;
  const auto worker = world.next();
  REQUIRE_FALSE(world.call<&Broker::delete_queue>(gone).error);
  world.advance(60s);
  CHECK(result() == "PROBLEM: The queue cannot be received from");
  REQUIRE_FALSE(world.call<&functions::Functions::delete_function>({"orders", {}}).error);
  world.advance(60s);
  CHECK(result() == "PROBLEM: The function does not exist");
}

TEST_CASE("mappings that cannot be are refused in the service's words", "[mappings]") {
  MappedQueue world(api::StringMap{{"VisibilityTimeout", "4"}});
  CHECK(world.refusal(world.request()) ==
        "Queue visibility timeout: 4 seconds is less than Function timeout: 5 seconds");
  world.call<&Broker::set_queue_attributes>({world.queue, {{"VisibilityTimeout", "30"}}});
  auto made = world.request();
  made.batch_size = 11;
  CHECK(world.refusal(made) ==
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater "
        "than 10");
  made = world.request();
  made.event_source_arn = MappedQueue::queue_arn("nowhere");
  CHECK(world.refusal(made).find("AWS.SimpleQueueService.NonExistentQueue") != std::string::npos);
  made = world.request();
  made.function_name = "nobody";
  CHECK(world.refusal(made).find("Function not found") != std::string::npos);
  made = world.request();
  made.bisect_batch_on_function_error = true;
  CHECK(world.refusal(made).find("BisectBatchOnFunctionError") != std::string::npos);
  made = world.request();
  made.filter_criteria.emplace().filters = {{.pattern = "{\"body\":1}"}};
  CHECK(world.refusal(made).find("Invalid filter pattern definition.") == 0);
  const auto uuid = world.map(world.request());
  CHECK(world.refusal(world.request()).find(uuid) != std::string::npos);
}
