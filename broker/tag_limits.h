// What holds for tags of all resources, beyond the lengths that the model states. The service's own
// words are not recorded.
#pragma once

#include <set>

#include "broker/api/fields.h"
#include "broker/result.h"

namespace signalbox::broker {

constexpr std::size_t tags_per_resource_max = 50;

// For the tags that would be added to those.
template <class TagList>
Status check_tags(const api::StringMap& existing, const TagList& added) {
  std::set<std::string, std::less<>> keys;
  for (const auto& tag : added) {
    if (tag.key.starts_with("aws:")) {
      return Error{ErrorCode::validation,
                   "aws: prefixed tag key names are not allowed for external use."};
    }
    if (!keys.insert(tag.key).second) {
      return Error{ErrorCode::validation, "Tag keys must be unique: " + tag.key};
    }
  }
  for (const auto& [key, value] : existing) keys.insert(key);
  if (keys.size() > tags_per_resource_max) {
    return Error{ErrorCode::validation, "A resource can have at most 50 tags."};
  }
  return ok();
}

// The same for tags that come as a map.
inline Status check_tag_map(const api::StringMap& existing, const api::StringMap& added) {
  struct Each {
    const std::string& key;
  };
  std::vector<Each> list;
  for (const auto& [key, value] : added) list.push_back({key});
  return check_tags(existing, list);
}

}  // namespace signalbox::broker
