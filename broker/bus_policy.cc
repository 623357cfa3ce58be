#include "broker/bus_policy.h"

#include <simdjson.h>

#include <algorithm>

namespace signalbox::broker {

namespace {

// One text, or a list of them.
std::vector<std::string> texts_of(simdjson::dom::element element) {
  std::vector<std::string> texts;
  std::string_view text;
  simdjson::dom::array list;
  if (element.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  if (element.get(list) != simdjson::SUCCESS) return texts;
  for (const auto each : list) {
    if (each.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  }
  return texts;
}

// "123456789012" of the number itself or of "arn:aws:iam::123456789012:root"; "*" of itself.
std::string principal_of(const std::string& text) {
  constexpr std::string_view service = ":iam::";
  const auto at = text.find(service);
  return at == std::string::npos ? text : text.substr(at + service.size(), 12);
}

bool covers(const std::string& pattern, std::string_view action) {
  if (!pattern.ends_with('*')) return pattern == action;
  return action.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
}

}  // namespace

std::optional<BusPolicy> BusPolicy::read(std::string text) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS) return std::nullopt;
  BusPolicy policy;
  const auto add = [&](simdjson::dom::element element) {
    Statement& statement = policy.statements_.emplace_back();
    std::string_view effect;
    simdjson::dom::element member;
    if (element["Effect"].get(effect) == simdjson::SUCCESS) statement.is_allow = effect == "Allow";
    statement.is_conditional = element["Condition"].error() == simdjson::SUCCESS;
    if (element["Action"].get(member) == simdjson::SUCCESS) statement.actions = texts_of(member);
    if (element["Principal"]["AWS"].get(member) == simdjson::SUCCESS ||
        element["Principal"].get(member) == simdjson::SUCCESS) {
      for (const auto& each : texts_of(member)) statement.principals.push_back(principal_of(each));
    }
  };
  simdjson::dom::element statements;
  simdjson::dom::array list;
  if (object["Statement"].get(statements) == simdjson::SUCCESS) {
    if (statements.get(list) != simdjson::SUCCESS) {
      add(statements);
    } else {
      for (const auto each : list) add(each);
    }
  }
  policy.text_ = std::move(text);
  return policy;
}

bool BusPolicy::allows(std::string_view account, std::string_view action) const {
  bool is_allowed = false;
  for (const auto& statement : statements_) {
    const bool is_about =
        std::any_of(statement.principals.begin(), statement.principals.end(),
                    [&](const auto& each) { return each == "*" || each == account; }) &&
        std::any_of(statement.actions.begin(), statement.actions.end(),
                    [&](const auto& each) { return covers(each, action); });
    if (!is_about) continue;
    if (!statement.is_allow) return false;
    is_allowed |= !statement.is_conditional;
  }
  return is_allowed;
}

}  // namespace signalbox::broker
