// Which rules an event matches.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "rules/engine/event_walker.h"
#include "rules/engine/rule_index.h"

namespace signalbox::rules::engine {

// Keep one per thread: its memory is reused from event to event, whatever the snapshot.
class Matcher {
 public:
  // Appends the ids of the rules that the event matches, each once, in no order.
  void match(const RuleIndexView& index, std::string_view event_json, std::vector<RuleId>& matched);

 private:
  // A key that some value has, on its way to its postings.
  struct Lookup {
    std::uint64_t hash;
    const void* page;
    const IndexEntry* entry;
    std::size_t tried;  // candidates so far
    const char* bytes;  // null: they are word
    std::uint64_t word;
    std::uint32_t size_bytes;
    std::uint32_t parameter;
    NodeId node;
    KeyKind kind;
  };

  void begin(const RuleIndexView& index);
  void collect_keys();
  void collect_keys_of(EventValue& value, const NameTree::Node& node);
  void add_text_key(NodeId node, KeyKind kind, std::uint32_t parameter, std::string_view bytes);
  void add_word_key(NodeId node, KeyKind kind, std::uint32_t parameter, std::uint64_t word);
  void add_number_key(EventValue& value, const Probe& probe);
  void add_address_key(const EventValue& value, std::uint32_t bits, std::string& address);
  void add_gram_keys(const EventValue& value, const NameTree::GramFilter& filter);
  std::string_view folded(const EventValue& value, std::size_t& place);

  void follow(Lookup& lookup);
  bool is_of(const IndexEntry& entry, const Lookup& lookup) const;
  void try_clause(Posting posting);
  bool is_met(std::uint32_t condition);
  bool decide(std::uint32_t condition);
  bool agrees_in_arrays(const Clause& clause);
  bool holds_for(const Condition& condition, EventValue& value) const;

  EventWalker walker_;
  std::vector<Lookup> lookups_;
  std::string folded_;  // values in lower case, one after the other
  std::deque<std::string> addresses_;
  const RuleIndexView* index_ = nullptr;
  std::vector<RuleId>* matched_ = nullptr;
  // By condition: twice the number of the event, plus one when it is met.
  std::vector<std::uint32_t> decided_;
  // By rule: the number of the last event it matched.
  std::vector<std::uint32_t> matched_by_;
  std::uint32_t event_ = 0;
};

}  // namespace signalbox::rules::engine
