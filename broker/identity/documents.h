// What of a policy document is checked when it is stored: that it is one. Nothing evaluates it.
// Pure functions, thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/result.h"

namespace signalbox::broker::identity {

enum class DocumentKind : std::uint8_t {
  permissions,  // what a role or a policy may do
  trust,        // who may assume a role
};

// MalformedPolicyDocument, in the service's words.
Status check_document(std::string_view text, DocumentKind kind);

// Quotas count documents without their white space.
std::size_t counted_size(std::string_view document);

}  // namespace signalbox::broker::identity
