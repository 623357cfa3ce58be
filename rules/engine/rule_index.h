// The rules of a set as a snapshot reads them, and as the set changes them.
//
// A rule is one clause, or one for each way through its $or. A clause is met when each of its
// conditions is. It is found by one of them, the one that seems rarest: the keys of the values that
// meet it lead to the clause; the others are checked when it is found. Conditions are shared by all
// clauses that ask the same, and decided at most once for an event.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "rules/engine/condition.h"
#include "rules/engine/id_table.h"
#include "rules/engine/index_table.h"
#include "rules/engine/name_tree.h"
#include "rules/engine/shared_memory.h"
#include "rules/pattern_model.h"
#include "rules/rules.h"

namespace signalbox::rules::engine {

constexpr std::uint32_t no_clause = 0xFFFFFFFF;

struct Clause {
  static constexpr std::uint32_t inline_max = 6;

  RuleId id;  // of its rule, as everything a match reads is here
  std::uint32_t rule;
  std::uint32_t next;  // of the same rule, or no_clause
  std::uint16_t condition_count;
  std::uint16_t found_by;  // which condition leads to it
  bool is_certain;         // and is met when it does
  bool is_used;
  bool asks_absence;
  union {
    std::uint32_t few[inline_max];
    BlockHeader* many;  // when there are more than inline_max
  };

  // In the order of their paths, which array consistency depends on.
  const std::uint32_t* conditions() const {
    return condition_count <= inline_max ? few : reinterpret_cast<const std::uint32_t*>(many + 1);
  }
};

struct Rule {
  RuleId id;
  std::uint32_t first_clause;
};

// What a snapshot copies: a few pointers.
struct RuleIndexView {
  NameTree names;
  IndexTable table;
  SharedArray<Condition> conditions;
  SharedArray<Clause> clauses;
  SharedArray<Rule> rules;
  std::size_t rule_count = 0;
  std::uint64_t version = 0;  // no two snapshots of any sets have the same
};

// Belongs to one thread.
class RuleIndex {
 public:
  RuleIndex();
  ~RuleIndex();
  RuleIndex(const RuleIndex&) = delete;
  RuleIndex& operator=(const RuleIndex&) = delete;

  // The rule must not be there.
  void add(RuleId id, const PatternModel& model);
  // False when there is none.
  bool remove(RuleId id);

  const RuleIndexView& view() const { return view_; }
  // What keeps a copy of view() valid that is made now.
  std::shared_ptr<const Generation> take_snapshot();
  std::size_t memory_bytes() const;

 private:
  std::uint32_t add_clause(const PatternModel& model, const std::vector<std::uint32_t>& fields,
                           RuleId id, std::uint32_t rule, std::uint32_t next);
  void remove_clause(std::uint32_t clause);
  void review_next_clause();
  std::uint32_t use_condition(const FieldPattern& pattern);
  void release_condition(std::uint32_t condition);
  double share_of(const Condition& condition) const;
  std::uint32_t choose(Clause& clause) const;
  template <class Visit>
  void each_key_of(const Condition& condition, Visit visit) const;
  template <class Visit>
  void each_key_of(const Clause& clause, Visit visit) const;
  void mark_if_popular(std::uint32_t condition);
  void add_posting(const IndexKey& key, Posting posting);
  void remove_posting(const IndexKey& key, Posting posting);

  SharedMemory memory_;
  RuleIndexView view_;
  // By node; grows with the tree.
  std::vector<PathVariety> varieties_;
  GramCounts grams_;
  IdTable conditions_by_content_;
  IdTable rules_by_id_;
  std::size_t next_review_ = 0;
  std::vector<std::uint32_t> free_conditions_;
  std::vector<std::uint32_t> free_clauses_;
  std::vector<std::uint32_t> free_rules_;
};

}  // namespace signalbox::rules::engine
