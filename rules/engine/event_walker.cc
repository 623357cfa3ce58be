#include "rules/engine/event_walker.h"

#include <algorithm>
#include <cstring>

#include "rules/json_text.h"
#include "rules/utf8.h"

namespace signalbox::rules::engine {

namespace {

// Above this, memory of an unusually large event is given back.
constexpr std::size_t kept_bytes_max = 256 * 1024;
constexpr std::size_t kept_entries_max = 16 * 1024;

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

// Whether it is a literal or seems to be a number. Numbers are read when a rule compares them.
bool is_scalar(std::string_view text) {
  const std::string_view digits = text.substr(text.front() == '-' ? 1 : 0);
  if (digits.empty() || !is_digit(digits.front())) {
    return text == "true" || text == "false" || text == "null";
  }
  const bool has_leading_zero = digits.size() > 1 && digits[0] == '0' && is_digit(digits[1]);
  return !has_leading_zero && is_digit(digits.back());
}

template <class T>
void reuse(std::vector<T>& entries) {
  entries.clear();
  if (entries.capacity() > kept_entries_max) entries.shrink_to_fit();
}

}  // namespace

void EventWalker::clear(const NameTree& names) {
  reuse(values_);
  reuse(scopes_);
  reuse(elements_);
  unescaped_.clear();
  if (unescaped_.capacity() > kept_bytes_max) unescaped_.shrink_to_fit();
  if (paths_.size() < names.node_count()) paths_.resize(names.node_count());
  if (++walk_ == 0) {
    std::fill(paths_.begin(), paths_.end(), PathState{});
    walk_ = 1;
  }
  array_count_ = 0;
  value_bytes_ = 0;
  has_array_values_ = false;
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

// One round for each value: its name, when it is in an object, then the value itself, which is
// kept, gone into or stepped over, then what stands behind it.
bool EventWalker::walk_scopes(const NameTree& names) {
  const char* const text = text_;
  const std::uint32_t* at = marks_ + 1;
  const std::uint32_t* const end = marks_ + mark_count_;
  const auto here = [&] { return at < end ? text[*at] : '\0'; };
  bool is_first = true;  // of its scope
  for (;;) {
    Scope& scope = scopes_.back();
    const bool is_array = scope.is_array();
    char c = here();
    if (c == (is_array ? ']' : '}')) {
      ++at;
      scopes_.pop_back();
      if (scopes_.empty()) return at == end;
      is_first = false;
      continue;
    }
    if (!is_first) {
      if (c != ',') return false;
      ++at;
      c = here();
    }
    is_first = false;
    NodeId node = scope.node;
    const NameTree::Node* known = nullptr;
    if (is_array) {
      known = &names.node(node);
    } else {
      if (c != '"' || end - at < 3 || text[at[1]] != ':') return false;
      const char* const first = text + at[0] + 1;
      const char* last = text + at[1] - 1;
      while (is_space(*last)) --last;
      if (last < first) return false;
      const std::string_view name(first, static_cast<std::size_t>(last - first));
      const std::uint64_t head = load_up_to_8(first, name.size(), text + size_);
      // Mostly the name that stood here last time.
      const auto& expected = scope.shape->names[scope.name_cursor];
      if (!has_escapes_ && scope.name_cursor < scope.shape->count && expected.head == head &&
          expected.length == name.size() &&
          (name.size() <= 8 || expected.tail == load_8(first + name.size() - 8))) {
        ++scope.name_cursor;
        node = expected.child;
        known = expected.node;
      } else {
        node = find_name(names, scope, name, head, known);
      }
      at += 2;
      c = text[*at];
    }
    if (c == '{' || c == '[') {
      ++at;
      const bool is_wanted =
          known != nullptr && (known->children != nullptr || (c == '[' && known->use_count > 0));
      if (is_wanted) {
        if (scopes_.size() == depth_max) return false;
        open_scope(node, c == '[');
        is_first = true;
        continue;
      }
      at = behind_subtree(text, at, end);
      if (at == nullptr) return false;
      continue;
    }
    if (is_punctuation(c) || at == end) return false;
    if (known != nullptr && known->use_count > 0 &&
        !add_value(node, at[0], at + 1 < end ? at[1] : static_cast<std::uint32_t>(size_))) {
      return false;
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

void EventWalker::open_scope(NodeId node, bool is_array) {
  std::uint32_t element = no_element;
  if (!scopes_.empty()) {
    Scope& outer = scopes_.back();
    element = outer.element;
    if (outer.is_array()) {
      elements_.push_back({outer.element, outer.array, outer.next_index++});
      element = static_cast<std::uint32_t>(elements_.size() - 1);
    }
  }
  scopes_.push_back({node, element, is_array ? array_count_++ : no_element, 0, 0,
                     is_array ? nullptr : &shapes_.shape_of(node)});
}

bool EventWalker::add_value(NodeId node, std::uint32_t begin, std::uint32_t end) {
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
  const bool is_first = path.walk != walk_;
  const std::uint32_t next = is_first ? no_value : path.first;
  const bool in_array = element != no_element || (!is_first && path.in_array);
  path = {walk_, static_cast<std::uint32_t>(values_.size()), in_array};
  has_array_values_ = has_array_values_ || in_array;
  value_bytes_ += text.size();
  values_.push_back(
      {text.data(), static_cast<std::uint32_t>(text.size()), node, next, element, {}});
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

void EventWalker::append_membership(
    const EventValue& value, std::vector<std::pair<std::uint32_t, std::uint32_t>>& out) const {
  const std::size_t start = out.size();
  for (std::uint32_t at = value.element; at != no_element; at = elements_[at].parent) {
    out.emplace_back(elements_[at].array, elements_[at].index);
  }
  std::reverse(out.begin() + static_cast<std::ptrdiff_t>(start), out.end());
}

}  // namespace signalbox::rules::engine
