// Resource policies of functions: written as the service writes them, one for each qualifier.
#include "tests/broker/functions_fixture.h"

using namespace signalbox::broker;
using functions::Functions;
using test::FunctionsBroker;
using test::orders_arn;
namespace wire = api::lambda;

namespace {

struct Permissions : FunctionsBroker {
  static wire::AddPermissionRequest allowing(const std::string& sid) {
    wire::AddPermissionRequest request;
    request.function_name = "orders";
    request.statement_id = sid;
    request.action = "lambda:InvokeFunction";
    request.principal = "events.amazonaws.com";
    return request;
  }
  test::Reply<wire::AddPermissionResponse> add(const wire::AddPermissionRequest& request) {
    return call<&Functions::add_permission>(request);
  }
  std::string policy(std::optional<std::string> qualifier = {}) {
    const auto reply = call<&Functions::get_policy>({"orders", std::move(qualifier)});
    return reply.error ? reply.error->message : *reply.response.policy;
  }
  std::optional<Error> remove(const std::string& sid, std::optional<std::string> qualifier = {},
                              std::optional<std::string> revision_id = {}) {
    return call<&Functions::remove_permission>(
               {"orders", sid, std::move(qualifier), std::move(revision_id)})
        .error;
  }
};

const std::string nothing = "The resource you requested does not exist.";

}  // namespace

TEST_CASE("a permission is a statement of the function's policy", "[functions]") {
  Permissions world;
  CHECK(world.policy() == nothing);
  auto request = Permissions::allowing("events");
  request.source_arn = "arn:aws:events:us-east-1:000000000000:rule/orders";
  request.source_account = "000000000000";
  const std::string first =
      R"({"Sid":"events","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},)"
      R"("Action":"lambda:InvokeFunction",)"
      R"("Resource":"arn:aws:lambda:us-east-1:000000000000:function:orders",)"
      R"("Condition":{"StringEquals":{"AWS:SourceAccount":"000000000000"},)"
      R"("ArnLike":{"AWS:SourceArn":"arn:aws:events:us-east-1:000000000000:rule/orders"}}})";
  CHECK(world.add(request).response.statement == first);
  auto account = Permissions::allowing("account");
  account.principal = "111111111111";
  const std::string second =
      R"({"Sid":"account","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},)"
      R"("Action":"lambda:InvokeFunction",)"
      R"("Resource":"arn:aws:lambda:us-east-1:000000000000:function:orders"})";
  CHECK(world.add(account).response.statement == second);
  const std::string document =
      R"({"Version":"2012-10-17","Id":"default","Statement":[)" + first + "," + second + "]}";
  CHECK(world.policy() == document);
  world.restart();
  CHECK(world.policy() == document);
  CHECK_FALSE(world.remove("events"));
  CHECK(world.policy() ==
        R"({"Version":"2012-10-17","Id":"default","Statement":[)" + second + "]}");
  CHECK_FALSE(world.remove("account"));
  CHECK(world.policy() == nothing);
  CHECK(world.remove("account")->message == "No policy is associated with the given resource.");
}

TEST_CASE("principals and conditions are written as the service writes them", "[functions]") {
  Permissions world;
  const auto part = [&](const wire::AddPermissionRequest& request, std::string_view from) {
    const auto statement = world.add(request).response.statement.value();
    return statement.substr(statement.find(from));
  };
  auto everyone = Permissions::allowing("everyone");
  everyone.principal = "*";
  everyone.action = "lambda:InvokeFunctionUrl";
  everyone.function_url_auth_type = "NONE";
  everyone.invoked_via_function_url = true;
  CHECK(part(everyone, "\"Principal\"").starts_with(R"("Principal":"*","Action")"));
  everyone.statement_id = "again";
  CHECK(part(everyone, "\"Condition\"") ==
        R"("Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"},)"
        R"("Bool":{"lambda:InvokedViaFunctionUrl":"true"}}})");
  auto role = Permissions::allowing("role");
  role.principal = "arn:aws:iam::111111111111:role/r";
  role.principal_org_id = "o-0123456789";
  role.event_source_token = "token";
  CHECK(part(role, "\"Condition\"") ==
        R"("Condition":{"StringEquals":{"lambda:EventSourceToken":"token",)"
        R"("aws:PrincipalOrgID":"o-0123456789"}}})");
  CHECK(world.policy().find(R"("Principal":{"AWS":"arn:aws:iam::111111111111:role/r"})") !=
        std::string::npos);
}

TEST_CASE("each version and each alias has a policy of its own", "[functions]") {
  Permissions world;
  REQUIRE_FALSE(world.call<&Functions::publish_version>({"orders", {}, {}, {}}).error);
  REQUIRE_FALSE(world.call<&Functions::create_alias>({"orders", "live", "1", {}, {}}).error);
  for (const std::string qualifier : {"1", "live"}) {
    auto request = Permissions::allowing("events");
    request.qualifier = qualifier;
    CHECK_FALSE(world.add(request).error);
  }
  CHECK(world.policy() == nothing);
  for (int i = 0; i < 2; ++i) {
    for (const std::string qualifier : {"1", "live"}) {
      CHECK(world.policy(qualifier).find("\"Resource\":\"" + std::string(orders_arn) + ":" +
                                         qualifier + "\"") != std::string::npos);
    }
    world.restart();
    REQUIRE(world.load_problem().empty());
  }
  CHECK_FALSE(world.remove("events", "live"));
  CHECK(world.policy("live") == nothing);
  CHECK(world.policy("1") != nothing);
  auto latest = Permissions::allowing("events");
  latest.qualifier = "$LATEST";
  CHECK(world.add(latest).error->message ==
        "We currently do not support adding policies for $LATEST.");
}

TEST_CASE("a policy changes only from the revision that is named", "[functions]") {
  Permissions world;
  REQUIRE_FALSE(world.add(Permissions::allowing("first")).error);
  const auto revision = [&] {
    return world.call<&Functions::get_policy>({"orders", {}}).response.revision_id;
  };
  auto request = Permissions::allowing("second");
  request.revision_id = "another";
  CHECK(world.add(request).error->code == ErrorCode::precondition_failed);
  CHECK(world.remove("first", {}, "another")->code == ErrorCode::precondition_failed);
  const auto before = revision();
  request.revision_id = before;
  CHECK_FALSE(world.add(request).error);
  CHECK(revision() != before);
  CHECK_FALSE(world.remove("first", {}, revision()));
}

TEST_CASE("a permission that cannot be is refused", "[functions]") {
  Permissions world;
  const auto said = [&](const wire::AddPermissionRequest& request) {
    return world.add(request).error.value();
  };
  REQUIRE_FALSE(world.add(Permissions::allowing("events")).error);
  CHECK(said(Permissions::allowing("events")).code == ErrorCode::conflict);
  CHECK(said(Permissions::allowing("events")).message ==
        "The statement id (events) provided already exists. Please provide a new statement id, "
        "or remove the existing statement.");
  auto nobody = Permissions::allowing("nobody");
  nobody.principal = "nobody";
  CHECK(said(nobody).message ==
        "The provided principal was invalid. Please check the principal and try again.");
  auto url = Permissions::allowing("url");
  url.function_url_auth_type = "NONE";
  CHECK(said(url).code == ErrorCode::invalid_parameter_value);
  auto unknown = Permissions::allowing("unknown");
  unknown.qualifier = "7";
  CHECK(said(unknown).code == ErrorCode::resource_not_found);
  CHECK(world.remove("nothing")->message == "Statement nothing is not found in resource policy.");
  auto large = Permissions::allowing("large");
  large.source_arn = "arn:aws:events:us-east-1:000000000000:" + std::string(9'900, 'x');
  CHECK_FALSE(world.add(large).error);
  large.statement_id = "larger";
  CHECK_FALSE(world.remove("events"));
  large.source_arn->append(700, 'x');
  CHECK(said(large).code == ErrorCode::policy_length_exceeded);
}
