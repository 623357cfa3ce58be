// A tag, as EventBridge's operations carry it.
#pragma once

#include "broker/api/fields.h"

namespace signalbox::broker::api {

struct Tag {
  std::string key;
  std::string value;
  static constexpr auto fields() {
    return std::tuple{field("Key", &Tag::key, {.required = true, .min = 1, .max = 128}),
                      field("Value", &Tag::value, {.required = true, .max = 256})};
  }
};
using TagList = std::vector<Tag>;

}  // namespace signalbox::broker::api
