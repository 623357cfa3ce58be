#include "broker/bus_policy.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

namespace signalbox::broker {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

// One text, or a list of them.
std::vector<std::string> texts_of(element value) {
  std::vector<std::string> texts;
  std::string_view text;
  simdjson::dom::array list;
  if (value.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  if (value.get(list) != simdjson::SUCCESS) return texts;
  for (const auto each : list) {
    if (each.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  }
  return texts;
}

// The number of "arn:aws:iam::123456789012:root"; other texts are what they are.
std::string principal_of(const std::string& text) {
  constexpr std::string_view service = ":iam::";
  const auto at = text.find(service);
  if (at == std::string::npos || !text.ends_with(":root")) return text;
  return text.substr(at + service.size(), text.size() - at - service.size() - 5);
}

// Of people and accounts; services and the like are none of those who ask here.
std::vector<std::string> principals_of(element value) {
  std::vector<std::string> principals;
  object by_kind;
  element accounts;
  if (value.get(by_kind) != simdjson::SUCCESS) {
    principals = texts_of(value);
  } else if (by_kind["AWS"].get(accounts) == simdjson::SUCCESS) {
    principals = texts_of(accounts);
  }
  for (auto& each : principals) each = principal_of(each);
  return principals;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

// * is any text, ? one character.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

// Whether the condition holds though nothing it asks about is known: "is not", "if it exists" and
// "is null" do.
bool holds_unknown(element condition) {
  object operators;
  if (condition.get(operators) != simdjson::SUCCESS) return false;
  for (const auto [name, tests] : operators) {
    const bool holds = name.find("Not") != std::string_view::npos || name.ends_with("IfExists") ||
                       name == "Null" || name.starts_with("ForAllValues:");
    if (!holds) return false;
  }
  return true;
}

std::vector<element> statements_of(object policy) {
  std::vector<element> statements;
  element member;
  simdjson::dom::array list;
  if (policy["Statement"].get(member) != simdjson::SUCCESS) return statements;
  if (member.get(list) != simdjson::SUCCESS) return {member};
  for (const auto each : list) statements.push_back(each);
  return statements;
}

std::string problem_of_statement(element statement) {
  object members;
  if (statement.get(members) != simdjson::SUCCESS) return "a statement is not an object";
  std::string_view effect;
  const bool has_effect = members["Effect"].get(effect) == simdjson::SUCCESS;
  if (!has_effect || (effect != "Allow" && effect != "Deny")) {
    return "the Effect of a statement is neither Allow nor Deny";
  }
  for (const std::string name : {"Principal", "Action", "Resource"}) {
    const bool is_there = members[name].error() == simdjson::SUCCESS;
    const bool is_negated_there = members["Not" + name].error() == simdjson::SUCCESS;
    if (is_there == is_negated_there) {
      return fmt::format("a statement needs either {0} or Not{0}", name);
    }
  }
  return {};
}

}  // namespace

class PolicyReader {
 public:
  static BusPolicy::Statement read(element value) {
    BusPolicy::Statement statement;
    std::string_view effect;
    element condition;
    if (value["Effect"].get(effect) == simdjson::SUCCESS) statement.is_allow = effect == "Allow";
    if (value["Condition"].get(condition) == simdjson::SUCCESS) {
      statement.is_conditional = true;
      statement.holds_unknown = holds_unknown(condition);
    }
    statement.principals = terms(value, "Principal", principals_of);
    statement.actions = terms(value, "Action", texts_of);
    statement.resources = terms(value, "Resource", texts_of);
    for (auto& action : statement.actions.texts) action = lowered(action);
    return statement;
  }

 private:
  template <class Texts>
  static BusPolicy::Terms terms(element value, const std::string& name, Texts texts) {
    element member;
    if (value[name].get(member) == simdjson::SUCCESS) return {texts(member), false};
    if (value["Not" + name].get(member) == simdjson::SUCCESS) return {texts(member), true};
    return {};
  }
};

std::optional<BusPolicy> BusPolicy::read(std::string text) {
  simdjson::dom::parser parser;
  object members;
  if (parser.parse(text).get(members) != simdjson::SUCCESS) return std::nullopt;
  BusPolicy policy;
  for (const auto statement : statements_of(members)) {
    policy.statements_.push_back(PolicyReader::read(statement));
  }
  policy.text_ = std::move(text);
  return policy;
}

std::string BusPolicy::problem_of(std::string_view text) {
  simdjson::dom::parser parser;
  object members;
  if (parser.parse(text.data(), text.size()).get(members) != simdjson::SUCCESS) {
    return "it is not a JSON object";
  }
  const auto statements = statements_of(members);
  if (statements.empty()) return "it has no Statement";
  for (const auto statement : statements) {
    if (auto problem = problem_of_statement(statement); !problem.empty()) return problem;
  }
  return {};
}

bool BusPolicy::applies(const Statement& statement, const PolicyRequest& request) {
  const auto some = [](const Terms& terms, auto is_meant) {
    return std::any_of(terms.texts.begin(), terms.texts.end(), is_meant) != terms.is_not;
  };
  const std::string action = lowered(request.action);
  return some(statement.principals,
              [&](const auto& each) { return each == "*" || each == request.account; }) &&
         some(statement.actions, [&](const auto& each) { return matches(each, action); }) &&
         some(statement.resources,
              [&](const auto& each) { return matches(each, request.resource); });
}

PolicyAnswer BusPolicy::answer(const PolicyRequest& request) const {
  PolicyAnswer answer = PolicyAnswer::not_mentioned;
  for (const auto& statement : statements_) {
    if (!applies(statement, request)) continue;
    if (!statement.is_allow && statement.holds_unknown) return PolicyAnswer::denied;
    if (statement.is_allow && !statement.is_conditional) answer = PolicyAnswer::allowed;
  }
  return answer;
}

}  // namespace signalbox::broker
