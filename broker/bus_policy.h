// What a bus's policy says of other accounts. The owner's own account needs no permission.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::broker {

// Who asks is an account: which user or role of it is not known, so statements about one user do
// not concern it.
struct PolicyRequest {
  std::string_view account;
  std::string_view action;    // as in "events:PutEvents"
  std::string_view resource;  // an ARN
};

enum class PolicyAnswer : std::uint8_t { allowed, denied, not_mentioned };

class BusPolicy {
 public:
  // None: no JSON object. What a statement lacks it does not apply to.
  static std::optional<BusPolicy> read(std::string text);
  // Why the service would not take it as a new policy; empty: it would.
  static std::string problem_of(std::string_view text);

  // A statement with a condition never allows; it denies when the condition holds for a request
  // that says nothing of what is asked about.
  PolicyAnswer answer(const PolicyRequest& request) const;
  const std::string& text() const { return text_; }

 private:
  // "Action" or "NotAction", and so on.
  struct Terms {
    std::vector<std::string> texts;
    bool is_not = false;
  };
  struct Statement {
    bool is_allow = false;
    bool is_conditional = false;
    bool holds_unknown = true;  // its condition, of a request that says nothing
    Terms principals;           // account numbers, "*", or whom we cannot be
    Terms actions;              // with * and ?, in any case
    Terms resources;            // with * and ?
  };
  std::string text_;
  std::vector<Statement> statements_;

  static bool applies(const Statement& statement, const PolicyRequest& request);
  friend class PolicyReader;
};

}  // namespace signalbox::broker
