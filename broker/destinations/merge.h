// Putting the parameters of targets and connections into a URL and a body. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox::broker {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// Sets the value of a name, in the place of one that is there already.
void set_value(NamedValues& values, std::string_view name, std::string value);
// The same where names differ in case and mean the same: headers.
void set_header(NamedValues& headers, std::string_view name, std::string value);
bool has_header(const NamedValues& headers, std::string_view name);

// RFC 3986: all but unreserved characters as %XX.
std::string percent_encoded(std::string_view text);

// The URL with each * of its path replaced by the next value. Nothing when they are not enough.
std::optional<std::string> fill_wildcards(std::string_view url,
                                          const std::vector<std::string>& values);
// The URL with the pairs behind its own query.
std::string with_query(std::string url, const NamedValues& values);
// a=1&b=2, as in a query or a form.
std::string form_encoded(const NamedValues& values);

// The JSON object with the values as text members, in the place of those of the same name.
// Anything that is no JSON object is left as it is.
std::string with_members(std::string body, const NamedValues& values);

}  // namespace signalbox::broker
