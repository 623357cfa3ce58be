#include "rules/engine/name_tree.h"

#include <algorithm>

namespace signalbox::rules::engine {

namespace {

using Child = NameTree::Child;
using Children = NameTree::Children;
using Probes = NameTree::Probes;

std::size_t children_bytes(std::size_t slots) {
  return sizeof(Children) + (slots - 1) * sizeof(Child);
}

std::size_t probes_bytes(std::size_t count) {
  return sizeof(Probes) + (count > 0 ? count - 1 : 0) * sizeof(Probe);
}

// Long names have a block of their own: header, then bytes.
const char* new_name(SharedMemory& memory, std::string_view name) {
  if (name.size() <= NameTree::whole_name_bytes) return nullptr;
  auto* block = memory.allocate(sizeof(BlockHeader) + name.size());
  auto* bytes = reinterpret_cast<char*>(block + 1);
  std::copy(name.begin(), name.end(), bytes);
  return bytes;
}

void retire_name(SharedMemory& memory, const Child& child) {
  if (child.name == nullptr) return;
  auto* bytes = const_cast<char*>(child.name);
  memory.retire(reinterpret_cast<BlockHeader*>(bytes) - 1);
}

Child& free_slot(Children& children, const Child& key) {
  std::size_t slot = NameTree::slot_of(key);
  while (children.slots[slot & children.mask].node != no_node) ++slot;
  return children.slots[slot & children.mask];
}

// Moves what stands behind it, so that the gap ends no search too early.
void close_gap(Children& children, std::size_t gap) {
  for (std::size_t at = gap + 1; children.slots[at & children.mask].node != no_node; ++at) {
    const Child& child = children.slots[at & children.mask];
    const std::size_t home = NameTree::slot_of(child);
    if (((at - home) & children.mask) >= ((at - gap) & children.mask)) {
      children.slots[gap & children.mask] = child;
      gap = at;
    }
  }
  children.slots[gap & children.mask].node = no_node;
}

Children* new_children(SharedMemory& memory, std::size_t slots, const Children* old) {
  auto* made = reinterpret_cast<Children*>(memory.allocate(children_bytes(slots)));
  made->mask = slots - 1;
  for (std::size_t i = 0; i < slots; ++i) made->slots[i].node = no_node;
  if (old == nullptr) return made;
  for (std::size_t i = 0; i <= old->mask; ++i) {
    const Child& child = old->slots[i];
    if (child.node != no_node) free_slot(*made, child) = child;
  }
  return made;
}

}  // namespace

NameTree::NameTree(SharedMemory& memory) { new_node(memory, no_node, 0); }

NodeId NameTree::descend(NodeId from, std::string_view dotted) const {
  for (;;) {
    const std::size_t dot = dotted.find('.');
    from = child(node(from), dotted.substr(0, dot));
    if (from == no_node || dot == std::string_view::npos) return from;
    dotted.remove_prefix(dot + 1);
  }
}

NodeId NameTree::new_node(SharedMemory& memory, NodeId parent, std::uint32_t slot) {
  NodeId id = free_nodes_;
  if (id == no_node) {
    id = static_cast<NodeId>(nodes_.size());
    nodes_.resize(memory, nodes_.size() + 1);
  } else {
    free_nodes_ = nodes_[id].parent;
  }
  nodes_.edit(memory, id) = Node{.parent = parent, .slot = slot};
  return id;
}

NodeId NameTree::add_child(SharedMemory& memory, NodeId parent, std::string_view name) {
  if (const NodeId found = child(nodes_[parent], name); found != no_node) return found;
  Child made = key_of(name);
  const NodeId id = new_node(memory, parent, slot_of(made));
  Node& node = nodes_.edit(memory, parent);
  const Children* old = node.children;
  const std::size_t slots = old == nullptr ? 0 : old->mask + 1;
  // At most half full, so that a name that is not there is soon given up.
  if (2 * (node.child_count + 1) > slots) {
    node.children = new_children(memory, std::max<std::size_t>(2 * slots, 2), old);
  } else if (!memory.is_private(&old->header)) {
    node.children = reinterpret_cast<Children*>(memory.copy(&old->header, old->header.size_bytes));
  }
  if (old != nullptr && old != node.children) {
    memory.retire(const_cast<BlockHeader*>(&old->header));
  }
  made.node = id;
  made.name = new_name(memory, name);
  free_slot(*node.children, made) = made;
  ++node.child_count;
  return id;
}

void NameTree::remove_child(SharedMemory& memory, const Node& removed, NodeId id) {
  Node& node = nodes_.edit(memory, removed.parent);
  Children* children = node.children;
  std::size_t at = removed.slot;
  while (children->slots[at & children->mask].node != id) ++at;
  retire_name(memory, children->slots[at & children->mask]);
  const auto replace = [&](Children* by) {
    memory.retire(&children->header);
    node.children = children = by;
  };
  if (--node.child_count == 0) return replace(nullptr);
  if (!memory.is_private(&children->header)) {
    replace(
        reinterpret_cast<Children*>(memory.copy(&children->header, children->header.size_bytes)));
  }
  close_gap(*children, at);
  const std::size_t slots = children->mask + 1;
  if (slots > 2 && 8 * node.child_count < slots) {
    replace(new_children(memory, slots / 2, children));
  }
}

NodeId NameTree::add_use(SharedMemory& memory, std::string_view path) {
  NodeId at = root_node;
  for (;;) {
    const std::size_t dot = path.find('.');
    at = add_child(memory, at, path.substr(0, dot));
    if (dot == std::string_view::npos) break;
    path.remove_prefix(dot + 1);
  }
  ++nodes_.edit(memory, at).use_count;
  return at;
}

void NameTree::remove_use(SharedMemory& memory, NodeId id) {
  --nodes_.edit(memory, id).use_count;
  prune(memory, id);
}

void NameTree::prune(SharedMemory& memory, NodeId id) {
  while (id != root_node && nodes_[id].use_count == 0 && nodes_[id].child_count == 0) {
    Node& node = nodes_.edit(memory, id);
    if (node.probes != nullptr) memory.retire(&node.probes->header);
    if (node.gram_filter != nullptr) memory.retire(&node.gram_filter->header);
    const Node removed = node;
    node = Node{.parent = free_nodes_};
    free_nodes_ = id;
    remove_child(memory, removed, id);
    id = removed.parent;
  }
}

void NameTree::add_probe(SharedMemory& memory, NodeId id, KeyKind kind, std::uint32_t parameter,
                         std::string_view key) {
  Node& node = nodes_.edit(memory, id);
  Probes* old = node.probes;
  const std::uint32_t count = old == nullptr ? 0 : old->header.count;
  std::uint32_t at = 0;
  while (at < count && (old->entries[at].kind != kind || old->entries[at].parameter != parameter)) {
    ++at;
  }
  if (at == count || !memory.is_private(&old->header)) {
    const std::uint32_t new_count = std::max(count, at + 1);
    node.probes = reinterpret_cast<Probes*>(memory.allocate(probes_bytes(new_count)));
    node.probes->header.count = new_count;
    if (old != nullptr) {
      std::copy(old->entries, old->entries + count, node.probes->entries);
      memory.retire(&old->header);
    }
    if (at == count)
      node.probes->entries[at] = {key_space(id, kind, parameter), kind, parameter, 0, {}};
  }
  ++node.probes->entries[at].entry_count;
  node.probes->entries[at].note(feature_of_key(kind, key));
}

void NameTree::remove_probe(SharedMemory& memory, NodeId id, KeyKind kind,
                            std::uint32_t parameter) {
  Node& node = nodes_.edit(memory, id);
  Probes* old = node.probes;
  auto* made = reinterpret_cast<Probes*>(memory.copy(&old->header, old->header.size_bytes));
  Probe* const end = made->entries + made->header.count;
  Probe* const at = std::find_if(made->entries, end, [&](const Probe& probe) {
    return probe.kind == kind && probe.parameter == parameter;
  });
  if (--at->entry_count == 0) {
    std::copy(at + 1, end, at);
    --made->header.count;
    if (kind == KeyKind::gram) {
      memory.retire(&node.gram_filter->header);
      node.gram_filter = nullptr;
    }
  }
  memory.retire(&old->header);
  if (made->header.count == 0) {
    memory.retire(&made->header);
    made = nullptr;
  }
  node.probes = made;
}

// Bits stay set when their entries go: they cost a look-up in vain, no more.
void NameTree::add_gram(SharedMemory& memory, NodeId id, std::uint64_t four_bytes) {
  const std::uint64_t gram = GramFilter::fold(four_bytes);
  Node& node = nodes_.edit(memory, id);
  if (node.gram_filter != nullptr && node.gram_filter->has(gram)) return;
  GramFilter* old = node.gram_filter;
  if (old == nullptr) {
    node.gram_filter = reinterpret_cast<GramFilter*>(memory.allocate(sizeof(GramFilter)));
  } else if (!memory.is_private(&old->header)) {
    node.gram_filter = reinterpret_cast<GramFilter*>(memory.copy(&old->header, sizeof(GramFilter)));
    memory.retire(&old->header);
  }
  node.gram_filter->add(gram);
}

void NameTree::retire_all(SharedMemory& memory) {
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    const Node& node = nodes_[id];
    if (node.children != nullptr) {
      for (std::size_t i = 0; i <= node.children->mask; ++i) {
        if (node.children->slots[i].node != no_node) retire_name(memory, node.children->slots[i]);
      }
      memory.retire(&node.children->header);
    }
    if (node.probes != nullptr) memory.retire(&node.probes->header);
    if (node.gram_filter != nullptr) memory.retire(&node.gram_filter->header);
  }
  nodes_.retire_all(memory);
}

}  // namespace signalbox::rules::engine
