// Functions' resource policies: as lambda.h.
#pragma once

#include "broker/api/lambda_versions.h"

namespace signalbox::broker::api::lambda {

inline constexpr std::string_view function_url_auth_type_names = "NONE, AWS_IAM";
inline constexpr std::string_view statement_id_pattern = R"re(([a-zA-Z0-9-_]+))re";
inline constexpr std::string_view namespaced_statement_id_pattern = R"re(([a-zA-Z0-9-_.]+))re";
inline constexpr std::string_view action_pattern = R"re((lambda:[*]|lambda:[a-zA-Z]+|[*]))re";
inline constexpr std::string_view principal_pattern = R"re([^\s]+)re";
inline constexpr std::string_view arn_pattern =
    R"re(arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?))))re"
    R"re(?-[a-z]+-\d{1})?:(\d{12})?:(.*))re";
inline constexpr std::string_view source_owner_pattern = R"re(\d{12})re";
inline constexpr std::string_view event_source_token_pattern = R"re([a-zA-Z0-9._\-]+)re";
inline constexpr std::string_view principal_org_id_pattern = R"re(o-[a-z0-9]{10,32})re";

struct AddPermissionRequest {
  std::string function_name;
  std::string statement_id;
  std::string action;
  std::string principal;
  std::optional<std::string> source_arn;
  std::optional<std::string> function_url_auth_type;
  std::optional<bool> invoked_via_function_url;
  std::optional<std::string> source_account;
  std::optional<std::string> event_source_token;
  std::optional<std::string> qualifier;
  std::optional<std::string> revision_id;
  std::optional<std::string> principal_org_id;
  static constexpr auto fields() {
    using T = AddPermissionRequest;
    return std::tuple{
        field("FunctionName", &T::function_name, function_in_path),
        field("StatementId", &T::statement_id,
              {.required = true,
               .min = 1,
               .max = 100,
               .pattern = statement_id_pattern,
               .matches = fits<statement_id_pattern>}),
        field("Action", &T::action,
              {.required = true,
               .max = 10000,
               .pattern = action_pattern,
               .matches = fits<action_pattern>}),
        field("Principal", &T::principal,
              {.required = true,
               .max = 2048,
               .pattern = principal_pattern,
               .matches = fits<principal_pattern>}),
        field("SourceArn", &T::source_arn,
              {.max = 10000, .pattern = arn_pattern, .matches = fits<arn_pattern>}),
        field("FunctionUrlAuthType", &T::function_url_auth_type,
              {.one_of = function_url_auth_type_names}),
        field("InvokedViaFunctionUrl", &T::invoked_via_function_url),
        field("SourceAccount", &T::source_account,
              {.max = 12, .pattern = source_owner_pattern, .matches = fits<source_owner_pattern>}),
        field("EventSourceToken", &T::event_source_token,
              {.max = 256,
               .pattern = event_source_token_pattern,
               .matches = fits<event_source_token_pattern>}),
        field("Qualifier", &T::qualifier, qualifier_in_query),
        field("RevisionId", &T::revision_id),
        field("PrincipalOrgID", &T::principal_org_id,
              {.min = 12,
               .max = 34,
               .pattern = principal_org_id_pattern,
               .matches = fits<principal_org_id_pattern>})};
  }
};

struct AddPermissionResponse {
  std::optional<std::string> statement;
  static constexpr auto fields() {
    using T = AddPermissionResponse;
    return std::tuple{field("Statement", &T::statement)};
  }
};

struct RemovePermissionRequest {
  std::string function_name;
  std::string statement_id;
  std::optional<std::string> qualifier;
  std::optional<std::string> revision_id;
  static constexpr auto fields() {
    using T = RemovePermissionRequest;
    return std::tuple{
        field("FunctionName", &T::function_name, function_in_path),
        field("StatementId", &T::statement_id,
              Traits{.required = true,
                     .min = 1,
                     .max = 100,
                     .pattern = namespaced_statement_id_pattern,
                     .matches = fits<namespaced_statement_id_pattern>}
                  .at(Location::uri)),
        field("Qualifier", &T::qualifier, qualifier_in_query),
        field("RevisionId", &T::revision_id, Traits{}.at(Location::query, "RevisionId"))};
  }
};

struct GetPolicyResponse {
  std::optional<std::string> policy;
  std::optional<std::string> revision_id;
  static constexpr auto fields() {
    using T = GetPolicyResponse;
    return std::tuple{field("Policy", &T::policy), field("RevisionId", &T::revision_id)};
  }
};

}  // namespace signalbox::broker::api::lambda
