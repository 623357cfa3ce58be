#include "rules/ignore_case.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "rules/utf8.h"

namespace signalbox::rules {
namespace {

// Characters first, first + stride, ... last, each with its cases at the same distances.
struct CaseRange {
  std::uint16_t first;
  std::uint16_t last;
  std::uint16_t stride;
  std::int32_t lower_delta;
  std::int32_t upper_delta;
};

// A character one of whose cases is several characters, as UTF-8.
struct SpecialCase {
  std::uint16_t code_point;
  const char* lower;
  const char* upper;
};

#include "rules/case_table.inc"

std::string encode(std::uint32_t code_point) {
  std::string out;
  utf8_append(out, code_point);
  return out;
}

IgnoreCaseText::Letter cases_of(std::uint32_t code_point) {
  if (code_point < 0x80) {
    const bool is_upper = code_point >= 'A' && code_point <= 'Z';
    const bool is_lower = code_point >= 'a' && code_point <= 'z';
    return {encode(is_upper ? code_point + 32 : code_point),
            encode(is_lower ? code_point - 32 : code_point)};
  }
  for (const SpecialCase& special : special_cases) {
    if (special.code_point == code_point) {
      return {special.lower, special.upper};
    }
  }
  // Ranges of stride 2 interleave, so the one that holds the character need not be the nearest.
  for (const CaseRange& range : case_ranges) {
    if (code_point >= range.first && code_point <= range.last &&
        (code_point - range.first) % range.stride == 0) {
      const auto base = static_cast<std::int32_t>(code_point);
      return {encode(static_cast<std::uint32_t>(base + range.lower_delta)),
              encode(static_cast<std::uint32_t>(base + range.upper_delta))};
    }
  }
  return {encode(code_point), encode(code_point)};
}

}  // namespace

IgnoreCaseText::IgnoreCaseText(std::string_view text) : original_(text) {
  for (std::size_t offset = 0; offset < text.size(); offset += utf8_length(text, offset)) {
    const std::uint32_t code_point = utf8_decode(text, offset);
    never_ = never_ || code_point > 0xFFFF;
    letters_.push_back(cases_of(code_point));
  }
}

bool IgnoreCaseText::equals(std::string_view value) const { return matches(value, Where::whole); }

bool IgnoreCaseText::is_prefix_of(std::string_view value) const {
  return matches(value, Where::prefix);
}

bool IgnoreCaseText::is_suffix_of(std::string_view value) const {
  return matches(value, Where::suffix);
}

// Follows every way to read the value at once, since a letter's two cases may differ in length. A
// suffix is read backwards.
bool IgnoreCaseText::matches(std::string_view value, Where where) const {
  if (never_) {
    return false;
  }
  const bool backwards = where == Where::suffix;
  std::vector<std::size_t> read{0};  // bytes of the value read so far, one entry per way
  std::vector<std::size_t> next;
  for (std::size_t i = 0; i < letters_.size() && !read.empty(); ++i) {
    const Letter& letter = letters_[backwards ? letters_.size() - 1 - i : i];
    next.clear();
    const auto step = [&](std::size_t done, const std::string& form) {
      const auto rest = backwards ? value.substr(0, value.size() - done) : value.substr(done);
      const bool fits = backwards ? rest.ends_with(form) : rest.starts_with(form);
      if (fits && std::find(next.begin(), next.end(), done + form.size()) == next.end()) {
        next.push_back(done + form.size());
      }
    };
    for (const std::size_t done : read) {
      step(done, letter.lower);
      step(done, letter.upper);
    }
    read.swap(next);
  }
  if (where != Where::whole) {
    return !read.empty();
  }
  return std::find(read.begin(), read.end(), value.size()) != read.end();
}

}  // namespace signalbox::rules
