// A queue's access policy, as AddPermission builds it: kept and shown, not enforced.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::broker {

// Statements are kept as the JSON they came as.
class AccessPolicy {
 public:
  // From the attribute's text, or a new one for the queue when that is empty. None: no policy that
  // statements could be added to.
  static std::optional<AccessPolicy> read(std::string_view text, std::string_view queue_arn);

  bool has(std::string_view label) const;
  bool remove(std::string_view label);
  void add(std::string_view label, const std::vector<std::string>& principals,
           const std::vector<std::string>& actions, std::string_view resource);
  // Empty when no statement is left.
  std::string text() const;

 private:
  struct Statement {
    std::string label;  // its Sid
    std::string json;
  };
  std::string version_ = "2008-10-17";
  std::string id_;
  std::vector<Statement> statements_;
};

}  // namespace signalbox::broker
