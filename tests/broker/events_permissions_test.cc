#include "tests/broker/events_fixture.h"

using namespace signalbox::broker;
using test::EventsWorld;
using test::message_of;

namespace {

constexpr auto bus_arn = "arn:aws:events:us-east-1:000000000000:event-bus/shared";
constexpr auto other_account = "111122223333";

struct Shared : EventsWorld {
  Shared() {
    REQUIRE_FALSE(create_bus("shared").error);
    queue = route("orders", R"({"source":["shop"]})", "shared");
  }
  api::PutPermissionRequest statement(const std::string& id, const std::string& principal) {
    api::PutPermissionRequest request;
    request.event_bus_name = "shared";
    request.action = "events:PutEvents";
    request.principal = principal;
    request.statement_id = id;
    return request;
  }
  test::Reply<api::Empty> put_policy(const std::string& policy) {
    api::PutPermissionRequest request;
    request.event_bus_name = "shared";
    request.policy = policy;
    return call<&Broker::put_permission>(request);
  }
  std::string policy() {
    api::DescribeEventBusRequest request;
    request.name = "shared";
    return call<&Broker::describe_event_bus>(request).response.policy.value_or("");
  }
  // The result of one event put by another account.
  api::PutEventsResultEntry put_from(const std::string& account) {
    caller.account = account;
    auto reply = put({test::entry_of("shop", "Order", "{}", bus_arn)});
    caller.account = "000000000000";
    REQUIRE(reply.response.entries.size() == 1);
    return reply.response.entries[0];
  }
  std::string queue;
};

}  // namespace

TEST_CASE("another account's events are refused until the bus's policy allows them",
          "[permissions]") {
  Shared world;
  const auto refused = world.put_from(other_account);
  CHECK(refused.error_code == "AccessDeniedException");
  REQUIRE(refused.error_message);
  CHECK(refused.error_message->find(bus_arn) != std::string::npos);
  CHECK(world.bodies(world.queue).empty());
  REQUIRE_FALSE(
      world.call<&Broker::put_permission>(world.statement("partner", other_account)).error);
  CHECK_FALSE(world.put_from(other_account).error_code);
  CHECK(world.put_from("444455556666").error_code == "AccessDeniedException");
  world.restart();
  CHECK_FALSE(world.put_from(other_account).error_code);
  CHECK(world.bodies(world.queue).size() == 2);
}

TEST_CASE("statements are added, replaced and removed by their id", "[permissions]") {
  Shared world;
  CHECK(world.policy().empty());
  REQUIRE_FALSE(world.call<&Broker::put_permission>(world.statement("a", other_account)).error);
  CHECK(world.policy() ==
        R"({"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":)"
        R"({"AWS":"arn:aws:iam::111122223333:root"},"Action":"events:PutEvents","Resource":)"
        R"("arn:aws:events:us-east-1:000000000000:event-bus/shared"}]})");
  REQUIRE_FALSE(world.call<&Broker::put_permission>(world.statement("a", "*")).error);
  CHECK(world.policy().find(R"("Principal":"*")") != std::string::npos);
  CHECK(world.policy().find(other_account) == std::string::npos);
  CHECK_FALSE(world.put_from("444455556666").error_code);
  api::RemoveBusPermissionRequest request;
  request.event_bus_name = "shared";
  request.statement_id = "b";
  const auto unknown = world.call<&Broker::remove_bus_permission>(request);
  CHECK(message_of(unknown) == "Statement with the provided id does not exist.");
  CHECK(unknown.error->code == ErrorCode::resource_not_found);
  request.statement_id = "a";
  REQUIRE_FALSE(world.call<&Broker::remove_bus_permission>(request).error);
  CHECK(world.policy().empty());
  CHECK(message_of(world.call<&Broker::remove_bus_permission>(request)) ==
        "Statement with the provided id does not exist.");
}

TEST_CASE("all permissions of a bus are removed at once", "[permissions]") {
  Shared world;
  REQUIRE_FALSE(world.call<&Broker::put_permission>(world.statement("a", "*")).error);
  api::RemoveBusPermissionRequest request;
  request.event_bus_name = "shared";
  request.remove_all_permissions = true;
  REQUIRE_FALSE(world.call<&Broker::remove_bus_permission>(request).error);
  CHECK(world.policy().empty());
  CHECK(world.put_from(other_account).error_code == "AccessDeniedException");
}

TEST_CASE("a whole policy is kept as it came, and evaluated", "[permissions]") {
  Shared world;
  const auto [policy, is_allowed] = GENERATE(
      std::pair(R"({"Statement":{"Effect":"Allow","Principal":"*","Action":"events:*"}})", true),
      std::pair(R"({"Statement":[{"Effect":"Allow","Principal":{"AWS":["1","111122223333"]},)"
                R"("Action":["events:PutRule","events:PutEvents"]}]})",
                true),
      std::pair(R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"events:*"},)"
                R"({"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"*"}]})",
                false),
      std::pair(R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"events:PutRule"}]})",
                false),
      std::pair(R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"events:PutEvents",)"
                R"("Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]})",
                false),
      std::pair("{}", false));
  CAPTURE(policy);
  REQUIRE_FALSE(world.put_policy(policy).error);
  CHECK(world.policy() == policy);
  CHECK(world.put_from(other_account).error_code.has_value() != is_allowed);
}

TEST_CASE("what is no permission is refused", "[permissions]") {
  Shared world;
  auto request = world.statement("a", other_account);
  request.action = "events:PutRule";
  CHECK(message_of(world.call<&Broker::put_permission>(request)) ==
        "Provided value in parameter 'action' is not supported.");
  request.action.reset();
  CHECK(world.call<&Broker::put_permission>(request).error->code == ErrorCode::validation);
  request = world.statement("a", other_account);
  request.event_bus_name = "missing";
  CHECK(message_of(world.call<&Broker::put_permission>(request)) ==
        "Event bus missing does not exist.");
  CHECK(world.put_policy("[]").error->code == ErrorCode::validation);
  CHECK(world.put_policy("{\"pad\":\"" + std::string(11'000, 'x') + "\"}").error->code ==
        ErrorCode::policy_length_exceeded);
  CHECK(world.policy().empty());
}
