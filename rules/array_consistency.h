// Array consistency: the fields of a pattern must all be found without taking two different
// elements of the same array. `{"a":{"b":[1],"c":[2]}}` does not match `{"a":[{"b":1},{"c":2}]}`.
//
// The arrays of an event make a tree: element, array, element and so on. A field is found at a
// place in it, and takes the elements on the way there. Going from the innermost elements out,
// each is asked which fields it and the arrays inside it can take together; an array then offers
// what any one of its elements does, an element what all of its arrays do. Every place is visited
// once.
//
// A field asks for absence when it also holds while none of its values is left over: each of them
// stands in an array of which an *earlier* field of the pattern takes another element. (The order
// of paths matters to the service.) So an offer tells the first field that takes anything there.
//
// Mostly a field is found in different elements of one array only, and an array that has it must
// take it. A field is contested when different arrays offer it, as in an event that repeats an
// array's name. Offers tell which of the contested fields they can take, and an array may have
// several that are none better than the other. To find the right ones is as hard as the hardest
// search problems are (each array is a variable, each element one of its values, each field a
// clause), so both the offers kept and the tries made are bounded: six contested fields, of which
// four may be absent, always get the right answer; a larger search may miss that fields hold
// together.
//
// The usual event has one array of objects. When all that is asked for stands right in the elements
// of one array, the fields are held against each other element by element, without any of this.
//
// Threads: none; keep one per thread, so that its memory is reused.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rules/array_element.h"
#include "rules/field_set.h"

namespace signalbox::rules {

class ArrayConsistency {
 public:
  // The elements stay in place until holds() has answered.
  void start(std::span<const ArrayElement> elements, std::uint32_t array_count);
  // The next field of the pattern, in the order of their paths.
  void add_field(bool may_be_absent);
  // A value at the path of the field added last: the innermost element it stands in, or none, and
  // whether the field wants it. One that is wanted may be given as unwanted, too.
  void add_value(std::uint32_t element, bool is_wanted);

  // Whether all fields can be found together.
  bool holds();

 private:
  static constexpr std::uint32_t none = ArrayElement::none;
  static constexpr std::size_t offers_max = 64;
  static constexpr std::uint32_t tries_max = 16;

  enum class Asks : std::uint8_t { for_nothing, for_value, for_absence, for_either };
  struct Value {
    std::uint32_t element;
    bool is_wanted;
  };
  struct Field {
    Asks asks;
    std::uint32_t first_value;
  };
  // What can be taken together in an element or an array.
  struct Offer {
    FieldSet contested;  // any of these
    FieldSet pinned;     // of them for sure, since the absence of others rests on them
    std::uint32_t first_field = none;  // the first of the uncontested that is taken
  };
  using Offers = std::vector<Offer>;
  // An element with values of some field, at whatever depth; or all that is outside of arrays.
  struct Place {
    std::uint32_t element;
    std::uint32_t seen_by = none;     // the last field with values here
    std::uint32_t seen_in = none;     // the array inside that has them, or none: this very element
    std::uint32_t found_by = none;    // the last uncontested field that finds what it wants here
    std::uint32_t certain_count = 0;  // uncontested fields that find it here or further in
    std::uint32_t array_in_work = none;  // of those inside
    bool is_dead = false;  // holds what must be absent, or an array with nothing to offer
    Offers offers{1};      // what is right here, then with the arrays inside that are done
  };
  struct Array {
    std::uint32_t number;
    std::uint32_t seen_by = none;
    std::uint32_t certain_count = 0;  // uncontested fields that must be found in it
    bool is_needed = false;
    // The first field that may have to be absent from an element, and the first of which that is
    // so in any other element.
    std::uint32_t absent = none;
    std::uint32_t absent_at = none;
    std::uint32_t absent_elsewhere = none;
    Offers offers;

    // The first field with values that are left over unless an element other than theirs is taken.
    std::uint32_t absent_outside(std::uint32_t element) const {
      return element == absent_at ? absent_elsewhere : absent;
    }
  };

  std::span<const Value> values_of(std::uint32_t field) const;
  bool settle(std::uint32_t field);
  bool is_all_in_one_array();
  bool one_element_has_all();
  bool solve();
  bool solve_either(std::uint32_t field);
  bool visit(std::uint32_t field);
  void register_contested(std::uint32_t field);
  void register_certain(std::uint32_t field);
  static void note_absence(Array& array, std::uint32_t element, std::uint32_t field);
  void forget_places();
  Place& place(std::uint32_t element);
  Array& array(std::uint32_t number);
  bool work_inside_out();
  void offer_to_array(const Place& place, Array& array);
  void finish_array(Place& place);
  static void add_offer(Offers& offers, Offer offer);

  std::span<const ArrayElement> elements_;
  std::vector<Field> fields_;
  std::vector<Value> values_;
  std::uint32_t tries_left_ = 0;
  std::vector<std::uint32_t> asking_fields_;  // for something
  std::vector<std::uint32_t> contested_fields_;
  std::vector<Place> places_;  // the first is outside of all arrays
  std::vector<Array> arrays_;
  std::vector<std::uint32_t> place_of_;  // by element, or none
  std::vector<std::uint32_t> array_of_;  // by number, or none
  std::vector<std::uint32_t> visited_;   // places with values of the field at hand
  std::vector<std::uint32_t> order_;     // of places, from the innermost out
};

}  // namespace signalbox::rules
