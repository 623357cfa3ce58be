// Checks a decoded request against what the model demands of its members (api::Traits), and says
// what is wrong in the services' own words.
//
// EventBridge: one ValidationException that lists every breach, in the order of the model. SQS
// checks ranges itself (broker/sqs_*.cc); here is only what its model demands: that a member be
// there. Pure functions, thread safe. The walk costs no allocation as long as nothing is wrong.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "broker/api/fields.h"
#include "broker/error.h"

namespace signalbox::broker {

// Where a member stands in its request: a chain on the stack of whoever walks the structs.
struct MemberPath {
  const MemberPath* parent = nullptr;
  std::string_view name = {};       // the member's name in the model; empty for an entry
  std::string_view parameter = {};  // its name on the Query wire
  std::size_t index = 0;            // of an entry of a list: from 1
  std::string_view key = {};        // of an entry of a map
};

// "targets.1.member.id": what ValidationException calls a member.
std::string model_path(const MemberPath& member);
// "SendMessageBatchRequestEntry.1.Id": what SQS calls it.
std::string parameter_path(const MemberPath& member);

// A required member the request did not carry. The decoders collect them, because a struct can't
// tell a missing string from an empty one.
struct MissingMember {
  std::string path;       // as model_path
  std::string parameter;  // as parameter_path
  bool entries = false;   // a list of structs
};
using MissingMembers = std::vector<MissingMember>;

// Enough to tell a person what is wrong, not to fill memory with it: past these no more are noted.
constexpr std::size_t missing_member_count_max = 1000;
void add_missing(MissingMembers& missing, const MemberPath& member, bool entries);

// "The request must contain the parameter X." for the first missing one. A batch without its
// entries passes: the operation answers EmptyBatchRequest, as the service does.
std::optional<Error> missing_parameter(const MissingMembers& missing);

namespace validation {

// One walk over a request. Collects the breaches; report() joins them.
class Breaches {
 public:
  explicit Breaches(const MissingMembers& missing);

  bool is_missing(const MemberPath& member) const;
  // value as the service prints it, quoted, or empty for one that it does not; constraint from
  // "Member must ..." on.
  void add(const MemberPath& member, std::string_view value, std::string_view constraint);
  void add_null(const MemberPath& member);
  std::optional<Error> report() const;

  void check_text(const MemberPath& member, const api::Traits& traits, std::string_view text);
  // Entries and keys of plain values; the service reports them together, under their list or map.
  template <class Strings, class Print>
  void check_each(const MemberPath& member, std::string_view subject, const api::Traits* traits,
                  Strings&& strings, Print print) {
    if (traits == nullptr) return;
    const auto fine = [&](const std::string& each) { return satisfies(*traits, each); };
    if (!std::ranges::all_of(strings, fine)) add_each(member, subject, *traits, print());
  }
  template <class Numbers, class Print>
  void check_each_number(const MemberPath& member, const api::Traits* traits, Numbers&& numbers,
                         Print print) {
    if (traits == nullptr) return;
    const auto fine = [&](double each) {
      return each >= static_cast<double>(traits->min) && each <= static_cast<double>(traits->max);
    };
    if (!std::ranges::all_of(numbers, fine)) add_each_number(member, *traits, print());
  }
  void check_number(const MemberPath& member, const api::Traits& traits, std::int64_t number);
  // print() gives the whole list or map as the service prints it; called only for a breach.
  template <class Print>
  void check_length(const MemberPath& member, const api::Traits& traits, std::size_t length,
                    Print print) {
    const auto count = static_cast<std::int64_t>(length);
    if (count <= traits.max && count >= traits.min) return;
    add_length(member, traits, count, print());
  }

 private:
  static bool satisfies(const api::Traits& traits, std::string_view text);
  static std::string shown(const api::Traits& traits, std::string_view value);
  void add_each(const MemberPath& member, std::string_view subject, const api::Traits& traits,
                std::string_view value);
  void add_each_number(const MemberPath& member, const api::Traits& traits, std::string_view value);
  void add_length(const MemberPath& member, const api::Traits& traits, std::int64_t length,
                  std::string_view value);

  std::vector<std::string_view> missing_paths_;  // sorted
  std::size_t count_ = 0;
  std::string text_;
};

// The service prints a list or struct as its Java runtime does: [a, b], {k=v}, Tag(key=k,
// value=null).
void print(std::string& out, const std::string& text);
void print(std::string& out, bool value);
void print(std::string& out, std::int64_t value);
void print(std::string& out, double value);
void print(std::string& out, const api::Blob& value);
void print(std::string& out, const api::Timestamp& value);
void print_member_name(std::string& out, std::string_view name);
// In place of a secret.
constexpr std::string_view redacted = "***Sensitive Data Redacted***";

template <class T>
constexpr std::string_view type_name() {
  std::string_view name = __PRETTY_FUNCTION__;
  name.remove_prefix(name.find("T = ") + 4);
  name = name.substr(0, name.find_first_of(";]"));
  const auto colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

template <api::OptionalMember T>
void print(std::string& out, const T& value);
template <class T>
void print(std::string& out, const std::vector<T>& list);
template <class T>
void print(std::string& out, const std::map<std::string, T>& map);
template <api::Described T>
void print(std::string& out, const T& value);

template <api::OptionalMember T>
void print(std::string& out, const T& value) {
  if (value) {
    print(out, *value);
  } else {
    out += "null";
  }
}

template <class T>
void print(std::string& out, const std::vector<T>& list) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ", ";
    print(out, list[i]);
  }
  out += ']';
}

template <class T>
void print(std::string& out, const std::map<std::string, T>& map) {
  out += '{';
  std::string_view separator;
  for (const auto& [key, value] : map) {
    out += separator;
    out += key;
    out += '=';
    print(out, value);
    separator = ", ";
  }
  out += '}';
}

template <api::Described T>
void print(std::string& out, const T& value) {
  out += type_name<T>();
  out += '(';
  std::string_view separator;
  api::for_each_field<T>([&](const auto& field) {
    out += separator;
    print_member_name(out, field.name);
    out += '=';
    if (field.traits.is_secret) {
      out += redacted;
    } else {
      print(out, value.*(field.member));
    }
    separator = ", ";
  });
  out += ')';
}

template <api::Described T>
void check(Breaches& breaches, const MemberPath* parent, const T& value);

inline void check_value(Breaches& breaches, const MemberPath& member, const api::Traits& traits,
                        const std::string& text) {
  breaches.check_text(member, traits, text);
}
inline void check_value(Breaches& breaches, const MemberPath& member, const api::Traits& traits,
                        std::int64_t number) {
  breaches.check_number(member, traits, number);
}
inline void check_value(Breaches&, const MemberPath&, const api::Traits&, bool) {}
// Only as an entry of a map, with which it is checked.
inline void check_value(Breaches&, const MemberPath&, const api::Traits&, double) {}
inline void check_value(Breaches&, const MemberPath&, const api::Traits&, const api::Timestamp&) {}
inline void check_value(Breaches&, const MemberPath&, const api::Traits&, const api::Blob&) {}

template <api::Described T>
void check_value(Breaches& breaches, const MemberPath& member, const api::Traits&, const T& value);
template <api::OptionalMember T>
void check_value(Breaches& breaches, const MemberPath& member, const api::Traits& traits,
                 const T& value);
template <class T>
void check_value(Breaches& breaches, const MemberPath& member, const api::Traits& traits,
                 const std::vector<T>& list);
template <class T>
void check_value(Breaches& breaches, const MemberPath& member, const api::Traits& traits,
                 const std::map<std::string, T>& map);

template <api::Described T>
void check_value(Breaches& breaches, const MemberPath& member, const api::Traits&, const T& value) {
  check(breaches, &member, value);
}

template <api::OptionalMember T>
void check_value(Breaches& breaches, const MemberPath& member, const api::Traits& traits,
                 const T& value) {
  if (value) check_value(breaches, member, traits, *value);
}

template <class T>
void check_value(Breaches& breaches, const MemberPath& member, const api::Traits& traits,
                 const std::vector<T>& list) {
  // An empty list that is not required may just as well be absent.
  if (list.empty() && !traits.required) return;
  const auto printed = [&] {
    std::string text;
    print(text, list);
    return text;
  };
  breaches.check_length(member, traits, list.size(), printed);
  if constexpr (std::is_same_v<T, std::string>) {
    breaches.check_each(member, "Member", traits.each, list, printed);
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const MemberPath entry{.parent = &member, .index = i + 1};
    if (breaches.is_missing(entry)) {
      breaches.add_null(entry);
    } else {
      check_value(breaches, entry, {}, list[i]);
    }
  }
}

template <class T>
void check_value(Breaches& breaches, const MemberPath& member, const api::Traits& traits,
                 const std::map<std::string, T>& map) {
  if (map.empty() && !traits.required) return;
  const auto printed = [&] {
    std::string text;
    print(text, map);
    return text;
  };
  breaches.check_length(member, traits, map.size(), printed);
  breaches.check_each(member, "Map keys", traits.each_key, std::views::keys(map), printed);
  if constexpr (std::is_same_v<T, std::string>) {
    breaches.check_each(member, "Map value", traits.each, std::views::values(map), printed);
  }
  if constexpr (std::is_same_v<T, double>) {
    breaches.check_each_number(member, traits.each, std::views::values(map), printed);
  }
  for (const auto& [key, value] : map) {
    const MemberPath entry{.parent = &member, .key = key};
    check_value(breaches, entry, {}, value);
  }
}

template <api::Described T>
void check(Breaches& breaches, const MemberPath* parent, const T& value) {
  api::for_each_field<T>([&](const auto& field) {
    const MemberPath member{.parent = parent, .name = field.name, .parameter = field.query_name()};
    if (field.traits.required && breaches.is_missing(member)) {
      breaches.add_null(member);
    } else {
      check_value(breaches, member, field.traits, value.*(field.member));
    }
  });
}

}  // namespace validation

// The ValidationException for everything wrong with the request; nothing when all is well.
template <api::Described T>
std::optional<Error> validate(const T& request, const MissingMembers& missing = {}) {
  validation::Breaches breaches(missing);
  validation::check(breaches, nullptr, request);
  return breaches.report();
}

}  // namespace signalbox::broker
