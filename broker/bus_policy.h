// What a bus's policy says of other accounts. The owner's own account needs no permission.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::broker {

class BusPolicy {
 public:
  // None: no JSON object. What a statement says that is not understood here, conditions above all,
  // does not apply when it allows and does when it denies.
  static std::optional<BusPolicy> read(std::string text);

  // Action as in "events:PutEvents".
  bool allows(std::string_view account, std::string_view action) const;
  const std::string& text() const { return text_; }

 private:
  struct Statement {
    bool is_allow = false;
    bool is_conditional = false;
    std::vector<std::string> principals;  // account numbers, or "*"
    std::vector<std::string> actions;     // may end in "*"
  };
  std::string text_;
  std::vector<Statement> statements_;
};

}  // namespace signalbox::broker
