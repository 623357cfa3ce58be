#include "rules/engine/condition.h"

#include <algorithm>
#include <cstring>

#include "rules/engine/test_codes.h"
#include "rules/ip_range.h"

namespace signalbox::rules::engine {

namespace {

// As Wildcard::matches: each piece at its first place leaves the most room for the rest.
bool holds_wildcard(TestReader pieces, std::string_view value) {
  std::string_view piece = pieces.text();
  if (pieces.at_end()) return value == piece;
  if (!value.starts_with(piece)) return false;
  value.remove_prefix(piece.size());
  for (;;) {
    piece = pieces.text();
    if (pieces.at_end()) return value.ends_with(piece);
    const std::size_t found = value.find(piece);
    if (found == std::string_view::npos) return false;
    value.remove_prefix(found + piece.size());
  }
}

bool holds_range(TestReader range, EventValue& value) {
  const double bottom = range.number();
  const double top = range.number();
  const bool bottom_open = range.byte() != 0;
  const bool top_open = range.byte() != 0;
  double number = 0;
  return value.looks_like_number() && value.number.near(value.text(), number) &&
         (bottom_open ? number > bottom : number >= bottom) &&
         (top_open ? number < top : number <= top) && value.number.compares(value.text());
}

bool holds_number(TestReader test, EventValue& value) {
  double number = 0;
  return value.looks_like_number() && value.number.near(value.text(), number) &&
         number == test.number() && value.number.compares(value.text());
}

bool holds_cidr(TestReader test, const EventValue& value) {
  if (!value.is_string()) return false;
  const auto text = value.text().substr(1, value.size_bytes - 2);
  const std::string_view bottom = test.text();
  const std::string_view top = test.text();
  unsigned char plain[4];
  if (bottom.size() == sizeof plain && read_plain_ipv4(text, plain)) {
    const std::string_view address(reinterpret_cast<const char*>(plain), sizeof plain);
    return bottom <= address && address <= top;
  }
  const auto address = parse_ip(text);
  return address && IpRange{std::string(bottom), std::string(top)}.contains(*address);
}

// As IgnoreCaseText::matches, for texts whose letters are not all ASCII.
bool holds_letters(TestCode code, TestReader test, std::string_view value) {
  const IgnoreCaseText text(test.text());
  switch (code) {
    case TestCode::letters: return text.equals(value);
    case TestCode::letters_prefix: return text.is_prefix_of(value);
    default: return text.is_suffix_of(value);
  }
}

bool equal_folded(std::string_view value, std::string_view folded) {
  return value.size() == folded.size() &&
         std::equal(value.begin(), value.end(), folded.begin(),
                    [](char c, char wanted) { return fold(c) == wanted; });
}

bool holds_folded(TestCode code, std::string_view folded, std::string_view value) {
  if (value.size() < folded.size()) return false;
  switch (code) {
    case TestCode::folded: return equal_folded(value, folded);
    case TestCode::folded_prefix: return equal_folded(value.substr(0, folded.size()), folded);
    default: return equal_folded(value.substr(value.size() - folded.size()), folded);
  }
}

std::string_view last_bytes(std::string_view text, std::size_t size) {
  return size > text.size() ? text : text.substr(text.size() - size);
}

bool holds_test(const Test& test, EventValue& value) {
  switch (test.code) {
    case TestCode::text: return equal(value.text(), test.bytes);
    case TestCode::number: return holds_number(TestReader(test.bytes), value);
    case TestCode::range: return holds_range(TestReader(test.bytes), value);
    case TestCode::prefix: return equal(value.text().substr(0, test.bytes.size()), test.bytes);
    case TestCode::suffix: return equal(last_bytes(value.text(), test.bytes.size()), test.bytes);
    case TestCode::folded:
    case TestCode::folded_prefix:
    case TestCode::folded_suffix: return holds_folded(test.code, test.bytes, value.text());
    case TestCode::letters:
    case TestCode::letters_prefix:
    case TestCode::letters_suffix:
      return holds_letters(test.code, TestReader(test.bytes), value.text());
    case TestCode::wildcard: return holds_wildcard(TestReader(test.bytes), value.text());
    case TestCode::cidr: return holds_cidr(TestReader(test.bytes), value);
  }
  return false;
}

}  // namespace

BlockHeader* new_program(SharedMemory& memory, std::string_view tests,
                         const std::vector<std::uint32_t>& plan) {
  const std::size_t plan_bytes = plan.size() * sizeof(std::uint32_t);
  auto* block = memory.allocate(sizeof(BlockHeader) + tests.size() + plan_bytes);
  block->count = static_cast<std::uint32_t>(tests.size());
  auto* bytes = reinterpret_cast<char*>(block + 1);
  std::copy(tests.begin(), tests.end(), bytes);
  if (plan_bytes > 0) std::memcpy(bytes + tests.size(), plan.data(), plan_bytes);
  return block;
}

bool holds(std::string_view tests, EventValue& value) {
  std::uint8_t none_group = 0;  // the anything-but being read
  bool none_held = true;        // none of its tests so far
  for (TestReader reader(tests); !reader.at_end();) {
    const Test test = reader.test();
    if (test.group != none_group) {
      if (none_group != 0 && none_held) return true;
      none_group = test.group;
      none_held = true;
    }
    if (test.group == 0) {
      if (holds_test(test, value)) return true;
    } else if (none_held) {
      none_held = !holds_test(test, value);
    }
  }
  return none_group != 0 && none_held;
}

}  // namespace signalbox::rules::engine
