// The STS operations' requests and responses, as botocore 1.44.8's model describes them,
// constraints included.
#pragma once

#include "broker/api/iam.h"

namespace signalbox::broker::api::sts {

bool is_session_name(std::string_view text);
bool is_external_id(std::string_view text);
bool is_serial_number(std::string_view text);
bool is_token_code(std::string_view text);
bool is_arn_text(std::string_view text);

constexpr std::string_view arn_pattern =
    R"([\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+)";
constexpr Traits arn{.min = 20, .max = 2048, .pattern = arn_pattern, .matches = is_arn_text};
constexpr Traits required_arn{
    .required = true, .min = 20, .max = 2048, .pattern = arn_pattern, .matches = is_arn_text};
constexpr std::string_view session_name_pattern = R"([\w+=,.@-]*)";

struct GetCallerIdentityResponse {
  std::string user_id;
  std::string account;
  std::string arn;
  static constexpr auto fields() {
    using T = GetCallerIdentityResponse;
    return std::tuple{field("UserId", &T::user_id), field("Account", &T::account),
                      field("Arn", &T::arn)};
  }
};

struct PolicyDescriptorType {
  std::optional<std::string> arn;
  static constexpr auto fields() {
    return std::tuple{field("arn", &PolicyDescriptorType::arn, sts::arn)};
  }
};

struct ProvidedContext {
  std::optional<std::string> provider_arn;
  std::optional<std::string> context_assertion;
  static constexpr auto fields() {
    using T = ProvidedContext;
    return std::tuple{field("ProviderArn", &T::provider_arn, sts::arn),
                      field("ContextAssertion", &T::context_assertion, {.min = 4, .max = 3072})};
  }
};

struct AssumeRoleRequest {
  std::string role_arn;
  std::string role_session_name;
  std::vector<PolicyDescriptorType> policy_arns;
  std::optional<std::string> policy;
  std::optional<std::int64_t> duration_seconds;
  iam::TagList tags;
  StringList transitive_tag_keys;
  std::optional<std::string> external_id;
  std::optional<std::string> serial_number;
  std::optional<std::string> token_code;
  std::optional<std::string> source_identity;
  std::vector<ProvidedContext> provided_contexts;
  static constexpr auto fields() {
    using T = AssumeRoleRequest;
    return std::tuple{
        field("RoleArn", &T::role_arn, required_arn),
        field("RoleSessionName", &T::role_session_name,
              {.required = true,
               .min = 2,
               .max = 64,
               .pattern = session_name_pattern,
               .matches = is_session_name}),
        field("PolicyArns", &T::policy_arns),
        field("Policy", &T::policy,
              {.min = 1, .pattern = iam::document_pattern, .matches = iam::is_document}),
        field("DurationSeconds", &T::duration_seconds, {.min = 900, .max = 43'200}),
        field("Tags", &T::tags, iam::tags),
        field("TransitiveTagKeys", &T::transitive_tag_keys, {.max = 50, .each = &iam::tag_key}),
        field("ExternalId", &T::external_id,
              {.min = 2, .max = 1224, .pattern = R"([\w+=,.@:\/-]*)", .matches = is_external_id}),
        field("SerialNumber", &T::serial_number,
              {.min = 9, .max = 256, .pattern = R"([\w+=/:,.@-]*)", .matches = is_serial_number}),
        field("TokenCode", &T::token_code,
              {.min = 6, .max = 6, .pattern = R"([\d]*)", .matches = is_token_code}),
        field("SourceIdentity", &T::source_identity,
              {.min = 2, .max = 256, .pattern = session_name_pattern, .matches = is_session_name}),
        field("ProvidedContexts", &T::provided_contexts, {.min = 1, .max = 5})};
  }
};

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  Timestamp expiration;
  static constexpr auto fields() {
    using T = Credentials;
    return std::tuple{
        field("AccessKeyId", &T::access_key_id), field("SecretAccessKey", &T::secret_access_key),
        field("SessionToken", &T::session_token), field("Expiration", &T::expiration)};
  }
};

struct AssumedRoleUser {
  std::string assumed_role_id;
  std::string arn;
  static constexpr auto fields() {
    using T = AssumedRoleUser;
    return std::tuple{field("AssumedRoleId", &T::assumed_role_id), field("Arn", &T::arn)};
  }
};

struct AssumeRoleResponse {
  Credentials credentials;
  AssumedRoleUser assumed_role_user;
  std::optional<std::int64_t> packed_policy_size;
  std::optional<std::string> source_identity;
  static constexpr auto fields() {
    using T = AssumeRoleResponse;
    return std::tuple{field("Credentials", &T::credentials),
                      field("AssumedRoleUser", &T::assumed_role_user),
                      field("PackedPolicySize", &T::packed_policy_size),
                      field("SourceIdentity", &T::source_identity)};
  }
};

}  // namespace signalbox::broker::api::sts
