#include "broker/identity/documents.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <set>
#include <string>

namespace signalbox::broker::identity {

namespace {

using simdjson::SUCCESS;
using simdjson::dom::element;
using simdjson::dom::object;

Error malformed(std::string message) {
  return {ErrorCode::malformed_policy_document, std::move(message)};
}

Error syntax_error() { return malformed("Syntax errors in policy."); }

template <std::size_t count>
bool has_only(object members, const std::string_view (&known)[count]) {
  return std::all_of(members.begin(), members.end(), [&](const auto& member) {
    return std::find(std::begin(known), std::end(known), member.key) != std::end(known);
  });
}

bool has(object members, std::string_view name) { return members[name].error() == SUCCESS; }

// Calls check(text) for a text or each of a list of them, until one is an error.
template <class Check>
Status check_texts(element value, Check&& check) {
  std::string_view text;
  if (value.get(text) == SUCCESS) return check(text);
  simdjson::dom::array list;
  if (value.get(list) != SUCCESS || list.size() == 0) return syntax_error();
  for (const auto each : list) {
    if (each.get(text) != SUCCESS) return syntax_error();
    SIGNALBOX_TRY(check(text));
  }
  return ok();
}

Status check_action(std::string_view action) {
  const auto colon = action.find(':');
  const bool has_vendor = colon != std::string_view::npos && colon > 0;
  if (action == "*" || (has_vendor && colon + 1 < action.size())) return ok();
  return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
}

Status check_resource(std::string_view resource) {
  if (resource == "*" || resource.starts_with("arn:")) return ok();
  return malformed(fmt::format("Resource {} must be in ARN format or \"*\".", resource));
}

// What a statement has to have and must not have beside its effect.
Status check_parts(object statement, DocumentKind kind) {
  const bool is_trust = kind == DocumentKind::trust;
  const bool has_principal = has(statement, "Principal") || has(statement, "NotPrincipal");
  const bool has_resource = has(statement, "Resource") || has(statement, "NotResource");
  const bool has_action = has(statement, "Action") || has(statement, "NotAction");
  if (is_trust && !has_principal) return malformed("Missing required field Principal");
  if (is_trust && has_resource) return malformed("Has prohibited field Resource");
  if (!is_trust && has_principal) {
    return malformed("Policy document should not specify a principal.");
  }
  if (!has_action) {
    return malformed(is_trust ? "Missing required field Action"
                              : "Policy statement must contain actions.");
  }
  if (!is_trust && !has_resource) return malformed("Policy statement must contain resources.");
  for (const std::string name : {"Principal", "Action", "Resource"}) {
    if (has(statement, name) && has(statement, "Not" + name)) return syntax_error();
  }
  return ok();
}

Status check_sid(object statement, std::set<std::string_view>& sids) {
  element member;
  if (statement["Sid"].get(member) != SUCCESS) return ok();
  std::string_view sid;
  if (member.get(sid) != SUCCESS) return syntax_error();
  const bool is_fine = std::all_of(sid.begin(), sid.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  if (!is_fine) {
    return malformed(
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
        "expression [0-9A-Za-z]*");
  }
  if (!sid.empty() && !sids.insert(sid).second) {
    return malformed("Statement IDs (SID) in a single policy must be unique.");
  }
  return ok();
}

Status check_statement(element value, DocumentKind kind, std::set<std::string_view>& sids) {
  constexpr std::string_view known[] = {"Sid",          "Effect",      "Principal",
                                        "NotPrincipal", "Action",      "NotAction",
                                        "Resource",     "NotResource", "Condition"};
  object statement;
  if (value.get(statement) != SUCCESS || !has_only(statement, known)) return syntax_error();
  std::string_view effect;
  if (statement["Effect"].get(effect) != SUCCESS) return syntax_error();
  if (effect != "Allow" && effect != "Deny") return syntax_error();
  SIGNALBOX_TRY(check_sid(statement, sids));
  SIGNALBOX_TRY(check_parts(statement, kind));
  for (const auto [name, member] : statement) {
    object conditions;
    if (name.ends_with("Action")) {
      SIGNALBOX_TRY(check_texts(member, check_action));
    } else if (name.ends_with("Resource")) {
      SIGNALBOX_TRY(check_texts(member, check_resource));
    }
    if (name == "Condition" && member.get(conditions) != SUCCESS) return syntax_error();
  }
  return ok();
}

}  // namespace

Status check_document(std::string_view text, DocumentKind kind) {
  static thread_local simdjson::dom::parser parser;
  constexpr std::string_view known[] = {"Version", "Id", "Statement"};
  object policy;
  if (parser.parse(text.data(), text.size()).get(policy) != SUCCESS) {
    return kind == DocumentKind::trust ? malformed("This policy contains invalid Json")
                                       : syntax_error();
  }
  if (!has_only(policy, known)) return syntax_error();
  std::string_view version;
  element statements;
  const bool has_version = has(policy, "Version");
  if (has_version && policy["Version"].get(version) != SUCCESS) return syntax_error();
  if (has_version && version != "2012-10-17" && version != "2008-10-17") {
    return malformed("The policy must contain a valid version string");
  }
  if (policy["Statement"].get(statements) != SUCCESS) return syntax_error();
  std::set<std::string_view> sids;
  simdjson::dom::array list;
  if (statements.get(list) != SUCCESS) return check_statement(statements, kind, sids);
  if (list.size() == 0) return syntax_error();
  for (const auto each : list) {
    SIGNALBOX_TRY(check_statement(each, kind, sids));
  }
  return ok();
}

std::size_t counted_size(std::string_view document) {
  return static_cast<std::size_t>(std::count_if(document.begin(), document.end(), [](char c) {
    return c != ' ' && c != '\t' && c != '\r' && c != '\n';
  }));
}

}  // namespace signalbox::broker::identity
