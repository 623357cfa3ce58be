#include "rules/event_fields.h"

#include <simdjson.h>

#include <algorithm>

#include "rules/comparable_number.h"
#include "rules/json_text.h"
#include "rules/reuse.h"
#include "rules/utf8.h"

namespace signalbox::rules {
namespace {

// Above this, memory of an unusually large event is given back.
constexpr std::size_t kept_bytes_max = 256 * 1024;

}  // namespace

void EventFields::clear() {
  reuse(steps_);
  reuse(elements_);
  reuse(scopes_);
  reuse(fields_);
  unescaped_.clear();
  if (unescaped_.capacity() > kept_bytes_max) {
    unescaped_.shrink_to_fit();
  }
  at_ = 0;
  array_count_ = 0;
}

bool EventFields::read(std::string_view event_json) {
  clear();
  text_ = event_json;
  if (!simdjson::validate_utf8(text_.data(), text_.size())) {
    return false;
  }
  // Reserved up front, so that views into it stay valid.
  unescaped_.reserve(text_.size());
  skip_whitespace();
  if (peek() != '{') {
    return false;
  }
  ++at_;
  open_scope(false, none);
  while (!scopes_.empty()) {
    if (!read_entry()) {
      fields_.clear();
      return false;
    }
  }
  skip_whitespace();
  if (at_ != text_.size()) {
    fields_.clear();
    return false;
  }
  std::sort(fields_.begin(), fields_.end(),
            [](const Field& a, const Field& b) { return a.path_hash < b.path_hash; });
  return true;
}

// One entry of the innermost object or array, or its end.
bool EventFields::read_entry() {
  skip_whitespace();
  Scope& scope = scopes_.back();
  if (peek() == (scope.is_array ? ']' : '}')) {
    ++at_;
    scopes_.pop_back();
    return true;
  }
  if (scope.has_entries) {
    if (peek() != ',') {
      return false;
    }
    ++at_;
    skip_whitespace();
  }
  scope.has_entries = true;
  std::uint32_t step = scope.step;
  if (!scope.is_array && !read_name(step)) {
    return false;
  }
  return read_value(step);
}

bool EventFields::read_name(std::uint32_t& step) {
  std::string_view quoted;
  if (peek() != '"' || !read_string(quoted)) {
    return false;
  }
  skip_whitespace();
  if (peek() != ':') {
    return false;
  }
  ++at_;
  skip_whitespace();
  step = add_step(step, quoted.substr(1, quoted.size() - 2));
  return true;
}

bool EventFields::read_value(std::uint32_t step) {
  const char c = peek();
  if (c == '{' || c == '[') {
    if (scopes_.size() == depth_max) {
      return false;
    }
    ++at_;
    open_scope(c == '[', step);
    return true;
  }
  std::string_view value;
  bool read = false;
  switch (c) {
    case '"': read = read_string(value); break;
    case 't': read = read_literal("true", value); break;
    case 'f': read = read_literal("false", value); break;
    case 'n': read = read_literal("null", value); break;
    default: read = read_number(value); break;
  }
  if (read) {
    fields_.push_back({steps_[step].hash.value(), step, scopes_.back().element, value});
  }
  return read;
}

void EventFields::open_scope(bool is_array, std::uint32_t step) {
  std::uint32_t element = none;
  if (!scopes_.empty()) {
    Scope& outer = scopes_.back();
    element = outer.element;
    if (outer.is_array) {
      elements_.push_back({outer.element, outer.array, outer.next_index++});
      element = static_cast<std::uint32_t>(elements_.size() - 1);
    }
  }
  const std::uint32_t array = is_array ? array_count_++ : none;
  scopes_.push_back({is_array, false, step, element, array, 0});
}

std::uint32_t EventFields::add_step(std::uint32_t parent, std::string_view name) {
  PathHash hash;
  std::size_t length = 0;
  if (parent != none) {
    hash = steps_[parent].hash;
    hash.extend(".");
    length = steps_[parent].path_length + 1;
  }
  hash.extend(name);
  steps_.push_back({parent, length + name.size(), hash, name});
  return static_cast<std::uint32_t>(steps_.size() - 1);
}

void EventFields::skip_whitespace() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
    ++at_;
  }
}

bool EventFields::read_literal(std::string_view literal, std::string_view& out) {
  out = text_.substr(at_, literal.size());
  at_ += out.size();
  return out == literal;
}

bool EventFields::read_number(std::string_view& out) {
  const std::size_t start = at_;
  const auto skip_digits = [this] {
    const std::size_t first = at_;
    while (is_digit(peek())) {
      ++at_;
    }
    return at_ > first;
  };
  if (peek() == '-') {
    ++at_;
  }
  const bool leading_zero = peek() == '0';
  const std::size_t integer = at_;
  if (!skip_digits() || (leading_zero && at_ - integer > 1)) {
    return false;
  }
  if (peek() == '.') {
    ++at_;
    if (!skip_digits()) {
      return false;
    }
  }
  if (peek() == 'e' || peek() == 'E') {
    ++at_;
    if (peek() == '+' || peek() == '-') {
      ++at_;
    }
    if (!skip_digits()) {
      return false;
    }
  }
  out = text_.substr(start, at_ - start);
  return true;
}

// From the opening quote to behind the closing one; out has both quotes.
bool EventFields::read_string(std::string_view& out) {
  const std::size_t start = at_++;
  for (; at_ < text_.size(); ++at_) {
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte == '"') {
      ++at_;
      out = text_.substr(start, at_ - start);
      return true;
    }
    if (byte == '\\') {
      return read_escaped_string(start, out);
    }
    if (byte < 0x20) {
      return false;
    }
  }
  return false;
}

// The rest of a string whose first escape has been met: from there on it is copied.
bool EventFields::read_escaped_string(std::size_t start, std::string_view& out) {
  const std::size_t copy = unescaped_.size();
  unescaped_ += text_.substr(start, at_ - start);
  while (at_ < text_.size()) {
    const auto byte = static_cast<unsigned char>(text_[at_++]);
    if (byte == '\\') {
      if (!append_json_escape(text_, at_, unescaped_)) {
        return false;
      }
      continue;
    }
    if (byte < 0x20) {
      return false;
    }
    unescaped_ += static_cast<char>(byte);
    if (byte == '"') {
      out = std::string_view(unescaped_).substr(copy);
      return true;
    }
  }
  return false;
}

// --- questions ----------------------------------------------------------------------------------

std::pair<const EventFields::Field*, const EventFields::Field*> EventFields::fields_of(
    std::uint64_t path_hash) const {
  const auto first = std::lower_bound(
      fields_.begin(), fields_.end(), path_hash,
      [](const Field& field, std::uint64_t hash) { return field.path_hash < hash; });
  auto last = first;
  while (last != fields_.end() && last->path_hash == path_hash) {
    ++last;
  }
  return {fields_.data() + (first - fields_.begin()), fields_.data() + (last - fields_.begin())};
}

bool EventFields::has_path(const Field& field, std::string_view path) const {
  if (steps_[field.step].path_length != path.size()) {
    return false;
  }
  for (std::uint32_t at = field.step; at != none; at = steps_[at].parent) {
    const Step& step = steps_[at];
    if (!path.ends_with(step.name)) {
      return false;
    }
    path.remove_suffix(step.name.size());
    if (step.parent != none) {
      if (!path.ends_with('.')) {
        return false;
      }
      path.remove_suffix(1);
    }
  }
  return true;
}

std::optional<double> EventFields::number(const Field& field) {
  const char first = field.value.front();
  return first == '-' || is_digit(first) ? comparable_number(field.value) : std::nullopt;
}

void EventFields::append_membership(const Field& field, Membership& out) const {
  const std::size_t start = out.size();
  for (std::uint32_t at = field.element; at != none; at = elements_[at].parent) {
    out.emplace_back(elements_[at].array, elements_[at].index);
  }
  std::reverse(out.begin() + static_cast<std::ptrdiff_t>(start), out.end());
}

}  // namespace signalbox::rules
