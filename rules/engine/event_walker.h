// Finds the values of an event that rules ask about, without reading the rest of it.
//
// simdjson marks where every bracket, comma, colon and value starts; the walker follows the marks,
// goes down only where the name tree does, and steps over whole subtrees otherwise. Texts are not
// looked into until somebody asks.
#pragma once

#include <simdjson.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/array_element.h"
#include "rules/engine/event_value.h"
#include "rules/engine/name_tree.h"
#include "rules/engine/shape_cache.h"

namespace signalbox::rules::engine {

// Keep one per thread: its memory is reused. What it found lives until the next walk, and as long
// as the event's text.
class EventWalker {
 public:
  // Deepest nesting of objects and arrays that the rules ask into.
  static constexpr std::size_t depth_max = 1024;

  // False when the text is not a JSON object, as far as it was read, or nests too deep.
  // version: another for each state of the names.
  bool walk(std::string_view event_json, const NameTree& names, std::uint64_t version);

  std::vector<EventValue>& values() { return values_; }
  // The first value at the path, or no_value; the others follow by EventValue::next.
  std::uint32_t first_at(NodeId node) const {
    return node < paths_.size() && paths_[node].walk == walk_ ? paths_[node].first : no_value;
  }
  bool is_in_array(NodeId node) const {
    return first_at(node) != no_value && paths_[node].in_array;
  }
  // Paths with values inside arrays.
  std::uint32_t array_path_count() const { return array_path_count_; }

  // What EventValue::element is a place in.
  std::span<const ArrayElement> array_elements() const { return elements_; }
  // Where the names lead to each array, by its number.
  std::span<const NodeId> array_nodes() const { return array_nodes_; }
  std::size_t value_bytes() const { return value_bytes_; }

 private:
  struct Scope {
    NodeId node;
    std::uint32_t element;  // it stands in
    std::uint32_t array;    // no_element: it is an object
    std::uint32_t next_index;
    std::uint32_t name_cursor;
    ShapeCache::Shape* shape;  // null: it is an array
    bool is_array() const { return array != no_element; }
  };
  struct PathState {
    std::uint32_t walk;  // that found the values
    std::uint32_t first;
    bool in_array;
  };

  void clear(const NameTree& names);
  bool mark(std::string_view event_json);
  enum class Step : std::uint8_t { opened, closed, broken };
  bool walk_scopes(const NameTree& names);
  Step walk_object(const NameTree& names, const std::uint32_t*& mark, bool is_first);
  Step walk_array(const NameTree& names, const std::uint32_t*& at, bool is_first);
  NodeId find_name(const NameTree& names, Scope& scope, std::string_view name, std::uint64_t head,
                   const NameTree::Node*& node);
  NodeId look_up_name(const NameTree& names, NodeId parent, std::string_view name,
                      const NameTree::Child& key);
  NodeId find_odd_name(const NameTree& names, NodeId parent, std::string_view name);
  bool open_scope(NodeId node, bool is_array);
  bool add_value(const NameTree::Node& known, NodeId node, std::uint32_t begin, std::uint32_t end);
  bool unescape(std::string_view& quoted);

  // Where the value at a mark ends, but for white space.
  std::uint32_t value_end(const std::uint32_t* at, const std::uint32_t* end) const {
    return at + 1 < end ? at[1] : static_cast<std::uint32_t>(size_);
  }

  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
  std::size_t parser_capacity_ = 0;
  const char* text_ = nullptr;
  std::size_t size_ = 0;
  const std::uint32_t* marks_ = nullptr;
  std::size_t mark_count_ = 0;
  bool has_escapes_ = false;

  ShapeCache shapes_;
  ShapeCache::Known found_;  // the name that was looked up last
  std::vector<EventValue> values_;
  std::vector<PathState> paths_;  // by node
  std::vector<Scope> scopes_;
  std::vector<ArrayElement> elements_;
  std::vector<NodeId> array_nodes_;
  std::string unescaped_;  // never longer than the event
  std::uint32_t walk_ = 0;
  std::size_t value_bytes_ = 0;  // of all values
  std::uint32_t array_path_count_ = 0;
};

}  // namespace signalbox::rules::engine
