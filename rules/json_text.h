// The escapes of JSON strings.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace signalbox::rules {

// Appends what the escape stands for; at is just behind its backslash and moves behind the escape.
// False when it is none. Half of a surrogate pair that stands alone becomes `?`, as in patterns.
bool append_json_escape(std::string_view text, std::size_t& at, std::string& out);

// Appends the text between the quotes of a string, escapes resolved. False when an escape is none.
bool unescape_json(std::string_view between_quotes, std::string& out);

}  // namespace signalbox::rules
