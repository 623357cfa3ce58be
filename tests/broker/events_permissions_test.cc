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
  // Of statements: the members before the resource, which is the bus unless they name one.
  const std::string all = R"("Effect":"Allow","Principal":"*","Action":"events:PutEvents")";
  const std::string other = R"("Resource":"arn:aws:events:us-east-1:000000000000:event-bus/other")";
  const std::string deny = R"("Effect":"Deny","Principal":"*","Action":"events:PutEvents")";
  const auto [statements, is_allowed] = GENERATE_COPY(table<std::vector<std::string>, bool>({
      {{all}, true},
      {{R"("Effect":"Allow","Principal":"*","Action":"events:*")"}, true},
      {{R"("Effect":"Allow","Principal":"*","Action":"EVENTS:put?vents")"}, true},
      {{R"("Effect":"Allow","Principal":"*","NotAction":"events:PutRule")"}, true},
      {{R"("Effect":"Allow","Principal":{"AWS":["1","111122223333"]},)"
        R"("Action":["events:PutRule","events:PutEvents"])"},
       true},
      {{R"("Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},)"
        R"("Action":"events:PutEvents")"},
       true},
      {{R"("Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/x"},)"
        R"("Action":"events:PutEvents")"},
       false},
      {{R"("Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},)"
        R"("Action":"events:PutEvents")"},
       false},
      {{R"("Effect":"Allow","Principal":"*","Action":"events:PutRule")"}, false},
      {{all + "," + other}, false},
      {{all + R"(,"Resource":"arn:aws:s3:::x")"}, false},
      {{all + R"(,"Resource":"arn:aws:events:*:event-bus/sh?red")"}, true},
      {{all + R"(,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}})"}, false},
      {{all, R"("Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"*")"}, false},
      {{R"("Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"*")", all}, false},
      {{all, R"("Effect":"Deny","Principal":"*","Action":"events:putevents")"}, false},
      {{all, R"("Effect":"Deny","Principal":"*","Action":"events:Put?vents")"}, false},
      {{all, R"("Effect":"Deny","Principal":"*","NotAction":"events:PutRule")"}, false},
      {{all, R"("Effect":"Deny","NotPrincipal":{"AWS":"999999999999"},"Action":"*")"}, false},
      {{all, R"("Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"*")"}, true},
      {{all, R"("Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/x"},)"
             R"("Action":"*")"},
       true},
      {{all, deny + "," + other}, true},
      {{all, deny + R"(,"Condition":{"StringEquals":{"events:source":"other"}})"}, true},
      {{all, deny + R"(,"Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}})"}, false},
  }));
  std::string policy = R"({"Version":"2012-10-17","Statement":[)";
  for (const auto& statement : statements) {
    if (policy.back() == '}') policy += ',';
    policy += "{" + statement;
    if (statement.find("Resource") == std::string::npos) {
      policy += std::string(R"(,"Resource":")") + bus_arn + "\"";
    }
    policy += "}";
  }
  policy += "]}";
  CAPTURE(policy);
  REQUIRE_FALSE(world.put_policy(policy).error);
  CHECK(world.policy() == policy);
  CHECK(world.put_from(other_account).error_code.has_value() != is_allowed);
  world.restart();
  CHECK(world.put_from(other_account).error_code.has_value() != is_allowed);
}

TEST_CASE("a policy that is malformed is refused with what is wrong", "[permissions]") {
  Shared world;
  const auto [policy, problem] = GENERATE(table<std::string, std::string>({
      {"[]", "it is not a JSON object"},
      {"{}", "it has no Statement"},
      {R"({"Statement":[]})", "it has no Statement"},
      {R"({"Statement":["x"]})", "a statement is not an object"},
      {R"({"Statement":{"Effect":"allow"}})",
       "the Effect of a statement is neither Allow nor Deny"},
      {R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})",
       "a statement needs either Principal or NotPrincipal"},
      {R"({"Statement":{"Effect":"Allow","Principal":"*","Action":"*","NotAction":"*",)"
       R"("Resource":"*"}})",
       "a statement needs either Action or NotAction"},
      {R"({"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}})",
       "a statement needs either Resource or NotResource"},
  }));
  CHECK(message_of(world.put_policy(policy)) == "The policy is not valid: " + problem + ".");
  CHECK(world.policy().empty());
}

TEST_CASE("another account does nothing to a bus or its rules that the policy does not allow",
          "[permissions]") {
  Shared world;
  const auto as_other = [&](auto&& work) {
    world.caller.account = other_account;
    auto error = work().error;
    world.caller.account = "000000000000";
    return error;
  };
  const auto put_rule = [&] {
    return world.put_rule("spy", R"({"source":[{"prefix":""}]})", bus_arn);
  };
  const auto tag = [&] {
    api::TagResourceRequest request;
    request.resource_arn = bus_arn;
    request.tags = {{"k", "v"}};
    return world.call<&Broker::tag_resource>(request);
  };
  const auto describe = [&] {
    api::DescribeEventBusRequest request;
    request.name = bus_arn;
    return world.call<&Broker::describe_event_bus>(request);
  };
  const auto remove = [&] {
    api::DeleteRuleRequest request;
    request.name = "orders";
    request.event_bus_name = bus_arn;
    return world.call<&Broker::delete_rule>(request);
  };
  const auto refused = as_other(put_rule);
  REQUIRE(refused);
  CHECK(refused->code == ErrorCode::access_denied);
  CHECK(refused->message ==
        "User: arn:aws:iam::111122223333:root is not authorized to perform: events:PutRule on "
        "resource: arn:aws:events:us-east-1:000000000000:rule/shared/spy because no "
        "resource-based policy allows the events:PutRule action");
  CHECK(as_other(tag)->code == ErrorCode::access_denied);
  CHECK(as_other(describe)->code == ErrorCode::access_denied);
  CHECK(as_other(remove)->code == ErrorCode::access_denied);
  REQUIRE_FALSE(world
                    .put_policy(R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":)"
                                R"(["events:PutRule","events:DescribeEventBus"],"Resource":"*"},)"
                                R"({"Effect":"Deny","Principal":"*","Action":"events:DeleteRule",)"
                                R"("Resource":"*"}]})")
                    .error);
  CHECK_FALSE(as_other(put_rule));
  CHECK_FALSE(as_other(describe));
  CHECK(as_other(remove)->message.ends_with("with an explicit deny in a resource-based policy"));
  CHECK_FALSE(put_rule().error);
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
  request = world.statement("a", other_account);
  request.policy = "{}";
  CHECK(world.call<&Broker::put_permission>(request).error->code == ErrorCode::validation);
  request = world.statement("a", other_account);
  request.condition = api::PermissionCondition{"StringLike", "aws:PrincipalOrgID", "o-1"};
  CHECK(world.call<&Broker::put_permission>(request).error->code == ErrorCode::validation);
  CHECK(world.put_policy("{\"pad\":\"" + std::string(11'000, 'x') + "\"}").error->code ==
        ErrorCode::policy_length_exceeded);
  CHECK(world.policy().empty());
}
