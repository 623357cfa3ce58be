#include "rules/engine/array_check.h"

#include <algorithm>
#include <bit>

#include "rules/engine/condition.h"

namespace signalbox::rules::engine {

namespace {

// Past so many words of sets, all are made anew.
constexpr std::size_t words_max = std::size_t{1} << 20;

template <class T>
void fit(std::vector<T>& table, std::size_t size) {
  if (table.size() < size) table.resize(size);
}

// Leaves the words that the set has room in, too.
void narrow(const ElementSet& set, std::uint32_t& first, std::uint32_t& end) {
  first = std::max(first, set.first_word);
  end = std::min(end, set.end_word);
}

bool wants(const Condition& condition, EventValue& value) {
  return condition.exists || holds(tests_of(condition.program), value);
}

}  // namespace

void ArrayCheck::start(const RuleIndexView& index, EventWalker& event) {
  index_ = &index;
  event_ = &event;
  has_kinds_ = false;
  fit(paths_, index.names.node_count());
  fit(met_, index.conditions.size());
  forget();
}

void ArrayCheck::forget() {
  sets_.clear();
  if (++round_ != 0) return;
  std::fill(paths_.begin(), paths_.end(), Path{});
  std::fill(met_.begin(), met_.end(), Met{});
  round_ = 1;
}

ArrayCheck::Answer ArrayCheck::ask(const Clause& clause, std::span<const std::uint32_t> found) {
  if (sets_.size() > words_max) forget();
  list_fields(clause);
  const bool is_one_array = are_in_one_array();
  if (!is_one_array && !are_in_kinds()) {
    return is_consistent() ? Answer::together : Answer::never;
  }
  const bool is_start = may_start_from(clause, found);
  find_elements(is_start ? clause.conditions()[clause.found_by] : no_condition);
  const std::size_t kept = sets_.size();
  if (is_start) start_from(clause, found);
  const bool has_all = is_one_array ? one_element_has_all() : kinds_have_all();
  sets_.truncate(kept);
  if (has_all) return Answer::together;
  return is_start ? Answer::not_there : Answer::never;
}

// --- where values stand -------------------------------------------------------------------------

void ArrayCheck::list_fields(const Clause& clause) {
  fields_.clear();
  const std::uint32_t* conditions = clause.conditions();
  for (std::uint32_t i = 0; i < clause.condition_count; ++i) {
    const Condition& condition = index_->conditions[conditions[i]];
    // Outside of arrays it is met, and takes no element.
    if (!event_->is_in_array(condition.node)) continue;
    fields_.push_back({.condition = conditions[i],
                       .node = condition.node,
                       .may_be_absent = condition.absent,
                       .kind = none,
                       .wanted = {},
                       .elements = {}});
  }
}

template <class Visit>
void ArrayCheck::each_value(NodeId node, Visit visit) {
  auto& values = event_->values();
  for (std::uint32_t at = event_->first_at(node); at != no_value; at = values[at].next) {
    visit(values[at]);
  }
}

ArrayCheck::Path& ArrayCheck::path(NodeId node) {
  Path& path = paths_[node];
  if (path.round == round_) return path;
  path = {.round = round_,
          .array = none,
          .first_element = none,
          .last_element = 0,
          .value_count = 0,
          .is_outside = false,
          .is_in_many = false,
          .kind = none,
          .has_elements = false,
          .elements = {}};
  const auto elements = event_->array_elements();
  each_value(node, [&](const EventValue& value) {
    ++path.value_count;
    if (value.element == none) {
      path.is_outside = true;
      return;
    }
    const std::uint32_t array = elements[value.element].array;
    path.is_in_many = path.is_in_many || (path.array != none && path.array != array);
    path.array = array;
    path.first_element = std::min(path.first_element, value.element);
    path.last_element = std::max(path.last_element, value.element);
  });
  return path;
}

// Where there is any value.
const ElementSet& ArrayCheck::elements_of(NodeId node) {
  Path& path = this->path(node);
  if (path.has_elements) return path.elements;
  path.has_elements = true;
  path.elements = sets_.make(path.first_element, path.last_element);
  each_value(node, [&](const EventValue& value) {
    if (value.element != none) sets_.insert(path.elements, value.element);
  });
  return path.elements;
}

const ArrayCheck::Met& ArrayCheck::met(std::uint32_t at) {
  Met& met = met_[at];
  if (met.round == round_) return met;
  const Condition& condition = index_->conditions[at];
  const Path& around = path(condition.node);
  met = {round_, false, sets_.make(around.first_element, around.last_element)};
  each_value(condition.node, [&](EventValue& value) {
    if (value.element == none) {
      met.is_outside = met.is_outside || wants(condition, value);
    } else if (!sets_.has(met.elements, value.element) && wants(condition, value)) {
      sets_.insert(met.elements, value.element);
    }
  });
  return met;
}

bool ArrayCheck::are_in_one_array() {
  const std::uint32_t array = path(fields_.front().node).array;
  return std::all_of(fields_.begin(), fields_.end(), [&](const Field& field) {
    const Path& path = this->path(field.node);
    return path.array == array && !path.is_in_many && !path.is_outside;
  });
}

// Whether each field stands in arrays of one kind. One that may be absent needs a field before it
// in the same arrays that takes an element: then its absence is about that element alone.
bool ArrayCheck::are_in_kinds() {
  if (!has_kinds_) kinds_.read(event_->array_elements(), event_->array_nodes());
  has_kinds_ = true;
  if (!kinds_.is_simple()) return false;
  std::uint64_t taken = 0;  // kinds
  for (Field& field : fields_) {
    field.kind = kind_of(field.node);
    if (field.kind == ArrayKinds::none) return false;
    const std::uint64_t kind = std::uint64_t{1} << field.kind;
    if (field.may_be_absent && (taken & kind) == 0) return false;
    if (!field.may_be_absent) taken |= kind;
  }
  return true;
}

// None when values at the path stand in arrays of several kinds, or outside.
std::uint32_t ArrayCheck::kind_of(NodeId node) {
  Path& path = this->path(node);
  if (path.kind != none || path.is_outside || path.is_mixed) return path.kind;
  const auto elements = event_->array_elements();
  path.kind = kinds_.kind_of(path.array);
  if (!path.is_in_many) return path.kind;
  each_value(node, [&](const EventValue& value) {
    path.is_mixed = path.is_mixed || kinds_.kind_of(elements[value.element].array) != path.kind;
  });
  if (path.is_mixed) path.kind = none;
  return path.kind;
}

// --- where conditions are met together ----------------------------------------------------------

// Looking at the values that led to the clause takes less than finding all that the condition
// wants, unless many clauses ask for it and are led to by many values.
bool ArrayCheck::may_start_from(const Clause& clause, std::span<const std::uint32_t> found) {
  if (found.empty() || found.front() == no_value || clause.condition_count == 0) return false;
  const std::uint32_t at = clause.conditions()[clause.found_by];
  const Condition& condition = index_->conditions[at];
  return event_->is_in_array(condition.node) && met_[at].round != round_ &&
         found.size() * condition.use_count <= path(condition.node).value_count;
}

void ArrayCheck::find_elements(std::uint32_t except) {
  for (Field& field : fields_) {
    if (field.condition != except) field.wanted = met(field.condition).elements;
    if (field.may_be_absent) field.elements = elements_of(field.node);
  }
}

// The condition that led to the clause counts as met where the values stand that did.
void ArrayCheck::start_from(const Clause& clause, std::span<const std::uint32_t> found) {
  const std::uint32_t at = clause.conditions()[clause.found_by];
  auto& values = event_->values();
  std::uint32_t first = none;
  std::uint32_t last = 0;
  for (const std::uint32_t one : found) {
    first = std::min(first, values[one].element);
    last = std::max(last, values[one].element);
  }
  const ElementSet wanted = sets_.make(first, last);
  for (const std::uint32_t one : found) {
    EventValue& value = values[one];
    if (clause.is_certain || wants(index_->conditions[at], value)) {
      sets_.insert(wanted, value.element);
    }
  }
  for (Field& field : fields_) {
    if (field.condition == at) field.wanted = wanted;
  }
}

// All fields stand in one array. One that asks for absence is content with an element without any
// value of it, if a field before it takes that element.
bool ArrayCheck::one_element_has_all() const {
  // What the first field takes, none before it has.
  std::uint32_t first = fields_.front().wanted.first_word;
  std::uint32_t end = fields_.front().wanted.end_word;
  for (const Field& field : fields_) {
    if (!field.may_be_absent) narrow(field.wanted, first, end);
  }
  for (std::uint32_t at = first; at < end; ++at) {
    std::uint64_t has_all = ~std::uint64_t{0};
    std::uint64_t taken = 0;
    for (const Field& field : fields_) {
      const std::uint64_t wanted = sets_.word(field.wanted, at);
      has_all &= field.may_be_absent ? wanted | (taken & ~sets_.word(field.elements, at)) : wanted;
      taken |= wanted;
    }
    if (has_all != 0) return true;
  }
  return false;
}

// From the innermost kinds out: an element has all when it has what its own kind's fields want and
// an element with all in the arrays of each kind inside.
bool ArrayCheck::kinds_have_all() {
  std::uint64_t kinds = 0;  // still to be looked at
  for (const Field& field : fields_) kinds |= std::uint64_t{1} << field.kind;
  while (kinds != 0) {
    const auto kind = static_cast<std::uint32_t>(std::bit_width(kinds)) - 1;
    kinds ^= std::uint64_t{1} << kind;
    const std::uint32_t outer = kinds_.outer(kind);
    if (outer != ArrayKinds::none) kinds |= std::uint64_t{1} << outer;
    if (!kind_has_all(kind, outer)) return false;
  }
  return true;
}

// The elements around those that have all become a field of the outer kind.
bool ArrayCheck::kind_has_all(std::uint32_t kind, std::uint32_t outer) {
  std::uint32_t first = 0;
  std::uint32_t end = none;
  for (const Field& field : fields_) {
    if (field.kind == kind && !field.may_be_absent) narrow(field.wanted, first, end);
  }
  if (first >= end) return false;
  const ElementSet all = sets_.make_full(first, end);
  for (const Field& field : fields_) {
    if (field.kind != kind) continue;
    sets_.keep(all, [&](std::uint32_t at) {
      const std::uint64_t absent = field.may_be_absent ? ~sets_.word(field.elements, at) : 0;
      return sets_.word(field.wanted, at) | absent;
    });
  }
  if (!sets_.has_any(all)) return false;
  if (outer == ArrayKinds::none) return true;
  const auto elements = event_->array_elements();
  const ElementSet around = sets_.make(kinds_.first_element(outer), kinds_.last_element(outer));
  sets_.each(all, [&](auto element) { sets_.insert(around, elements[element].parent); });
  fields_.push_back({.condition = no_condition,
                     .node = no_node,
                     .may_be_absent = false,
                     .kind = outer,
                     .wanted = around,
                     .elements = {}});
  return true;
}

bool ArrayCheck::is_consistent() {
  consistency_.start(event_->array_elements(),
                     static_cast<std::uint32_t>(event_->array_nodes().size()));
  for (const Field& field : fields_) {
    consistency_.add_field(field.may_be_absent);
    const Met& met = this->met(field.condition);
    if (met.is_outside) consistency_.add_value(none, true);
    if (!field.may_be_absent) {
      sets_.each(met.elements, [&](auto element) { consistency_.add_value(element, true); });
      continue;
    }
    if (path(field.node).is_outside) consistency_.add_value(none, false);
    sets_.each(elements_of(field.node), [&](auto element) {
      consistency_.add_value(element, sets_.has(met.elements, element));
    });
  }
  return consistency_.holds();
}

}  // namespace signalbox::rules::engine
