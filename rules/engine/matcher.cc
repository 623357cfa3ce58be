#include "rules/engine/matcher.h"

#include <algorithm>
#include <limits>

#include "rules/reuse.h"

namespace signalbox::rules::engine {

namespace {

// Of more, those that lead to the same are told apart first.
constexpr std::size_t lookups_followed_max = 256;
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
  fit(checked_by_, index.clauses.size());
  if (++event_ == event_max) {
    std::fill(decided_.begin(), decided_.end(), 0);
    std::fill(matched_by_.begin(), matched_by_.end(), 0);
    std::fill(checked_by_.begin(), checked_by_.end(), 0);
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
  if (lookups.size() > lookups_followed_max) return follow_each_once(lookups);
  for (const Lookup& lookup : lookups) {
    if (lookup.entry != nullptr) follow(*lookup.entry);
  }
  for (const std::uint32_t clause : candidates_) try_clause(clause);
}

// A value that stands in an event a hundred thousand times leads to its rules once.
void Matcher::follow_each_once(std::span<const Lookup> lookups) {
  std::vector<const IndexEntry*> entries;
  for (const Lookup& lookup : lookups) {
    if (lookup.entry != nullptr) entries.push_back(lookup.entry);
  }
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  for (const IndexEntry* entry : entries) follow(*entry);
  for (const std::uint32_t clause : candidates_) try_clause(clause);
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

void Matcher::follow(const IndexEntry& entry) {
  const Posting* const postings = entry.postings;
  for (std::uint32_t i = entry.mark_count; i < entry.header.count; ++i) {
    const Posting posting = postings[i];
    if (may_pass(posting.guard)) {
      __builtin_prefetch(&index_->clauses[posting.target]);
      candidates_.push_back(posting.target);
    }
  }
}

void Matcher::try_clause(std::uint32_t at) {
  const Clause& clause = index_->clauses[at];
  const std::uint32_t* conditions = clause.conditions();
  for (std::uint32_t i = 0; i < clause.condition_count; ++i) {
    if (i == clause.found_by && clause.is_certain) continue;
    if (!is_met(conditions[i])) return;
  }
  if (matched_by_[clause.rule] == event_) return;
  // A single path finds its element, whichever it is; absence depends on the others' elements.
  if (walker_.array_path_count() > (clause.asks_absence ? 0 : 1)) {
    // Once, however many keys lead here.
    if (checked_by_[at] == event_) return;
    checked_by_[at] = event_;
    if (!agrees_in_arrays(clause)) return;
  }
  matched_by_[clause.rule] = event_;
  matched_->push_back(clause.id);
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
  // Where arrays are, absence is about the elements taken: agrees_in_arrays() decides.
  bool met = condition.absent && (value == no_value || walker_.is_in_array(condition.node));
  for (; !met && value != no_value; value = values[value].next) {
    met = holds_for(condition, values[value]);
  }
  decided_[at] = event_ << 1 | (met ? 1 : 0);
  return met;
}

// Whether the conditions are met together without taking two elements of one array.
bool Matcher::agrees_in_arrays(const Clause& clause) {
  std::uint32_t in_arrays = 0;
  bool asks_absence = false;
  for (std::uint32_t i = 0; i < clause.condition_count; ++i) {
    const Condition& condition = index_->conditions[clause.conditions()[i]];
    if (!walker_.is_in_array(condition.node)) continue;
    ++in_arrays;
    asks_absence = asks_absence || condition.absent;
  }
  // A single one finds its element, whichever it is.
  if (in_arrays == 0 || (in_arrays == 1 && !asks_absence)) return true;
  consistency_.start(walker_.array_elements(), walker_.array_count());
  auto& values = walker_.values();
  for (std::uint32_t i = 0; i < clause.condition_count; ++i) {
    const Condition& condition = index_->conditions[clause.conditions()[i]];
    consistency_.add_field(condition.absent);
    for (std::uint32_t value = walker_.first_at(condition.node); value != no_value;
         value = values[value].next) {
      consistency_.add_value(values[value].element, holds_for(condition, values[value]));
    }
  }
  return consistency_.holds();
}

}  // namespace signalbox::rules::engine
