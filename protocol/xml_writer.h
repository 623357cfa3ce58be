// Writes the Query wire's XML by hand: elements and escaped text, no document in memory. Pure
// functions, thread safe.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::protocol {

// text is valid UTF-8. CR is escaped as well, because XML readers turn a bare one into LF, and " as
// the service does. A character XML 1.0 can't carry at all becomes U+FFFD: only texts that quote a
// caller's bad input have any.
void append_xml_text(std::string& out, std::string_view text);

void append_xml_open(std::string& out, std::string_view name);
void append_xml_close(std::string& out, std::string_view name);
void append_xml_element(std::string& out, std::string_view name, std::string_view text);

}  // namespace signalbox::protocol
