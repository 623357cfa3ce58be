// STS. A session is nowhere stored: its access key names the account, and its token says which role
// the caller has assumed. Neither is verified, nor do they expire.
#include <fmt/format.h>

#include "broker/base64.h"
#include "broker/identity/arns.h"
#include "broker/identity/documents.h"
#include "broker/identity/identity.h"
#include "broker/md5.h"
#include "broker/record.h"

namespace signalbox::broker::identity {

namespace {

constexpr std::uint8_t token_format = 1;
constexpr std::int64_t session_seconds_default = 3600;
constexpr std::int64_t chained_seconds_max = 3600;

// The same whenever it is assumed.
std::string id_of_unknown_role(std::string_view arn) {
  std::uint64_t seed = 0;
  for (const char c : md5_of(arn)) seed = seed * 31 + static_cast<unsigned char>(c);
  SeededIds ids(seed);
  return new_unique_id("AROA", ids);
}

struct Session {
  std::string account;
  std::string role_name;
  std::string role_id;
  std::string name;

  std::string arn() const {
    return fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account, role_name, name);
  }
  std::string id() const { return fmt::format("{}:{}", role_id, name); }
};

std::string make_token(const Session& session) {
  RecordWriter record;
  record.u8(token_format).bytes(session.account).bytes(session.role_name);
  record.bytes(session.role_id).bytes(session.name);
  std::string token;
  append_base64(token, record.view());
  return token;
}

// Nothing for a token that is not one of ours, or of another account's session.
std::optional<Session> read_token(const Caller& caller) {
  const auto bytes = decode_base64(caller.session_token);
  if (!bytes || bytes->empty()) return std::nullopt;
  RecordReader record(*bytes);
  if (record.u8() != token_format) return std::nullopt;
  Session session;
  session.account = record.bytes();
  session.role_name = record.bytes();
  session.role_id = record.bytes();
  session.name = record.bytes();
  const bool is_whole = !record.failed() && record.at_end() && session.account == caller.account;
  if (!is_whole || !wire::is_name(session.role_name) || !wire::is_name(session.role_id) ||
      !wire::is_name(session.name)) {
    return std::nullopt;
  }
  return session;
}

Status check_duration(std::int64_t seconds, const Role* role, bool is_chained) {
  if (role != nullptr && seconds > *role->shown.max_session_duration) {
    return Error{ErrorCode::validation,
                 "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."};
  }
  if (is_chained && seconds > chained_seconds_max) {
    return Error{ErrorCode::validation,
                 "The requested DurationSeconds exceeds the 1 hour session limit for roles "
                 "assumed by role chaining"};
  }
  return ok();
}

}  // namespace

// Whoever has assumed no role is the account itself.
Result<api::sts::GetCallerIdentityResponse> Identity::get_caller_identity(const api::Empty&,
                                                                          Context& ctx) {
  const std::string& account = ctx.caller.account;
  if (const auto session = read_token(ctx.caller)) {
    return api::sts::GetCallerIdentityResponse{session->id(), account, session->arn()};
  }
  return api::sts::GetCallerIdentityResponse{account, account,
                                             fmt::format("arn:aws:iam::{}:root", account)};
}

Result<api::sts::AssumeRoleResponse> Identity::assume_role(
    const api::sts::AssumeRoleRequest& request, Context& ctx) {
  const auto arn = parse_entity_arn(request.role_arn, "role");
  if (!arn || !is_account_number(arn->owner)) {
    return Error{ErrorCode::validation, fmt::format("{} is invalid", request.role_arn)};
  }
  if (request.policy) {
    SIGNALBOX_TRY(check_document(*request.policy, DocumentKind::permissions));
  }
  const Role* role = nullptr;
  if (const auto account = by_account_.find(arn->owner); account != by_account_.end()) {
    const auto at = account->second.roles.find(arn->name);
    if (at != account->second.roles.end() && at->second.shown.arn == request.role_arn) {
      role = &at->second;
    }
  }
  const std::int64_t seconds = request.duration_seconds.value_or(session_seconds_default);
  SIGNALBOX_TRY(check_duration(seconds, role, read_token(ctx.caller).has_value()));
  Session session;
  session.account = arn->owner;
  session.role_name = arn->name;
  session.role_id = role != nullptr ? role->shown.role_id : id_of_unknown_role(request.role_arn);
  session.name = request.role_session_name;
  api::sts::AssumeRoleResponse response;
  auto& credentials = response.credentials;
  credentials.access_key_id =
      "ASIA" + session.account + random_text(4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ctx.ids);
  credentials.secret_access_key =
      random_text(40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", ctx.ids);
  credentials.session_token = make_token(session);
  credentials.expiration.ms = to_ms(ctx.wall) + seconds * 1000;
  response.assumed_role_user = {session.id(), session.arn()};
  response.source_identity = request.source_identity;
  return response;
}

}  // namespace signalbox::broker::identity
