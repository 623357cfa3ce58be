// Registries, schemas, discoverers and what they learn, against a store that fails or delays
// commits.
#include "broker/schemas/schemas.h"
#include "tests/broker/events_fixture.h"
#include "tests/broker/fault_script.h"

namespace signalbox::broker::fault {

namespace {

namespace wire = api::schemas;
using schemas::Schemas;

wire::CreateSchemaRequest schema_request() {
  wire::CreateSchemaRequest request;
  request.registry_name = "shop";
  request.schema_name = "order.created";
  request.type = "JSONSchemaDraft4";
  request.content = R"({"type":"object"})";
  return request;
}

wire::CodeBindingRequest binding_request() { return {"Go1", "shop", "order.created", {}}; }

std::string discoverer_id() { return "events-event-bus-default"; }

std::vector<Step> schema_steps() {
  return {
      {"CreateRegistry",
       [](Script& s) {
         return s.start<&Schemas::create_registry>({{}, "shop", {}});
       }},
      {"UpdateRegistry",
       [](Script& s) {
         return s.start<&Schemas::update_registry>({"other", "shop"});
       }},
      {"CreateSchema",
       [](Script& s) { return s.start<&Schemas::create_schema>(schema_request()); }},
      {"UpdateSchema",
       [](Script& s) {
         wire::UpdateSchemaRequest request;
         request.registry_name = "shop";
         request.schema_name = "order.created";
         request.content = R"({"type":"array"})";
         return s.start<&Schemas::update_schema>(request);
       }},
      {"PutCodeBinding",
       [](Script& s) { return s.start<&Schemas::put_code_binding>(binding_request()); }},
      {"DeleteSchemaVersion",
       [](Script& s) {
         return s.start<&Schemas::delete_schema_version>({"shop", "order.created", "2"});
       }},
      {"DeleteSchema",
       [](Script& s) {
         return s.start<&Schemas::delete_schema>({"shop", "order.created"});
       }},
      {"DeleteRegistry", [](Script& s) { return s.start<&Schemas::delete_registry>({"shop"}); }},
      {"CreateDiscoverer",
       [](Script& s) {
         wire::CreateDiscovererRequest request;
         request.source_arn = "arn:aws:events:us-east-1:000000000000:event-bus/default";
         return s.start<&Schemas::create_discoverer>(request);
       }},
      {"PutEvents, learned from",
       [](Script& s) {
         api::PutEventsRequest request;
         request.entries.push_back(test::entry_of("s", "t", R"({"a":1})"));
         return s.start<&Broker::put_events>(request);
       }},
      {"StopDiscoverer",
       [](Script& s) { return s.start<&Schemas::stop_discoverer>({discoverer_id()}); }},
      {"DeleteDiscoverer",
       [](Script& s) { return s.start<&Schemas::delete_discoverer>({discoverer_id()}); }},
  };
}

}  // namespace

TEST_CASE("the script reaches what schemas write, and each step shows", "[fault]") {
  check_that_each_step_shows(schema_steps());
}

TEST_CASE("whichever commit of schemas fails, none is half done", "[fault]") {
  check_failing_commits(schema_steps());
}

TEST_CASE("whichever commit of schemas is delayed, no reply comes before it", "[fault]") {
  Settings settings;
  settings.force_fetch = GENERATE(false, true);
  check_delayed_commits(schema_steps(), settings);
}

}  // namespace signalbox::broker::fault
