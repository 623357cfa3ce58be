// NextToken of listings that are pages of ordered names: opaque to clients, the last name to us.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signalbox::broker {

std::string make_page_token(std::string_view last_name);
// Nullopt for anything make_page_token did not make.
std::optional<std::string> read_page_token(std::string_view token);

}  // namespace signalbox::broker
