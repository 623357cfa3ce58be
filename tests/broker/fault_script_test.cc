// Queues, buses, rules, archives and their messages, against a store that fails or delays commits.
#include "tests/broker/fault_script.h"

namespace signalbox::broker::fault {

namespace {

api::RuleRequest rule_request(const std::string& name) {
  api::RuleRequest request;
  request.name = name;
  request.event_bus_name = "shop";
  return request;
}

const std::string rule_arn = "arn:aws:events:us-east-1:000000000000:rule/shop/created";

std::vector<Step> script_steps() {
  const std::string redrive =
      R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"1"})";
  return {
      {"CreateQueue dead", [](Script& s) { return create_queue(s, "dead"); }},
      {"CreateQueue orders",
       [=](Script& s) {
         return create_queue(s, "orders", {{"RedrivePolicy", redrive}});
       }},
      {"CreateQueue scratch", [](Script& s) { return create_queue(s, "scratch"); }},
      {"SetQueueAttributes",
       [](Script& s) {
         auto request = with_queue<api::SetQueueAttributesRequest>(s.scratch);
         request.attributes = {{"VisibilityTimeout", "60"}};
         return s.start<&Broker::set_queue_attributes>(request);
       }},
      {"TagQueue",
       [](Script& s) {
         auto request = with_queue<api::TagQueueRequest>(s.scratch);
         request.tags = {{"colour", "red"}};
         return s.start<&Broker::tag_queue>(request);
       }},
      {"UntagQueue",
       [](Script& s) {
         auto request = with_queue<api::UntagQueueRequest>(s.scratch);
         request.tag_keys = {"team"};
         return s.start<&Broker::untag_queue>(request);
       }},
      {"CreateEventBus",
       [](Script& s) {
         api::CreateEventBusRequest request;
         request.name = "shop";
         return s.start<&Broker::create_event_bus>(request);
       }},
      {"UpdateEventBus",
       [](Script& s) {
         api::UpdateEventBusRequest request;
         request.name = "shop";
         request.description = "the shop's events";
         return s.start<&Broker::update_event_bus>(request);
       }},
      {"PutRule",
       [](Script& s) { return put_rule(s, "created", R"({"source":["order-service"]})"); }},
      {"PutTargets",
       [](Script& s) {
         return put_targets(s, "created", {"orders", "scratch"});
       }},
      {"TagResource",
       [](Script& s) {
         api::TagResourceRequest request;
         request.resource_arn = rule_arn;
         request.tags = {{"k", "v"}, {"x", "y"}};
         return s.start<&Broker::tag_resource>(request);
       }},
      {"UntagResource",
       [](Script& s) {
         api::UntagResourceRequest request;
         request.resource_arn = rule_arn;
         request.tag_keys = {"x"};
         return s.start<&Broker::untag_resource>(request);
       }},
      {"CreateArchive",
       [](Script& s) {
         api::CreateArchiveRequest request;
         request.archive_name = "kept";
         request.event_source_arn = "arn:aws:events:us-east-1:000000000000:event-bus/shop";
         request.event_pattern = R"({"source":["order-service"]})";
         return s.start<&Broker::create_archive>(request);
       }},
      {"PutEvents to two queues and an archive", [](Script& s) { return put_events(s, 3); }},
      {"UpdateArchive",
       [](Script& s) {
         api::UpdateArchiveRequest request;
         request.archive_name = "kept";
         request.event_pattern = R"({"source":["nobody"]})";
         request.description = "of nobody";
         return s.start<&Broker::update_archive>(request);
       }},
      {"DisableRule",
       [](Script& s) { return s.start<&Broker::disable_rule>(rule_request("created")); }},
      {"PutEvents to none", [](Script& s) { return put_events(s, 1); }},
      {"EnableRule",
       [](Script& s) { return s.start<&Broker::enable_rule>(rule_request("created")); }},
      {"SendMessage", [](Script& s) { return send(s, s.scratch, "plain"); }},
      {"SendMessage delayed", [](Script& s) { return send(s, s.scratch, "delayed", 10); }},
      {"SendMessageBatch", [](Script& s) { return send_batch(s, s.scratch, 10); }},
      {"time passes: the delay ends", [](Script& s) { return pass_time(s, 10s); }, true},
      {"ReceiveMessage plain", [](Script& s) { return s.receive(s.scratch, 10); }, true},
      {"ChangeMessageVisibility",
       [](Script& s) {
         auto request = with_queue<api::ChangeMessageVisibilityRequest>(s.scratch);
         request.receipt_handle = s.handle(0);
         request.visibility_timeout = 600;
         return s.start<&Broker::change_message_visibility>(request);
       }},
      {"ChangeMessageVisibilityBatch",
       [](Script& s) {
         auto request = with_queue<api::ChangeMessageVisibilityBatchRequest>(s.scratch);
         for (std::size_t i = 1; i < 4; ++i) {
           api::ChangeMessageVisibilityBatchRequestEntry entry;
           entry.id = std::to_string(i);
           entry.receipt_handle = s.handle(i);
           entry.visibility_timeout = 0;
           request.entries.push_back(entry);
         }
         return s.start<&Broker::change_message_visibility_batch>(request);
       }},
      {"DeleteMessage",
       [](Script& s) {
         auto request = with_queue<api::DeleteMessageRequest>(s.scratch);
         request.receipt_handle = s.handle(4);
         return s.start<&Broker::delete_message>(request);
       }},
      {"DeleteMessageBatch",
       [](Script& s) {
         auto request = with_queue<api::DeleteMessageBatchRequest>(s.scratch);
         for (std::size_t i = 5; i < 10; ++i) {
           api::DeleteMessageBatchRequestEntry entry;
           entry.id = std::to_string(i);
           entry.receipt_handle = s.handle(i);
           request.entries.push_back(entry);
         }
         return s.start<&Broker::delete_message_batch>(request);
       }},
      {"ReceiveMessage with a redrive policy", [](Script& s) { return s.receive(s.orders, 10); }},
      {"time passes: leases end", [](Script& s) { return pass_time(s, 31s); }, true},
      {"ReceiveMessage moves to the dead letters",
       [](Script& s) { return s.receive(s.orders, 10); }},
      {"DiscardMessage",
       [](Script& s) {
         api::DiscardMessageRequest request;
         request.queue = "dead";
         request.position = "0-0-1-0";
         return s.start<&Broker::discard_message>(request);
       }},
      {"EditMessage in its place",
       [](Script& s) { return edit(s, "dead", "0-0-2-0", "mended", std::nullopt); }},
      {"EditMessage sent elsewhere",
       [](Script& s) { return edit(s, "dead", "0-0-3-0", "sent on", "scratch"); }},
      {"RemoveTargets",
       [](Script& s) {
         api::RemoveTargetsRequest request;
         request.rule = "created";
         request.event_bus_name = "shop";
         request.ids = {"orders", "scratch"};
         return s.start<&Broker::remove_targets>(request);
       }},
      {"DeleteRule",
       [](Script& s) {
         api::DeleteRuleRequest request;
         request.name = "created";
         request.event_bus_name = "shop";
         return s.start<&Broker::delete_rule>(request);
       }},
      {"DeleteArchive",
       [](Script& s) {
         api::ArchiveRequest request;
         request.archive_name = "kept";
         return s.start<&Broker::delete_archive>(request);
       }},
      {"DeleteEventBus",
       [](Script& s) {
         api::DeleteEventBusRequest request;
         request.name = "shop";
         return s.start<&Broker::delete_event_bus>(request);
       }},
      {"PurgeQueue",
       [](Script& s) {
         return s.start<&Broker::purge_queue>(with_queue<api::PurgeQueueRequest>(s.dead));
       }},
      {"DeleteQueue",
       [](Script& s) {
         return s.start<&Broker::delete_queue>(with_queue<api::DeleteQueueRequest>(s.scratch));
       }},
  };
}

}  // namespace

TEST_CASE("the script reaches every operation that writes, and each step shows", "[fault]") {
  check_that_each_step_shows(script_steps());
}

TEST_CASE("whichever commit fails, no acknowledged effect is missing and none is half done",
          "[fault]") {
  check_failing_commits(script_steps());
}

TEST_CASE("whichever commit is delayed, no reply comes before it", "[fault]") {
  Settings settings;
  settings.force_fetch = GENERATE(false, true);
  check_delayed_commits(script_steps(), settings);
}

TEST_CASE("a reply that does not wait for its commit is caught by this test", "[fault]") {
  // Negative control: the one reply exempt from the rule is seen coming early.
  auto inner = std::make_shared<MemoryStore>();
  auto faulty = std::make_shared<FaultyStore>(inner);
  TestBroker broker({}, faulty);
  Script script(broker);
  create_queue(script, "scratch");
  send(script, script.scratch, "leased");
  faulty->delay_commit(faulty->commit_count() + 1);
  const Seen seen = script.receive(script.scratch, 1);
  CHECK(faulty->held_count() == 1);
  CHECK(seen.released());
}

TEST_CASE("two deletes of one message, the first still undurable, count it once", "[fault]") {
  Settings settings;
  settings.force_fetch = GENERATE(false, true);
  auto inner = std::make_shared<MemoryStore>();
  auto faulty = std::make_shared<FaultyStore>(inner);
  TestBroker broker(settings, faulty);
  Script script(broker);
  create_queue(script, "scratch");
  for (const char* body : {"one", "two", "three"}) send(script, script.scratch, body);
  script.receive(script.scratch, 1);
  faulty->delay_commit(faulty->commit_count() + 1);
  auto request = with_queue<api::DeleteMessageRequest>(script.scratch);
  request.receipt_handle = script.handle(0);
  const Seen first = script.start<&Broker::delete_message>(request);
  const Seen second = script.start<&Broker::delete_message>(request);
  CHECK_FALSE(first.released());
  CHECK_FALSE(second.released());
  faulty->release();
  broker.settle();
  CHECK(first.released());
  CHECK(second.released());
  CHECK(broker.attribute(script.scratch, "ApproximateNumberOfMessages") == "2");
  CHECK(broker.attribute(script.scratch, "ApproximateNumberOfMessagesNotVisible") == "0");
}

TEST_CASE("a delete that lost its lease in a crash finds the message ahead of the consumers",
          "[fault]") {
  auto inner = std::make_shared<MemoryStore>();
  TestBroker broker({}, inner);
  Script script(broker);
  create_queue(script, "scratch");
  for (const char* body : {"one", "two", "three"}) send(script, script.scratch, body);
  auto before_lease = inner->contents();
  script.receive(script.scratch, 1);
  const std::string handle = script.handle(0);
  MemoryStore::Options options;
  options.contents = std::move(before_lease);
  broker.restart(std::make_shared<MemoryStore>(std::move(options)));
  if (GENERATE(false, true)) {
    // The window is loaded, the message in it.
    REQUIRE(broker.receive(script.scratch, 1, 0).size() == 1);
  }
  CHECK_FALSE(broker.remove(script.scratch, handle));
  CHECK(broker.attribute(script.scratch, "ApproximateNumberOfMessages") == "2");
  const auto left = broker.receive(script.scratch);
  REQUIRE(left.size() == 2);
  CHECK(left[0].body == "two");
}

TEST_CASE("a full commit queue refuses before deciding", "[fault]") {
  auto faulty = std::make_shared<FaultyStore>(std::make_shared<MemoryStore>());
  TestBroker broker({}, faulty);
  Script script(broker);
  create_queue(script, "scratch");
  faulty->refuse_room(true);
  CHECK(send(script, script.scratch, "no room").error()->code == ErrorCode::throttled);
  faulty->refuse_room(false);
  CHECK_FALSE(send(script, script.scratch, "room").error());
  CHECK(broker.receive(script.scratch).size() == 1);
}

TEST_CASE("a disk that cannot be read is an error, never an empty answer", "[fault]") {
  Settings settings;
  settings.queue_window_messages = 1;
  auto faulty = std::make_shared<FaultyStore>(std::make_shared<MemoryStore>());
  TestBroker broker(settings, faulty);
  Script script(broker);
  create_queue(script, "scratch");
  for (const char* body : {"one", "two", "three"}) send(script, script.scratch, body);
  script.receive(script.scratch, 1);
  faulty->fail_reads(true);
  bool failed = false;
  for (int i = 0; i < 3 && !failed; ++i) {
    const Seen seen = script.receive(script.scratch, 1);
    failed = seen.error() && seen.error()->code == ErrorCode::internal_failure;
    CHECK((failed || !script.held.empty()));
  }
  CHECK(failed);
  faulty->fail_reads(false);
  script.receive(script.scratch, 1);
  CHECK_FALSE(script.held.empty());
}

}  // namespace signalbox::broker::fault
