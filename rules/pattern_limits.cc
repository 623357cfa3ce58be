#include "rules/pattern_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "rules/engine/condition.h"
#include "rules/engine/rule_index.h"

namespace signalbox::rules {

namespace {

// A condition's own record, the block with its tests and its place among the others.
constexpr std::size_t condition_bytes =
    sizeof(engine::Condition) + sizeof(engine::BlockHeader) + 2 * sizeof(std::uint64_t);
// A name of a path, with its slot among others that are at most half full.
constexpr std::size_t name_bytes = sizeof(engine::NameTree::Node) + sizeof(engine::PathVariety) +
                                   2 * sizeof(engine::NameTree::Child);
// Each value is kept in its test and as an index key with postings.
constexpr std::size_t index_entry_bytes = sizeof(engine::IndexEntry) + 2 * sizeof(std::uint64_t);

std::size_t bytes_of(const FieldPattern& field) {
  const std::size_t tests = engine::encode_tests(field).size();
  return condition_bytes + 2 * tests + field.any_of.size() * index_entry_bytes;
}

// The names that the path does not share with the one before.
std::size_t name_bytes_of(std::string_view path, std::string_view before) {
  const auto [end, other_end] =
      std::mismatch(path.begin(), path.end(), before.begin(), before.end());
  const auto differs_at = static_cast<std::size_t>(end - path.begin());
  const auto names = 1 + std::count(end, path.end(), '.');
  return path.size() - differs_at + static_cast<std::size_t>(names) * name_bytes;
}

std::size_t compiled_bytes(const PatternModel& model) {
  std::size_t bytes = 0;
  std::string_view before;
  for (const auto& field : model.fields) {
    bytes += bytes_of(field) + name_bytes_of(field.path, before);
    before = field.path;
  }
  for (const auto& alternative : model.alternatives) {
    bytes += sizeof(engine::Clause) + alternative.size() * sizeof(std::uint32_t);
    // At worst the clause is posted under each value of its widest field.
    std::size_t widest = 0;
    for (const std::uint32_t field : alternative) {
      widest = std::max(widest, model.fields[field].any_of.size());
    }
    bytes += widest * sizeof(engine::Posting);
  }
  return bytes;
}

std::size_t stars_of(const FieldPattern& field) {
  const auto count = [](std::size_t sum, const ValueMatcher& matcher) {
    const auto* wildcard = std::get_if<Wildcard>(&matcher);
    return wildcard == nullptr ? sum : sum + wildcard->pieces().size() - 1;
  };
  std::size_t stars = std::accumulate(field.any_of.begin(), field.any_of.end(), 0UL, count);
  for (const auto& matchers : field.none_of) {
    stars = std::accumulate(matchers.begin(), matchers.end(), stars, count);
  }
  return stars;
}

}  // namespace

std::string reason_past_limits(const PatternModel& model, const PatternLimits& limits) {
  const std::size_t bytes = compiled_bytes(model);
  if (bytes > limits.compiled_bytes_max) {
    return fmt::format("Rule is too complex - it takes {} bytes, {} are allowed", bytes,
                       limits.compiled_bytes_max);
  }
  const bool has_too_many_stars =
      limits.stars_max > 0 &&
      std::any_of(model.fields.begin(), model.fields.end(),
                  [&](const FieldPattern& field) { return stars_of(field) > limits.stars_max; });
  return has_too_many_stars
             ? "Rule is too complex - try using fewer wildcard characters or fewer repeating "
               "character sequences after a wildcard character"
             : "";
}

}  // namespace signalbox::rules
