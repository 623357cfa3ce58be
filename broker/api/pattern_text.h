// Members whose text the model holds to a regular expression that is not worth a function of its
// own.
#pragma once

#include <string_view>

namespace signalbox::broker::api {

// Whether all of the text matches. A pattern is compiled once and kept: a constant, of a model.
bool matches_whole(std::string_view pattern, std::string_view text);

// As Traits::matches wants it.
template <const std::string_view& pattern>
bool fits(std::string_view text) {
  return matches_whole(pattern, text);
}

}  // namespace signalbox::broker::api
