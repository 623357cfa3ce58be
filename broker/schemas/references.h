// The references of a whole document, also where schemas do not stand: in paths, responses and
// mappings of OpenAPI. Pure functions.
#pragma once

#include <boost/json/value.hpp>
#include <optional>

#include "broker/schemas/schema_compiler.h"

namespace signalbox::broker::schemas {

// The first that leaves the document or finds nothing in it; nothing is ever fetched. A $ref in
// what is only a value (of an example, a default, an enum) is none.
std::optional<SchemaProblem> find_bad_reference(const boost::json::value& document);

// What is wrong with a reference, or empty.
std::string problem_of_reference(const boost::json::value& document, std::string_view reference);
// The JSON pointer that a reference into this document is: without its #, decoded.
std::string pointer_of(std::string_view reference);

}  // namespace signalbox::broker::schemas
