// Roles and policies, against a store that fails or delays commits.
#include "broker/identity/identity.h"
#include "tests/broker/fault_script.h"
#include "tests/broker/identity_fixture.h"

namespace signalbox::broker::fault {

namespace {

using identity::Identity;
namespace iam = api::iam;

const std::string policy_arn = "arn:aws:iam::000000000000:policy/send";

std::vector<Step> identity_steps() {
  return {
      {"CreateRole",
       [](Script& s) { return s.start<&Identity::create_role>(test::role_request("worker")); }},
      {"CreatePolicy",
       [](Script& s) { return s.start<&Identity::create_policy>(test::policy_request("send")); }},
      {"TagRole",
       [](Script& s) {
         return s.start<&Identity::tag_role>({"worker", {{"team", "shop"}}});
       }},
      {"UpdateRole",
       [](Script& s) {
         return s.start<&Identity::update_role>({.role_name = "worker", .description = "works"});
       }},
      {"PutRolePolicy",
       [](Script& s) {
         return s.start<&Identity::put_role_policy>({"worker", "inline", test::permissions});
       }},
      {"AttachRolePolicy",
       [](Script& s) {
         return s.start<&Identity::attach_role_policy>({"worker", policy_arn});
       }},
      {"CreatePolicyVersion",
       [](Script& s) {
         return s.start<&Identity::create_policy_version>({policy_arn, test::permissions, true});
       }},
      {"DeletePolicyVersion",
       [](Script& s) {
         return s.start<&Identity::delete_policy_version>({policy_arn, "v1"});
       }},
      {"DetachRolePolicy",
       [](Script& s) {
         return s.start<&Identity::detach_role_policy>({"worker", policy_arn});
       }},
      {"DeleteRolePolicy",
       [](Script& s) {
         return s.start<&Identity::delete_role_policy>({"worker", "inline"});
       }},
      {"DeleteRole", [](Script& s) { return s.start<&Identity::delete_role>({"worker"}); }},
      {"DeletePolicy", [](Script& s) { return s.start<&Identity::delete_policy>({policy_arn}); }},
  };
}

}  // namespace

TEST_CASE("the script reaches what roles and policies write, and each step shows", "[fault]") {
  check_that_each_step_shows(identity_steps());
}

TEST_CASE("whichever commit of roles and policies fails, none is half done", "[fault]") {
  check_failing_commits(identity_steps());
}

TEST_CASE("whichever commit of roles and policies is delayed, no reply comes before it",
          "[fault]") {
  check_delayed_commits(identity_steps(), {});
}

}  // namespace signalbox::broker::fault
