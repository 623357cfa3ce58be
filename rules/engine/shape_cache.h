// Where the names of an object lead, remembered from the objects before it.
//
// Events come in few shapes: the same names in the same order. Comparing a name with the one that
// stood there last time costs less than looking it up, also for the many that no rule asks about.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "rules/engine/name_tree.h"

namespace signalbox::rules::engine {

class ShapeCache {
 public:
  struct Known {
    std::uint64_t head;
    std::uint64_t tail;
    std::uint32_t length;
    NodeId child;                // no_node: no rule asks about it
    const NameTree::Node* node;  // the child's, or null
  };
  // The names of one node's objects, in the order they came.
  struct Shape {
    static constexpr std::size_t names_max = 32;
    std::uint64_t names_version = 0;
    std::uint32_t count = 0;
    std::array<Known, names_max + 1> names;  // the last stays unused

    // The name at the cursor or soon behind it, past which the cursor moves; null when it is none
    // of them. Names of more than 16 bytes are not told apart here and never kept.
    const Known* find(const NameTree::Child& key, std::uint32_t& cursor) const {
      constexpr std::uint32_t skipped_max = 4;
      const std::uint32_t end = std::min(count, cursor + skipped_max);
      for (std::uint32_t i = cursor; i < end; ++i) {
        const Known& known = names[i];
        if (known.head == key.head && known.length == key.length && known.tail == key.tail) {
          cursor = i + 1;
          return &known;
        }
      }
      return nullptr;
    }

    // Puts the name where the cursor is; those behind it may be found again after it.
    void insert(const Known& known, std::uint32_t& cursor) {
      if (count == names_max || cursor > count) return;
      std::move_backward(names.begin() + cursor, names.begin() + count, names.begin() + count + 1);
      names[cursor++] = known;
      ++count;
    }
  };

  void use(std::uint64_t names_version, std::size_t node_count) {
    names_version_ = names_version;
    if (shapes_.size() < node_count) shapes_.resize(node_count);
  }

  // Empty when the names are others than when it was last used.
  Shape& shape_of(NodeId node) {
    auto& shape = shapes_[node];
    if (shape == nullptr) shape = std::make_unique<Shape>();
    if (shape->names_version != names_version_) {
      shape->names_version = names_version_;
      shape->count = 0;
    }
    return *shape;
  }

 private:
  std::uint64_t names_version_ = 0;
  std::vector<std::unique_ptr<Shape>> shapes_;  // by node
};

}  // namespace signalbox::rules::engine
