// Requests of roles and policies for tests.
#pragma once

#include <string>

#include "broker/api/iam_policies.h"

namespace signalbox::broker::test {

const std::string trust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",)"
    R"("Principal":{"Service":"scheduler.amazonaws.com"}}]})";
const std::string permissions =
    R"({"Statement":{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}})";

inline api::iam::CreateRoleRequest role_request(const std::string& name) {
  api::iam::CreateRoleRequest request;
  request.role_name = name;
  request.assume_role_policy_document = trust;
  return request;
}

inline api::iam::CreatePolicyRequest policy_request(const std::string& name) {
  api::iam::CreatePolicyRequest request;
  request.policy_name = name;
  request.policy_document = permissions;
  return request;
}

}  // namespace signalbox::broker::test
