#include "rules/engine/matcher.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "rules/array_consistency.h"
#include "rules/engine/test_codes.h"
#include "rules/ip_range.h"

namespace signalbox::rules::engine {

namespace {

constexpr std::size_t kept_entries_max = 16 * 1024;
constexpr std::size_t kept_bytes_max = 256 * 1024;
const std::string no_address = "-";
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
  if (++event_ == event_max) {
    std::fill(decided_.begin(), decided_.end(), 0);
    std::fill(matched_by_.begin(), matched_by_.end(), 0);
    event_ = 1;
  }
  lookups_.clear();
  if (lookups_.capacity() > kept_entries_max) lookups_.shrink_to_fit();
  addresses_.clear();
  folded_.clear();
  if (folded_.capacity() > kept_bytes_max) folded_.shrink_to_fit();
}

void Matcher::match(const RuleIndexView& index, std::string_view event_json,
                    std::vector<RuleId>& matched) {
  if (index.rule_count == 0 || !walker_.walk(event_json, index.names)) return;
  begin(index);
  matched_ = &matched;
  collect_keys();
  // Each step for all keys before the next, so that the waits for memory overlap.
  for (Lookup& lookup : lookups_) {
    lookup.page = index.table.page_of(lookup.hash);
    index.table.prefetch(lookup.page, lookup.hash);
  }
  for (Lookup& lookup : lookups_) {
    lookup.entry = index.table.candidate(lookup.page, lookup.hash, lookup.tried);
    if (lookup.entry != nullptr) __builtin_prefetch(lookup.entry);
  }
  for (Lookup& lookup : lookups_) {
    if (lookup.entry != nullptr) follow(lookup);
  }
}

// --- keys ---------------------------------------------------------------------------------------

void Matcher::collect_keys() {
  const NameTree& names = index_->names;
  if (names.node(root_node).probes != nullptr) add_text_key(root_node, KeyKind::always, 0, {});
  // Folded values stay where they are: the keys point to them.
  std::size_t value_bytes = 0;
  for (const EventValue& value : walker_.values()) value_bytes += value.size_bytes;
  folded_.reserve(value_bytes);
  for (EventValue& value : walker_.values()) {
    const NameTree::Node& node = names.node(value.node);
    if (node.probes != nullptr) collect_keys_of(value, node);
  }
}

void Matcher::collect_keys_of(EventValue& value, const NameTree::Node& node) {
  const std::string_view text = value.text();
  const bool is_string = value.is_string();
  std::size_t folded_place = std::string::npos;
  std::string address;
  const Probe* const end = node.probes->entries + node.probes->header.count;
  for (const Probe* probe = node.probes->entries; probe != end; ++probe) {
    const std::uint32_t parameter = probe->parameter;
    if (!is_string && probe->kind != KeyKind::text && probe->kind != KeyKind::number &&
        probe->kind != KeyKind::block && probe->kind != KeyKind::present) {
      continue;
    }
    switch (probe->kind) {
      case KeyKind::text: add_text_key(value.node, KeyKind::text, 0, text); break;
      case KeyKind::number:
      case KeyKind::block: add_number_key(value, *probe); break;
      case KeyKind::prefix:
        if (parameter <= text.size()) {
          add_text_key(value.node, probe->kind, parameter, text.substr(0, parameter));
        }
        break;
      case KeyKind::suffix:
        if (parameter <= text.size()) {
          add_text_key(value.node, probe->kind, parameter, text.substr(text.size() - parameter));
        }
        break;
      case KeyKind::folded:
        add_text_key(value.node, probe->kind, 0, folded(value, folded_place));
        break;
      case KeyKind::folded_prefix:
        if (parameter <= text.size()) {
          add_text_key(value.node, probe->kind, parameter,
                       folded(value, folded_place).substr(0, parameter));
        }
        break;
      case KeyKind::folded_suffix:
        if (parameter <= text.size()) {
          add_text_key(value.node, probe->kind, parameter,
                       folded(value, folded_place).substr(text.size() - parameter));
        }
        break;
      case KeyKind::cidr: add_address_key(value, parameter, address); break;
      case KeyKind::gram: add_gram_keys(value, *node.gram_filter); break;
      case KeyKind::present:
        // Once for the path: with the value that was found first.
        if (value.next == no_value) add_text_key(value.node, KeyKind::present, 0, {});
        break;
      case KeyKind::always: break;
    }
  }
}

void Matcher::add_text_key(NodeId node, KeyKind kind, std::uint32_t parameter,
                           std::string_view bytes) {
  lookups_.push_back({.hash = hash_bytes(bytes, IndexKey::seed(node, kind, parameter)),
                      .bytes = bytes.data() == nullptr ? "" : bytes.data(),
                      .size_bytes = static_cast<std::uint32_t>(bytes.size()),
                      .parameter = parameter,
                      .node = node,
                      .kind = kind});
}

void Matcher::add_word_key(NodeId node, KeyKind kind, std::uint32_t parameter, std::uint64_t word) {
  const std::string_view bytes(reinterpret_cast<const char*>(&word), sizeof word);
  lookups_.push_back({.hash = hash_bytes(bytes, IndexKey::seed(node, kind, parameter)),
                      .word = word,
                      .size_bytes = sizeof word,
                      .parameter = parameter,
                      .node = node,
                      .kind = kind});
}

void Matcher::add_number_key(EventValue& value, const Probe& probe) {
  double number = 0;
  if (!value.looks_like_number() || !value.number.near(value.text(), number)) return;
  const std::uint64_t word = probe.kind == KeyKind::number
                                 ? std::bit_cast<std::uint64_t>(number)
                                 : number_order(number) >> probe.parameter;
  add_word_key(value.node, probe.kind, probe.parameter, word);
}

// The value's address, read once for all sizes of block, without the bits behind the block's.
void Matcher::add_address_key(const EventValue& value, std::uint32_t bits, std::string& address) {
  if (address.empty()) {
    address = parse_ip(value.text().substr(1, value.size_bytes - 2)).value_or(no_address);
  }
  if (address.size() * 8 < bits || address == no_address) return;
  std::string masked = address.substr(0, (bits + 7) / 8);
  if (bits % 8 != 0) masked.back() = static_cast<char>(masked.back() & 0xFF00 >> bits % 8);
  addresses_.push_back(std::move(masked));
  add_text_key(value.node, KeyKind::cidr, bits, addresses_.back());
}

void Matcher::add_gram_keys(const EventValue& value, const NameTree::GramFilter& filter) {
  for (std::uint32_t i = 0; i + 4 <= value.size_bytes; ++i) {
    if (filter.has(NameTree::GramFilter::fold(load_4(value.data + i)))) {
      add_text_key(value.node, KeyKind::gram, 0, {value.data + i, 4});
    }
  }
}

// The value in lower case, made at the first call for it.
std::string_view Matcher::folded(const EventValue& value, std::size_t& place) {
  if (place == std::string::npos) {
    place = folded_.size();
    for (std::uint32_t i = 0; i < value.size_bytes; ++i) folded_ += fold(value.data[i]);
  }
  return std::string_view(folded_).substr(place, value.size_bytes);
}

// --- postings -----------------------------------------------------------------------------------

bool Matcher::is_of(const IndexEntry& entry, const Lookup& lookup) const {
  if (entry.hash != lookup.hash || entry.kind != lookup.kind || entry.node != lookup.node ||
      entry.parameter != lookup.parameter || entry.key_bytes != lookup.size_bytes) {
    return false;
  }
  const std::string_view key = entry.key();
  return lookup.bytes == nullptr ? load_8(key.data()) == lookup.word
                                 : key == std::string_view(lookup.bytes, lookup.size_bytes);
}

void Matcher::follow(Lookup& lookup) {
  const IndexEntry* entry = lookup.entry;
  while (entry != nullptr && !is_of(*entry, lookup)) {
    entry = index_->table.candidate(lookup.page, lookup.hash, lookup.tried);
  }
  if (entry == nullptr) return;
  for (std::uint32_t i = 0; i < entry->header.count; ++i) try_clause(entry->postings[i]);
}

void Matcher::try_clause(Posting posting) {
  if (posting.guard != no_condition && !is_met(posting.guard)) return;
  const Clause& clause = index_->clauses[posting.clause];
  const std::uint32_t* conditions = clause.conditions();
  for (std::uint32_t i = 0; i < clause.condition_count; ++i) {
    if (i == clause.found_by && clause.is_certain) continue;
    if (!is_met(conditions[i])) return;
  }
  if (matched_by_[clause.rule] == event_) return;
  if (walker_.has_array_values() && !agrees_in_arrays(clause)) return;
  matched_by_[clause.rule] = event_;
  matched_->push_back(index_->rules[clause.rule].id);
}

bool Matcher::is_met(std::uint32_t condition) {
  const std::uint32_t decided = decided_[condition];
  return decided >> 1 == event_ ? (decided & 1) != 0 : decide(condition);
}

bool Matcher::holds_for(const Condition& condition, EventValue& value) const {
  return condition.exists || holds(tests_of(condition.program), value);
}

bool Matcher::decide(std::uint32_t at) {
  const Condition& condition = index_->conditions[at];
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
  ArrayConsistency consistency(walker_.array_count());
  auto& values = walker_.values();
  for (std::uint32_t i = 0; i < clause.condition_count; ++i) {
    const Condition& condition = index_->conditions[clause.conditions()[i]];
    std::vector<ArrayConsistency::Membership> matching;
    std::vector<ArrayConsistency::Membership> present;
    for (std::uint32_t value = walker_.first_at(condition.node); value != no_value;
         value = values[value].next) {
      if (holds_for(condition, values[value])) {
        walker_.append_membership(values[value], matching.emplace_back());
      }
      if (condition.absent) walker_.append_membership(values[value], present.emplace_back());
    }
    consistency.add(std::move(matching), std::move(present), condition.absent);
  }
  return consistency.holds();
}

}  // namespace signalbox::rules::engine
