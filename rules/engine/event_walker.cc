#include "rules/engine/event_walker.h"

#include <algorithm>
#include <cstring>

#include "rules/json_text.h"
#include "rules/reuse.h"
#include "rules/utf8.h"

namespace signalbox::rules::engine {

namespace {

// Above this, memory of an unusually large event is given back.
constexpr std::size_t kept_bytes_max = 256 * 1024;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool is_punctuation(char c) { return c == ',' || c == ':' || c == '}' || c == ']'; }

// Steps over the rest of an object or array; null when it has no end.
const std::uint32_t* behind_subtree(const char* text, const std::uint32_t* at,
                                    const std::uint32_t* end) {
  for (std::size_t depth = 1; at != end; ++at) {
    // '[' and '{' differ in one bit, as do ']' and '}'.
    const char c = static_cast<char>(text[*at] | 0x20);
    if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return at + 1;
    }
  }
  return nullptr;
}

// Whether rules ask about something inside.
bool is_wanted(const NameTree::Node& node, char bracket) {
  return node.children != nullptr || (bracket == '[' && node.use_count > 0);
}

// Whether it is a literal or seems to be a number. Numbers are read when a rule compares them.
bool is_scalar(std::string_view text) {
  const std::string_view digits = text.substr(text.front() == '-' ? 1 : 0);
  if (digits.empty() || !is_digit(digits.front())) {
    return text == "true" || text == "false" || text == "null";
  }
  const bool has_leading_zero = digits.size() > 1 && digits[0] == '0' && is_digit(digits[1]);
  return !has_leading_zero && is_digit(digits.back());
}

}  // namespace

void EventWalker::clear(const NameTree& names) {
  reuse(values_);
  reuse(scopes_);
  reuse(elements_);
  reuse(array_nodes_);
  unescaped_.clear();
  if (unescaped_.capacity() > kept_bytes_max) unescaped_.shrink_to_fit();
  if (paths_.size() < names.node_count()) paths_.resize(names.node_count());
  if (++walk_ == 0) {
    std::fill(paths_.begin(), paths_.end(), PathState{});
    walk_ = 1;
  }
  value_bytes_ = 0;
  array_path_count_ = 0;
}

bool EventWalker::mark(std::string_view event_json) {
  if (event_json.empty() || event_json.size() >= simdjson::SIMDJSON_MAXSIZE_BYTES) return false;
  const bool is_oversized =
      parser_capacity_ > kept_bytes_max && event_json.size() < kept_bytes_max / 4;
  if (parser_ == nullptr || parser_capacity_ < event_json.size() || is_oversized) {
    const std::size_t capacity = std::max<std::size_t>(event_json.size(), 4096);
    parser_.reset();
    parser_capacity_ = 0;
    const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
        capacity, 1, parser_);
    if (error != simdjson::SUCCESS) return false;
    parser_capacity_ = capacity;
  }
  text_ = event_json.data();
  size_ = event_json.size();
  const auto error = parser_->stage1(reinterpret_cast<const std::uint8_t*>(text_), size_,
                                     simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) return false;
  marks_ = parser_->structural_indexes.get();
  mark_count_ = parser_->n_structural_indexes;
  has_escapes_ = std::memchr(text_, '\\', size_) != nullptr;
  if (has_escapes_) unescaped_.reserve(size_);  // views into it stay valid
  return true;
}

bool EventWalker::walk(std::string_view event_json, const NameTree& names, std::uint64_t version) {
  clear(names);
  shapes_.use(version, names.node_count());
  if (!mark(event_json) || text_[marks_[0]] != '{') return false;
  open_scope(root_node, false);
  return walk_scopes(names);
}

// Entry by entry through the innermost scope, until a value opens another or it ends.
bool EventWalker::walk_scopes(const NameTree& names) {
  const std::uint32_t* at = marks_ + 1;
  bool is_first = true;
  while (!scopes_.empty()) {
    const Step step = scopes_.back().is_array() ? walk_array(names, at, is_first)
                                                : walk_object(names, at, is_first);
    if (step == Step::broken) return false;
    is_first = step == Step::opened;
    if (step == Step::closed) scopes_.pop_back();
  }
  return at == marks_ + mark_count_;
}

EventWalker::Step EventWalker::walk_object(const NameTree& names, const std::uint32_t*& mark,
                                           bool is_first) {
  const char* const text = text_;
  const char* const text_end = text_ + size_;
  const std::uint32_t* const end = marks_ + mark_count_;
  const std::uint32_t* at = mark;
  const bool has_escapes = has_escapes_;
  Scope& scope = scopes_.back();
  ShapeCache::Shape& shape = *scope.shape;
  std::uint32_t cursor = scope.name_cursor;
  for (;; is_first = false) {
    if (at == end) return Step::broken;
    if (text[*at] == '}') {
      mark = at + 1;
      return Step::closed;
    }
    if (!is_first && text[*at++] != ',') return Step::broken;
    // A name, a colon and the beginning of a value.
    if (end - at < 3 || text[at[0]] != '"' || text[at[1]] != ':') return Step::broken;
    const char* const first = text + at[0] + 1;
    const char* last = text + at[1] - 1;
    while (is_space(*last)) --last;
    if (last < first) return Step::broken;
    const auto size = static_cast<std::size_t>(last - first);
    const std::uint64_t head = load_up_to_8(first, size, text_end);
    const ShapeCache::Known* known = &shape.names[cursor];
    // Mostly the name that stood here last time.
    if (!has_escapes && cursor < shape.count && known->head == head && known->length == size &&
        (size <= 8 || known->tail == load_8(first + size - 8))) {
      ++cursor;
    } else {
      scope.name_cursor = cursor;
      found_.node = nullptr;
      found_.child = find_name(names, scope, {first, size}, head, found_.node);
      known = &found_;
      cursor = scope.name_cursor;
    }
    at += 2;
    const char c = text[*at];
    if (c == '{' || c == '[') {
      ++at;
      if (known->node != nullptr && is_wanted(*known->node, c)) {
        scope.name_cursor = cursor;
        mark = at;
        return open_scope(known->child, c == '[') ? Step::opened : Step::broken;
      }
      at = behind_subtree(text, at, end);
      if (at == nullptr) return Step::broken;
      continue;
    }
    if (is_punctuation(c)) return Step::broken;
    if (known->node != nullptr && known->node->use_count > 0 &&
        !add_value(*known->node, known->child, *at, value_end(at, end))) {
      return Step::broken;
    }
    ++at;
  }
}

EventWalker::Step EventWalker::walk_array(const NameTree& names, const std::uint32_t*& at,
                                          bool is_first) {
  const std::uint32_t* const end = marks_ + mark_count_;
  const NodeId node = scopes_.back().node;
  const NameTree::Node& known = names.node(node);
  for (;; is_first = false) {
    if (at == end) return Step::broken;
    if (text_[*at] == ']') {
      ++at;
      return Step::closed;
    }
    if (!is_first && (text_[*at++] != ',' || at == end)) return Step::broken;
    const char c = text_[*at];
    if (c == '{' || c == '[') {
      ++at;
      if (is_wanted(known, c)) return open_scope(node, c == '[') ? Step::opened : Step::broken;
      at = behind_subtree(text_, at, end);
      if (at == nullptr) return Step::broken;
      continue;
    }
    if (is_punctuation(c)) return Step::broken;
    if (known.use_count > 0 && !add_value(known, node, *at, value_end(at, end))) {
      return Step::broken;
    }
    ++at;
  }
}

// Where a name in an object leads; sets node when it leads anywhere.
NodeId EventWalker::find_name(const NameTree& names, Scope& scope, std::string_view name,
                              std::uint64_t head, const NameTree::Node*& node) {
  NodeId child = no_node;
  if (has_escapes_ && name.find('\\') != std::string_view::npos) {
    child = find_odd_name(names, scope.node, name);
  } else {
    const auto key = NameTree::key_of(name, head);
    if (const auto* known = scope.shape->find(key, scope.name_cursor)) {
      node = known->node;
      return known->child;
    }
    child = look_up_name(names, scope.node, name, key);
    if (name.size() <= NameTree::whole_name_bytes) {
      const auto* found = child == no_node ? nullptr : &names.node(child);
      scope.shape->insert({key.head, key.tail, key.length, child, found}, scope.name_cursor);
    }
  }
  if (child != no_node) node = &names.node(child);
  return child;
}

NodeId EventWalker::look_up_name(const NameTree& names, NodeId parent, std::string_view name,
                                 const NameTree::Child& key) {
  const NodeId found = NameTree::child(names.node(parent), name, key);
  if (found != no_node) return found;
  const bool has_dot =
      has_byte(key.head, '.') || has_byte(key.tail, '.') ||
      (name.size() > NameTree::whole_name_bytes && name.find('.') != std::string_view::npos);
  return has_dot ? find_odd_name(names, parent, name) : no_node;
}

// One with escapes or dots.
NodeId EventWalker::find_odd_name(const NameTree& names, NodeId parent, std::string_view name) {
  std::string plain;
  return unescape_json(name, plain) ? names.descend(parent, plain) : no_node;
}

// False when that is too deep.
bool EventWalker::open_scope(NodeId node, bool is_array) {
  if (scopes_.size() == depth_max) return false;
  std::uint32_t element = no_element;
  if (!scopes_.empty()) {
    Scope& outer = scopes_.back();
    element = outer.element;
    if (outer.is_array()) {
      elements_.push_back({outer.element, outer.array, outer.next_index++});
      element = static_cast<std::uint32_t>(elements_.size() - 1);
    }
  }
  if (is_array) array_nodes_.push_back(node);
  const auto array = is_array ? static_cast<std::uint32_t>(array_nodes_.size() - 1) : no_element;
  scopes_.push_back({node, element, array, 0, 0, is_array ? nullptr : &shapes_.shape_of(node)});
  return true;
}

bool EventWalker::add_value(const NameTree::Node& known, NodeId node, std::uint32_t begin,
                            std::uint32_t end) {
  while (is_space(text_[end - 1])) --end;
  std::string_view text(text_ + begin, end - begin);
  if (text.front() == '"') {
    if (text.size() < 2 || text.back() != '"') return false;
    if (has_escapes_ && text.find('\\') != std::string_view::npos && !unescape(text)) return false;
  } else if (!is_scalar(text)) {
    return false;
  }
  const std::uint32_t element = scopes_.back().element;
  PathState& path = paths_[node];
  std::uint32_t next = no_value;
  bool in_array = element != no_element;
  bool was_in_array = false;
  if (path.walk == walk_) {
    next = path.first;
    was_in_array = path.in_array;
    in_array = in_array || was_in_array;
  }
  array_path_count_ += in_array && !was_in_array ? 1 : 0;
  path = {walk_, static_cast<std::uint32_t>(values_.size()), in_array};
  value_bytes_ += text.size();
  values_.push_back(
      {text.data(), &known, static_cast<std::uint32_t>(text.size()), node, next, element, {}});
  return true;
}

bool EventWalker::unescape(std::string_view& quoted) {
  const std::size_t start = unescaped_.size();
  unescaped_ += '"';
  if (!unescape_json(quoted.substr(1, quoted.size() - 2), unescaped_)) return false;
  unescaped_ += '"';
  quoted = std::string_view(unescaped_).substr(start);
  return true;
}

}  // namespace signalbox::rules::engine
