// From conditions to tests, and from tests to the keys under which their values are found.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "rules/engine/condition.h"
#include "rules/engine/test_codes.h"
#include "rules/ignore_case.h"
#include "rules/utf8.h"

namespace signalbox::rules::engine {

namespace {

using Visit = std::function<void(const FoundBy&)>;

// A range of more of a path's numbers than this finds nothing worth finding.
constexpr double wide_share = 0.25;
// Blocks of numbers have sizes of 2^(3n), so that a value is looked up in few sizes; a range then
// needs up to 9 of them.
constexpr unsigned block_bits_step = 3;
constexpr std::uint64_t range_blocks_max = 9;
constexpr std::size_t gram_bytes = 4;
// A text with letters that are not ASCII is found by this many ways to write so much of it.
constexpr std::size_t letter_ways_max = 8;
constexpr std::size_t letter_key_bytes_max = 64;
constexpr std::size_t gram_counts_size = 1 << 16;

std::size_t gram_slot(NodeId node, std::string_view gram) {
  return hash_bytes(gram, node) % gram_counts_size;
}

std::string_view as_bytes(const std::uint64_t& word) {
  return {reinterpret_cast<const char*>(&word), sizeof word};
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<signed char>(c) >= 0; });
}

struct EncodeTest {
  TestWriter& out;
  std::uint8_t group;

  void operator()(const ExactText& exact) const { out.test(TestCode::text, group, exact.text); }
  void operator()(const EqualNumber& equal) const {
    std::string bytes;
    TestWriter(bytes).number(equal.number);
    out.test(TestCode::number, group, bytes);
  }
  void operator()(const NumberRange& range) const {
    std::string bytes;
    TestWriter writer(bytes);
    writer.number(range.bottom);
    writer.number(range.top);
    writer.byte(range.bottom_open ? 1 : 0);
    writer.byte(range.top_open ? 1 : 0);
    out.test(TestCode::range, group, bytes);
  }
  void operator()(const Prefix& prefix) const { out.test(TestCode::prefix, group, prefix.text); }
  void operator()(const Suffix& suffix) const { out.test(TestCode::suffix, group, suffix.text); }
  void operator()(const IgnoreCase& ignore_case) const {
    std::string lower;
    for (const auto& letter : ignore_case.text.letters()) lower += letter.lower;
    const bool folds = is_ascii(ignore_case.text.original()) && is_ascii(lower);
    const auto code = static_cast<std::uint8_t>(folds ? TestCode::folded : TestCode::letters);
    const auto where = static_cast<std::uint8_t>(ignore_case.where);
    std::string bytes;
    if (!folds) TestWriter(bytes).text(ignore_case.text.original());
    out.test(static_cast<TestCode>(code + where), group, folds ? lower : bytes);
  }
  void operator()(const Wildcard& wildcard) const {
    std::string bytes;
    for (const auto& piece : wildcard.pieces()) TestWriter(bytes).text(piece);
    out.test(TestCode::wildcard, group, bytes);
  }
  void operator()(const IpRange& range) const {
    std::string bytes;
    TestWriter writer(bytes);
    writer.text(range.bottom);
    writer.text(range.top);
    out.test(TestCode::cidr, group, bytes);
  }
};

// One of those that the path's rules tell apart, and of some more: long texts are rarer than short
// ones, and digits tell identifiers, of which there are many.
double share_of_text(std::string_view text, const PathVariety& variety) {
  const auto digits = std::count_if(text.begin(), text.end(), is_digit);
  const double identifiers = digits >= 4 ? 200 : digits >= 2 ? 50 : 0;
  return 1 / (variety.condition_count + identifiers + static_cast<double>(text.size()));
}

double share_of_affix(std::string_view affix, const PathVariety& variety) {
  // A quote and one character hold for many whatever else is asked.
  return affix.size() <= 2 ? 0.2 : std::min(0.5, 2 * share_of_text(affix, variety));
}

// How rare four bytes seem: digits and punctuation tell identifiers from words.
int gram_rarity(std::string_view gram) {
  int rarity = 0;
  for (const char c : gram) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    rarity += c >= '0' && c <= '9' ? 3 : is_letter ? 1 : 2;
  }
  return rarity;
}

// How a wildcard is found: by the text it begins or ends with, or by four bytes somewhere in it.
enum class WildcardKey : std::uint32_t { none, prefix, suffix, gram };
constexpr std::uint32_t plan_of(WildcardKey key, std::size_t gram_offset) {
  return static_cast<std::uint32_t>(gram_offset) << 2 | static_cast<std::uint32_t>(key);
}

std::string_view last_piece(std::string_view wildcard) {
  std::string_view piece;
  for (TestReader pieces(wildcard); !pieces.at_end();) piece = pieces.text();
  return piece;
}

// The four bytes that the fewest other wildcards have; the later of equals, for what tells texts
// apart tends to stand behind what they share.
std::uint32_t plan_wildcard(NodeId node, std::string_view wildcard, const GramCounts& grams) {
  const std::string_view first = TestReader(wildcard).text();
  const std::string_view last = last_piece(wildcard);
  std::string_view best_piece;
  std::string_view best;
  std::uint32_t best_count = 0;
  for (TestReader pieces(wildcard); !pieces.at_end();) {
    const std::string_view piece = pieces.text();
    for (std::size_t i = 0; i + gram_bytes <= piece.size(); ++i) {
      const auto gram = piece.substr(i, gram_bytes);
      const std::uint32_t count = grams.count(node, gram);
      if (!best.empty() &&
          (count > best_count || (count == best_count && gram_rarity(gram) < gram_rarity(best)))) {
        continue;
      }
      best = gram;
      best_piece = piece;
      best_count = count;
    }
  }
  // A piece's quote is no text.
  if (best.empty() && first.size() < 2 && last.size() < 2) return plan_of(WildcardKey::none, 0);
  const bool is_first = best_piece.data() == first.data();
  const bool is_last = best_piece.data() == last.data();
  if (best.empty() ? first.size() > last.size() : is_first) return plan_of(WildcardKey::prefix, 0);
  if (best.empty() || is_last) return plan_of(WildcardKey::suffix, 0);
  return plan_of(WildcardKey::gram, static_cast<std::size_t>(best.data() - wildcard.data()));
}

bool wildcard_key(std::string_view wildcard, std::uint32_t plan, const PathVariety& variety,
                  const Visit& visit) {
  const double share = 1.0 / (variety.condition_count + 20);
  const std::string_view first = TestReader(wildcard).text();
  switch (static_cast<WildcardKey>(plan & 3)) {
    case WildcardKey::none: return false;
    case WildcardKey::prefix:
      visit({KeyKind::prefix, static_cast<std::uint32_t>(first.size()), first, false, share});
      return true;
    case WildcardKey::suffix: {
      const std::string_view last = last_piece(wildcard);
      visit({KeyKind::suffix, static_cast<std::uint32_t>(last.size()), last, false,
             last.size() < gram_bytes ? 0.2 / static_cast<double>(last.size()) : share});
      return true;
    }
    case WildcardKey::gram:
      visit({KeyKind::gram, 0, wildcard.substr(plan >> 2, gram_bytes), false, share});
      return true;
  }
  return false;
}

double range_share(std::string_view bytes, const PathVariety& variety) {
  TestReader range(bytes);
  const double bottom = range.number();
  const double top = range.number();
  // While the path has few rules, numbers are taken to go from zero on.
  const double span =
      std::max({variety.number_max - variety.number_min, std::abs(bottom), std::abs(top)});
  return span > 0 ? (top - bottom) / span : 1;
}

// One more than the bits that a range's blocks leave away; 0 when it is too wide to be found by.
std::uint32_t plan_range(std::string_view bytes, const PathVariety& variety) {
  if (!(range_share(bytes, variety) < wide_share)) return 0;
  TestReader range(bytes);
  const std::uint64_t low = number_order(range.number());
  const std::uint64_t high = number_order(range.number());
  std::uint32_t bits = 0;
  while ((high >> bits) - (low >> bits) >= range_blocks_max) bits += block_bits_step;
  return bits + 1;
}

bool range_keys(std::string_view bytes, std::uint32_t plan, const PathVariety& variety,
                const Visit& visit) {
  if (plan == 0) return false;
  TestReader range(bytes);
  const std::uint32_t bits = plan - 1;
  const std::uint64_t first = number_order(range.number()) >> bits;
  const std::uint64_t last = number_order(range.number()) >> bits;
  const double share = range_share(bytes, variety) / static_cast<double>(last - first + 1);
  for (std::uint64_t block = first; block <= last; ++block) {
    visit({KeyKind::block, bits, as_bytes(block), false, share});
  }
  return true;
}

// The bits that both ends of the block share, in whole bytes with zeroes behind.
void cidr_key(std::string_view bytes, const Visit& visit) {
  TestReader range(bytes);
  const std::string_view bottom = range.text();
  const std::string_view top = range.text();
  std::uint32_t bits = 0;
  while (bits < bottom.size() * 8 &&
         ((bottom[bits / 8] ^ top[bits / 8]) >> (7 - bits % 8) & 1) == 0) {
    ++bits;
  }
  const bool is_ipv4 = bottom.size() == 4;
  // Networks are handed out in blocks of about /8 and /32; what lies inside is spread evenly.
  const int inside = static_cast<int>(bits) - (is_ipv4 ? 8 : 32);
  const double share = std::min(0.5, std::ldexp(1.0, -std::max(inside, 0)));
  visit({KeyKind::cidr, bits, bottom.substr(0, (bits + 7) / 8), is_ipv4, share});
}

// A text with letters beyond ASCII: each way to write its beginning, of a suffix its end, as far as
// these are few. Keys have ASCII letters in lower case, which leaves such letters as they are.
void letter_keys(const Test& test, const PathVariety& variety, const Visit& visit) {
  const bool is_suffix = test.code == TestCode::letters_suffix;
  bool is_whole = test.code == TestCode::letters;
  std::vector<IgnoreCaseText::Letter> letters =
      IgnoreCaseText(TestReader(test.bytes).text()).letters();
  if (is_suffix) std::reverse(letters.begin(), letters.end());
  std::vector<std::string> ways(1);
  for (IgnoreCaseText::Letter& letter : letters) {
    std::transform(letter.lower.begin(), letter.lower.end(), letter.lower.begin(), fold);
    std::transform(letter.upper.begin(), letter.upper.end(), letter.upper.begin(), fold);
    const std::size_t count = ways.size();
    const bool has_case = letter.lower != letter.upper;
    if (ways[0].size() >= letter_key_bytes_max || (has_case && 2 * count > letter_ways_max)) {
      is_whole = false;
      break;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::string way = ways[i];
      ways[i] = is_suffix ? letter.lower + way : way + letter.lower;
      if (has_case) ways.push_back(is_suffix ? letter.upper + way : way + letter.upper);
    }
  }
  const auto kind = is_whole    ? KeyKind::folded
                    : is_suffix ? KeyKind::folded_suffix
                                : KeyKind::folded_prefix;
  for (const std::string& way : ways) {
    const auto parameter = is_whole ? 0 : static_cast<std::uint32_t>(way.size());
    const double share = is_whole ? share_of_text(way, variety) : share_of_affix(way, variety);
    visit({kind, parameter, way, false, share});
  }
}

bool is_literal(std::string_view text) { return !text.starts_with('"') && text.size() > 3; }

bool has_plan(TestCode code) { return code == TestCode::range || code == TestCode::wildcard; }

bool test_keys(const Test& test, std::uint32_t plan, const PathVariety& variety,
               const Visit& visit) {
  const auto size = static_cast<std::uint32_t>(test.bytes.size());
  switch (test.code) {
    case TestCode::text: {
      const double share = is_literal(test.bytes) ? 0.4 : share_of_text(test.bytes, variety);
      visit({KeyKind::text, 0, test.bytes, true, share});
      return true;
    }
    case TestCode::number: {
      const auto word = std::bit_cast<std::uint64_t>(TestReader(test.bytes).number());
      visit({KeyKind::number, 0, as_bytes(word), false, 1.0 / (variety.condition_count + 4)});
      return true;
    }
    case TestCode::range: return range_keys(test.bytes, plan, variety, visit);
    case TestCode::prefix:
      visit({KeyKind::prefix, size, test.bytes, true, share_of_affix(test.bytes, variety)});
      return true;
    case TestCode::suffix:
      visit({KeyKind::suffix, size, test.bytes, true, share_of_affix(test.bytes, variety)});
      return true;
    case TestCode::folded:
      visit({KeyKind::folded, 0, test.bytes, true, share_of_text(test.bytes, variety)});
      return true;
    case TestCode::folded_prefix:
      visit({KeyKind::folded_prefix, size, test.bytes, true, share_of_affix(test.bytes, variety)});
      return true;
    case TestCode::folded_suffix:
      visit({KeyKind::folded_suffix, size, test.bytes, true, share_of_affix(test.bytes, variety)});
      return true;
    case TestCode::letters:
    case TestCode::letters_prefix:
    case TestCode::letters_suffix: letter_keys(test, variety, visit); return true;
    case TestCode::wildcard: return wildcard_key(test.bytes, plan, variety, visit);
    case TestCode::cidr: cidr_key(test.bytes, visit); return true;
    default: return false;
  }
}

}  // namespace

std::string encode_tests(const FieldPattern& pattern) {
  std::string bytes;
  TestWriter writer(bytes);
  for (const auto& matcher : pattern.any_of) std::visit(EncodeTest{writer, 0}, matcher);
  // Neighbours have to differ, no more.
  std::uint8_t group = 1;
  for (const auto& matchers : pattern.none_of) {
    for (const auto& matcher : matchers) std::visit(EncodeTest{writer, group}, matcher);
    group = group == 1 ? 2 : 1;
  }
  return bytes;
}

void note_numbers(std::string_view tests, PathVariety& variety) {
  const auto note = [&](double number) {
    if (std::abs(number) == std::numeric_limits<double>::max()) return;  // an open end
    const bool is_first = variety.number_min == 0 && variety.number_max == 0;
    variety.number_min = is_first ? number : std::min(variety.number_min, number);
    variety.number_max = is_first ? number : std::max(variety.number_max, number);
  };
  for (TestReader reader(tests); !reader.at_end();) {
    const Test test = reader.test();
    if (test.code != TestCode::range) continue;
    TestReader range(test.bytes);
    note(range.number());
    note(range.number());
  }
}

void GramCounts::change(NodeId node, std::string_view tests, int by) {
  for (TestReader reader(tests); !reader.at_end();) {
    const Test test = reader.test();
    if (test.code != TestCode::wildcard || test.group != 0) continue;
    if (counts_.empty()) counts_.resize(gram_counts_size);
    for (TestReader pieces(test.bytes); !pieces.at_end();) {
      const std::string_view piece = pieces.text();
      for (std::size_t i = 0; i + gram_bytes <= piece.size(); ++i) {
        counts_[gram_slot(node, piece.substr(i, gram_bytes))] += static_cast<std::uint32_t>(by);
      }
    }
  }
}

std::uint32_t GramCounts::count(NodeId node, std::string_view gram) const {
  return counts_.empty() ? 0 : counts_[gram_slot(node, gram)];
}

std::vector<std::uint32_t> plan_keys(NodeId node, std::string_view tests,
                                     const PathVariety& variety, const GramCounts& grams) {
  std::vector<std::uint32_t> plan;
  for (TestReader reader(tests); !reader.at_end();) {
    const Test test = reader.test();
    if (!has_plan(test.code)) continue;
    plan.push_back(test.code == TestCode::range ? plan_range(test.bytes, variety)
                                                : plan_wildcard(node, test.bytes, grams));
  }
  return plan;
}

bool each_key(const BlockHeader* program, const PathVariety& variety, const Visit& visit) {
  const std::string_view tests = tests_of(program);
  const char* plan_at = tests.data() + tests.size();
  for (TestReader reader(tests); !reader.at_end();) {
    const Test test = reader.test();
    std::uint32_t plan = 0;
    if (has_plan(test.code)) {
      std::memcpy(&plan, plan_at, sizeof plan);
      plan_at += sizeof plan;
    }
    if (test.group != 0 || !test_keys(test, plan, variety, visit)) return false;
  }
  return !tests.empty();
}

std::uint64_t number_order(double number) {
  const auto bits = std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number);
  constexpr std::uint64_t sign = std::uint64_t{1} << 63;
  return bits & sign ? ~bits : bits | sign;
}

}  // namespace signalbox::rules::engine
