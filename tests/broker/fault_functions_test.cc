// Functions, their events and their queues, against a store that fails or delays commits.
#include "tests/broker/fault_script.h"
#include "tests/broker/functions_fixture.h"

namespace signalbox::broker::fault {

namespace {

using functions::Functions;
using functions::Mappings;
namespace lambda = api::lambda;

lambda::CreateFunctionRequest attached_function(const std::string& name) {
  lambda::CreateFunctionRequest request;
  request.function_name = name;
  request.role = "arn:aws:iam::000000000000:role/r";
  request.package_type = "Image";
  request.code.image_uri = "attached";
  return request;
}

Seen invoke_with_event(Script& s, const std::string& name) {
  lambda::InvokeRequest request;
  request.function_name = name;
  request.payload = api::Blob{"{}"};
  request.invocation_type = "Event";
  s.broker.caller.request_id = "event";
  return s.start<&Functions::invoke>(request);
}

// A worker asks, gets an event or a batch, and answers. What follows is done again if it is lost,
// so that it need not wait for the disk.
Seen work(Script& s, const std::string& name, const std::string& answer) {
  s.broker.caller.request_id = "worker";
  const auto asked = s.broker.start<&Functions::next_invocation>({name});
  return s.start<&Functions::invocation_response>({name, asked->response.request_id, {answer}});
}

Seen fail(Script& s, const std::string& name) {
  s.broker.caller.request_id = "worker";
  const auto asked = s.broker.start<&Functions::next_invocation>({name});
  return s.start<&Functions::invocation_error>({name, asked->response.request_id, {"{}"}});
}

lambda::UpdateAliasRequest moved_alias() { return {"orders", "live", "$LATEST", {}, {}, {}}; }

lambda::FunctionEventInvokeConfigRequest one_retry() {
  lambda::FunctionEventInvokeConfigRequest request;
  request.function_name = "orders";
  request.maximum_retry_attempts = 1;
  return request;
}

lambda::AddPermissionRequest permission() {
  lambda::AddPermissionRequest request;
  request.function_name = "orders";
  request.statement_id = "events";
  request.action = "lambda:InvokeFunction";
  request.principal = "events.amazonaws.com";
  return request;
}

lambda::UpdateFunctionConfigurationRequest described() {
  lambda::UpdateFunctionConfigurationRequest request;
  request.function_name = "orders";
  request.description = "described";
  return request;
}

lambda::UpdateFunctionCodeRequest new_code() {
  lambda::UpdateFunctionCodeRequest request;
  request.function_name = "orders";
  request.zip_file = api::Blob{test::zip_of("2")};
  return request;
}

std::vector<Step> function_steps() {
  return {
      {"CreateFunction",
       [](Script& s) {
         return s.start<&Functions::create_function>(test::FunctionsBroker::creation("orders"));
       }},
      {"PublishVersion",
       [](Script& s) {
         return s.start<&Functions::publish_version>({"orders", {}, {}, {}});
       }},
      {"CreateAlias",
       [](Script& s) {
         return s.start<&Functions::create_alias>({"orders", "live", "1", {}, {}});
       }},
      {"UpdateAlias", [](Script& s) { return s.start<&Functions::update_alias>(moved_alias()); }},
      {"AddPermission",
       [](Script& s) { return s.start<&Functions::add_permission>(permission()); }},
      {"PutFunctionConcurrency",
       [](Script& s) {
         return s.start<&Functions::put_function_concurrency>({"orders", 2});
       }},
      {"PutFunctionEventInvokeConfig",
       [](Script& s) {
         return s.start<&Functions::put_function_event_invoke_config>(one_retry());
       }},
      {"TagResource",
       [](Script& s) {
         return s.start<&Mappings::tag_resource>(
             {std::string(test::orders_arn), {{"team", "shop"}}});
       }},
      {"UpdateFunctionConfiguration",
       [](Script& s) { return s.start<&Functions::update_function_configuration>(described()); }},
      {"UpdateFunctionCode",
       [](Script& s) { return s.start<&Functions::update_function_code>(new_code()); }},
      {"RemovePermission",
       [](Script& s) {
         return s.start<&Functions::remove_permission>({"orders", "events", {}, {}});
       }},
      {"DeleteAlias",
       [](Script& s) {
         return s.start<&Functions::delete_alias>({"orders", "live"});
       }},
      {"DeleteFunctionConcurrency",
       [](Script& s) { return s.start<&Functions::delete_function_concurrency>({"orders"}); }},
      {"DeleteFunctionEventInvokeConfig",
       [](Script& s) {
         return s.start<&Functions::delete_function_event_invoke_config>({"orders", {}});
       }},
      {"DeleteFunction of a version",
       [](Script& s) {
         return s.start<&Functions::delete_function>({"orders", "1"});
       }},
      {"DeleteFunction",
       [](Script& s) {
         return s.start<&Functions::delete_function>({"orders", {}});
       }},
  };
}

std::vector<Step> work_steps() {
  return {
      {"CreateFunction",
       [](Script& s) { return s.start<&Functions::create_function>(attached_function("orders")); }},
      {"Invoke with an event", [](Script& s) { return invoke_with_event(s, "orders"); }},
      {"the function fails", [](Script& s) { return fail(s, "orders"); }, true},
      {"its time comes", [](Script& s) { return pass_time(s, 60s); }, true},
      {"the function succeeds", [](Script& s) { return work(s, "orders", "1"); }, true},
      {"CreateQueue", [](Script& s) { return create_queue(s, "jobs"); }},
      {"CreateEventSourceMapping",
       [](Script& s) {
         lambda::CreateEventSourceMappingRequest request;
         request.event_source_arn = "arn:aws:sqs:us-east-1:000000000000:jobs";
         request.function_name = "orders";
         return s.start<&Mappings::create_event_source_mapping>(request);
       }},
      {"SendMessage",
       [](Script& s) { return send(s, "http://localhost/000000000000/jobs", "one"); }},
      {"the function does the batch", [](Script& s) { return work(s, "orders", "{}"); }, true},
      {"DeleteFunction",
       [](Script& s) {
         return s.start<&Functions::delete_function>({"orders", {}});
       }},
  };
}

}  // namespace

TEST_CASE("the script reaches what functions write, and each step shows", "[fault]") {
  check_that_each_step_shows(function_steps());
}

TEST_CASE("whichever commit of functions fails, none is half done", "[fault]") {
  check_failing_commits(function_steps());
}

TEST_CASE("whichever commit of functions is delayed, no reply comes before it", "[fault]") {
  check_delayed_commits(function_steps(), {});
}

TEST_CASE("whichever commit of a function's work fails, it is done or comes again", "[fault]") {
  check_failing_commits(work_steps());
}

}  // namespace signalbox::broker::fault
