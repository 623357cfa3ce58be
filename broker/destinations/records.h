// The stored forms of connections and API destinations. Each starts with a format version; decoding
// gives false for a version this program does not know and for damage.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/destinations/connection.h"

namespace signalbox::broker {

// A connection without its secrets, which are a record of their own under secrets_key(). The world
// is the caller's to look up.
std::string encode_connection(const Connection& connection);
bool decode_connection(std::string_view record, Connection& connection, std::uint32_t& world_id);

std::string secrets_key(std::uint64_t connection_id);
std::string encode_secrets(const Connection& connection);
// Into a connection decoded before.
bool decode_secrets(std::string_view record, Connection& connection);

std::string encode_api_destination(const ApiDestination& destination);
bool decode_api_destination(std::string_view record, ApiDestination& destination,
                            std::uint32_t& world_id);

}  // namespace signalbox::broker
