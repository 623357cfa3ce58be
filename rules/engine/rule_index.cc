#include "rules/engine/rule_index.h"

#include <algorithm>
#include <atomic>

namespace signalbox::rules::engine {

namespace {

// Guesses for conditions that no key of their own finds.
constexpr float share_of_weak = 0.7F;
constexpr float share_of_anything_but = 0.9F;
// From so many clauses on, looking a condition's keys up costs less than deciding it.
constexpr std::uint32_t uses_to_mark = 10;
constexpr int reviews_per_add = 2;

std::uint32_t hash_of_id(RuleId id) {
  return static_cast<std::uint32_t>(mix(id ^ 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93));
}

template <class T>
std::uint32_t take(SharedMemory& memory, SharedArray<T>& array, std::vector<std::uint32_t>& free) {
  if (!free.empty()) {
    const std::uint32_t slot = free.back();
    free.pop_back();
    return slot;
  }
  array.resize(memory, array.size() + 1);
  return static_cast<std::uint32_t>(array.size() - 1);
}

}  // namespace

RuleIndex::RuleIndex() : view_{NameTree(memory_), IndexTable(memory_), {}, {}, {}, 0, 0} {}

RuleIndex::~RuleIndex() {
  for (std::size_t i = 0; i < view_.conditions.size(); ++i) {
    if (view_.conditions[i].program != nullptr) memory_.retire(view_.conditions[i].program);
  }
  for (std::size_t i = 0; i < view_.clauses.size(); ++i) {
    const Clause& clause = view_.clauses[i];
    if (clause.condition_count > Clause::inline_max) memory_.retire(clause.many);
  }
  view_.conditions.retire_all(memory_);
  view_.clauses.retire_all(memory_);
  view_.rules.retire_all(memory_);
  view_.table.retire_all(memory_);
  view_.names.retire_all(memory_);
}

void RuleIndex::add(RuleId id, const PatternModel& model) {
  const std::uint32_t slot = take(memory_, view_.rules, free_rules_);
  std::uint32_t first = no_clause;
  for (const auto& fields : model.alternatives) first = add_clause(model, fields, id, slot, first);
  view_.rules.edit(memory_, slot) = {id, first};
  rules_by_id_.insert(hash_of_id(id), slot);
  ++view_.rule_count;
  for (int i = 0; i < reviews_per_add; ++i) review_next_clause();
}

// What seemed rare when a rule was added need not be so among the rules that came later: each
// clause is looked at again while the set doubles.
void RuleIndex::review_next_clause() {
  next_review_ = next_review_ + 1 < view_.clauses.size() ? next_review_ + 1 : 0;
  const auto at = static_cast<std::uint32_t>(next_review_);
  if (!view_.clauses[at].is_used) return;
  Clause reviewed = view_.clauses[at];
  const std::uint32_t guard = choose(reviewed);
  if (reviewed.found_by == view_.clauses[at].found_by) return;
  each_key_of(view_.clauses[at], [&](const IndexKey& key, bool) {
    remove_posting(key, {at, no_condition});
  });
  view_.clauses.edit(memory_, at) = reviewed;
  each_key_of(reviewed, [&](const IndexKey& key, bool) { add_posting(key, {at, guard}); });
}

bool RuleIndex::remove(RuleId id) {
  const auto is_it = [&](std::uint32_t slot) { return view_.rules[slot].id == id; };
  const std::uint32_t slot = rules_by_id_.find(hash_of_id(id), is_it);
  if (slot == IdTable::none) return false;
  rules_by_id_.erase(hash_of_id(id), slot);
  for (std::uint32_t at = view_.rules[slot].first_clause; at != no_clause;) {
    const std::uint32_t next = view_.clauses[at].next;
    remove_clause(at);
    at = next;
  }
  free_rules_.push_back(slot);
  --view_.rule_count;
  return true;
}

std::uint32_t RuleIndex::use_condition(const FieldPattern& pattern) {
  const std::string tests = encode_tests(pattern);
  const std::uint64_t kind = (pattern.exists ? 2U : 0U) | (pattern.absent ? 1U : 0U);
  const auto hash = static_cast<std::uint32_t>(hash_bytes(tests, hash_bytes(pattern.path, kind)));
  NodeId node = view_.names.descend(root_node, pattern.path);
  const std::uint32_t known = conditions_by_content_.find(hash, [&](std::uint32_t at) {
    const Condition& condition = view_.conditions[at];
    return condition.node == node && condition.exists == pattern.exists &&
           condition.absent == pattern.absent && tests_of(condition.program) == tests;
  });
  if (known != IdTable::none) {
    ++view_.conditions.edit(memory_, known).use_count;
    ++varieties_[node].use_count;
    mark_if_popular(known);
    return known;
  }
  node = view_.names.add_use(memory_, pattern.path);
  if (varieties_.size() < view_.names.node_count()) varieties_.resize(view_.names.node_count());
  PathVariety& variety = varieties_[node];
  ++variety.condition_count;
  ++variety.use_count;
  note_numbers(tests, variety);
  const auto plan = plan_keys(node, tests, variety, grams_);
  grams_.change(node, tests, 1);
  const std::uint32_t made = take(memory_, view_.conditions, free_conditions_);
  view_.conditions.edit(memory_, made) = {
      .program = new_program(memory_, tests, plan),
      .node = node,
      .use_count = 1,
      .hash = hash,
      .weak_share = pattern.none_of.empty() ? share_of_weak : share_of_anything_but,
      .exists = pattern.exists,
      .absent = pattern.absent};
  conditions_by_content_.insert(hash, made);
  return made;
}

void RuleIndex::release_condition(std::uint32_t at) {
  Condition& condition = view_.conditions.edit(memory_, at);
  --varieties_[condition.node].use_count;
  if (--condition.use_count > 0) return;
  if (condition.is_marked) {
    each_key_of(condition, [&](const IndexKey& key, bool) { remove_posting(key, {at, mark}); });
  }
  conditions_by_content_.erase(condition.hash, at);
  grams_.change(condition.node, tests_of(condition.program), -1);
  if (--varieties_[condition.node].condition_count == 0) varieties_[condition.node] = {};
  view_.names.remove_use(memory_, condition.node);
  memory_.retire(condition.program);
  condition.program = nullptr;
  free_conditions_.push_back(at);
}

std::uint32_t RuleIndex::add_clause(const PatternModel& model,
                                    const std::vector<std::uint32_t>& fields, RuleId id,
                                    std::uint32_t rule, std::uint32_t next) {
  std::vector<std::uint32_t> conditions;
  conditions.reserve(fields.size());
  for (const std::uint32_t field : fields) conditions.push_back(use_condition(model.fields[field]));
  const std::uint32_t at = take(memory_, view_.clauses, free_clauses_);
  Clause clause{};
  clause.id = id;
  clause.rule = rule;
  clause.is_used = true;
  clause.asks_absence = std::any_of(fields.begin(), fields.end(), [&](std::uint32_t field) {
    return model.fields[field].absent;
  });
  clause.next = next;
  clause.condition_count = static_cast<std::uint16_t>(conditions.size());
  std::uint32_t* place = clause.few;
  if (conditions.size() > Clause::inline_max) {
    const std::size_t size = conditions.size() * sizeof(std::uint32_t);
    clause.many = memory_.allocate(sizeof(BlockHeader) + size);
    place = reinterpret_cast<std::uint32_t*>(clause.many + 1);
  }
  std::copy(conditions.begin(), conditions.end(), place);
  const std::uint32_t guard = choose(clause);
  view_.clauses.edit(memory_, at) = clause;
  each_key_of(clause, [&](const IndexKey& key, bool) { add_posting(key, {at, guard}); });
  return at;
}

void RuleIndex::remove_clause(std::uint32_t at) {
  const Clause clause = view_.clauses[at];
  each_key_of(clause, [&](const IndexKey& key, bool) { remove_posting(key, {at, no_condition}); });
  for (std::uint16_t i = 0; i < clause.condition_count; ++i) {
    release_condition(clause.conditions()[i]);
  }
  if (clause.condition_count > Clause::inline_max) memory_.retire(clause.many);
  view_.clauses.edit(memory_, at) = Clause{};
  free_clauses_.push_back(at);
}

// How many of all events a condition seems to let through.
double RuleIndex::share_of(const Condition& condition) const {
  if (condition.absent) return 1;
  double share = 0;
  const bool has_keys =
      !condition.exists && each_key(condition.program, varieties_[condition.node],
                                    [&](const FoundBy& found) { share += found.share; });
  if (!has_keys) return condition.weak_share;
  // What many rules ask for, many events have.
  const auto& variety = varieties_[condition.node];
  const double popularity = condition.use_count / (variety.use_count + 10.0);
  return std::min<double>(std::max(share, popularity), condition.weak_share);
}

// Sets which condition leads to the clause, the one that seems rarest; returns which is to be
// checked first then: one that many clauses ask for, as it has likely been decided already.
std::uint32_t RuleIndex::choose(Clause& clause) const {
  std::vector<double> shares;
  for (std::uint16_t i = 0; i < clause.condition_count; ++i) {
    shares.push_back(share_of(view_.conditions[clause.conditions()[i]]));
  }
  const auto rarest = std::min_element(shares.begin(), shares.end());
  clause.found_by = static_cast<std::uint16_t>(rarest - shares.begin());
  clause.is_certain = true;
  each_key_of(clause, [&](const IndexKey&, bool certain) {
    clause.is_certain = clause.is_certain && certain;
  });
  std::uint32_t guard = no_condition;
  double best_worth = 0;
  for (std::uint16_t i = 0; i < clause.condition_count; ++i) {
    if (i == clause.found_by) continue;
    const std::uint32_t at = clause.conditions()[i];
    const auto& condition = view_.conditions[at];
    const double cost = condition.is_marked ? 1 : 2 + 30.0 / condition.use_count;
    const double worth = (1.01 - shares[i]) / cost;
    if (worth > best_worth) {
      best_worth = worth;
      guard = condition.is_marked ? at | by_keys : at;
    }
  }
  return guard;
}

void RuleIndex::add_posting(const IndexKey& key, Posting posting) {
  if (!view_.table.add(memory_, key, posting)) return;
  view_.names.add_probe(memory_, key.node, key.kind, key.parameter, key.bytes);
  if (key.kind == KeyKind::gram) {
    view_.names.add_gram(memory_, key.node, load_4(key.bytes.data()));
  }
}

void RuleIndex::remove_posting(const IndexKey& key, Posting posting) {
  if (!view_.table.remove(memory_, key, posting)) return;
  view_.names.remove_probe(memory_, key.node, key.kind, key.parameter);
}

// A condition that many clauses share is decided by looking its keys up, once for all like it,
// where that can tell.
void RuleIndex::mark_if_popular(std::uint32_t at) {
  const Condition& condition = view_.conditions[at];
  if (condition.is_marked || condition.use_count != uses_to_mark || condition.absent ||
      condition.exists) {
    return;
  }
  bool all_certain = true;
  each_key_of(condition,
              [&](const IndexKey&, bool certain) { all_certain = all_certain && certain; });
  if (!all_certain) return;
  each_key_of(condition, [&](const IndexKey& key, bool) { add_posting(key, {at, mark}); });
  view_.conditions.edit(memory_, at).is_marked = true;
}

// Calls visit(key, certain) for each key that finds the values a condition wants.
template <class Visit>
void RuleIndex::each_key_of(const Condition& condition, Visit visit) const {
  const NodeId node = condition.node;
  // Only the last test tells whether keys find all values.
  std::vector<std::pair<FoundBy, std::string>> keys;
  const bool has_keys =
      !condition.exists && each_key(condition.program, varieties_[node], [&](const FoundBy& found) {
        keys.emplace_back(found, found.bytes);
      });
  if (!has_keys) return visit(IndexKey{node, KeyKind::present, 0, {}}, condition.exists);
  for (const auto& [found, bytes] : keys) {
    visit(IndexKey{node, found.kind, found.parameter, bytes}, found.certain);
  }
}

// Likewise for each key that leads to a clause.
template <class Visit>
void RuleIndex::each_key_of(const Clause& clause, Visit visit) const {
  if (clause.condition_count == 0) return visit(IndexKey{}, true);
  const Condition& condition = view_.conditions[clause.conditions()[clause.found_by]];
  if (condition.absent) return visit(IndexKey{}, false);
  each_key_of(condition, visit);
}

std::shared_ptr<const Generation> RuleIndex::take_snapshot() {
  static std::atomic<std::uint64_t> last_version{0};
  view_.version = ++last_version;
  return memory_.take_snapshot();
}

std::size_t RuleIndex::memory_bytes() const {
  return memory_.used_bytes() + varieties_.capacity() * sizeof(PathVariety) +
         conditions_by_content_.memory_bytes() + rules_by_id_.memory_bytes() +
         (free_conditions_.capacity() + free_clauses_.capacity() + free_rules_.capacity()) *
             sizeof(std::uint32_t);
}

}  // namespace signalbox::rules::engine
