// Connections, API destinations and schedules, against a store that fails or delays commits.
#include "tests/broker/destinations_fixture.h"
#include "tests/broker/fault_script.h"
#include "tests/broker/scheduler_fixture.h"

namespace signalbox::broker::fault {

namespace {

std::string connection_arn(Script& s) {
  return s.broker.call<&Broker::describe_connection>({"partner"}).response.connection_arn;
}

api::CreateApiDestinationRequest destination_request(Script& s) {
  api::CreateApiDestinationRequest request;
  request.name = "orders";
  request.connection_arn = connection_arn(s);
  request.invocation_endpoint = "https://api.test/orders";
  request.http_method = "POST";
  return request;
}

api::scheduler::ScheduleRequest schedule_request(const std::string& expression) {
  auto request = test::schedule_of("nightly", expression, "arn:aws:sqs:us-east-1:000000000000:q");
  request.group_name = "jobs";
  return request;
}

std::vector<Step> configuration_steps() {
  return {
      {"CreateConnection",
       [](Script& s) {
         return s.start<&Broker::create_connection>(test::basic_connection("partner"));
       }},
      {"UpdateConnection",
       [](Script& s) {
         api::UpdateConnectionRequest request;
         request.name = "partner";
         auto& basic = request.auth_parameters.emplace().basic_auth_parameters.emplace();
         basic.username = "someone else";
         return s.start<&Broker::update_connection>(request);
       }},
      {"CreateApiDestination",
       [](Script& s) { return s.start<&Broker::create_api_destination>(destination_request(s)); }},
      {"UpdateApiDestination",
       [](Script& s) {
         api::UpdateApiDestinationRequest request;
         request.name = "orders";
         request.invocation_endpoint = "https://api.test/new-orders";
         return s.start<&Broker::update_api_destination>(request);
       }},
      {"DeauthorizeConnection",
       [](Script& s) { return s.start<&Broker::deauthorize_connection>({"partner"}); }},
      {"DeleteApiDestination",
       [](Script& s) { return s.start<&Broker::delete_api_destination>({"orders"}); }},
      {"DeleteConnection",
       [](Script& s) { return s.start<&Broker::delete_connection>({"partner"}); }},
      {"CreateScheduleGroup",
       [](Script& s) {
         return s.start<&Broker::create_schedule_group>({"jobs", {}, {}});
       }},
      {"CreateSchedule",
       [](Script& s) {
         return s.start<&Broker::create_schedule>(schedule_request("cron(0 3 * * ? *)"));
       }},
      {"UpdateSchedule",
       [](Script& s) {
         return s.start<&Broker::update_schedule>(schedule_request("cron(0 4 * * ? *)"));
       }},
      {"DeleteSchedule",
       [](Script& s) {
         return s.start<&Broker::delete_schedule>({"nightly", "jobs", {}});
       }},
      {"DeleteScheduleGroup",
       [](Script& s) {
         return s.start<&Broker::delete_schedule_group>({"jobs", {}});
       }},
  };
}

}  // namespace

TEST_CASE("the script reaches what connections and schedules write, and each step shows",
          "[fault]") {
  check_that_each_step_shows(configuration_steps());
}

TEST_CASE("whichever commit of connections and schedules fails, none is half done", "[fault]") {
  check_failing_commits(configuration_steps());
}

TEST_CASE("whichever commit of connections and schedules is delayed, no reply comes before it",
          "[fault]") {
  Settings settings;
  settings.force_fetch = GENERATE(false, true);
  check_delayed_commits(configuration_steps(), settings);
}

}  // namespace signalbox::broker::fault
