// What is said of events that functions are invoked by: of each qualifier, and kept.
#include "tests/broker/functions_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using functions::Functions;
using test::FunctionsBroker;
using test::orders_arn;
namespace wire = api::lambda;

namespace {

const std::string queue = "arn:aws:sqs:us-east-1:000000000000:gone";
const std::string topic = "arn:aws:sns:us-east-1:000000000000:done";

struct InvokeConfigs : FunctionsBroker {
  using Request = wire::FunctionEventInvokeConfigRequest;
  using Config = test::Reply<wire::FunctionEventInvokeConfig>;

  Config put(const Request& request) {
    return call<&Functions::put_function_event_invoke_config>(request);
  }
  Config update(const Request& request) {
    return call<&Functions::update_function_event_invoke_config>(request);
  }
  Config get(std::optional<std::string> qualifier = {}) {
    return call<&Functions::get_function_event_invoke_config>({"orders", std::move(qualifier)});
  }
};

// The destinations, or "none".
std::string shown(const wire::FunctionEventInvokeConfig& config) {
  const auto& destinations = config.destination_config.value();
  return destinations.on_success.value().destination.value_or("none") + " " +
         destinations.on_failure.value().destination.value_or("none");
}

}  // namespace

TEST_CASE("what is put takes the place of all that was there", "[functions]") {
  InvokeConfigs world;
  CHECK(world.get().error->message ==
        "The function " + std::string(orders_arn) + ":$LATEST doesn't have an EventInvokeConfig");
  const auto first =
      world.put({"orders", {}, 1, 3600, wire::DestinationConfig{{}, wire::OnFailure{queue}}});
  CHECK(first.response.function_arn == std::string(orders_arn) + ":$LATEST");
  CHECK(first.response.maximum_retry_attempts == 1);
  CHECK(first.response.maximum_event_age_in_seconds == 3600);
  CHECK(shown(first.response) == "none " + queue);
  world.advance(1s);
  const auto second = world.put({"orders", {}, 0, {}, {}}).response;
  CHECK(second.last_modified->ms == first.response.last_modified->ms + 1000);
  CHECK_FALSE(second.maximum_event_age_in_seconds);
  CHECK(shown(second) == "none none");
  world.restart();
  REQUIRE(world.load_problem().empty());
  CHECK(world.get("$LATEST").response.maximum_retry_attempts == 0);
}

TEST_CASE("an update changes what it names alone", "[functions]") {
  InvokeConfigs world;
  const InvokeConfigs::Request retries{"orders", {}, 2, {}, {}};
  CHECK(world.update(retries).error->code == ErrorCode::resource_not_found);
  REQUIRE_FALSE(
      world.put({"orders", {}, 1, 60, wire::DestinationConfig{{}, wire::OnFailure{queue}}}).error);
  REQUIRE_FALSE(world.update(retries).error);
  REQUIRE_FALSE(
      world.update({"orders", {}, {}, {}, wire::DestinationConfig{wire::OnSuccess{topic}, {}}})
          .error);
  const auto config = world.get().response;
  CHECK(config.maximum_retry_attempts == 2);
  CHECK(config.maximum_event_age_in_seconds == 60);
  CHECK(shown(config) == topic + " " + queue);
  const auto without =
      world.update({"orders", {}, {}, {}, wire::DestinationConfig{{}, wire::OnFailure{""}}});
  CHECK(shown(without.response) == topic + " none");
}

TEST_CASE("each version and each alias has its own, listed with its function's", "[functions]") {
  InvokeConfigs world;
  REQUIRE_FALSE(world.call<&Functions::publish_version>({"orders", {}, {}, {}}).error);
  REQUIRE_FALSE(world.call<&Functions::create_alias>({"orders", "live", "1", {}, {}}).error);
  REQUIRE_FALSE(world.put({"orders", {}, 0, {}, {}}).error);
  REQUIRE_FALSE(world.put({"orders:1", {}, 1, {}, {}}).error);
  REQUIRE_FALSE(world.put({"orders", "live", 2, {}, {}}).error);
  const auto listed = [&](std::int64_t page) {
    std::string text;
    std::optional<std::string> marker;
    do {
      auto reply =
          world.call<&Functions::list_function_event_invoke_configs>({"orders", marker, page})
              .response;
      for (const auto& each : *reply.function_event_invoke_configs) {
        text += each.function_arn->substr(orders_arn.size()) + "=" +
                std::to_string(*each.maximum_retry_attempts) + " ";
      }
      marker = reply.next_marker;
    } while (marker);
    return text;
  };
  for (int i = 0; i < 2; ++i) {
    CHECK(listed(50) == ":$LATEST=0 :1=1 :live=2 ");
    CHECK(listed(1) == ":$LATEST=0 :1=1 :live=2 ");
    world.restart();
    REQUIRE(world.load_problem().empty());
  }
  CHECK_FALSE(
      world.call<&Functions::delete_function_event_invoke_config>({"orders", "live"}).error);
  CHECK(world.get("live").error->code == ErrorCode::resource_not_found);
  CHECK(
      world.call<&Functions::delete_function_event_invoke_config>({"orders", "live"}).error->code ==
      ErrorCode::resource_not_found);
  CHECK(world.get("1").response.maximum_retry_attempts == 1);
  // An alias that is there again begins with nothing.
  REQUIRE_FALSE(world.put({"orders", "live", 2, {}, {}}).error);
  REQUIRE_FALSE(world.call<&Functions::delete_alias>({"orders", "live"}).error);
  REQUIRE_FALSE(world.call<&Functions::create_alias>({"orders", "live", "1", {}, {}}).error);
  CHECK(world.get("live").error->code == ErrorCode::resource_not_found);
}

TEST_CASE("what says nothing, and what leads nowhere, is refused", "[functions]") {
  InvokeConfigs world;
  const auto said = [&](const InvokeConfigs::Request& request) {
    return world.put(request).error.value().message;
  };
  CHECK(said({"orders", {}, {}, {}, {}}) ==
        "You must specify at least one of error handling or destination setting.");
  CHECK(said({"orders",
              {},
              {},
              {},
              wire::DestinationConfig{wire::OnSuccess{"arn:aws:kinesis:us-east-1:000000000000:s"},
                                      {}}}) ==
        "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination="
        "arn:aws:kinesis:us-east-1:000000000000:s), onFailure=null) is invalid.");
  CHECK(said({"orders",
              {},
              {},
              {},
              wire::DestinationConfig{{}, wire::OnFailure{std::string(orders_arn) + ":1"}}}) ==
        "You can't specify the function as a destination for itself.");
  CHECK(world.put({"orders", "7", 1, {}, {}}).error->code == ErrorCode::resource_not_found);
  CHECK(world.get().error->code == ErrorCode::resource_not_found);
}
