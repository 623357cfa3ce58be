// One description of a wire struct's members, read by every codec and by the validator.
//
// Each request and response struct has a static fields() that lists its members in the order of the
// service's model: the name on the wire, the member, and what the model demands of it. Boost's
// Describe lists members but carries no wire names and no constraints (docs/decisions/0001).
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace signalbox::broker::api {

// Raw bytes; base64 on the JSON and Query wires.
struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};

// Epoch seconds with a fraction on the JSON wire (RFC 3339 text is accepted too), RFC 3339 in XML.
struct Timestamp {
  std::int64_t ms = 0;
  bool operator==(const Timestamp&) const = default;
};

// RFC 3339 text on every wire.
struct IsoTimestamp {
  std::int64_t ms = 0;
  bool operator==(const IsoTimestamp&) const = default;
};

// A member that is large and seldom there: as std::optional, but a pointer wide.
template <class T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(const Boxed& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(Boxed other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  ~Boxed() = default;

  bool has_value() const { return value_ != nullptr; }
  explicit operator bool() const { return has_value(); }
  const T& operator*() const { return *value_; }
  T& emplace() { return *(value_ = std::make_unique<T>()); }

 private:
  std::unique_ptr<T> value_;
};

template <class T>
constexpr bool is_optional_member = false;
template <class T>
constexpr bool is_optional_member<std::optional<T>> = true;
template <class T>
constexpr bool is_optional_member<Boxed<T>> = true;
// A member that may be absent.
template <class T>
concept OptionalMember = is_optional_member<T>;

// Where REST-JSON carries a member. The payload is the body itself; status is a response's.
enum class Location : std::uint8_t { body, uri, query, header, payload, status };

struct Traits {
  bool required = false;
  // Length of a string in characters, number of entries of a list or map, value of a number.
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  // The model's regular expression as its error message quotes it, and what it means.
  std::string_view pattern = {};
  bool (*matches)(std::string_view) = nullptr;
  // The model's enum as its error message lists it: "ENABLED, DISABLED".
  std::string_view one_of = {};
  // Names on the Query wire where they differ: flattened lists lose their plural, maps name their
  // two halves (default Name and Value).
  std::string_view query_name = {};
  std::string_view query_key = "Name";
  std::string_view query_value = "Value";
  // What holds for each entry of a list or map of plain values, and for each key of a map.
  const Traits* each = nullptr;
  const Traits* each_key = nullptr;
  // On the REST-JSON wire, and the name there where that differs. A request's headers are in lower
  // case.
  Location location = Location::body;
  std::string_view location_name = {};

  // The same demands of a member that stands elsewhere: name.at(Location::uri).
  constexpr Traits at(Location place, std::string_view name_there = {}) const {
    Traits moved = *this;
    moved.location = place;
    moved.location_name = name_there;
    return moved;
  }
  // Nobody is told the value, not even in an error about it.
  bool is_secret = false;
};

constexpr Traits required_member{.required = true};

template <class Owner, class Member>
struct Field {
  std::string_view name;
  Member Owner::*member;
  Traits traits;

  constexpr std::string_view query_name() const {
    return traits.query_name.empty() ? name : traits.query_name;
  }
  constexpr std::string_view location_name() const {
    return traits.location_name.empty() ? name : traits.location_name;
  }
};

template <class Owner, class Member>
constexpr Field<Owner, Member> field(std::string_view name, Member Owner::*member,
                                     Traits traits = {}) {
  return {name, member, traits};
}

// A struct with fields(): nested objects on every wire.
template <class T>
concept Described = requires {
  T::fields();
};

// Calls visit(field) for each field of T in order.
template <Described T, class Visit>
constexpr void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... each) { (visit(each), ...); }, T::fields());
}

// The request or response without members.
struct Empty {
  static constexpr auto fields() { return std::tuple{}; }
};

using StringMap = std::map<std::string, std::string>;
using StringList = std::vector<std::string>;

}  // namespace signalbox::broker::api
