// Every operation that writes, run against a store that fails or delays commit k, for every k.
//
// What a broker shows after a crash must be what it showed after some step of the script: all of
// the acknowledged ones, and of the one whose outcome is unknown either all or nothing.
#include <catch2/catch.hpp>
#include <set>

#include "broker/api/archives.h"
#include "broker/api/operator.h"
#include "broker/message_record.h"
#include "storage/faulty_store.h"
#include "storage/keys.h"
#include "tests/broker/test_broker.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using signalbox::storage::FaultyStore;
using signalbox::storage::MemoryStore;
using signalbox::storage::Outcome;
using test::TestBroker;
namespace keys = signalbox::storage::keys;

namespace {

// What a step's reply looks like from outside.
struct Seen {
  std::function<bool()> released;
  std::function<std::optional<Error>()> error;
};

struct Script;
struct Step {
  const char* name;
  std::function<Seen(Script&)> run;
  // A lease that may be lost: the one reply that need not wait for its commit.
  bool reply_may_come_early = false;
};

// The steps' common state: what earlier answers said.
struct Script {
  explicit Script(TestBroker& tested) : broker(tested) {}
  TestBroker& broker;
  std::string orders = "http://localhost/000000000000/orders";
  std::string dead = "http://localhost/000000000000/dead";
  std::string scratch = "http://localhost/000000000000/scratch";
  std::vector<HandedOut> held;

  template <auto function>
  Seen start(typename test::Types<function>::Request request) {
    auto reply = broker.start<function>(std::move(request));
    return {[reply] { return reply->released; }, [reply] { return reply->error; }};
  }
  std::string handle(std::size_t i) {
    ReceiptHandle handle;
    handle.ref = held.at(i).ref;
    handle.receive_number = held.at(i).receive_number;
    return broker.seal(handle);
  }
  Seen receive(const std::string& queue, std::int64_t count_max) {
    api::ReceiveMessageRequest request;
    request.queue_url = queue;
    request.max_number_of_messages = count_max;
    auto reply = broker.start<&Broker::receive_message>(request);
    held = reply->response.handed_out;
    return {[reply] { return reply->released; }, [reply] { return reply->error; }};
  }
};

template <class Request>
Request with_queue(const std::string& url) {
  Request request;
  request.queue_url = url;
  return request;
}

Seen create_queue(Script& s, const std::string& name, api::StringMap attributes = {}) {
  api::CreateQueueRequest request;
  request.queue_name = name;
  request.attributes = std::move(attributes);
  request.tags = {{"team", "shop"}};
  return s.start<&Broker::create_queue>(request);
}

Seen send(Script& s, const std::string& queue, const std::string& body,
          std::optional<std::int64_t> delay_s = {}) {
  auto request = with_queue<api::SendMessageRequest>(queue);
  request.message_body = body;
  request.delay_seconds = delay_s;
  return s.start<&Broker::send_message>(request);
}

Seen send_batch(Script& s, const std::string& queue, int count) {
  auto request = with_queue<api::SendMessageBatchRequest>(queue);
  for (int i = 0; i < count; ++i) {
    api::SendMessageBatchRequestEntry entry;
    entry.id = "e" + std::to_string(i);
    entry.message_body = "batch " + std::to_string(i);
    request.entries.push_back(entry);
  }
  return s.start<&Broker::send_message_batch>(request);
}

Seen put_rule(Script& s, const std::string& name, const std::string& pattern) {
  api::PutRuleRequest request;
  request.name = name;
  request.event_bus_name = "shop";
  request.event_pattern = pattern;
  return s.start<&Broker::put_rule>(request);
}

Seen put_targets(Script& s, const std::string& rule, std::vector<std::string> queues) {
  api::PutTargetsRequest request;
  request.rule = rule;
  request.event_bus_name = "shop";
  for (const auto& queue : queues) {
    api::Target target;
    target.id = queue;
    target.arn = "arn:aws:sqs:us-east-1:000000000000:" + queue;
    request.targets.push_back(target);
  }
  return s.start<&Broker::put_targets>(request);
}

Seen put_events(Script& s, int count) {
  api::PutEventsRequest request;
  for (int i = 0; i < count; ++i) {
    api::PutEventsRequestEntry entry;
    entry.source = "order-service";
    entry.detail_type = "order.created";
    entry.detail = R"({"n":)" + std::to_string(i) + "}";
    entry.event_bus_name = "shop";
    request.entries.push_back(entry);
  }
  return s.start<&Broker::put_events>(request);
}

Seen edit(Script& s, const std::string& queue, const std::string& position,
          std::optional<std::string> body, std::optional<std::string> send_to) {
  api::EditMessageRequest request;
  request.queue = queue;
  request.position = position;
  request.body = std::move(body);
  request.send_to = std::move(send_to);
  return s.start<&Broker::edit_message>(request);
}

Seen pass_time(Script& s, Duration by) {
  s.broker.advance(by);
  return {[] { return true; }, [] { return std::nullopt; }};
}

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

std::string text_of(const api::StringMap& map) {
  std::string text;
  for (const auto& [key, value] : map) {
    // Leases of plain queues may be lost, so what is in flight counts as visible.
    if (key.starts_with("ApproximateNumber") || key == "LastModifiedTimestamp") continue;
    text += " " + key + "=" + value;
  }
  return text;
}

// Everything stored that users can see, as one text. Works on a copy: looking changes nothing.
std::string observe(const MemoryStore& store) {
  MemoryStore::Options options;
  options.contents = store.contents();
  auto copy = std::make_shared<MemoryStore>(std::move(options));
  TestBroker broker({}, copy);
  REQUIRE(broker.load_problem().empty());
  std::string text;
  std::map<std::uint64_t, std::string> names;
  for (std::uint64_t id = 1; id < 20; ++id) {
    if (const auto* queue = broker.engine().broker()->queue_by_id(id)) names[id] = queue->name;
  }
  std::multiset<std::string> lines;
  for (const auto& [id, name] : names) {
    const std::string url = "http://localhost/000000000000/" + name;
    api::GetQueueAttributesRequest request;
    request.queue_url = url;
    request.attribute_names = {"All"};
    lines.insert("queue " + name +
                 text_of(*broker.call<&Broker::get_queue_attributes>(request).response.attributes));
    api::ListQueueTagsRequest tags;
    tags.queue_url = url;
    lines.insert("tags " + name +
                 text_of(broker.call<&Broker::list_queue_tags>(tags).response.tags.value_or(
                     api::StringMap{})));
  }
  for (const auto& [key, value] : store.contents()) {
    if (const auto place = keys::parse_message(key)) {
      const auto message = read_message(value);
      if (!message) continue;  // a redirect: its message is listed by itself
      lines.insert("message " + names[place->queue_id] + " " + std::string(message->body) + " " +
                   message->record.dead_letter_source_arn);
    }
    if (keys::parse_lease(key)) {
      const auto place = *keys::parse_lease(key);
      if (names[place.queue_id] == "orders") lines.insert("lease orders " + value);
    }
    if (const auto place = keys::parse_event(key)) lines.insert("event " + value);
  }
  for (const auto& each : broker.call<&Broker::list_archives>({}).response.archives) {
    api::ArchiveRequest request;
    request.archive_name = each.archive_name;
    const auto archive = broker.call<&Broker::describe_archive>(request).response;
    lines.insert("archive " + archive.archive_name + " " + *archive.event_pattern + " " +
                 archive.description.value_or("") + " " + std::to_string(archive.event_count) +
                 " " + std::to_string(archive.size_bytes));
  }
  api::ListEventBusesRequest buses;
  for (const auto& bus : broker.call<&Broker::list_event_buses>(buses).response.event_buses) {
    lines.insert("bus " + bus.name + " " + bus.description.value_or(""));
    api::ListRulesRequest rules;
    rules.event_bus_name = bus.name;
    for (const auto& rule : broker.call<&Broker::list_rules>(rules).response.rules) {
      std::string line = "rule " + rule.name + " " + rule.state + " " + *rule.event_pattern;
      api::ListTargetsByRuleRequest targets;
      targets.rule = rule.name;
      targets.event_bus_name = bus.name;
      for (const auto& each :
           broker.call<&Broker::list_targets_by_rule>(targets).response.targets) {
        line += " -> " + each.arn;
      }
      api::ListTagsForResourceRequest tags;
      tags.resource_arn = rule.arn;
      for (const auto& tag : broker.call<&Broker::list_tags_for_resource>(tags).response.tags) {
        line += " " + tag.key + "=" + tag.value;
      }
      lines.insert(line);
    }
  }
  for (const auto& line : lines) text += line + "\n";
  return text;
}

struct Reference {
  std::vector<std::string> after_step;  // [0]: before the first
  std::vector<std::size_t> commits;     // made by then
};

Reference run_without_faults(const Settings& settings) {
  auto inner = std::make_shared<MemoryStore>();
  auto faulty = std::make_shared<FaultyStore>(inner);
  TestBroker broker(settings, faulty);
  Script script(broker);
  Reference reference;
  reference.after_step.push_back(observe(*inner));
  reference.commits.push_back(faulty->commit_count());
  for (const auto& step : script_steps()) {
    INFO(step.name);
    const Seen seen = step.run(script);
    REQUIRE(seen.released());
    REQUIRE_FALSE(seen.error());
    reference.after_step.push_back(observe(*inner));
    reference.commits.push_back(faulty->commit_count());
  }
  return reference;
}

}  // namespace

TEST_CASE("the script reaches every operation that writes, and each step shows", "[fault]") {
  const Reference reference = run_without_faults({});
  const auto steps = script_steps();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    INFO(steps[i].name);
    const bool changes_only_leases =
        steps[i].reply_may_come_early || std::string(steps[i].name).starts_with("ChangeMessage");
    if (!changes_only_leases) CHECK(reference.after_step[i] != reference.after_step[i + 1]);
  }
}

TEST_CASE("whichever commit fails, no acknowledged effect is missing and none is half done",
          "[fault]") {
  const Reference reference = run_without_faults({});
  const auto steps = script_steps();
  struct Mode {
    Outcome outcome;
    FaultyStore::Written written;
  };
  for (const Mode mode : {Mode{Outcome::unknown, FaultyStore::Written::no},
                          Mode{Outcome::unknown, FaultyStore::Written::yes},
                          Mode{Outcome::full, FaultyStore::Written::no},
                          Mode{Outcome::unavailable, FaultyStore::Written::no},
                          Mode{Outcome::fenced, FaultyStore::Written::no}}) {
    for (std::size_t k = reference.commits[0] + 1; k <= reference.commits.back(); ++k) {
      auto inner = std::make_shared<MemoryStore>();
      auto faulty = std::make_shared<FaultyStore>(inner);
      faulty->fail_commit(k, mode.outcome, mode.written);
      TestBroker broker({}, faulty);
      Script script(broker);
      std::size_t done = 0;
      std::optional<Error> refusal;
      for (const auto& step : steps) {
        const Seen seen = step.run(script);
        REQUIRE(seen.released());
        refusal = seen.error();
        if (broker.failed()) break;
        ++done;
      }
      INFO("commit " << k << " " << signalbox::storage::to_string(mode.outcome) << " in step "
                     << steps[done].name);
      REQUIRE(broker.failed() == mode.outcome);
      if (!steps[done].reply_may_come_early) {
        REQUIRE(refusal);
        CHECK(refusal->code == (mode.outcome == Outcome::unknown ? ErrorCode::internal_failure
                                                                 : ErrorCode::service_unavailable));
      }
      // Whatever comes now is refused, until the store is opened again.
      CHECK(send(script, script.dead, "too late").error()->code == ErrorCode::service_unavailable);
      const std::string shown = observe(*inner);
      const bool before = shown == reference.after_step[done];
      const bool after = shown == reference.after_step[done + 1];
      CHECK((before || after));
      if (mode.written == FaultyStore::Written::no) CHECK((before || done + 1 == steps.size()));
    }
  }
}

TEST_CASE("whichever commit is delayed, no reply comes before it", "[fault]") {
  Settings settings;
  settings.force_fetch = GENERATE(false, true);
  const Reference reference = run_without_faults(settings);
  const auto steps = script_steps();
  for (std::size_t k = reference.commits[0] + 1; k <= reference.commits.back(); ++k) {
    auto inner = std::make_shared<MemoryStore>();
    auto faulty = std::make_shared<FaultyStore>(inner);
    faulty->delay_commit(k);
    TestBroker broker(settings, faulty);
    Script script(broker);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      INFO("commit " << k << " in step " << steps[i].name);
      const Seen seen = steps[i].run(script);
      if (faulty->held_count() > 0) {
        if (!steps[i].reply_may_come_early) CHECK_FALSE(seen.released());
        // A read that could have seen the undurable state waits for it as well.
        auto list = broker.start<&Broker::list_queues>({}, false);
        CHECK_FALSE(list->released);
        CHECK(observe(*inner) == reference.after_step[i]);
        faulty->release();
        broker.settle();
        CHECK(list->released);
      }
      REQUIRE(seen.released());
      REQUIRE_FALSE(seen.error());
    }
    CHECK(observe(*inner) == reference.after_step.back());
  }
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
