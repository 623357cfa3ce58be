// Texts compared without regard to case, character by character as the service does: a character of
// the pattern stands for its lower case and for its upper case, either of which may be several
// characters ("ß" is "ß" or "SS"). Characters outside the basic plane never match.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::rules {

class IgnoreCaseText {
 public:
  struct Letter {
    std::string lower;
    std::string upper;
  };

  explicit IgnoreCaseText(std::string_view text);

  bool equals(std::string_view value) const;
  bool is_prefix_of(std::string_view value) const;
  bool is_suffix_of(std::string_view value) const;

  const std::vector<Letter>& letters() const { return letters_; }
  const std::string& original() const { return original_; }

 private:
  enum class Where { whole, prefix, suffix };
  bool matches(std::string_view value, Where where) const;

  std::string original_;
  std::vector<Letter> letters_;
  bool never_ = false;
};

}  // namespace signalbox::rules
