#include "broker/destinations/authorization.h"

#include <fmt/format.h>

#include <utility>

#include "broker/events_arns.h"

namespace signalbox::broker {

namespace {

Error invalid(std::string message) { return {ErrorCode::validation, std::move(message)}; }

bool is_empty(const api::ConnectionHttpParameters& parameters) {
  return !parameters.header_parameters && !parameters.query_string_parameters &&
         !parameters.body_parameters;
}

// Whether the host of a URL of http is this machine.
bool is_loopback(std::string_view url) {
  url.remove_prefix(std::string_view("http://").size());
  url = url.substr(0, url.find_first_of("/?"));
  const std::string_view host = url.substr(0, url.find(':'));
  const bool is_number = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host.ends_with(".localhost") ||
         (is_number && host.starts_with("127."));
}

// The name of the member that a type of authorization needs.
std::string_view member_of(AuthorizationType type) {
  switch (type) {
    case AuthorizationType::basic: return "BasicAuthParameters";
    case AuthorizationType::api_key: return "ApiKeyAuthParameters";
    case AuthorizationType::oauth: break;
  }
  return "OAuthParameters";
}

template <class T>
void assign_given(std::optional<T>& to, const std::optional<T>& given) {
  if (given) to = given;
}

template <bool is_new>
void take_credentials(Authorization& to, const api::ConnectionAuthParameters<is_new>& given) {
  if (const auto& basic = given.basic_auth_parameters) {
    assign_given(to.name, basic->username);
    assign_given(to.secret, basic->password);
  }
  if (const auto& api_key = given.api_key_auth_parameters) {
    assign_given(to.name, api_key->api_key_name);
    assign_given(to.secret, api_key->api_key_value);
  }
  if (const auto& oauth = given.oauth_parameters) {
    if (oauth->client_parameters) {
      assign_given(to.name, oauth->client_parameters->client_id);
      assign_given(to.secret, oauth->client_parameters->client_secret);
    }
    to.endpoint = oauth->authorization_endpoint.value_or(to.endpoint);
    to.method = oauth->http_method.value_or(to.method);
    if (oauth->oauth_http_parameters) to.token_parameters = *oauth->oauth_http_parameters;
  }
  if (given.invocation_http_parameters) to.parameters = *given.invocation_http_parameters;
  if (const auto& connectivity = given.connectivity_parameters) {
    to.connectivity = connectivity->resource_parameters.resource_configuration_arn;
  }
}

template <bool is_new>
bool has_foreign_parameters(AuthorizationType type,
                            const api::ConnectionAuthParameters<is_new>& given) {
  return (given.basic_auth_parameters && type != AuthorizationType::basic) ||
         (given.api_key_auth_parameters && type != AuthorizationType::api_key) ||
         (given.oauth_parameters && type != AuthorizationType::oauth);
}

bool is_complete(const Authorization& authorization) {
  const bool has_token_source = authorization.type != AuthorizationType::oauth ||
                                (!authorization.endpoint.empty() && !authorization.method.empty());
  return authorization.name && authorization.secret && has_token_source;
}

std::optional<api::ConnectionHttpParameters> unless_empty(
    const api::ConnectionHttpParameters& parameters) {
  return is_empty(parameters) ? std::nullopt : std::optional(parameters);
}

}  // namespace

std::string_view to_string(AuthorizationType type) {
  switch (type) {
    case AuthorizationType::basic: return "BASIC";
    case AuthorizationType::api_key: return "API_KEY";
    case AuthorizationType::oauth: break;
  }
  return "OAUTH_CLIENT_CREDENTIALS";
}

AuthorizationType parse_authorization_type(std::string_view name) {
  if (name == "BASIC") return AuthorizationType::basic;
  return name == "API_KEY" ? AuthorizationType::api_key : AuthorizationType::oauth;
}

Secrets take_secrets(Authorization& authorization) {
  Secrets secrets;
  visit_secrets(authorization, [&](std::optional<std::string>& secret) {
    secrets.push_back(std::exchange(secret, std::nullopt));
  });
  return secrets;
}

bool give_secrets(Authorization& authorization, Secrets secrets) {
  auto next = secrets.begin();
  bool are_enough = true;
  visit_secrets(authorization, [&](std::optional<std::string>& secret) {
    if (next == secrets.end()) {
      are_enough = false;
    } else {
      secret = std::move(*next++);
    }
  });
  return are_enough && next == secrets.end();
}

Status check_endpoint(std::string_view member, std::string_view url,
                      const AuthorizationRules& rules) {
  if (has_user_info(url)) {
    return invalid(
        fmt::format("Parameter {} is not valid. Reason: A URL with a user name; credentials do not "
                    "belong there.",
                    member));
  }
  const bool is_plain = url.starts_with("http://");
  const bool may_be_plain = is_plain && (rules.allows_plain_http || is_loopback(url));
  if (url.starts_with("https://") || may_be_plain) return ok();
  // The service's own words are not recorded, and it has no http at all.
  return invalid(
      fmt::format("Parameter {} is not valid. Reason: It must be a URL of https{}.", member,
                  is_plain ? "; http is for loopback addresses, or http-targets-private" : ""));
}

template <bool is_new>
Result<Authorization> authorize(Authorization before,
                                const api::PutConnectionRequest<is_new>& request,
                                const AuthorizationRules& rules) {
  Authorization authorization = std::move(before);
  const auto type = request.authorization_type
                        ? parse_authorization_type(*request.authorization_type)
                        : authorization.type;
  if (type != authorization.type) {
    auto parameters = std::move(authorization.parameters);
    authorization = {};
    authorization.type = type;
    authorization.parameters = std::move(parameters);
  }
  if (request.auth_parameters) {
    if (has_foreign_parameters(type, *request.auth_parameters)) {
      return invalid(
          fmt::format("Parameter AuthParameters is not valid. Reason: AuthorizationType {} takes "
                      "{} only.",
                      to_string(type), member_of(type)));
    }
    take_credentials(authorization, *request.auth_parameters);
  }
  if (!is_complete(authorization)) {
    return invalid(
        fmt::format("Parameter AuthParameters is not valid. Reason: AuthorizationType {} needs {}.",
                    to_string(type), member_of(type)));
  }
  if (type == AuthorizationType::oauth) {
    SIGNALBOX_TRY(check_endpoint("AuthorizationEndpoint", authorization.endpoint, rules));
  }
  return authorization;
}

template Result<Authorization> authorize(Authorization, const api::CreateConnectionRequest&,
                                         const AuthorizationRules&);
template Result<Authorization> authorize(Authorization, const api::UpdateConnectionRequest&,
                                         const AuthorizationRules&);

api::ConnectionAuthResponseParameters shown(Authorization authorization,
                                            const std::string& association_arn) {
  take_secrets(authorization);
  api::ConnectionAuthResponseParameters response;
  switch (authorization.type) {
    case AuthorizationType::basic:
      response.basic_auth_parameters.emplace().username = authorization.name;
      break;
    case AuthorizationType::api_key:
      response.api_key_auth_parameters.emplace().api_key_name = authorization.name;
      break;
    case AuthorizationType::oauth: {
      auto& oauth = response.oauth_parameters.emplace();
      oauth.client_parameters.client_id = authorization.name;
      oauth.authorization_endpoint = authorization.endpoint;
      oauth.http_method = authorization.method;
      oauth.oauth_http_parameters = unless_empty(authorization.token_parameters);
      break;
    }
  }
  response.invocation_http_parameters = unless_empty(authorization.parameters);
  if (authorization.connectivity) {
    response.connectivity_parameters = {{*authorization.connectivity, association_arn}};
  }
  return response;
}

}  // namespace signalbox::broker
