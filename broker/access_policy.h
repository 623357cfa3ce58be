// The access policy of a queue or a bus, statement by statement, as AddPermission and PutPermission
// build it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::broker {

// Statements are kept as the JSON they came as.
class AccessPolicy {
 public:
  // What a new policy says of itself; queues' policies have an id, buses' have none.
  struct Head {
    std::string version;
    std::string id;
  };
  // From the policy's text, or a new one when that is empty. None: no policy that statements could
  // be added to.
  static std::optional<AccessPolicy> read(std::string_view text, Head head);

  bool has(std::string_view label) const;
  bool remove(std::string_view label);
  bool is_empty() const { return statements_.empty(); }
  void add(std::string_view label, const std::vector<std::string>& principals,
           const std::vector<std::string>& actions, std::string_view resource);
  // A statement that is JSON already.
  void add(std::string_view label, std::string json);
  // Empty when no statement is left.
  std::string text() const;

 private:
  struct Statement {
    std::string label;  // its Sid
    std::string json;
  };
  Head head_;
  std::vector<Statement> statements_;
};

}  // namespace signalbox::broker
