// The schema of a kind of events, as a document of OpenAPI 3, from the shape of their details; and
// back. In the form that the service gives the schemas it discovers. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/schemas/shape.h"

namespace signalbox::broker::schemas {

constexpr std::string_view discovered_registry_name = "discovered-schemas";

// Of events with this envelope. No longer than a schema's content may be: what is nested too deep
// for that becomes anything, in the shape too, which also bounds the memory that one takes.
std::string event_document(Shape& detail, std::string_view source, std::string_view detail_type);
// Of the detail that such a document describes; anything, when it says so in other words.
Shape shape_of_detail(std::string_view document);

// From the texts of samples; an error says which is no JSON object. Samples that are no events of
// EventBridge are described as they are.
struct Inferred {
  std::string document;
  std::optional<std::string> problem;
};
Inferred infer_document(const std::vector<std::string>& samples);

}  // namespace signalbox::broker::schemas
