#include "broker/destinations/request.h"

#include <utility>

#include "broker/base64.h"
#include "broker/destinations/merge.h"
#include "broker/json_path.h"

namespace signalbox::broker {

namespace {

constexpr std::string_view json_content = "application/json; charset=utf-8";

DeliveryFailure invalid(std::string message) { return {"INVALID_PARAMETER", std::move(message)}; }

// A value that is a path as a whole stands for what it leads to; nothing when that is nowhere.
std::optional<std::string> resolved(const std::string& value, std::string_view event_json) {
  if (!value.starts_with("$.")) return value;
  const auto path = JsonPath::parse(value, JsonPath::Syntax::dots);
  if (!path) return value;
  const std::string_view found = path->find(event_json);
  if (found.empty()) return std::nullopt;
  return found.starts_with('"') ? decode_json_string(found) : std::string(found);
}

std::variant<std::string, DeliveryFailure> destination_url(const DestinationCall& call,
                                                           const RequestEvent& event) {
  std::vector<std::string> values;
  if (call.target != nullptr) {
    for (const auto& given : call.target->path_parameter_values) {
      const auto value = resolved(given, event.json);
      // An empty or relative segment would be another resource.
      if (!value || value->empty() || *value == "." || *value == "..") {
        return invalid("A path parameter of the target has no value in the event.");
      }
      values.push_back(*value);
    }
  }
  auto url = fill_wildcards(call.endpoint, values);
  if (!url) return invalid("The API destination's path has more wildcards than the target values.");
  return *std::move(url);
}

NamedValues destination_query(const DestinationCall& call, const RequestEvent& event) {
  NamedValues query;
  if (call.target != nullptr) {
    for (const auto& [name, given] : call.target->query_string_parameters) {
      if (auto value = resolved(given, event.json)) set_value(query, name, *std::move(value));
    }
  }
  if (const auto& own = call.authorization.parameters.query_string_parameters) {
    for (const auto& each : *own) {
      if (each.key) set_value(query, *each.key, each.value.value_or(""));
    }
  }
  return query;
}

void add_authorization(const DestinationCall& call, NamedValues& headers) {
  const std::string& name = *call.authorization.name;
  const std::string& secret = *call.authorization.secret;
  switch (call.authorization.type) {
    case AuthorizationType::basic: {
      std::string value = "Basic ";
      append_base64(value, name + ":" + secret);
      set_header(headers, "Authorization", std::move(value));
      return;
    }
    case AuthorizationType::api_key: set_header(headers, name, secret); return;
    case AuthorizationType::oauth: break;
  }
  set_header(headers, "Authorization", "Bearer " + std::string(call.token));
}

NamedValues destination_headers(const DestinationCall& call, const RequestEvent& event) {
  // As the service documents them; Connection: close is the client's own.
  NamedValues headers{{"User-Agent", std::string(destination_user_agent)},
                      {"Content-Type", std::string(json_content)},
                      {"Range", "bytes=0-1048575"},
                      {"Accept-Encoding", "gzip,deflate"}};
  if (!event.trace_header.empty()) {
    headers.emplace_back("X-Amzn-Trace-Id", std::string(event.trace_header));
  }
  if (call.target != nullptr) {
    for (const auto& [name, given] : call.target->header_parameters) {
      if (auto value = resolved(given, event.json)) set_header(headers, name, *std::move(value));
    }
  }
  if (const auto& own = call.authorization.parameters.header_parameters) {
    for (const auto& each : *own) {
      if (each.key) set_header(headers, *each.key, each.value.value_or(""));
    }
  }
  add_authorization(call, headers);
  return headers;
}

NamedValues body_members(const Authorization& authorization) {
  NamedValues members;
  if (const auto& own = authorization.parameters.body_parameters) {
    for (const auto& each : *own) {
      if (each.key) set_value(members, *each.key, each.value.value_or(""));
    }
  }
  return members;
}

}  // namespace

HttpAttempt url_request(const std::string& url, const RequestEvent& event, std::string body) {
  HttpAttempt http;
  http.method = "POST";
  http.url = url;
  http.headers = {{"Content-Type", std::string(json_content)},
                  {"X-Signalbox-Event-Id", format_uuid(event.id)}};
  if (!event.trace_header.empty()) {
    http.headers.emplace_back("X-Amzn-Trace-Id", event.trace_header);
  }
  http.body = std::move(body);
  http.timeout = attempt_timeout;
  return http;
}

std::variant<HttpAttempt, DeliveryFailure> destination_request(const DestinationCall& call,
                                                               const RequestEvent& event,
                                                               std::string body) {
  auto url = destination_url(call, event);
  if (auto* failure = std::get_if<DeliveryFailure>(&url)) return std::move(*failure);
  HttpAttempt http;
  http.method = call.method;
  http.url = with_query(std::get<std::string>(std::move(url)), destination_query(call, event));
  http.headers = destination_headers(call, event);
  // A body means nothing in these two.
  if (call.method != "GET" && call.method != "HEAD") {
    http.body = with_members(std::move(body), body_members(call.authorization));
  }
  http.timeout = attempt_timeout;
  return http;
}

}  // namespace signalbox::broker
