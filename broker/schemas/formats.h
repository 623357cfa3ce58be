// Whether a text has one of the formats that schemas name. Pure functions.
#pragma once

#include <string_view>

#include "broker/schemas/schema_node.h"

namespace signalbox::broker::schemas {

std::string_view name_of(Format format);
bool has_format(std::string_view text, Format format);

}  // namespace signalbox::broker::schemas
