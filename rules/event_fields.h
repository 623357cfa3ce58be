// The leaves of one event, each with its path, its value and the array elements it stands in.
//
// Threads: none; keep one per thread and read event after event into it, so that its memory is
// reused. Everything it hands out lives until the next read, and as long as the event's text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/array_element.h"

namespace signalbox::rules {

// A hash of a path's text, the same for {"a":{"b":1}} and {"a.b":1}.
class PathHash {
 public:
  PathHash() = default;
  explicit PathHash(std::string_view path) { extend(path); }
  void extend(std::string_view text) {
    for (const char c : text) {
      value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    }
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325;
};

class EventFields {
 public:
  // Which element of which array a leaf stands in, from the outermost array in. Arrays are numbered
  // anew for each event; elements that are neither objects nor arrays are not told apart.
  using Membership = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

  static constexpr std::uint32_t none = 0xFFFFFFFF;
  // An event's detail may nest 1,000 levels; the event around it adds some.
  static constexpr std::size_t depth_max = 1024;

  struct Field {
    std::uint64_t path_hash;
    std::uint32_t step;     // the last step of the path
    std::uint32_t element;  // the innermost array element, or none
    // As pattern_model.h compares them: strings in quotes with their escapes resolved.
    std::string_view value;

    bool is_string() const { return value.front() == '"'; }
  };

  // False when the text is not a JSON object, or nests too deep.
  bool read(std::string_view event_json);

  // Fields whose path may be this one, in no order: check has_path().
  std::pair<const Field*, const Field*> fields_of(std::uint64_t path_hash) const;
  bool has_path(const Field& field, std::string_view path) const;

  // The value as a number that compares; nothing for other values.
  static std::optional<double> number(const Field& field);

  void append_membership(const Field& field, Membership& out) const;
  // What Field::element is a place in.
  std::span<const ArrayElement> array_elements() const { return elements_; }
  std::uint32_t array_count() const { return array_count_; }

 private:
  // A path is a chain of steps, so that long paths with many leaves cost no more than short ones.
  struct Step {
    std::uint32_t parent;
    std::size_t path_length;
    PathHash hash;
    std::string_view name;
  };
  struct Scope {
    bool is_array;
    bool has_entries;
    std::uint32_t step;     // of the scope's own path
    std::uint32_t element;  // the scope stands in
    std::uint32_t array;
    std::uint32_t next_index;
  };

  void clear();
  bool read_entry();
  bool read_name(std::uint32_t& step);
  bool read_value(std::uint32_t step);
  bool read_string(std::string_view& out);
  bool read_escaped_string(std::size_t start, std::string_view& out);
  bool read_number(std::string_view& out);
  bool read_literal(std::string_view literal, std::string_view& out);
  void skip_whitespace();
  void open_scope(bool is_array, std::uint32_t step);
  std::uint32_t add_step(std::uint32_t parent, std::string_view name);

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Step> steps_;
  std::vector<ArrayElement> elements_;
  std::vector<Scope> scopes_;
  std::vector<Field> fields_;  // sorted by path_hash once read
  std::string unescaped_;      // strings that had escapes; never longer than the event
  std::uint32_t array_count_ = 0;
};

}  // namespace signalbox::rules
