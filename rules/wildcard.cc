#include "rules/wildcard.h"

#include <fmt/format.h>

namespace signalbox::rules {

bool Wildcard::parse(std::string_view text, std::vector<std::string>& pieces, std::string& error) {
  pieces.assign(1, "");
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      const char escaped = i + 1 < text.size() ? text[i + 1] : '\0';
      if (escaped != '*' && escaped != '\\') {
        error = fmt::format("Invalid escape character at pos {}", i + 1);
        return false;
      }
      pieces.back() += escaped;
      ++i;
    } else if (c == '*') {
      if (i + 1 < text.size() && text[i + 1] == '*') {
        error = fmt::format("Consecutive wildcard characters at pos {}", i + 1);
        return false;
      }
      pieces.emplace_back();
    } else {
      pieces.back() += c;
    }
  }
  return true;
}

bool Wildcard::matches(std::string_view value) const {
  const std::string_view first = pieces_.front();
  if (pieces_.size() == 1) {
    return value == first;
  }
  const std::string_view last = pieces_.back();
  if (value.size() < first.size() + last.size() || !value.starts_with(first) ||
      !value.ends_with(last)) {
    return false;
  }
  value = value.substr(first.size(), value.size() - first.size() - last.size());
  // Taking each piece at its first place leaves the most room for the rest.
  for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
    const std::size_t found = value.find(pieces_[i]);
    if (found == std::string_view::npos) {
      return false;
    }
    value.remove_prefix(found + pieces_[i].size());
  }
  return true;
}

}  // namespace signalbox::rules
