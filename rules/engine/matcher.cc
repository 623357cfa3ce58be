#include "rules/engine/matcher.h"

#include <algorithm>
#include <limits>

#include "rules/reuse.h"

namespace signalbox::rules::engine {

namespace {

// Of more, those that lead to the same are put together first.
constexpr std::size_t followed_apart_max = 256;
constexpr std::uint32_t event_max = std::numeric_limits<std::uint32_t>::max() / 2;

template <class T>
void fit(std::vector<T>& table, std::size_t size) {
  if (table.size() < size) table.resize(size);
}

}  // namespace

void Matcher::begin(const RuleIndexView& index) {
  index_ = &index;
  fit(decided_, index.conditions.size());
  fit(matched_by_, index.rules.size());
  fit(ruled_out_by_, index.clauses.size());
  if (++event_ == event_max) {
    std::fill(decided_.begin(), decided_.end(), 0);
    std::fill(matched_by_.begin(), matched_by_.end(), 0);
    std::fill(ruled_out_by_.begin(), ruled_out_by_.end(), 0);
    event_ = 1;
  }
}

void Matcher::match(const RuleIndexView& index, std::string_view event_json,
                    std::vector<RuleId>& matched) {
  if (index.rule_count == 0 || !walker_.walk(event_json, index.names, index.version)) return;
  begin(index);
  matched_ = &matched;
  reuse(candidates_);
  const auto lookups = collector_.collect(index.names, walker_);
  // Each step for all keys before the next, so that the waits for memory overlap.
  for (Lookup& lookup : lookups) {
    lookup.place = index.table.place_of(lookup.hash);
    IndexTable::prefetch(lookup.place, lookup.hash);
  }
  for (Lookup& lookup : lookups) {
    lookup.entry = IndexTable::candidate(lookup.place, lookup.hash, lookup.tried);
    if (lookup.entry != nullptr) __builtin_prefetch(lookup.entry);
  }
  for (Lookup& lookup : lookups) {
    if (lookup.entry != nullptr) settle(lookup);
  }
  has_arrays_ = false;
  lookups_ = lookups;
  is_grouped_ = lookups.size() > followed_apart_max;
  if (is_grouped_) {
    follow_grouped();
  } else {
    for (std::uint32_t i = 0; i < lookups.size(); ++i) {
      if (lookups[i].entry != nullptr) follow(*lookups[i].entry, i);
    }
  }
  for (const Candidate& candidate : candidates_) try_clause(candidate);
}

// A value that stands in an event a hundred thousand times leads to its rules once.
void Matcher::follow_grouped() {
  reuse(groups_);
  reuse(found_);
  std::vector<const Lookup*> useful;
  for (const Lookup& lookup : lookups_) {
    const IndexEntry* const entry = lookup.entry;
    if (entry != nullptr && entry->header.count > entry->mark_count) useful.push_back(&lookup);
  }
  std::sort(useful.begin(), useful.end(), [](const Lookup* one, const Lookup* other) {
    return one->entry != other->entry ? one->entry < other->entry : one < other;
  });
  for (std::uint32_t i = 0; i < useful.size(); ++i) {
    if (i == 0 || useful[i]->entry != useful[i - 1]->entry) {
      follow(*useful[i]->entry, static_cast<std::uint32_t>(groups_.size()));
      groups_.push_back({i, i});
    }
    found_.push_back(useful[i]->value);
    ++groups_.back().end;
  }
}

// Finds the key's entry, if it has one, and notes the conditions it meets.
void Matcher::settle(Lookup& lookup) {
  while (lookup.entry != nullptr && !lookup.is_of(*lookup.entry)) {
    lookup.entry = IndexTable::candidate(lookup.place, lookup.hash, lookup.tried);
  }
  if (lookup.entry == nullptr) return;
  const std::uint32_t met = event_ << 1 | 1;
  const Posting* const postings = lookup.entry->postings;
  for (std::uint32_t i = 0; i < lookup.entry->mark_count; ++i) {
    decided_[postings[i].target] = met;
  }
}

void Matcher::follow(const IndexEntry& entry, std::uint32_t found) {
  const Posting* const postings = entry.postings;
  for (std::uint32_t i = entry.mark_count; i < entry.header.count; ++i) {
    const Posting posting = postings[i];
    if (may_pass(posting.guard)) {
      __builtin_prefetch(&index_->clauses[posting.target]);
      candidates_.push_back({posting.target, found});
    }
  }
}

void Matcher::try_clause(const Candidate& candidate) {
  const Clause& clause = index_->clauses[candidate.clause];
  const std::uint32_t* conditions = clause.conditions();
  for (std::uint32_t i = 0; i < clause.condition_count; ++i) {
    if (i == clause.found_by && clause.is_certain) continue;
    if (!is_met(conditions[i])) return;
  }
  if (matched_by_[clause.rule] == event_) return;
  if (may_disagree_in_arrays(clause) && !agrees_in_arrays(clause, candidate)) return;
  matched_by_[clause.rule] = event_;
  matched_->push_back(clause.id);
}

// A single condition finds its element, whichever it is, but absence depends on the elements that
// others take.
bool Matcher::may_disagree_in_arrays(const Clause& clause) const {
  if (walker_.array_path_count() <= (clause.asks_absence ? 0 : 1)) return false;
  std::uint32_t in_arrays = 0;
  for (std::uint32_t i = 0; i < clause.condition_count; ++i) {
    const Condition& condition = index_->conditions[clause.conditions()[i]];
    if (walker_.is_in_array(condition.node) && (++in_arrays > 1 || condition.absent)) return true;
  }
  return false;
}

// Whether the conditions are met together without taking two elements of one array.
bool Matcher::agrees_in_arrays(const Clause& clause, const Candidate& candidate) {
  std::uint32_t& ruled_out = ruled_out_by_[candidate.clause];
  if (ruled_out == event_) return false;
  if (!has_arrays_) arrays_.start(*index_, walker_);
  has_arrays_ = true;
  const auto answer = arrays_.ask(clause, values_of(candidate));
  if (answer == ArrayCheck::Answer::never) ruled_out = event_;
  return answer == ArrayCheck::Answer::together;
}

std::span<const std::uint32_t> Matcher::values_of(const Candidate& candidate) const {
  if (!is_grouped_) return {&lookups_[candidate.found].value, 1};
  const Group& group = groups_[candidate.found];
  return std::span(found_).subspan(group.first, group.end - group.first);
}

inline bool Matcher::may_pass(std::uint32_t guard) {
  if (guard == no_condition) return true;
  if ((guard & by_keys) == 0) return is_met(guard);
  return decided_[guard & ~by_keys] == (event_ << 1 | 1);
}

inline bool Matcher::is_met(std::uint32_t condition) {
  const std::uint32_t decided = decided_[condition];
  return decided >> 1 == event_ ? (decided & 1) != 0 : decide(condition);
}

bool Matcher::holds_for(const Condition& condition, EventValue& value) const {
  return condition.exists || holds(tests_of(condition.program), value);
}

bool Matcher::decide(std::uint32_t at) {
  const Condition& condition = index_->conditions[at];
  if (condition.is_marked) {
    decided_[at] = event_ << 1;
    return false;
  }
  auto& values = walker_.values();
  std::uint32_t value = walker_.first_at(condition.node);
  // Where arrays are, absence is about the elements taken: ArrayCheck decides.
  bool met = condition.absent && (value == no_value || walker_.is_in_array(condition.node));
  for (; !met && value != no_value; value = values[value].next) {
    met = holds_for(condition, values[value]);
  }
  decided_[at] = event_ << 1 | (met ? 1 : 0);
  return met;
}

}  // namespace signalbox::rules::engine
