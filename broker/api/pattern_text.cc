#include "broker/api/pattern_text.h"

#include <re2/re2.h>

#include <memory>
#include <unordered_map>

namespace signalbox::broker::api {

bool matches_whole(std::string_view pattern, std::string_view text) {
  static thread_local std::unordered_map<std::string_view, std::unique_ptr<re2::RE2>> compiled;
  auto& regex = compiled[pattern];
  if (regex == nullptr) {
    regex = std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()));
  }
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *regex);
}

}  // namespace signalbox::broker::api
