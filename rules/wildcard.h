// Texts with `*` for any run of characters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signalbox::rules {

class Wildcard {
 public:
  // The pieces of text between the stars, at least one; `a*b` is {"a", "b"} and `*` is {"", ""}.
  explicit Wildcard(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

  // Reads the text between its quotes, where `\*` is a star and `\\` a backslash. On failure false,
  // with the service's reason in error; positions count the opening quote.
  static bool parse(std::string_view text, std::vector<std::string>& pieces, std::string& error);

  bool matches(std::string_view value) const;

  const std::vector<std::string>& pieces() const { return pieces_; }

 private:
  std::vector<std::string> pieces_;
};

}  // namespace signalbox::rules
