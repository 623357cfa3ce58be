// One value of an event, as conditions see it.
#pragma once

#include <cstdint>
#include <string_view>

#include "rules/engine/name_tree.h"

namespace signalbox::rules::engine {

constexpr std::uint32_t no_value = 0xFFFFFFFF;
constexpr std::uint32_t no_element = 0xFFFFFFFF;

// A number of an event, read when it is first asked for. Whether it compares at all (see
// comparable_number.h) takes longer to tell than what it is near, and is asked last.
class LazyNumber {
 public:
  // The double nearest to the text, when the text is a number.
  bool near(std::string_view text, double& out);
  bool compares(std::string_view text);

 private:
  enum class State : std::uint8_t { unread, none, near, comparable };
  double number_ = 0;
  State state_ = State::unread;
};

struct EventValue {
  // Strings in quotes with their escapes resolved, everything else as written.
  const char* data;
  const NameTree::Node* path;
  std::uint32_t size_bytes;
  NodeId node;            // the path's
  std::uint32_t next;     // the next value at the same path, or no_value
  std::uint32_t element;  // the innermost array element it stands in, or no_element
  LazyNumber number;

  std::string_view text() const { return {data, size_bytes}; }
  bool is_string() const { return *data == '"'; }
  bool looks_like_number() const { return *data == '-' || (*data >= '0' && *data <= '9'); }
};

// An address as nearly all are written, four numbers with points between them, into four bytes.
// False for any other text, which may be an address all the same.
bool read_plain_ipv4(std::string_view text, unsigned char* out);

}  // namespace signalbox::rules::engine
