// Which rules an event matches.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rules/array_consistency.h"
#include "rules/engine/event_walker.h"
#include "rules/engine/key_collector.h"
#include "rules/engine/rule_index.h"

namespace signalbox::rules::engine {

// Keep one per thread: its memory is reused from event to event, whatever the snapshot.
class Matcher {
 public:
  // Appends the ids of the rules that the event matches, each once, in no order.
  void match(const RuleIndexView& index, std::string_view event_json, std::vector<RuleId>& matched);

 private:
  void begin(const RuleIndexView& index);
  void settle(Lookup& lookup);
  void follow_each_once(std::span<const Lookup> lookups);
  void follow(const IndexEntry& entry);
  void try_clause(std::uint32_t clause);
  bool may_pass(std::uint32_t guard);
  bool is_met(std::uint32_t condition);
  bool decide(std::uint32_t condition);
  bool agrees_in_arrays(const Clause& clause);
  bool holds_for(const Condition& condition, EventValue& value) const;

  EventWalker walker_;
  KeyCollector collector_;
  ArrayConsistency consistency_;
  const RuleIndexView* index_ = nullptr;
  std::vector<RuleId>* matched_ = nullptr;
  std::vector<std::uint32_t> candidates_;  // clauses to try
  // By condition: twice the number of the event, plus one when it is met.
  std::vector<std::uint32_t> decided_;
  // By rule: the number of the last event it matched.
  std::vector<std::uint32_t> matched_by_;
  // By clause: the number of the last event for which its place in arrays was checked.
  std::vector<std::uint32_t> checked_by_;
  std::uint32_t event_ = 0;
};

}  // namespace signalbox::rules::engine
