// Base64 (RFC 4648, standard alphabet, padded): blobs on the wires, and opaque texts that clients
// hand back. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signalbox::broker {

void append_base64(std::string& out, std::string_view bytes);

// Strict: no white space, padding required, unused bits zero, so that a value has one text form
// only.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace signalbox::broker
