#include "broker/identity/identity.h"

#include <fmt/format.h>

#include "broker/identity/arns.h"
#include "broker/load_all.h"
#include "storage/keys.h"

namespace signalbox::broker::identity {

namespace keys = storage::keys;

const Account& Identity::account_of(const Context& ctx) const {
  static const Account empty;
  const auto at = by_account_.find(ctx.caller.account);
  return at == by_account_.end() ? empty : at->second;
}

Result<Account*> Identity::account_to_fill(Context& ctx) {
  const auto at = by_account_.find(ctx.caller.account);
  if (at != by_account_.end()) return &at->second;
  if (by_account_.size() >= accounts_max) {
    return Error{ErrorCode::limit_exceeded,
                 fmt::format("Roles and policies can be kept for {} accounts.", accounts_max)};
  }
  return &by_account_[ctx.caller.account];
}

Result<Role*> Identity::find_role(const std::string& name, Context& ctx) {
  const auto account = by_account_.find(ctx.caller.account);
  if (account != by_account_.end()) {
    const auto at = account->second.roles.find(name);
    if (at != account->second.roles.end()) return &at->second;
  }
  return Error{ErrorCode::resource_not_found,
               fmt::format("The role with name {} cannot be found.", name)};
}

Result<Policy*> Identity::find_policy(const std::string& arn, Context& ctx) {
  const auto parsed = parse_entity_arn(arn, "policy");
  if (!parsed) {
    return Error{ErrorCode::invalid_parameter_value, fmt::format("ARN {} is not valid.", arn)};
  }
  const auto account = by_account_.find(ctx.caller.account);
  if (account != by_account_.end() && parsed->owner == ctx.caller.account) {
    const auto at = account->second.policies.find(parsed->name);
    if (at != account->second.policies.end() && at->second.shown.arn == arn) return &at->second;
  }
  return Error{ErrorCode::resource_not_found, fmt::format("Policy {} was not found.", arn)};
}

void Identity::store(const Role& role, Context& ctx) {
  ctx.batch.put(keys::iam_role(role.id), encode(role));
}

void Identity::store(const Policy& policy, Context& ctx) {
  ctx.batch.put(keys::iam_policy(policy.id), encode(policy));
}

void Identity::forget_usage_if_none(Account& account, const std::string& arn) {
  const auto at = account.usage.find(arn);
  if (at == account.usage.end()) return;
  if (at->second.attached.empty() && at->second.bounded.empty()) account.usage.erase(at);
}

std::string Identity::load(const storage::View& view, Context&) {
  auto problem = load_all(
      view, keys::Prefix::iam_role, "roles", [&](std::string_view key, std::string_view value) {
        const auto id = keys::parse_iam_role(key);
        Role role;
        if (!id || !decode(value, role)) return not_understood("a role", key);
        role.id = *id;
        Account& account = by_account_[role.account];
        const std::string& name = role.shown.role_name;
        for (const auto& [label, arn] : role.attached) account.usage[arn].attached.insert(name);
        if (const auto& boundary = role.shown.permissions_boundary) {
          account.usage[boundary->permissions_boundary_arn].bounded.insert(name);
        }
        account.roles.emplace(name, role);
        return std::string();
      });
  if (!problem.empty()) return problem;
  return load_all(view, keys::Prefix::iam_policy, "policies",
                  [&](std::string_view key, std::string_view value) {
                    const auto id = keys::parse_iam_policy(key);
                    Policy policy;
                    if (!id || !decode(value, policy)) return not_understood("a policy", key);
                    policy.id = *id;
                    Account& account = by_account_[policy.account];
                    account.policies.emplace(policy.shown.policy_name, policy);
                    return std::string();
                  });
}

}  // namespace signalbox::broker::identity
