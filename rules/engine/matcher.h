// Which rules an event matches.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rules/engine/array_check.h"
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
  // A clause to try, and what led to it: a look-up, or a group of those that found the same.
  struct Candidate {
    std::uint32_t clause;
    std::uint32_t found;
  };
  // Of values, by places in found_.
  struct Group {
    std::uint32_t first;
    std::uint32_t end;
  };

  void begin(const RuleIndexView& index);
  void settle(Lookup& lookup);
  void follow_grouped();
  void follow(const IndexEntry& entry, std::uint32_t found);
  std::span<const std::uint32_t> values_of(const Candidate& candidate) const;
  void try_clause(const Candidate& candidate);
  bool may_disagree_in_arrays(const Clause& clause) const;
  bool agrees_in_arrays(const Clause& clause, const Candidate& candidate);
  bool may_pass(std::uint32_t guard);
  bool is_met(std::uint32_t condition);
  bool decide(std::uint32_t condition);
  bool holds_for(const Condition& condition, EventValue& value) const;

  EventWalker walker_;
  KeyCollector collector_;
  ArrayCheck arrays_;
  bool has_arrays_ = false;  // that know of this event
  const RuleIndexView* index_ = nullptr;
  std::vector<RuleId>* matched_ = nullptr;
  std::span<const Lookup> lookups_;
  bool is_grouped_ = false;
  std::vector<Group> groups_;
  std::vector<std::uint32_t> found_;  // values of all groups, by their place in the event
  std::vector<Candidate> candidates_;
  // By condition: twice the number of the event, plus one when it is met.
  std::vector<std::uint32_t> decided_;
  // By rule: the number of the last event it matched.
  std::vector<std::uint32_t> matched_by_;
  // By clause: the number of the last event whose arrays ruled it out.
  std::vector<std::uint32_t> ruled_out_by_;
  std::uint32_t event_ = 0;
};

}  // namespace signalbox::rules::engine
