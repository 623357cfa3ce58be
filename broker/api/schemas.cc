#include "broker/api/schemas.h"

#include <algorithm>

namespace signalbox::broker::api::schemas {

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '.' || c == '-' || c == '@';
  });
}

}  // namespace signalbox::broker::api::schemas
