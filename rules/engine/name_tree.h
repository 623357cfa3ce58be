// The paths that rules ask about, as a tree of names, and what is to be looked up for the values
// found at each.
//
// {"a":{"b":1}} and {"a.b":1} are the same path, in rules and in events, so a path is the list of
// its names between dots, however it was written.
//
// The tree belongs to the thread of its set; a copy of the object is what a snapshot reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/engine/hash.h"
#include "rules/engine/shared_memory.h"

namespace signalbox::rules::engine {

using NodeId = std::uint32_t;
constexpr NodeId no_node = 0xFFFFFFFF;
constexpr NodeId root_node = 0;

// What an index entry is found by: a kind, sometimes with a number, and bytes made of the value.
enum class KeyKind : std::uint8_t {
  text,           // the whole value
  prefix,         // its first bytes; the parameter says how many
  suffix,         // its last bytes
  folded,         // the whole value, ASCII letters in lower case
  folded_prefix,  // its first bytes, likewise
  folded_suffix,  // its last bytes, likewise
  number,         // a double's bits
  block,          // a number's place in order, without its last bits
  cidr,           // the first bits of an address
  gram,           // any four bytes in a row
  present,        // any value at all
  always,         // any event at all
};

// A node, a kind of key and its parameter in one number.
constexpr std::uint64_t key_space(NodeId node, KeyKind kind, std::uint32_t parameter) {
  constexpr unsigned parameter_bits = 28;  // more than the length of any pattern takes
  return std::uint64_t{node} << 32 | static_cast<std::uint64_t>(kind) << parameter_bits | parameter;
}

// One kind of look-up to be made for each value at a path.
struct Probe {
  std::uint64_t space;
  KeyKind kind;
  std::uint32_t parameter;
  std::uint32_t entry_count;  // index entries that need it
  // Which keys there may be, by a few of their bytes: most look-ups in vain end here.
  std::uint64_t filter[4];

  void note(std::uint32_t feature) {
    filter[feature >> 6 & 3] |= std::uint64_t{1} << (feature & 63);
  }
  bool may_have(std::uint32_t feature) const {
    return filter[feature >> 6 & 3] >> (feature & 63) & 1;
  }
};

// A byte's worth of what tells the keys of a kind apart.
inline std::uint32_t feature_of(unsigned a, unsigned b, std::size_t size) {
  return static_cast<std::uint32_t>((a << 16 | b << 8 | (size & 0xFF)) * 0x9E3779B1U) >> 24;
}
inline std::uint32_t feature_of_text(std::string_view text) {
  const std::size_t size = text.size();
  return size < 3 ? feature_of(0, 0, size)
                  : feature_of(static_cast<unsigned char>(text[size - 2]),
                               static_cast<unsigned char>(text[size - 3]), size);
}
inline std::uint32_t feature_of_prefix(std::string_view prefix) {
  const std::size_t size = prefix.size();
  return size < 2 ? 0
                  : feature_of(static_cast<unsigned char>(prefix[size - 1]),
                               static_cast<unsigned char>(prefix[size - 2]), 0);
}
inline std::uint32_t feature_of_suffix(std::string_view suffix) {
  return suffix.size() < 2 ? 0
                           : feature_of(static_cast<unsigned char>(suffix[0]),
                                        static_cast<unsigned char>(suffix[1]), 0);
}
inline std::uint32_t feature_of_word(std::uint64_t word) {
  return static_cast<std::uint32_t>(word * 0x9E3779B97F4A7C15 >> 56);
}
// Of the bytes of a key, whatever its kind.
inline std::uint32_t feature_of_key(KeyKind kind, std::string_view bytes) {
  switch (kind) {
    case KeyKind::text:
    case KeyKind::folded: return feature_of_text(bytes);
    case KeyKind::prefix:
    case KeyKind::folded_prefix: return feature_of_prefix(bytes);
    case KeyKind::suffix:
    case KeyKind::folded_suffix: return feature_of_suffix(bytes);
    case KeyKind::number:
    case KeyKind::block: return feature_of_word(load_8(bytes.data()));
    case KeyKind::cidr:
      return feature_of_word(bytes.empty() ? 0 : static_cast<unsigned char>(bytes.back()));
    default: return 0;
  }
}

class NameTree {
 public:
  struct Child {
    // Both ends of the name; together with its length all of it up to 16 bytes.
    std::uint64_t head;
    std::uint64_t tail;
    std::uint32_t length;
    NodeId node;
    const char* name;  // in a block of its own when longer than 16 bytes, else null
  };
  struct Children {
    BlockHeader header;  // counts the children
    std::uint64_t mask;  // slots - 1
    Child slots[1];
  };
  struct Probes {
    BlockHeader header;
    Probe entries[1];
  };
  // Which grams of four bytes some entry is found by, by hash: a bit for each.
  struct GramFilter {
    static constexpr std::size_t bits = 1 << 15;
    BlockHeader header;
    std::uint64_t words[bits / 64];
    bool has(std::uint64_t gram) const { return words[word(gram)] >> (gram & 63) & 1; }
    void add(std::uint64_t gram) { words[word(gram)] |= std::uint64_t{1} << (gram & 63); }
    static std::uint64_t fold(std::uint64_t four_bytes) {
      return four_bytes * 0x9E3779B97F4A7C15 >> 49;
    }
    static std::size_t word(std::uint64_t gram) { return gram >> 6; }
  };

  struct Node {
    Children* children;  // null: none
    Probes* probes;      // null: none
    GramFilter* gram_filter;
    std::uint32_t use_count;  // conditions on values at this path
    NodeId parent;
    std::uint32_t child_count;
    std::uint32_t slot;  // slot_of() its name: where the parent has it, or soon behind
  };

  // So long a name is all in its key.
  static constexpr std::size_t whole_name_bytes = 16;

  // What of a name a child's slot holds.
  static Child key_of(std::string_view name) {
    return key_of(name, load_up_to_8(name.data(), name.size()));
  }
  static Child key_of(std::string_view name, std::uint64_t head) {
    const std::uint64_t tail = name.size() > 8 ? load_8(name.data() + name.size() - 8) : 0;
    return {head, tail, static_cast<std::uint32_t>(name.size()), no_node, nullptr};
  }
  static std::uint32_t slot_of(const Child& key) {
    const std::uint64_t both = key.head ^ (key.tail << 7 | key.tail >> 57) ^ key.length;
    return static_cast<std::uint32_t>(both * 0x9E3779B97F4A7C15 >> 32);
  }
  static bool is_named(const Child& child, const Child& key, std::string_view name) {
    return child.head == key.head && child.length == key.length && child.tail == key.tail &&
           (child.name == nullptr || std::string_view(child.name, child.length) == name);
  }

  explicit NameTree(SharedMemory& memory);

  const Node& node(NodeId id) const { return nodes_[id]; }
  std::size_t node_count() const { return nodes_.size(); }
  // By one name, without dots.
  NodeId child(const Node& node, std::string_view name) const {
    return child(node, name, key_of(name));
  }
  static NodeId child(const Node& node, std::string_view name, const Child& key) {
    if (node.children == nullptr) return no_node;
    for (std::size_t slot = slot_of(key);; ++slot) {
      const Child& child = node.children->slots[slot & node.children->mask];
      if (child.node == no_node || is_named(child, key, name)) return child.node;
    }
  }
  // By a name as an event has it, which may have dots.
  NodeId descend(NodeId from, std::string_view dotted) const;

  // For the set. add_use() makes the path where it is missing, remove_use() removes it with the
  // last use.
  NodeId add_use(SharedMemory& memory, std::string_view path);
  void remove_use(SharedMemory& memory, NodeId id);
  void add_probe(SharedMemory& memory, NodeId id, KeyKind kind, std::uint32_t parameter,
                 std::string_view key);
  void remove_probe(SharedMemory& memory, NodeId id, KeyKind kind, std::uint32_t parameter);
  void add_gram(SharedMemory& memory, NodeId id, std::uint64_t four_bytes);
  void retire_all(SharedMemory& memory);

 private:
  NodeId add_child(SharedMemory& memory, NodeId parent, std::string_view name);
  void remove_child(SharedMemory& memory, const Node& removed, NodeId id);
  NodeId new_node(SharedMemory& memory, NodeId parent, std::uint32_t slot);
  void prune(SharedMemory& memory, NodeId id);

  SharedArray<Node> nodes_;
  NodeId free_nodes_ = no_node;  // linked by parent
};

}  // namespace signalbox::rules::engine
