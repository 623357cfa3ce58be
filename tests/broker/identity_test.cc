#include "broker/identity/identity.h"

#include <catch2/catch.hpp>

#include "broker/identity/arns.h"
#include "broker/identity/documents.h"
#include "tests/broker/identity_fixture.h"
#include "tests/broker/test_broker.h"

namespace signalbox::broker {

namespace {

using identity::DocumentKind;
using identity::Identity;
using test::TestBroker;

const std::string read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess";

std::string problem_of(const std::string& document, DocumentKind kind) {
  const auto status = identity::check_document(document, kind);
  return status.has_value() ? std::string() : status.error().message;
}

}  // namespace

TEST_CASE("roles, policies and who uses them are there after a restart", "[identity]") {
  TestBroker broker;
  auto request = test::role_request("worker");
  request.permissions_boundary = read_only;
  request.tags = {{"team", "shop"}};
  const auto role = broker.call<&Identity::create_role>(request).response.role;
  const auto arn =
      broker.call<&Identity::create_policy>(test::policy_request("send")).response.policy.arn;
  CHECK_FALSE(broker.call<&Identity::attach_role_policy>({"worker", arn}).error);
  CHECK_FALSE(
      broker.call<&Identity::put_role_policy>({"worker", "inline", test::permissions}).error);
  broker.restart();
  CHECK(broker.load_problem().empty());
  const auto shown = broker.call<&Identity::get_role>({"worker"}).response.role;
  CHECK(shown.role_id == role.role_id);
  CHECK(shown.create_date == role.create_date);
  REQUIRE(shown.tags);
  CHECK(shown.tags->front().key == "team");
  REQUIRE(shown.permissions_boundary);
  CHECK(shown.permissions_boundary->permissions_boundary_arn == read_only);
  CHECK(broker.call<&Identity::get_policy>({arn}).response.policy.attachment_count == 1);
  CHECK(
      broker.call<&Identity::list_entities_for_policy>({read_only}).response.policy_roles.size() ==
      1);
  CHECK(broker.call<&Identity::delete_policy>({arn}).error->code == ErrorCode::conflict);
  CHECK(broker.call<&Identity::delete_role>({"worker"}).error->code == ErrorCode::conflict);
}

TEST_CASE("names of roles differ in more than case", "[identity]") {
  TestBroker broker;
  CHECK_FALSE(broker.call<&Identity::create_role>(test::role_request("Worker")).error);
  CHECK(broker.call<&Identity::create_role>(test::role_request("wORKER")).error->code ==
        ErrorCode::resource_already_exists);
  CHECK(broker.call<&Identity::get_role>({"worker"}).response.role.role_name == "Worker");
  CHECK_FALSE(broker.call<&Identity::delete_role>({"WORKER"}).error);
  CHECK(broker.call<&Identity::list_roles>({}).response.roles.empty());
}

TEST_CASE("who has assumed a role is that role, in its own account only", "[identity]") {
  TestBroker broker;
  api::sts::AssumeRoleRequest request;
  request.role_arn = "arn:aws:iam::123456789012:role/a/worker";
  request.role_session_name = "session";
  const auto session = broker.call<&Identity::assume_role>(request).response;
  const auto identity = [&] {
    return broker.call<&Identity::get_caller_identity>({}).response.arn;
  };
  CHECK(session.credentials.access_key_id.starts_with("ASIA123456789012"));
  CHECK(session.credentials.access_key_id.size() == 20);
  CHECK(identity() == "arn:aws:iam::000000000000:root");
  broker.caller.session_token = session.credentials.session_token;
  CHECK(identity() == "arn:aws:iam::000000000000:root");
  broker.caller.account = "123456789012";
  CHECK(identity() == "arn:aws:sts::123456789012:assumed-role/worker/session");
}

TEST_CASE("an ARN of a role or policy has an owner, a path and a name", "[identity]") {
  const auto arn =
      identity::parse_entity_arn("arn:aws:iam::aws:policy/service-role/Basic", "policy");
  REQUIRE(arn);
  CHECK((arn->owner == "aws" && arn->path == "/service-role/" && arn->name == "Basic"));
  for (const std::string_view text :
       {"", "arn", "arn:aws:iam::aws:policy", "arn:aws:iam::aws:policy/", "arn:aws:iam::1:policy/x",
        "arn:aws:iam:us-east-1:aws:policy/x", "arn:aws:sqs::aws:policy/x",
        "arn:aws:iam::aws:role/x", "arn:aws:iam::aws:policy/a b", "arn:aws:iam::aws:x/policy/x"}) {
    INFO(text);
    CHECK_FALSE(identity::parse_entity_arn(text, "policy"));
  }
}

TEST_CASE("policies of a role and policies on who may assume it are told apart", "[identity]") {
  CHECK(problem_of(test::trust, DocumentKind::trust).empty());
  CHECK(problem_of(test::permissions, DocumentKind::permissions).empty());
  CHECK(problem_of(test::permissions, DocumentKind::trust) == "Missing required field Principal");
  CHECK(problem_of(test::trust, DocumentKind::permissions) ==
        "Policy document should not specify a principal.");
  CHECK(problem_of("{", DocumentKind::trust) == "This policy contains invalid Json");
  CHECK(problem_of("{", DocumentKind::permissions) == "Syntax errors in policy.");
}

TEST_CASE("quotas count a document without its white space", "[identity]") {
  CHECK(identity::counted_size(" {\r\n\t\"a b\": 1 }") == 8);
}

}  // namespace signalbox::broker
