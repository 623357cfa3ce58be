// Makes a failing case small: drops what can be dropped while it still fails.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "tests/rules/json_tree.h"

namespace signalbox::rules::reference {

// Drops items, larger runs first, while `fails(items)` holds.
template <class T, class Fails>
void shrink_list(std::vector<T>& items, const Fails& fails) {
  for (std::size_t run = items.size(); run > 0; run /= 2) {
    for (std::size_t at = 0; at < items.size();) {
      std::vector<T> fewer = items;
      const auto first = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      fewer.erase(first, first + static_cast<std::ptrdiff_t>(std::min(run, items.size() - at)));
      if (fails(fewer)) {
        items = std::move(fewer);
      } else {
        at += run;
      }
    }
  }
}

// One pass over the node, a part of root; whether anything could go.
template <class Fails>
bool shrink_node(const Json& root, Json& node, const Fails& fails) {
  bool changed = false;
  const auto attempt = [&](Json smaller) {
    std::swap(node, smaller);
    if (fails(root)) {
      return changed = true;
    }
    std::swap(node, smaller);
    return false;
  };
  if (node.style != 0) {
    Json plain = node;
    plain.style = 0;
    attempt(std::move(plain));
  }
  for (std::size_t i = 0; i < node.items.size();) {
    Json smaller = node;
    smaller.items.erase(smaller.items.begin() + static_cast<std::ptrdiff_t>(i));
    if (node.kind == Json::Kind::object) {
      smaller.names.erase(smaller.names.begin() + static_cast<std::ptrdiff_t>(i));
    }
    i += attempt(std::move(smaller)) ? 0 : 1;
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    attempt(Json(node.items[i]));  // its part instead of the whole
  }
  if (node.kind == Json::Kind::string) {
    for (std::size_t run = code_points(node.text).size(); run > 0; run /= 2) {
      for (std::size_t at = 0; at < code_points(node.text).size();) {
        const auto letters = code_points(node.text);
        Json shorter = node;
        shorter.text.clear();
        for (std::size_t i = 0; i < letters.size(); ++i) {
          if (i < at || i >= at + run) {
            append_utf8(shorter.text, letters[i]);
          }
        }
        at += attempt(std::move(shorter)) ? 0 : run;
      }
    }
  }
  for (Json& item : node.items) {
    changed = shrink_node(root, item, fails) || changed;
  }
  return changed;
}

template <class Fails>
void shrink_json(Json& json, const Fails& fails) {
  while (shrink_node(json, json, fails)) {
  }
}

}  // namespace signalbox::rules::reference
