#include "rules/array_consistency.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "rules/reuse.h"

namespace signalbox::rules {

namespace {

// Room for so many numbers, all of which are none before and after.
void fit(std::vector<std::uint32_t>& table, std::size_t size) {
  if (table.size() > size + kept_entries_max) table = {};
  if (table.size() < size) table.resize(size, ArrayElement::none);
}

}  // namespace

void ArrayConsistency::start(std::span<const ArrayElement> elements, std::uint32_t array_count) {
  elements_ = elements;
  fields_.clear();
  forget_places();
  reuse(values_);
  reuse(visited_);
  reuse(order_);
  fit(place_of_, elements.size());
  fit(array_of_, array_count);
}

void ArrayConsistency::add_field(bool may_be_absent) {
  fields_.push_back({may_be_absent ? Asks::for_either : Asks::for_value,
                     static_cast<std::uint32_t>(values_.size())});
}

void ArrayConsistency::add_value(std::uint32_t element, bool is_wanted) {
  if (is_wanted || fields_.back().asks == Asks::for_either) {
    values_.push_back({element, is_wanted});
  }
}

bool ArrayConsistency::holds() {
  for (std::uint32_t field = 0; field < fields_.size(); ++field) {
    if (!settle(field)) return false;
  }
  if (is_all_in_one_array()) return one_element_has_all();
  tries_left_ = tries_max;
  return solve();
}

std::span<const ArrayConsistency::Value> ArrayConsistency::values_of(std::uint32_t field) const {
  const std::uint32_t first = fields_[field].first_value;
  const std::size_t last =
      field + 1 < fields_.size() ? fields_[field + 1].first_value : values_.size();
  return std::span(values_).subspan(first, last - first);
}

// What the field asks for once values outside of arrays are considered. False: it cannot hold.
bool ArrayConsistency::settle(std::uint32_t field) {
  bool has_wanted = false;
  bool has_wanted_in_arrays = false;
  bool has_outside = false;  // a value that no choice of elements leaves out
  const auto values = values_of(field);
  for (const Value& value : values) {
    has_wanted = has_wanted || value.is_wanted;
    has_wanted_in_arrays = has_wanted_in_arrays || (value.is_wanted && value.element != none);
    has_outside = has_outside || value.element == none;
  }
  Asks& asks = fields_[field].asks;
  if (asks == Asks::for_value || has_outside) {
    asks = has_wanted_in_arrays ? Asks::for_value : Asks::for_nothing;
    return has_wanted;
  }
  asks = values.empty() ? Asks::for_nothing : has_wanted ? Asks::for_either : Asks::for_absence;
  return true;
}

// Whether every field asks for a value, and all values that it wants stand right in elements of the
// same array. What these elements are in is the same for all of them then.
bool ArrayConsistency::is_all_in_one_array() {
  asking_fields_.clear();
  std::uint32_t array = none;
  for (std::uint32_t field = 0; field < fields_.size(); ++field) {
    if (fields_[field].asks == Asks::for_nothing) continue;
    if (fields_[field].asks != Asks::for_value) return false;
    asking_fields_.push_back(field);
    for (const Value& value : values_of(field)) {
      if (!value.is_wanted) continue;
      if (value.element == none) return false;
      if (array == none) array = elements_[value.element].array;
      if (elements_[value.element].array != array) return false;
    }
  }
  return true;
}

// Begins with the field that fewest values are wanted of: only elements with one of them count.
bool ArrayConsistency::one_element_has_all() {
  if (asking_fields_.empty()) return true;
  const auto rarest = std::min_element(
      asking_fields_.begin(), asking_fields_.end(),
      [this](auto one, auto other) { return values_of(one).size() < values_of(other).size(); });
  std::iter_swap(asking_fields_.begin(), rarest);
  const auto candidates = values_of(asking_fields_.front());
  // By element, how many fields were found in it; none where the first was not.
  for (const Value& value : candidates) {
    if (value.is_wanted) place_of_[value.element] = 1;
  }
  bool has_all = true;
  for (std::uint32_t found = 1; has_all && found < asking_fields_.size(); ++found) {
    has_all = false;
    for (const Value& value : values_of(asking_fields_[found])) {
      if (!value.is_wanted || place_of_[value.element] != found) continue;
      place_of_[value.element] = found + 1;
      has_all = true;
    }
  }
  for (const Value& value : candidates) {
    if (value.is_wanted) place_of_[value.element] = none;
  }
  return has_all;
}

bool ArrayConsistency::solve() {
  if (tries_left_ == 0) return false;
  forget_places();
  contested_fields_.clear();
  for (std::uint32_t field = 0; field < fields_.size(); ++field) {
    const Asks asks = fields_[field].asks;
    if (asks == Asks::for_nothing) continue;
    const bool is_contested = visit(field);
    if (is_contested && asks == Asks::for_either) return solve_either(field);
    if (is_contested && asks == Asks::for_value) {
      register_contested(field);
    } else {
      register_certain(field);
    }
  }
  --tries_left_;
  return work_inside_out();
}

// Where an array may or may not have the field's value, both are tried.
bool ArrayConsistency::solve_either(std::uint32_t field) {
  fields_[field].asks = Asks::for_value;
  bool solved = solve();
  if (!solved) {
    fields_[field].asks = Asks::for_absence;
    solved = solve();
  }
  fields_[field].asks = Asks::for_either;
  return solved;
}

// --- where the fields are -----------------------------------------------------------------------

void ArrayConsistency::forget_places() {
  for (const Place& place : places_) {
    if (place.element != none) place_of_[place.element] = none;
  }
  for (const Array& array : arrays_) array_of_[array.number] = none;
  reuse(places_);
  reuse(arrays_);
  places_.push_back({.element = none});
}

ArrayConsistency::Place& ArrayConsistency::place(std::uint32_t element) {
  if (element == none) return places_.front();
  std::uint32_t& at = place_of_[element];
  if (at == none) {
    at = static_cast<std::uint32_t>(places_.size());
    places_.push_back({.element = element});
  }
  return places_[at];
}

ArrayConsistency::Array& ArrayConsistency::array(std::uint32_t number) {
  std::uint32_t& at = array_of_[number];
  if (at == none) {
    at = static_cast<std::uint32_t>(arrays_.size());
    arrays_.push_back({.number = number});
  }
  return arrays_[at];
}

// Goes to every place with values that count for the field. True: the field is contested.
bool ArrayConsistency::visit(std::uint32_t field) {
  const bool all_count = fields_[field].asks != Asks::for_value;
  bool is_contested = false;
  visited_.clear();
  for (const Value& value : values_of(field)) {
    if (!all_count && !value.is_wanted) continue;
    std::uint32_t from = none;
    std::uint32_t element = value.element;
    for (;;) {
      Place& here = place(element);
      if (here.seen_by == field) {
        is_contested = is_contested || here.seen_in != from;
        break;
      }
      here.seen_by = field;
      here.seen_in = from;
      if (element == none) break;
      visited_.push_back(element);
      from = elements_[element].array;
      element = elements_[element].parent;
    }
  }
  return is_contested;
}

void ArrayConsistency::register_contested(std::uint32_t field) {
  const auto number = static_cast<std::uint32_t>(contested_fields_.size());
  contested_fields_.push_back(field);
  for (const Value& value : values_of(field)) {
    if (value.is_wanted) place(value.element).offers.front().contested.insert(number);
  }
}

void ArrayConsistency::register_certain(std::uint32_t field) {
  const Asks asks = fields_[field].asks;
  for (const std::uint32_t element : visited_) {
    Array& around = array(elements_[element].array);
    around.is_needed = true;
    if (asks != Asks::for_value) {
      note_absence(around, element, field);
    } else if (around.seen_by != field) {
      ++around.certain_count;
    }
    around.seen_by = field;
  }
  for (const Value& value : values_of(field)) {
    Place& here = place(value.element);
    if (asks == Asks::for_absence || !value.is_wanted || here.found_by == field) continue;
    here.found_by = field;
    Offer& offer = here.offers.front();
    offer.first_field = std::min(offer.first_field, field);
    here.certain_count += asks == Asks::for_value ? 1 : 0;
  }
  if (asks == Asks::for_value) return;
  for (const Value& value : values_of(field)) {
    Place& here = place(value.element);
    here.is_dead = here.is_dead || here.found_by != field;
  }
}

// Fields come in order, so that the first to be noted stays the first.
void ArrayConsistency::note_absence(Array& array, std::uint32_t element, std::uint32_t field) {
  if (array.absent == none) {
    array.absent = field;
    array.absent_at = element;
  } else if (array.absent_elsewhere == none && array.absent_at != element) {
    array.absent_elsewhere = field;
  }
}

// --- what can be taken together -----------------------------------------------------------------

bool ArrayConsistency::work_inside_out() {
  order_.clear();
  for (std::size_t i = 1; i < places_.size(); ++i) order_.push_back(places_[i].element);
  // Elements stand behind what they are in.
  std::sort(order_.begin(), order_.end(), std::greater<>());
  for (const std::uint32_t element : order_) {
    Place& inner = place(element);
    finish_array(inner);
    Array& around = array(elements_[element].array);
    Place& outer = place(elements_[element].parent);
    if (outer.array_in_work != around.number) {
      finish_array(outer);
      outer.array_in_work = around.number;
    }
    offer_to_array(inner, around);
  }
  Place& outside = places_.front();
  finish_array(outside);
  return !outside.is_dead &&
         std::any_of(outside.offers.begin(), outside.offers.end(), [this](const Offer& offer) {
           return offer.contested.size() == contested_fields_.size();
         });
}

// Takes what the array in work offers into the offers of the place that it stands in.
void ArrayConsistency::finish_array(Place& place) {
  if (place.array_in_work == none) return;
  Array& done = array(place.array_in_work);
  place.array_in_work = none;
  place.certain_count += done.certain_count;
  if (!done.is_needed) add_offer(done.offers, {});
  Offers together;
  for (const Offer& one : place.offers) {
    for (const Offer& other : done.offers) {
      if (one.pinned.intersects(other.pinned)) continue;
      Offer both = one;
      both.contested.insert(other.contested);
      both.pinned.insert(other.pinned);
      both.first_field = std::min(both.first_field, other.first_field);
      add_offer(together, std::move(both));
    }
  }
  place.offers = std::move(together);
  place.is_dead = place.is_dead || place.offers.empty();
}

// Offers of an element are offers of its array when they have all that must be found in it, and
// take something early enough to leave out the other elements' values of absent fields.
void ArrayConsistency::offer_to_array(const Place& place, Array& array) {
  if (place.is_dead || place.certain_count != array.certain_count) return;
  const std::uint32_t absent = array.absent_outside(place.element);
  for (const Offer& offer : place.offers) {
    const std::uint32_t pinned = offer.pinned.first(none);
    const std::uint32_t first =
        std::min(offer.first_field, pinned == none ? none : contested_fields_[pinned]);
    if (first <= absent) {
      add_offer(array.offers, offer);
      continue;
    }
    for (std::uint32_t i = 0; i < contested_fields_.size() && contested_fields_[i] < absent; ++i) {
      if (!offer.contested.contains(i)) continue;
      Offer pinning = offer;
      pinning.pinned.insert(i);
      add_offer(array.offers, std::move(pinning));
    }
  }
}

// Keeps only offers that no other makes needless, and of too many those that take more.
void ArrayConsistency::add_offer(Offers& offers, Offer offer) {
  const auto is_as_good = [](const Offer& one, const Offer& other) {
    return one.first_field <= other.first_field && one.contested.contains_all(other.contested) &&
           other.pinned.contains_all(one.pinned);
  };
  for (const Offer& other : offers) {
    if (is_as_good(other, offer)) return;
  }
  std::erase_if(offers, [&](const Offer& other) { return is_as_good(offer, other); });
  if (offers.size() < offers_max) {
    offers.push_back(std::move(offer));
    return;
  }
  const auto least = std::min_element(offers.begin(), offers.end(), [](auto& one, auto& other) {
    return one.contested.size() < other.contested.size();
  });
  if (least->contested.size() < offer.contested.size()) *least = std::move(offer);
}

}  // namespace signalbox::rules
