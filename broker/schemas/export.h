// A schema of OpenAPI 3 as one of JSON Schema draft 4. Pure function.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::broker::schemas {

// open_api: one that compile_schema() has accepted. Its root becomes the document, its components
// the definitions; what draft 4 has no word for (nullable, discriminator, examples) is said in its
// own or left out.
std::string to_draft_4(std::string_view open_api);

}  // namespace signalbox::broker::schemas
