#include <catch2/catch.hpp>
#include <set>

#include "storage/faulty_store.h"
#include "tests/broker/test_broker.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using signalbox::storage::FaultyStore;
using signalbox::storage::MemoryStore;
using signalbox::storage::Outcome;
using test::TestBroker;

namespace {

std::string arn(const std::string& name) { return "arn:aws:sqs:us-east-1:000000000000:" + name; }

// A broker with the queue "orders" whose dead letters go to "dead", and "other".
struct DeadLetters : TestBroker {
  explicit DeadLetters(
      const std::string& suffix = "", Settings settings = {},
      std::shared_ptr<signalbox::storage::Store> store = std::make_shared<MemoryStore>())
      : TestBroker(std::move(settings), std::move(store)), suffix(suffix) {
    api::StringMap attributes;
    if (!suffix.empty()) attributes = {{"FifoQueue", "true"}};
    dead = create_queue("dead" + suffix, attributes);
    other = create_queue("other" + suffix, attributes);
    attributes["RedrivePolicy"] =
        R"({"deadLetterTargetArn":")" + arn("dead" + suffix) + R"(","maxReceiveCount":1})";
    orders = create_queue("orders" + suffix, attributes);
  }

  // Sends to "orders", fails, and is moved to "dead".
  void send_dead_letters(int count, const std::string& group = "") {
    for (int i = 0; i < count; ++i) {
      api::SendMessageRequest request;
      request.queue_url = orders;
      request.message_body = "m" + std::to_string(sent_count++);
      if (!group.empty()) {
        request.message_group_id = group;
        request.message_deduplication_id = request.message_body;
      }
      REQUIRE_FALSE(call<&Broker::send_message>(request).error);
    }
    while (!receive(orders).empty()) {
    }
    advance(31s);
    while (!receive(orders).empty()) {
    }
    REQUIRE(attribute(orders, "ApproximateNumberOfMessages") == "0");
  }

  test::Reply<api::StartMessageMoveTaskResponse> start_task(std::optional<std::string> to = {},
                                                            std::optional<std::int64_t> rate = {}) {
    api::StartMessageMoveTaskRequest request;
    request.source_arn = arn("dead" + suffix);
    if (to) request.destination_arn = arn(*to);
    request.max_number_of_messages_per_second = rate;
    return call<&Broker::start_message_move_task>(request);
  }
  std::vector<api::ListMessageMoveTasksResultEntry> tasks(
      std::optional<std::int64_t> count_max = {}) {
    return call<&Broker::list_message_move_tasks>({arn("dead" + suffix), count_max})
        .response.results;
  }
  std::string count(const std::string& queue) {
    return attribute(queue, "ApproximateNumberOfMessages");
  }
  // Bodies in the order they come, until nothing more does.
  std::vector<std::string> drain(const std::string& queue) {
    std::vector<std::string> all;
    while (true) {
      const auto messages = receive(queue);
      if (messages.empty()) return all;
      for (const auto& message : messages) {
        all.push_back(message.body);
        REQUIRE_FALSE(remove(queue, message.receipt_handle));
      }
    }
  }

  const std::string suffix;
  std::string orders, dead, other;
  int sent_count = 0;
};

std::vector<std::string> numbered(int count) {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back("m" + std::to_string(i));
  return all;
}

}  // namespace

TEST_CASE("a move task puts messages back where they came from", "[move]") {
  DeadLetters world;
  world.send_dead_letters(150);
  REQUIRE(world.count(world.dead) == "150");
  const auto started = world.start_task();
  REQUIRE_FALSE(started.error);
  world.advance(1s);
  const auto tasks = world.tasks();
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].status == "COMPLETED");
  CHECK_FALSE(tasks[0].task_handle);
  CHECK_FALSE(tasks[0].destination_arn);
  CHECK_FALSE(tasks[0].max_number_of_messages_per_second);
  CHECK_FALSE(tasks[0].failure_reason);
  CHECK(tasks[0].approximate_number_of_messages_moved == 150);
  CHECK(tasks[0].approximate_number_of_messages_to_move == 150);
  CHECK(world.count(world.dead) == "0");
  CHECK(world.drain(world.orders) == numbered(150));
}

TEST_CASE("a message moved back is new: its id, its age, its receives", "[move]") {
  DeadLetters world;
  world.send_dead_letters(1);
  const auto in_dead = world.receive(world.dead, 1, 0);
  REQUIRE(in_dead.size() == 1);
  world.start_task();
  world.advance(1s);
  const auto back = world.receive(world.orders);
  REQUIRE(back.size() == 1);
  CHECK(back[0].body == in_dead[0].body);
  CHECK(back[0].message_id != in_dead[0].message_id);
  CHECK(back[0].attributes->at("ApproximateReceiveCount") == "1");
  CHECK(back[0].attributes->at("SentTimestamp") > in_dead[0].attributes->at("SentTimestamp"));
  CHECK(back[0].attributes->count("DeadLetterQueueSourceArn") == 0);
}

TEST_CASE("a move task with a destination puts all messages there", "[move]") {
  DeadLetters world;
  world.send_dead_letters(3);
  // One that was sent to the dead-letter queue directly, too.
  world.send(world.dead, "m3");
  world.start_task("other");
  world.advance(1s);
  CHECK(world.tasks()[0].destination_arn == arn("other"));
  CHECK(world.drain(world.other) == numbered(4));
  CHECK(world.count(world.orders) == "0");
}

TEST_CASE("a move task goes no faster than its rate", "[move]") {
  DeadLetters world;
  world.send_dead_letters(100);
  world.start_task("other", 20);
  for (int second = 1; second <= 4; ++second) {
    world.advance(1s);
    const int moved = std::stoi(world.count(world.other));
    CHECK(moved <= 20 * second + 2);
    CHECK(moved >= 20 * second - 4);
    CHECK(world.tasks()[0].status == "RUNNING");
    CHECK(world.tasks()[0].approximate_number_of_messages_moved == moved);
  }
  world.advance(2s);
  CHECK(world.count(world.other) == "100");
  CHECK(world.tasks()[0].status == "COMPLETED");
}

TEST_CASE("a move task goes on after a restart, and no message is moved twice", "[move]") {
  DeadLetters world;
  world.send_dead_letters(60);
  world.start_task("other", 10);
  for (int i = 0; i < 8; ++i) {
    world.advance(700ms);
    world.restart();
  }
  world.advance(2s);
  CHECK(world.tasks()[0].status == "COMPLETED");
  CHECK(world.tasks()[0].approximate_number_of_messages_moved == 60);
  CHECK(world.drain(world.other) == numbered(60));
  CHECK(world.count(world.dead) == "0");
}

TEST_CASE("a crash at any commit of a move task loses no message and doubles none", "[move]") {
  bool reached_the_end = false;
  for (std::uint64_t nth = 1; !reached_the_end; ++nth) {
    CAPTURE(nth);
    auto disk = std::make_shared<MemoryStore>();
    DeadLetters world("", {}, disk);
    world.send_dead_letters(40);
    auto faulty = std::make_shared<FaultyStore>(disk);
    world.restart(faulty);
    faulty->fail_commit(faulty->commit_count() + nth, Outcome::unknown,
                        nth % 2 == 0 ? FaultyStore::Written::yes : FaultyStore::Written::no);
    world.start_task("other", 200);
    world.advance(2s);
    reached_the_end = !world.failed();
    world.restart(disk);
    world.advance(2s);
    const auto tasks = world.tasks();
    if (tasks.empty()) {
      CHECK(world.drain(world.dead) == numbered(40));  // it was never started
      continue;
    }
    CHECK(tasks[0].status == "COMPLETED");
    CHECK(world.drain(world.other) == numbered(40));
    CHECK(world.count(world.dead) == "0");
    REQUIRE(nth < 100);
  }
}

TEST_CASE("a cancelled move task stops where it is", "[move]") {
  DeadLetters world;
  world.send_dead_letters(50);
  const auto handle = world.start_task("other", 10).response.task_handle;
  world.advance(1s);
  const auto moved = world.tasks()[0].approximate_number_of_messages_moved;
  const auto cancelled = world.call<&Broker::cancel_message_move_task>({handle});
  REQUIRE_FALSE(cancelled.error);
  CHECK(cancelled.response.approximate_number_of_messages_moved == moved);
  world.advance(5s);
  CHECK(world.tasks()[0].status == "CANCELLED");
  CHECK_FALSE(world.tasks()[0].task_handle);
  CHECK(world.count(world.other) == std::to_string(moved));
  CHECK(world.count(world.dead) == std::to_string(50 - moved));
  // It is over: not twice, and another may start.
  const auto again = world.call<&Broker::cancel_message_move_task>({handle});
  REQUIRE(again.error);
  CHECK(again.error->code == ErrorCode::invalid_parameter_value);
  CHECK_FALSE(world.start_task("other").error);
}

TEST_CASE("messages that fail again while their task runs are not moved again", "[move]") {
  DeadLetters world;
  world.send_dead_letters(20);
  world.start_task({}, 5);
  // A consumer that fails at once: each message is back in the dead-letter queue soon.
  for (int i = 0; i < 40; ++i) {
    world.receive(world.orders, 10, 0);
    world.receive(world.orders, 10, 0);
    world.advance(250ms);
  }
  CHECK(world.tasks()[0].status == "COMPLETED");
  CHECK(world.tasks()[0].approximate_number_of_messages_moved == 20);
  CHECK(world.count(world.dead) == "20");
}

TEST_CASE("a move task leaves messages in flight, and those sent after it started", "[move]") {
  DeadLetters world;
  world.send_dead_letters(3);
  REQUIRE(world.receive(world.dead, 1, 600).size() == 1);
  world.start_task("other", 1);
  world.send(world.dead, "late");
  world.advance(5s);
  CHECK(world.tasks()[0].status == "COMPLETED");
  CHECK(world.tasks()[0].approximate_number_of_messages_to_move == 2);
  CHECK(world.drain(world.other) == std::vector<std::string>{"m1", "m2"});
  CHECK(world.drain(world.dead) == std::vector<std::string>{"late"});
}

TEST_CASE("a move task fails at a message that it cannot place, and moves those before", "[move]") {
  DeadLetters world;
  world.send_dead_letters(2);
  std::string reason;
  SECTION("sent to the dead-letter queue directly") {
    world.send(world.dead, "direct");
    world.start_task();
    world.advance(1s);
    reason = "CouldNotDetermineMessageSource";
    CHECK(world.drain(world.orders) == numbered(2));
    CHECK(world.drain(world.dead) == std::vector<std::string>{"direct"});
  }
  SECTION("its source is gone") {
    world.start_task({}, 1);
    REQUIRE(world.count(world.orders) == "1");
    world.call<&Broker::delete_queue>({world.orders});
    world.advance(2s);
    reason = "AWS.SimpleQueueService.NonExistentQueue";
    CHECK(world.drain(world.dead) == std::vector<std::string>{"m1"});
  }
  SECTION("the destination is gone") {
    world.start_task("other", 1);
    world.call<&Broker::delete_queue>({world.other});
    world.advance(2s);
    reason = "AWS.SimpleQueueService.NonExistentQueue";
    CHECK(world.drain(world.dead) == std::vector<std::string>{"m1"});
  }
  const auto tasks = world.tasks();
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].status == "FAILED");
  CHECK(tasks[0].failure_reason == reason);
}

TEST_CASE("messages of several sources each go back to theirs", "[move]") {
  DeadLetters world;
  const auto policy = R"({"deadLetterTargetArn":")" + arn("dead") + R"(","maxReceiveCount":1})";
  const auto second = world.create_queue("second", {{"RedrivePolicy", policy}});
  world.send_dead_letters(2);
  world.send(second, "s");
  world.receive(second, 10, 0);
  world.receive(second, 10, 0);
  REQUIRE(world.count(world.dead) == "3");
  world.start_task();
  world.advance(1s);
  CHECK(world.drain(second) == std::vector<std::string>{"s"});
  CHECK(world.drain(world.orders) == numbered(2));
}

TEST_CASE("a move task between FIFO queues keeps groups, order and what was deduplicated",
          "[move]") {
  DeadLetters world(".fifo");
  for (int i = 0; i < 12; ++i) {
    world.send_dead_letters(1, i % 2 == 0 ? "even" : "odd");
  }
  REQUIRE(world.count(world.dead) == "12");
  world.start_task();
  world.advance(1s);
  CHECK(world.tasks()[0].status == "COMPLETED");
  std::map<std::string, std::vector<std::string>> by_group;
  for (int i = 0; i < 12; ++i) {
    const auto messages = world.receive(world.orders, 1);
    REQUIRE(messages.size() == 1);
    by_group[messages[0].attributes->at("MessageGroupId")].push_back(messages[0].body);
    REQUIRE_FALSE(world.remove(world.orders, messages[0].receipt_handle));
  }
  CHECK(by_group["even"] == std::vector<std::string>{"m0", "m2", "m4", "m6", "m8", "m10"});
  CHECK(by_group["odd"] == std::vector<std::string>{"m1", "m3", "m5", "m7", "m9", "m11"});
}

TEST_CASE("a move task reads beyond the window", "[move]") {
  Settings settings;
  settings.queue_window_messages = 8;
  DeadLetters world("", settings);
  world.send_dead_letters(100);
  world.restart();
  world.start_task("other");
  world.advance(1s);
  CHECK(world.tasks()[0].status == "COMPLETED");
  CHECK(world.drain(world.other) == numbered(100));
}

TEST_CASE("a move task goes on when the disk can be read again", "[move]") {
  auto faulty = std::make_shared<FaultyStore>(std::make_shared<MemoryStore>());
  DeadLetters world("", {}, faulty);
  world.send_dead_letters(30);
  faulty->fail_reads(true);
  REQUIRE_FALSE(world.start_task("other").error);
  world.advance(3s);
  CHECK(world.tasks()[0].status == "RUNNING");
  CHECK(world.count(world.other) == "0");
  faulty->fail_reads(false);
  world.advance(2s);
  CHECK(world.tasks()[0].status == "COMPLETED");
  CHECK(world.drain(world.other) == numbered(30));
}

TEST_CASE("large messages are moved a few at a time", "[move]") {
  DeadLetters world;
  for (int i = 0; i < 30; ++i) {
    world.send(world.dead, std::string(1'000'000, 'x'));
  }
  world.start_task("other");
  world.advance(1s);
  CHECK(world.tasks()[0].status == "COMPLETED");
  CHECK(world.count(world.other) == "30");
}

TEST_CASE("expired messages of a dead-letter queue are dropped, not moved", "[move]") {
  DeadLetters world;
  world.send_dead_letters(5);
  world.advance(std::chrono::hours(95));
  world.send(world.dead, "fresh");
  world.advance(std::chrono::hours(1) + 1s);
  world.start_task("other");
  world.advance(1s);
  CHECK(world.drain(world.other) == std::vector<std::string>{"fresh"});
}

TEST_CASE("a queue purged or deleted while its messages move", "[move]") {
  DeadLetters world;
  world.send_dead_letters(10);
  world.start_task("other", 1);
  world.advance(1500ms);
  SECTION("purged: the task is done") {
    REQUIRE_FALSE(world.call<&Broker::purge_queue>({world.dead}).error);
    world.advance(2s);
    CHECK(world.tasks()[0].status == "COMPLETED");
    CHECK(world.count(world.other) == "2");
  }
  SECTION("deleted: the task is gone, also for a queue of the same name") {
    REQUIRE_FALSE(world.call<&Broker::delete_queue>({world.dead}).error);
    world.advance(2s);
    world.create_queue("dead");
    CHECK(world.tasks().empty());
    world.restart();
    CHECK(world.load_problem().empty());
    CHECK(world.tasks().empty());
    CHECK(world.count(world.other) == "2");
  }
}

TEST_CASE("the ten newest move tasks are listed, newest first", "[move]") {
  DeadLetters world;
  for (int i = 0; i < 12; ++i) {
    world.send(world.dead, "m");
    REQUIRE_FALSE(world.start_task("other").error);
    world.advance(1s);
  }
  CHECK(world.tasks().size() == 1);
  auto tasks = world.tasks(10);
  REQUIRE(tasks.size() == 10);
  for (std::size_t i = 1; i < tasks.size(); ++i) {
    CHECK(tasks[i - 1].started_timestamp - tasks[i].started_timestamp == 1000);
  }
  world.restart();
  CHECK(world.tasks(10).size() == 10);
  CHECK(world.tasks(10)[0].started_timestamp == tasks[0].started_timestamp);
}

TEST_CASE("what is wrong with a move task is said in the service's words", "[move]") {
  DeadLetters world;
  const auto refusal = [&](api::StartMessageMoveTaskRequest request) {
    const auto reply = world.call<&Broker::start_message_move_task>(std::move(request));
    REQUIRE(reply.error);
    return *reply.error;
  };
  api::StartMessageMoveTaskRequest request;
  request.source_arn = arn("missing");
  CHECK(refusal(request).code == ErrorCode::resource_not_found);
  CHECK(refusal(request).message ==
        "The resource that you specified for the SourceArn parameter doesn't exist.");
  request.source_arn = arn("other");
  CHECK(refusal(request).message == "Source queue must be configured as a Dead Letter Queue.");
  request.source_arn = arn("dead");
  request.destination_arn = arn("missing");
  CHECK(refusal(request).message ==
        "The resource that you specified for the DestinationArn parameter doesn't exist.");
  request.destination_arn = arn("dead");
  CHECK(refusal(request).code == ErrorCode::invalid_parameter_value);
  request.destination_arn.reset();
  for (const std::int64_t rate : {0, -1, 501}) {
    request.max_number_of_messages_per_second = rate;
    CHECK(refusal(request).code == ErrorCode::invalid_parameter_value);
  }
  request.max_number_of_messages_per_second = 1;
  world.send(world.dead, "a");
  world.send(world.dead, "b");
  request.destination_arn = arn("other");
  REQUIRE_FALSE(world.call<&Broker::start_message_move_task>(request).error);
  CHECK(refusal(request).message ==
        "There is already a task running. Only one active task is allowed for a source queue arn "
        "at a given time.");
  const auto cancel = [&](const std::string& handle) {
    const auto reply = world.call<&Broker::cancel_message_move_task>({handle});
    REQUIRE(reply.error);
    return *reply.error;
  };
  CHECK(cancel("nonsense").message == "Value for parameter TaskHandle is invalid.");
  CHECK(cancel(encode_task_handle({"x", arn("dead")})).message == "Task does not exist.");
  CHECK(cancel(encode_task_handle({"x", arn("dead")})).code == ErrorCode::resource_not_found);
  CHECK(cancel(encode_task_handle({"x", arn("missing")})).message == "Task does not exist.");
}
