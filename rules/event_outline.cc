#include "rules/event_outline.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "rules/json_token_reader.h"
#include "rules/readable_json.h"

namespace signalbox::rules {
namespace {

constexpr std::size_t reason_bytes_max = 300;

std::string fold(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-' || c == '_') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// In the parser's words, without the text it quotes and its name for it.
std::string broken_json(const JsonTokenReader& reader) {
  const std::string_view error = reader.error();
  std::string_view reason = error.substr(0, error.find('\n'));
  reason = reason.substr(0, reason.find(" (start marker at"));
  if (reason.starts_with("Document nesting depth")) {
    return fmt::format("The event nests more than {} levels deep.", EventFields::depth_max);
  }
  return fmt::format("The event is not valid JSON at line {}, column {}: {}.", reader.line(),
                     reader.column(), readable_text(cut_text(reason, reason_bytes_max)));
}

}  // namespace

EventOutline::EventOutline(std::string_view event_json) {
  if (!simdjson::validate_utf8(event_json.data(), event_json.size())) {
    problem_ = "The event is not valid UTF-8.";
    return;
  }
  read(event_json);
}

void EventOutline::read(std::string_view event_json) {
  JsonTokenReader reader(event_json, EventFields::depth_max);
  if (reader.next() != Token::start_object) {
    problem_ = reader.failed() ? broken_json(reader) : "The event must be a JSON object.";
    return;
  }
  std::vector<Scope> scopes{{false, none, none}};
  std::uint32_t node = none;
  while (!scopes.empty()) {
    const Token token = reader.next();
    if (scopes.back().is_array) node = scopes.back().node;
    const bool opens = token == Token::start_object || token == Token::start_array;
    switch (token) {
      case Token::end_of_input: problem_ = broken_json(reader); return;
      case Token::name: node = enter(scopes.back().node, reader.text()); break;
      case Token::end_object:
      case Token::end_array: scopes.pop_back(); break;
      case Token::start_array:
        if (node != none) nodes_[node].has_array = true;
        arrays_.push_back({node, false});
        scopes.push_back({true, node, static_cast<std::uint32_t>(arrays_.size() - 1)});
        break;
      case Token::start_object:
        if (node != none) nodes_[node].has_object = true;
        scopes.push_back({false, node, none});
        break;
      default: note_value(node, token == Token::string, reader.text()); break;
    }
    const bool is_value =
        !opens && token != Token::name && token != Token::end_object && token != Token::end_array;
    if (is_value && scopes.back().is_array) arrays_[scopes.back().array].has_scalar = true;
  }
  if (reader.next() != Token::end_of_input || reader.failed()) {
    problem_ = fmt::format("Something follows the event's object at line {}.", reader.line());
  }
}

std::uint32_t EventOutline::enter(std::uint32_t parent, const std::string& name) {
  PathHash hash;
  PathHash folded_hash;
  std::size_t length = name.size();
  if (parent != none) {
    hash = nodes_[parent].hash;
    hash.extend(".");
    folded_hash = nodes_[parent].folded_hash;
    folded_hash.extend(".");
    length += nodes_[parent].path_length + 1;
  }
  hash.extend(name);
  folded_hash.extend(fold(name));
  const auto next = static_cast<std::uint32_t>(nodes_.size());
  const auto [known, is_new] = by_hash_.emplace(hash.value(), next);
  if (is_new) {
    nodes_.push_back({parent, length, hash, folded_hash, name});
    by_folded_hash_.emplace(folded_hash.value(), next);
  }
  return known->second;
}

void EventOutline::note_value(std::uint32_t node, bool is_string, const std::string& text) {
  if (node == none) return;
  Node& at = nodes_[node];
  (is_string ? at.has_string : at.has_other_value) = true;
  at.has_json_string = at.has_json_string || (is_string && text.starts_with('{'));
}

bool EventOutline::has_path(const Node& node, std::string_view path) const {
  if (node.path_length != path.size()) return false;
  for (const Node* at = &node;; at = &nodes_[at->parent]) {
    if (!path.ends_with(at->name)) return false;
    path.remove_suffix(at->name.size());
    if (at->parent == none) return path.empty();
    if (!path.ends_with('.')) return false;
    path.remove_suffix(1);
  }
}

const EventOutline::Node* EventOutline::find(std::string_view path) const {
  const auto at = by_hash_.find(PathHash(path).value());
  if (at == by_hash_.end()) return nullptr;
  const Node& node = nodes_[at->second];
  return has_path(node, path) ? &node : nullptr;
}

const EventOutline::Node* EventOutline::similar(std::string_view path) const {
  const std::string folded = fold(path);
  const auto at = by_folded_hash_.find(PathHash(folded).value());
  if (at == by_folded_hash_.end()) return nullptr;
  const Node& node = nodes_[at->second];
  return fold(path_of(node)) == folded ? &node : nullptr;
}

const EventOutline::Node* EventOutline::named(std::string_view name) const {
  const auto at = std::find_if(nodes_.begin(), nodes_.end(),
                               [&](const Node& node) { return node.name == name; });
  return at == nodes_.end() ? nullptr : &*at;
}

std::vector<std::string_view> EventOutline::names_in(const Node& node,
                                                     std::size_t count_max) const {
  std::vector<std::string_view> names;
  const auto index = static_cast<std::uint32_t>(&node - nodes_.data());
  for (const Node& other : nodes_) {
    if (other.parent == index && names.size() < count_max) names.push_back(other.name);
  }
  return names;
}

std::string EventOutline::path_of(const Node& node) const {
  std::vector<std::string_view> names{node.name};
  for (std::uint32_t at = node.parent; at != none; at = nodes_[at].parent) {
    names.push_back(nodes_[at].name);
  }
  std::string path;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (name != names.rbegin()) path += '.';
    path += *name;
  }
  return path;
}

std::string EventOutline::array_path(std::uint32_t array) const {
  const bool is_known = array < arrays_.size() && arrays_[array].node != none;
  return is_known ? path_of(nodes_[arrays_[array].node]) : std::string();
}

bool EventOutline::counts_all_elements(std::uint32_t array) const {
  return array < arrays_.size() && !arrays_[array].has_scalar;
}

}  // namespace signalbox::rules
