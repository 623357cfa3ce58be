// What a connection proves itself with: credentials, and parameters for every request. Plain
// values; which of them are secret is said here, in one place, for records and answers alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/connections.h"
#include "broker/result.h"

namespace signalbox::broker {

enum class AuthorizationType : std::uint8_t { basic, api_key, oauth };
std::string_view to_string(AuthorizationType type);
// Of one of api::authorization_types.
AuthorizationType parse_authorization_type(std::string_view name);

struct Authorization {
  AuthorizationType type = AuthorizationType::basic;
  // User name and password, name and value of the API key's header, or the OAuth client's id and
  // secret. Without them there is nothing to authorize with.
  std::optional<std::string> name;
  std::optional<std::string> secret;
  // OAuth: where a token is had, and how.
  std::string endpoint;
  std::string method;
  api::ConnectionHttpParameters token_parameters;

  api::ConnectionHttpParameters parameters;  // of every request
  std::optional<std::string> connectivity;   // ARN of the resource configuration
};

// Calls visit(std::optional<std::string>&) for each secret, always in the same order.
template <class Visit>
void visit_secrets(Authorization& authorization, Visit&& visit);

// The secrets out of it: what is left may be shown to anybody.
using Secrets = std::vector<std::optional<std::string>>;
Secrets take_secrets(Authorization& authorization);
// Puts them back; false when they are not of this authorization.
bool give_secrets(Authorization& authorization, Secrets secrets);

// An authorization as the request asks for it. An update names what changes; another type
// begins anew. The errors are the service's where they are known.
struct AuthorizationRules {
  bool allows_plain_http = false;  // to any host; to loopback it always may be
};
template <bool is_new>
Result<Authorization> authorize(Authorization before,
                                const api::PutConnectionRequest<is_new>& request,
                                const AuthorizationRules& rules);

// What DescribeConnection shows. The association's ARN is made up: nothing is associated.
api::ConnectionAuthResponseParameters shown(Authorization authorization,
                                            const std::string& association_arn);

// Whether a URL is one that requests may be sent to: https, or http where that is allowed.
Status check_endpoint(std::string_view member, std::string_view url,
                      const AuthorizationRules& rules);

// --- implementation -----------------------------------------------------------------------------

template <class Parameters, class Visit>
void visit_secret_values(std::optional<std::vector<Parameters>>& list, Visit&& visit) {
  if (!list) return;
  for (auto& parameter : *list) {
    if (parameter.is_value_secret.value_or(false)) visit(parameter.value);
  }
}

template <class Visit>
void visit_secrets(Authorization& authorization, Visit&& visit) {
  visit(authorization.secret);
  for (auto* parameters : {&authorization.token_parameters, &authorization.parameters}) {
    visit_secret_values(parameters->header_parameters, visit);
    visit_secret_values(parameters->query_string_parameters, visit);
    visit_secret_values(parameters->body_parameters, visit);
  }
}

}  // namespace signalbox::broker
