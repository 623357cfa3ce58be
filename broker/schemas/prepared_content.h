// A schema's text made ready on the io thread: a long one, or one of many patterns, would hold up
// the core.
#pragma once

#include <optional>

#include "broker/schemas/schema_compiler.h"

namespace signalbox::broker::schemas {

struct PreparedContent {
  // As the type that the request says, or as either when it says none.
  std::optional<Compiled> open_api_3;
  std::optional<Compiled> draft_4;

  const std::optional<Compiled>& as(SchemaType type) const {
    return type == SchemaType::open_api_3 ? open_api_3 : draft_4;
  }
};

}  // namespace signalbox::broker::schemas
