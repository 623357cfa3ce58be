#include "broker/access_policy.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "broker/events_envelope.h"

namespace signalbox::broker {

namespace {

std::string json_of(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

// One is written plainly, several as a list.
std::string one_or_list(const std::vector<std::string>& texts) {
  if (texts.size() == 1) return json_of(texts.front());
  std::string json = "[";
  for (const auto& text : texts) {
    if (json.size() > 1) json += ',';
    append_json_string(json, text);
  }
  return json + "]";
}

}  // namespace

std::optional<AccessPolicy> AccessPolicy::read(std::string_view text, Head head) {
  AccessPolicy policy;
  policy.head_ = std::move(head);
  if (text.empty()) return policy;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(text.data(), text.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  std::string_view member;
  if (object["Version"].get(member) == simdjson::SUCCESS) policy.head_.version = member;
  if (object["Id"].get(member) == simdjson::SUCCESS) policy.head_.id = member;
  const auto add = [&](simdjson::dom::element statement) {
    std::string_view label;
    if (statement["Sid"].get(label) != simdjson::SUCCESS) label = {};
    policy.statements_.push_back({std::string(label), simdjson::minify(statement)});
  };
  simdjson::dom::element statements;
  simdjson::dom::array list;
  if (object["Statement"].get(statements) != simdjson::SUCCESS) return policy;
  if (statements.get(list) != simdjson::SUCCESS) {
    add(statements);
  } else {
    for (const auto statement : list) add(statement);
  }
  return policy;
}

bool AccessPolicy::has(std::string_view label) const {
  return std::any_of(statements_.begin(), statements_.end(),
                     [&](const Statement& statement) { return statement.label == label; });
}

bool AccessPolicy::remove(std::string_view label) {
  return std::erase_if(statements_,
                       [&](const Statement& statement) { return statement.label == label; }) > 0;
}

void AccessPolicy::add(std::string_view label, const std::vector<std::string>& principals,
                       const std::vector<std::string>& actions, std::string_view resource) {
  statements_.push_back(
      {std::string(label),
       fmt::format(R"({{"Sid":{},"Effect":"Allow","Principal":{{"AWS":{}}},"Action":{},)"
                   R"("Resource":{}}})",
                   json_of(label), one_or_list(principals), one_or_list(actions),
                   json_of(resource))});
}

void AccessPolicy::add(std::string_view label, std::string json) {
  statements_.push_back({std::string(label), std::move(json)});
}

std::string AccessPolicy::text() const {
  if (statements_.empty()) return {};
  std::string json = fmt::format(R"({{"Version":{})", json_of(head_.version));
  if (!head_.id.empty()) json += fmt::format(R"(,"Id":{})", json_of(head_.id));
  json += R"(,"Statement":[)";
  for (const auto& statement : statements_) {
    if (json.back() != '[') json += ',';
    json += statement.json;
  }
  return json + "]}";
}

}  // namespace signalbox::broker
