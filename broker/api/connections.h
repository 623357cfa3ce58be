// The requests and responses of EventBridge's connections and API destinations (service "events"),
// as botocore 1.44.8's model describes them. Of a connection's secrets only requests have members.
#pragma once

#include "broker/api/archives.h"
#include "broker/api/events.h"
#include "broker/api/http_parameters.h"
#include "broker/api/names.h"

namespace signalbox::broker::api {

// Character sets of the model's patterns, next to the text its messages quote.
bool is_auth_parameter(std::string_view text);  // no colon, not only tabs
bool is_https_endpoint(std::string_view text);  // of the characters of a URL; of any scheme
bool is_connection_arn(std::string_view text);
bool is_resource_configuration_arn(std::string_view text);  // or nothing

constexpr std::string_view auth_parameter_pattern =
    R"(^[ \t]*[^\x00-\x1F:\x7F]+([ \t]+[^\x00-\x1F:\x7F]+)*[ \t]*$)";
constexpr std::string_view authorization_types = "BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY";
constexpr std::string_view oauth_methods = "GET, POST, PUT";
constexpr std::string_view api_destination_methods = "POST, GET, HEAD, OPTIONS, PUT, PATCH, DELETE";
constexpr std::string_view connection_states =
    "CREATING, UPDATING, DELETING, AUTHORIZED, DEAUTHORIZED, AUTHORIZING, DEAUTHORIZING, ACTIVE, "
    "FAILED_CONNECTIVITY";

constexpr Traits invocation_rate_limit{.min = 1};

constexpr Traits auth_parameter(bool is_required, bool is_secret = false) {
  return {.required = is_required,
          .min = 1,
          .max = 512,
          .pattern = auth_parameter_pattern,
          .matches = is_auth_parameter,
          .is_secret = is_secret};
}
constexpr Traits https_endpoint(bool is_required) {
  return {.required = is_required,
          .min = 1,
          .max = 2048,
          .pattern = R"(^((%[0-9A-Fa-f]{2}|[-()_.!~*';/?:@\x26=+$,A-Za-z0-9])+))"
                     R"(([).!';/?:,])?$)",
          .matches = is_https_endpoint};
}
constexpr Traits connection_arn(bool is_required) {
  return {.required = is_required,
          .min = 1,
          .max = 1600,
          .pattern = R"(^arn:aws([a-z]|\-)*:events:([a-z]|\d|\-)*:([0-9]{12})?:connection\/)"
                     R"([\.\-_A-Za-z0-9]+\/[\-A-Za-z0-9]+$)",
          .matches = is_connection_arn};
}
constexpr Traits one_of(std::string_view names, bool is_required) {
  return {.required = is_required, .one_of = names};
}

// ---- parameters of requests ----

struct ConnectionHeaderParameter {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::optional<bool> is_value_secret;
  static constexpr auto fields() {
    using T = ConnectionHeaderParameter;
    return std::tuple{field("Key", &T::key, header_key),
                      field("Value", &T::value,
                            {.max = 512,
                             .pattern = header_value_pattern,
                             .matches = is_header_value,
                             .is_secret = true}),
                      field("IsValueSecret", &T::is_value_secret)};
  }
};
struct ConnectionQueryStringParameter {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::optional<bool> is_value_secret;
  static constexpr auto fields() {
    using T = ConnectionQueryStringParameter;
    return std::tuple{field("Key", &T::key, query_string_key),
                      field("Value", &T::value,
                            {.max = 512,
                             .pattern = query_string_value_pattern,
                             .matches = is_query_string_value,
                             .is_secret = true}),
                      field("IsValueSecret", &T::is_value_secret)};
  }
};
struct ConnectionBodyParameter {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::optional<bool> is_value_secret;
  static constexpr auto fields() {
    using T = ConnectionBodyParameter;
    return std::tuple{field("Key", &T::key), field("Value", &T::value, {.is_secret = true}),
                      field("IsValueSecret", &T::is_value_secret)};
  }
};
struct ConnectionHttpParameters {
  std::optional<std::vector<ConnectionHeaderParameter>> header_parameters;
  std::optional<std::vector<ConnectionQueryStringParameter>> query_string_parameters;
  std::optional<std::vector<ConnectionBodyParameter>> body_parameters;
  static constexpr auto fields() {
    using T = ConnectionHttpParameters;
    return std::tuple{field("HeaderParameters", &T::header_parameters, {.max = 100}),
                      field("QueryStringParameters", &T::query_string_parameters, {.max = 100}),
                      field("BodyParameters", &T::body_parameters, {.max = 100})};
  }
};

// Connections to private networks.
struct ConnectivityResourceConfigurationArn {
  std::string resource_configuration_arn;
  static constexpr auto fields() {
    return std::tuple{field("ResourceConfigurationArn",
                            &ConnectivityResourceConfigurationArn::resource_configuration_arn,
                            {.required = true,
                             .max = 2048,
                             .pattern = R"(^(?:^arn:[a-z0-9\-]+:vpc-lattice:[a-zA-Z0-9\-]+:\d{12}:)"
                                        R"(resourceconfiguration/rcfg-[0-9a-z]{17}$|^$))",
                             .matches = is_resource_configuration_arn})};
  }
};
struct ConnectivityResourceParameters {
  ConnectivityResourceConfigurationArn resource_parameters;
  static constexpr auto fields() {
    return std::tuple{field("ResourceParameters",
                            &ConnectivityResourceParameters::resource_parameters, required_member)};
  }
};

// ---- authorization: a new connection needs all of it, an update what changes ----

template <bool is_new>
struct BasicAuthParameters {
  std::optional<std::string> username;
  std::optional<std::string> password;
  static constexpr auto fields() {
    using T = BasicAuthParameters;
    return std::tuple{field("Username", &T::username, auth_parameter(is_new)),
                      field("Password", &T::password, auth_parameter(is_new, true))};
  }
};
template <bool is_new>
struct OAuthClientParameters {
  std::optional<std::string> client_id;
  std::optional<std::string> client_secret;
  static constexpr auto fields() {
    using T = OAuthClientParameters;
    return std::tuple{field("ClientID", &T::client_id, auth_parameter(is_new)),
                      field("ClientSecret", &T::client_secret, auth_parameter(is_new, true))};
  }
};
template <bool is_new>
struct OAuthParameters {
  std::optional<OAuthClientParameters<is_new>> client_parameters;
  std::optional<std::string> authorization_endpoint;
  std::optional<std::string> http_method;
  std::optional<ConnectionHttpParameters> oauth_http_parameters;
  static constexpr auto fields() {
    using T = OAuthParameters;
    return std::tuple{
        field("ClientParameters", &T::client_parameters, {.required = is_new}),
        field("AuthorizationEndpoint", &T::authorization_endpoint, https_endpoint(is_new)),
        field("HttpMethod", &T::http_method, one_of(oauth_methods, is_new)),
        field("OAuthHttpParameters", &T::oauth_http_parameters)};
  }
};
template <bool is_new>
struct ApiKeyAuthParameters {
  std::optional<std::string> api_key_name;
  std::optional<std::string> api_key_value;
  static constexpr auto fields() {
    using T = ApiKeyAuthParameters;
    return std::tuple{field("ApiKeyName", &T::api_key_name, auth_parameter(is_new)),
                      field("ApiKeyValue", &T::api_key_value, auth_parameter(is_new, true))};
  }
};
template <bool is_new>
struct ConnectionAuthParameters {
  std::optional<BasicAuthParameters<is_new>> basic_auth_parameters;
  std::optional<OAuthParameters<is_new>> oauth_parameters;
  std::optional<ApiKeyAuthParameters<is_new>> api_key_auth_parameters;
  std::optional<ConnectionHttpParameters> invocation_http_parameters;
  std::optional<ConnectivityResourceParameters> connectivity_parameters;
  static constexpr auto fields() {
    using T = ConnectionAuthParameters;
    return std::tuple{field("BasicAuthParameters", &T::basic_auth_parameters),
                      field("OAuthParameters", &T::oauth_parameters),
                      field("ApiKeyAuthParameters", &T::api_key_auth_parameters),
                      field("InvocationHttpParameters", &T::invocation_http_parameters),
                      field("ConnectivityParameters", &T::connectivity_parameters)};
  }
};

template <bool is_new>
struct PutConnectionRequest {
  std::string name;
  std::optional<std::string> description;
  std::optional<std::string> authorization_type;
  std::optional<ConnectionAuthParameters<is_new>> auth_parameters;
  std::optional<ConnectivityResourceParameters> invocation_connectivity_parameters;
  std::optional<std::string> kms_key_identifier;
  static constexpr auto fields() {
    using T = PutConnectionRequest;
    return std::tuple{
        field("Name", &T::name, name_required),
        field("Description", &T::description, description_line),
        field("AuthorizationType", &T::authorization_type, one_of(authorization_types, is_new)),
        field("AuthParameters", &T::auth_parameters, {.required = is_new}),
        field("InvocationConnectivityParameters", &T::invocation_connectivity_parameters),
        field("KmsKeyIdentifier", &T::kms_key_identifier, kms_key)};
  }
};

struct CreateConnectionResponse {
  std::string connection_arn;
  std::string connection_state;
  Timestamp creation_time;
  Timestamp last_modified_time;
  static constexpr auto fields() {
    using T = CreateConnectionResponse;
    return std::tuple{field("ConnectionArn", &T::connection_arn),
                      field("ConnectionState", &T::connection_state),
                      field("CreationTime", &T::creation_time),
                      field("LastModifiedTime", &T::last_modified_time)};
  }
};
// What UpdateConnection, DeauthorizeConnection and DeleteConnection answer.
struct ConnectionStateResponse {
  std::string connection_arn;
  std::string connection_state;
  Timestamp creation_time;
  Timestamp last_modified_time;
  std::optional<Timestamp> last_authorized_time;
  static constexpr auto fields() {
    using T = ConnectionStateResponse;
    return std::tuple{
        field("ConnectionArn", &T::connection_arn), field("ConnectionState", &T::connection_state),
        field("CreationTime", &T::creation_time), field("LastModifiedTime", &T::last_modified_time),
        field("LastAuthorizedTime", &T::last_authorized_time)};
  }
};

// Describe, Deauthorize and Delete of connections and of API destinations take a name each.
struct ConnectionRequest {
  std::string name;
  static constexpr auto fields() {
    return std::tuple{field("Name", &ConnectionRequest::name, name_required)};
  }
};
struct ApiDestinationRequest {
  std::string name;
  static constexpr auto fields() {
    return std::tuple{field("Name", &ApiDestinationRequest::name, name_required)};
  }
};

// ---- what is shown of a connection ----

struct DescribeConnectionResourceParameters {
  std::string resource_configuration_arn;
  std::string resource_association_arn;
  static constexpr auto fields() {
    using T = DescribeConnectionResourceParameters;
    return std::tuple{field("ResourceConfigurationArn", &T::resource_configuration_arn),
                      field("ResourceAssociationArn", &T::resource_association_arn)};
  }
};
struct DescribeConnectionConnectivityParameters {
  DescribeConnectionResourceParameters resource_parameters;
  static constexpr auto fields() {
    return std::tuple{field("ResourceParameters",
                            &DescribeConnectionConnectivityParameters::resource_parameters)};
  }
};
struct ConnectionBasicAuthResponseParameters {
  std::optional<std::string> username;
  static constexpr auto fields() {
    return std::tuple{field("Username", &ConnectionBasicAuthResponseParameters::username)};
  }
};
struct ConnectionApiKeyAuthResponseParameters {
  std::optional<std::string> api_key_name;
  static constexpr auto fields() {
    return std::tuple{field("ApiKeyName", &ConnectionApiKeyAuthResponseParameters::api_key_name)};
  }
};
struct ConnectionOAuthClientResponseParameters {
  std::optional<std::string> client_id;
  static constexpr auto fields() {
    return std::tuple{field("ClientID", &ConnectionOAuthClientResponseParameters::client_id)};
  }
};
struct ConnectionOAuthResponseParameters {
  ConnectionOAuthClientResponseParameters client_parameters;
  std::optional<std::string> authorization_endpoint;
  std::optional<std::string> http_method;
  std::optional<ConnectionHttpParameters> oauth_http_parameters;
  static constexpr auto fields() {
    using T = ConnectionOAuthResponseParameters;
    return std::tuple{field("ClientParameters", &T::client_parameters),
                      field("AuthorizationEndpoint", &T::authorization_endpoint),
                      field("HttpMethod", &T::http_method),
                      field("OAuthHttpParameters", &T::oauth_http_parameters)};
  }
};
struct ConnectionAuthResponseParameters {
  std::optional<ConnectionBasicAuthResponseParameters> basic_auth_parameters;
  std::optional<ConnectionOAuthResponseParameters> oauth_parameters;
  std::optional<ConnectionApiKeyAuthResponseParameters> api_key_auth_parameters;
  std::optional<ConnectionHttpParameters> invocation_http_parameters;
  std::optional<DescribeConnectionConnectivityParameters> connectivity_parameters;
  static constexpr auto fields() {
    using T = ConnectionAuthResponseParameters;
    return std::tuple{field("BasicAuthParameters", &T::basic_auth_parameters),
                      field("OAuthParameters", &T::oauth_parameters),
                      field("ApiKeyAuthParameters", &T::api_key_auth_parameters),
                      field("InvocationHttpParameters", &T::invocation_http_parameters),
                      field("ConnectivityParameters", &T::connectivity_parameters)};
  }
};

struct DescribeConnectionResponse {
  std::string connection_arn;
  std::string name;
  std::optional<std::string> description;
  std::optional<DescribeConnectionConnectivityParameters> invocation_connectivity_parameters;
  std::string connection_state;
  std::optional<std::string> state_reason;
  std::string authorization_type;
  std::optional<std::string> secret_arn;
  std::optional<std::string> kms_key_identifier;
  std::optional<ConnectionAuthResponseParameters> auth_parameters;
  Timestamp creation_time;
  Timestamp last_modified_time;
  std::optional<Timestamp> last_authorized_time;
  static constexpr auto fields() {
    using T = DescribeConnectionResponse;
    return std::tuple{
        field("ConnectionArn", &T::connection_arn),
        field("Name", &T::name),
        field("Description", &T::description),
        field("InvocationConnectivityParameters", &T::invocation_connectivity_parameters),
        field("ConnectionState", &T::connection_state),
        field("StateReason", &T::state_reason),
        field("AuthorizationType", &T::authorization_type),
        field("SecretArn", &T::secret_arn),
        field("KmsKeyIdentifier", &T::kms_key_identifier),
        field("AuthParameters", &T::auth_parameters),
        field("CreationTime", &T::creation_time),
        field("LastModifiedTime", &T::last_modified_time),
        field("LastAuthorizedTime", &T::last_authorized_time)};
  }
};

struct ListConnectionsRequest {
  std::optional<std::string> name_prefix;
  std::optional<std::string> connection_state;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> limit;
  static constexpr auto fields() {
    using T = ListConnectionsRequest;
    return std::tuple{
        field("NamePrefix", &T::name_prefix, api::name_prefix),
        field("ConnectionState", &T::connection_state, one_of(connection_states, false)),
        field("NextToken", &T::next_token, next_token_traits),
        field("Limit", &T::limit, limit_traits)};
  }
};
struct Connection {
  std::string connection_arn;
  std::string name;
  std::string connection_state;
  std::optional<std::string> state_reason;
  std::string authorization_type;
  Timestamp creation_time;
  Timestamp last_modified_time;
  std::optional<Timestamp> last_authorized_time;
  static constexpr auto fields() {
    using T = Connection;
    return std::tuple{field("ConnectionArn", &T::connection_arn),
                      field("Name", &T::name),
                      field("ConnectionState", &T::connection_state),
                      field("StateReason", &T::state_reason),
                      field("AuthorizationType", &T::authorization_type),
                      field("CreationTime", &T::creation_time),
                      field("LastModifiedTime", &T::last_modified_time),
                      field("LastAuthorizedTime", &T::last_authorized_time)};
  }
};
struct ListConnectionsResponse {
  std::vector<Connection> connections;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListConnectionsResponse;
    return std::tuple{field("Connections", &T::connections), field("NextToken", &T::next_token)};
  }
};

// ---- API destinations ----

template <bool is_new>
struct PutApiDestinationRequest {
  std::string name;
  std::optional<std::string> description;
  std::optional<std::string> connection_arn;
  std::optional<std::string> invocation_endpoint;
  std::optional<std::string> http_method;
  std::optional<std::int64_t> invocation_rate_limit_per_second;
  static constexpr auto fields() {
    using T = PutApiDestinationRequest;
    return std::tuple{field("Name", &T::name, name_required),
                      field("Description", &T::description, description_line),
                      field("ConnectionArn", &T::connection_arn, api::connection_arn(is_new)),
                      field("InvocationEndpoint", &T::invocation_endpoint, https_endpoint(is_new)),
                      field("HttpMethod", &T::http_method, one_of(api_destination_methods, is_new)),
                      field("InvocationRateLimitPerSecond", &T::invocation_rate_limit_per_second,
                            invocation_rate_limit)};
  }
};

// What CreateApiDestination and UpdateApiDestination answer.
struct ApiDestinationStateResponse {
  std::string api_destination_arn;
  std::string api_destination_state;
  Timestamp creation_time;
  Timestamp last_modified_time;
  static constexpr auto fields() {
    using T = ApiDestinationStateResponse;
    return std::tuple{field("ApiDestinationArn", &T::api_destination_arn),
                      field("ApiDestinationState", &T::api_destination_state),
                      field("CreationTime", &T::creation_time),
                      field("LastModifiedTime", &T::last_modified_time)};
  }
};

struct DescribeApiDestinationResponse {
  std::string api_destination_arn;
  std::string name;
  std::optional<std::string> description;
  std::string api_destination_state;
  std::string connection_arn;
  std::string invocation_endpoint;
  std::string http_method;
  std::int64_t invocation_rate_limit_per_second = 0;
  Timestamp creation_time;
  Timestamp last_modified_time;
  static constexpr auto fields() {
    using T = DescribeApiDestinationResponse;
    return std::tuple{field("ApiDestinationArn", &T::api_destination_arn),
                      field("Name", &T::name),
                      field("Description", &T::description),
                      field("ApiDestinationState", &T::api_destination_state),
                      field("ConnectionArn", &T::connection_arn),
                      field("InvocationEndpoint", &T::invocation_endpoint),
                      field("HttpMethod", &T::http_method),
                      field("InvocationRateLimitPerSecond", &T::invocation_rate_limit_per_second),
                      field("CreationTime", &T::creation_time),
                      field("LastModifiedTime", &T::last_modified_time)};
  }
};

struct ListApiDestinationsRequest {
  std::optional<std::string> name_prefix;
  std::optional<std::string> connection_arn;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> limit;
  static constexpr auto fields() {
    using T = ListApiDestinationsRequest;
    return std::tuple{field("NamePrefix", &T::name_prefix, api::name_prefix),
                      field("ConnectionArn", &T::connection_arn, api::connection_arn(false)),
                      field("NextToken", &T::next_token, next_token_traits),
                      field("Limit", &T::limit, limit_traits)};
  }
};
struct ApiDestination {
  std::string api_destination_arn;
  std::string name;
  std::string api_destination_state;
  std::string connection_arn;
  std::string invocation_endpoint;
  std::string http_method;
  std::int64_t invocation_rate_limit_per_second = 0;
  Timestamp creation_time;
  Timestamp last_modified_time;
  static constexpr auto fields() {
    using T = ApiDestination;
    return std::tuple{field("ApiDestinationArn", &T::api_destination_arn),
                      field("Name", &T::name),
                      field("ApiDestinationState", &T::api_destination_state),
                      field("ConnectionArn", &T::connection_arn),
                      field("InvocationEndpoint", &T::invocation_endpoint),
                      field("HttpMethod", &T::http_method),
                      field("InvocationRateLimitPerSecond", &T::invocation_rate_limit_per_second),
                      field("CreationTime", &T::creation_time),
                      field("LastModifiedTime", &T::last_modified_time)};
  }
};
struct ListApiDestinationsResponse {
  std::vector<ApiDestination> api_destinations;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListApiDestinationsResponse;
    return std::tuple{field("ApiDestinations", &T::api_destinations),
                      field("NextToken", &T::next_token)};
  }
};

}  // namespace signalbox::broker::api
