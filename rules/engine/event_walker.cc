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
  has_array_values_ = false;
  next_mark_ = 0;
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

bool EventWalker::walk(std::string_view event_json, const NameTree& names) {
  clear(names);
  if (!mark(event_json) || at(0) != '{') return false;
  next_mark_ = 1;
  open_scope(root_node, false);
  return walk_scopes(names) && next_mark_ == mark_count_;
}

bool EventWalker::walk_scopes(const NameTree& names) {
  bool is_first = true;  // of its scope
  while (!scopes_.empty()) {
    const Scope& scope = scopes_.back();
    const bool is_array = scope.is_array();
    const char c = at(next_mark_);
    if (c == (is_array ? ']' : '}')) {
      ++next_mark_;
      scopes_.pop_back();
      is_first = false;
      continue;
    }
    if (!is_first) {
      if (c != ',') return false;
      ++next_mark_;
    }
    NodeId node = scope.node;
    if (!is_array && !read_name(names, scope.node, node)) return false;
    const std::size_t depth = scopes_.size();
    if (!enter_value(names, node)) return false;
    is_first = scopes_.size() > depth;
  }
  return true;
}

// At a value: reads it, goes into it or steps over it.
bool EventWalker::enter_value(const NameTree& names, NodeId node) {
  const char c = at(next_mark_);
  if (c == '{' || c == '[') {
    ++next_mark_;
    if (node == no_node) return skip_subtree();
    const auto& known = names.node(node);
    const bool is_wanted = known.children != nullptr || (c == '[' && known.use_count > 0);
    if (!is_wanted) return skip_subtree();
    if (scopes_.size() == depth_max) return false;
    open_scope(node, c == '[');
    return true;
  }
  if (c == '\0' || c == ',' || c == ':' || c == '}' || c == ']') return false;
  if (node != no_node && names.node(node).use_count > 0 && !add_value(node, c)) return false;
  ++next_mark_;
  return true;
}

// Behind the bracket that opens it.
bool EventWalker::skip_subtree() {
  const std::uint32_t* mark = marks_ + next_mark_;
  const std::uint32_t* const end = marks_ + mark_count_;
  for (std::size_t depth = 1; mark != end; ++mark) {
    const char c = text_[*mark];
    // '[' and '{' differ in one bit, as do ']' and '}'.
    if ((c | 0x20) == '{') {
      ++depth;
    } else if ((c | 0x20) == '}' && --depth == 0) {
      next_mark_ = static_cast<std::size_t>(mark + 1 - marks_);
      return true;
    }
  }
  return false;
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
  scopes_.push_back({node, element, is_array ? array_count_++ : no_element, 0});
}

bool EventWalker::read_name(const NameTree& names, NodeId parent, NodeId& child) {
  if (at(next_mark_) != '"' || at(next_mark_ + 1) != ':') return false;
  const char* const first = text_ + marks_[next_mark_] + 1;
  const char* last = text_ + marks_[next_mark_ + 1] - 1;
  while (is_space(*last)) --last;
  next_mark_ += 2;
  if (last < first) return false;
  child = find_name(names, parent, {first, static_cast<std::size_t>(last - first)});
  return true;
}

NodeId EventWalker::find_name(const NameTree& names, NodeId parent, std::string_view name) {
  if (has_escapes_ && name.find('\\') != std::string_view::npos) {
    std::string plain;
    return unescape_json(name, plain) ? names.descend(parent, plain) : no_node;
  }
  const NodeId found = names.child(names.node(parent), name);
  if (found != no_node) return found;
  if (std::memchr(name.data(), '.', name.size()) == nullptr) return no_node;
  return names.descend(parent, name);
}

bool EventWalker::add_value(NodeId node, char first) {
  const std::size_t begin = marks_[next_mark_];
  std::size_t end = next_mark_ + 1 < mark_count_ ? marks_[next_mark_ + 1] : size_;
  while (is_space(text_[end - 1])) --end;
  std::string_view text(text_ + begin, end - begin);
  if (first == '"') {
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
