// A script of operations that write, run against a store that fails or delays commit k, for every
// k.
//
// What a broker shows after a crash must be what it showed after some step of the script: all of
// the acknowledged ones, and of the one whose outcome is unknown either all or nothing.
#pragma once

#include <catch2/catch.hpp>
#include <set>

#include "broker/api/archives.h"
#include "broker/api/connections.h"
#include "broker/api/operator.h"
#include "broker/api/scheduler.h"
#include "broker/functions/mappings.h"
#include "broker/identity/identity.h"
#include "broker/message_record.h"
#include "broker/schemas/schemas.h"
#include "storage/faulty_store.h"
#include "storage/keys.h"
#include "tests/broker/test_broker.h"

namespace signalbox::broker::fault {

using namespace std::chrono_literals;
using storage::FaultyStore;
using storage::MemoryStore;
using storage::Outcome;
using test::TestBroker;
namespace keys = storage::keys;

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

inline Seen create_queue(Script& s, const std::string& name, api::StringMap attributes = {}) {
  api::CreateQueueRequest request;
  request.queue_name = name;
  request.attributes = std::move(attributes);
  request.tags = {{"team", "shop"}};
  return s.start<&Broker::create_queue>(request);
}

inline Seen send(Script& s, const std::string& queue, const std::string& body,
                 std::optional<std::int64_t> delay_s = {}) {
  auto request = with_queue<api::SendMessageRequest>(queue);
  request.message_body = body;
  request.delay_seconds = delay_s;
  return s.start<&Broker::send_message>(request);
}

inline Seen send_batch(Script& s, const std::string& queue, int count) {
  auto request = with_queue<api::SendMessageBatchRequest>(queue);
  for (int i = 0; i < count; ++i) {
    api::SendMessageBatchRequestEntry entry;
    entry.id = "e" + std::to_string(i);
    entry.message_body = "batch " + std::to_string(i);
    request.entries.push_back(entry);
  }
  return s.start<&Broker::send_message_batch>(request);
}

inline Seen put_rule(Script& s, const std::string& name, const std::string& pattern) {
  api::PutRuleRequest request;
  request.name = name;
  request.event_bus_name = "shop";
  request.event_pattern = pattern;
  return s.start<&Broker::put_rule>(request);
}

inline Seen put_targets(Script& s, const std::string& rule, std::vector<std::string> queues) {
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

inline Seen put_events(Script& s, int count) {
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

inline Seen edit(Script& s, const std::string& queue, const std::string& position,
                 std::optional<std::string> body, std::optional<std::string> send_to) {
  api::EditMessageRequest request;
  request.queue = queue;
  request.position = position;
  request.body = std::move(body);
  request.send_to = std::move(send_to);
  return s.start<&Broker::edit_message>(request);
}

inline Seen pass_time(Script& s, Duration by) {
  s.broker.advance(by);
  return {[] { return true; }, [] { return std::nullopt; }};
}

inline std::string text_of(const api::StringMap& map) {
  std::string text;
  for (const auto& [key, value] : map) {
    // Leases of plain queues may be lost, so what is in flight counts as visible.
    if (key.starts_with("ApproximateNumber") || key == "LastModifiedTimestamp") continue;
    text += " " + key + "=" + value;
  }
  return text;
}

inline void observe_schemas(TestBroker& broker, std::multiset<std::string>& lines) {
  using schemas::Schemas;
  for (const auto& registry : broker.call<&Schemas::list_registries>({}).response.registries) {
    const std::string name = registry.registry_name;
    const auto shown = broker.call<&Schemas::describe_registry>({name}).response;
    lines.insert("registry " + name + " " + shown.description.value_or(""));
    for (const auto& each :
         broker.call<&Schemas::list_schemas>({{}, {}, name, {}}).response.schemas) {
      const auto schema =
          broker.call<&Schemas::describe_schema>({name, each.schema_name, {}}).response;
      const auto binding =
          broker.call<&Schemas::describe_code_binding>({"Go1", name, each.schema_name, {}});
      lines.insert("schema " + each.schema_arn + " " + schema.schema_version + " of " +
                   std::to_string(each.version_count) + " " + schema.content + " " +
                   binding.response.status);
    }
  }
  for (const auto& each : broker.call<&Schemas::list_discoverers>({}).response.discoverers) {
    lines.insert("discoverer " + each.discoverer_id + " " + each.state);
  }
}

inline void observe_identity(TestBroker& broker, std::multiset<std::string>& lines) {
  using identity::Identity;
  for (const auto& each : broker.call<&Identity::list_roles>({}).response.roles) {
    std::string line = "role " + each.arn + " " + each.role_id + each.description.value_or("");
    for (const auto& tag : broker.call<&Identity::list_role_tags>({each.role_name}).response.tags) {
      line += " " + tag.key + "=" + tag.value;
    }
    for (const auto& name :
         broker.call<&Identity::list_role_policies>({each.role_name}).response.policy_names) {
      line += " inline " + name;
    }
    for (const auto& policy : broker.call<&Identity::list_attached_role_policies>({each.role_name})
                                  .response.attached_policies) {
      line += " attached " + policy.policy_arn;
    }
    lines.insert(line);
  }
  for (const auto& each : broker.call<&Identity::list_policies>({}).response.policies) {
    std::string line = "policy " + each.arn + " " + std::to_string(each.attachment_count);
    for (const auto& version :
         broker.call<&Identity::list_policy_versions>({each.arn}).response.versions) {
      line += " " + version.version_id + (version.is_default_version ? "*" : "");
    }
    lines.insert(line);
  }
}

inline void observe_function(TestBroker& broker, const std::string& name,
                             std::multiset<std::string>& lines) {
  using functions::Functions;
  const auto versions =
      broker.call<&Functions::list_versions_by_function>({name, {}, {}}).response.versions;
  for (const auto& each : *versions) {
    lines.insert("function " + *each.function_arn + " " + each.description.value_or("") + " " +
                 each.code_sha256.value_or(""));
  }
  std::string line = "function " + name;
  const auto reserved = broker.call<&Functions::get_function_concurrency>({name}).response;
  if (const auto& count = reserved.reserved_concurrent_executions) {
    line += " reserved " + std::to_string(*count);
  }
  const auto limits = broker.call<&Functions::get_function_event_invoke_config>({name, {}});
  if (!limits.error) {
    line += " retries " + std::to_string(*limits.response.maximum_retry_attempts);
  }
  line += " policy " + broker.call<&Functions::get_policy>({name, {}}).response.policy.value_or("");
  const auto aliases = broker.call<&Functions::list_aliases>({name, {}, {}, {}}).response.aliases;
  for (const auto& each : *aliases) line += " " + *each.name + "=" + *each.function_version;
  const auto shown = broker.call<&Functions::get_function>({name, {}}).response;
  lines.insert(line + text_of(shown.tags));
}

inline void observe_functions(TestBroker& broker, std::multiset<std::string>& lines) {
  using functions::Functions;
  using functions::Mappings;
  const auto functions = broker.call<&Functions::list_functions>({}).response.functions;
  for (const auto& each : *functions) {
    observe_function(broker, *each.function_name, lines);
  }
  const auto mappings = broker.call<&Mappings::list_event_source_mappings>({}).response;
  for (const auto& each : *mappings.event_source_mappings) {
    lines.insert("mapping " + *each.event_source_arn + " to " + *each.function_arn + " " +
                 *each.state);
  }
}

// Everything stored that users can see, as one text. Works on a copy: looking changes nothing.
inline std::string observe(const MemoryStore& store) {
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
    if (const auto place = keys::parse_function_event(key)) {
      lines.insert("function event due " + std::to_string(place->due_ms));
    }
  }
  for (const auto& each : broker.call<&Broker::list_archives>({}).response.archives) {
    api::ArchiveRequest request;
    request.archive_name = each.archive_name;
    const auto archive = broker.call<&Broker::describe_archive>(request).response;
    lines.insert("archive " + archive.archive_name + " " + *archive.event_pattern + " " +
                 archive.description.value_or("") + " " + std::to_string(archive.event_count) +
                 " " + std::to_string(archive.size_bytes));
  }
  for (const auto& each : broker.call<&Broker::list_connections>({}).response.connections) {
    const auto connection = broker.call<&Broker::describe_connection>({each.name}).response;
    // One that is deauthorized has none.
    const auto& parameters = connection.auth_parameters;
    const bool has_basic = parameters && parameters->basic_auth_parameters;
    lines.insert("connection " + each.name + " " + each.connection_state + " " +
                 (has_basic ? parameters->basic_auth_parameters->username.value_or("") : ""));
  }
  for (const auto& each :
       broker.call<&Broker::list_api_destinations>({}).response.api_destinations) {
    lines.insert("destination " + each.name + " " + each.invocation_endpoint + " " +
                 each.api_destination_state);
  }
  for (const auto& each : broker.call<&Broker::list_schedule_groups>({}).response.schedule_groups) {
    lines.insert("group " + each.name);
  }
  for (const auto& each : broker.call<&Broker::list_schedules>({}).response.schedules) {
    const auto schedule = broker.call<&Broker::get_schedule>({each.name, each.group_name}).response;
    lines.insert("schedule " + each.group_name + "/" + each.name + " " +
                 schedule.schedule_expression + " " + schedule.state);
  }
  observe_schemas(broker, lines);
  observe_identity(broker, lines);
  observe_functions(broker, lines);
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

inline Reference run_without_faults(const std::vector<Step>& steps, const Settings& settings) {
  auto inner = std::make_shared<MemoryStore>();
  auto faulty = std::make_shared<FaultyStore>(inner);
  TestBroker broker(settings, faulty);
  Script script(broker);
  Reference reference;
  reference.after_step.push_back(observe(*inner));
  reference.commits.push_back(faulty->commit_count());
  for (const auto& step : steps) {
    INFO(step.name);
    const Seen seen = step.run(script);
    REQUIRE(seen.released());
    REQUIRE_FALSE(seen.error());
    reference.after_step.push_back(observe(*inner));
    reference.commits.push_back(faulty->commit_count());
  }
  return reference;
}

inline void check_that_each_step_shows(const std::vector<Step>& steps) {
  const Reference reference = run_without_faults(steps, {});
  for (std::size_t i = 0; i < steps.size(); ++i) {
    INFO(steps[i].name);
    const bool changes_only_leases =
        steps[i].reply_may_come_early || std::string(steps[i].name).starts_with("ChangeMessage");
    if (!changes_only_leases) CHECK(reference.after_step[i] != reference.after_step[i + 1]);
  }
}

// Whichever commit fails, no acknowledged effect is missing and none is half done.
inline void check_failing_commits(const std::vector<Step>& steps) {
  const Reference reference = run_without_faults(steps, {});
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
      INFO("commit " << k << " " << storage::to_string(mode.outcome) << " in step "
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

// Whichever commit is delayed, no reply comes before it.
inline void check_delayed_commits(const std::vector<Step>& steps, const Settings& settings) {
  const Reference reference = run_without_faults(steps, settings);
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

}  // namespace signalbox::broker::fault
