// Roles and policies as the service keeps them, one account's together, and their stored form.
// Plain values; pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "broker/api/iam.h"
#include "broker/api/iam_policies.h"

namespace signalbox::broker::identity {

namespace wire = api::iam;

// Names of roles and of policies that differ in case alone are one name.
struct LessIgnoringCase {
  using is_transparent = void;
  bool operator()(std::string_view left, std::string_view right) const;
};

struct Role {
  std::uint64_t id = 0;  // of its record
  std::string account;
  wire::Role shown;  // the document as it was given; the tags are those below
  api::StringMap tags;
  api::StringMap inline_policies;
  // "NAME OWNER" -> ARN: a page's marker has room for a name, but not for an ARN.
  api::StringMap attached;
};

struct PolicyVersion {
  std::string document;
  std::int64_t created_ms = 0;
};

struct Policy {
  std::uint64_t id = 0;  // of its record
  std::string account;
  wire::Policy shown;  // without its version, counts and tags
  api::StringMap tags;
  std::map<std::uint64_t, PolicyVersion> versions;
  std::uint64_t default_version = 1;
  std::uint64_t last_version = 1;
};

struct Account {
  // Names of the roles that have a policy attached, and of those it bounds.
  struct Usage {
    std::set<std::string> attached;
    std::set<std::string> bounded;
  };
  std::map<std::string, Role, LessIgnoringCase> roles;
  std::map<std::string, Policy, LessIgnoringCase> policies;
  std::map<std::string, Usage, std::less<>> usage;  // by the policy's ARN
};

std::string encode(const Role& role);
std::string encode(const Policy& policy);
// False: damage, or a format that this version does not know.
bool decode(std::string_view record, Role& role);
bool decode(std::string_view record, Policy& policy);

}  // namespace signalbox::broker::identity
