// AWS JSON 1.0 and 1.1: decodes a body into any described struct and appends any as compact JSON.
// The bodies of REST-JSON, too: members that stand outside of them are left alone (rest_codec.h).
//
// One decoder and one encoder for all operations, driven by fields(). Pure functions; the parser
// and its buffers belong to the thread. What decoding accepts:
//  - an empty or blank body is an empty object; null members are absent; unknown members are
//  ignored;
//    of a member given twice the last counts;
//  - lists and maps of a body may have entry_count_max entries in all, so that a body of empty
//  objects
//    does not become a hundred times its size in memory;
//  - the whole body must be valid JSON in valid UTF-8, no deeper than 1,024 levels, its numbers
//  within
//    64 bits, its strings without lone surrogates. An escaped NUL is a character like any other:
//    the operation decides whether it is allowed;
//  - integers may be written with an integral fraction (5.0, 1e2): clients in languages with one
//    number type send them. Numbers in strings are refused, as the services do;
//  - timestamps are numbers of epoch seconds (rounded to milliseconds) or RFC 3339 strings.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "broker/api/fields.h"
#include "broker/validate.h"
#include "protocol/wire.h"

namespace signalbox::protocol {

// Fills out from body. Required members the body lacks go to missing, in the order of the model;
// they are no error here, because each service has its own way to report them.
template <broker::api::Described T>
std::optional<DecodeError> decode_json(std::string_view body, T& out,
                                       broker::MissingMembers& missing);

// Appends value as a JSON object, members in the order of the model, absent ones left out.
template <broker::api::Described T>
void encode_json(const T& value, std::string& out);

// Appends text as a JSON string, quotes included. text is valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

namespace json {

using broker::MemberPath;
using simdjson::dom::element;

constexpr std::size_t entry_count_max = 16'384;

// The state of one decoding. The read functions return false once error is set.
struct Reader {
  broker::MissingMembers& missing;
  std::optional<DecodeError> error = {};
  std::size_t entry_count = 0;

  void add_missing(const MemberPath& member, bool entries);
  // A list or map with so many entries comes.
  bool expect_entries(std::size_t count);
  // value is not of the wanted kind: "a String", "an Integer".
  bool refuse_scalar(element value, std::string_view wanted);
  // "list" or "map"
  bool refuse_collection(element value, std::string_view wanted);
};

// Parses into the thread's parser; root lives until the next call.
std::optional<DecodeError> parse(std::string_view body, element& root);
// Gives back what an unusually large body made the thread's parser grow to.
void release_large_buffers();

bool read(Reader& reader, element value, const MemberPath& at, std::string& out);
bool read(Reader& reader, element value, const MemberPath& at, bool& out);
bool read(Reader& reader, element value, const MemberPath& at, std::int64_t& out);
bool read(Reader& reader, element value, const MemberPath& at, double& out);
bool read(Reader& reader, element value, const MemberPath& at, broker::api::Blob& out);
bool read(Reader& reader, element value, const MemberPath& at, broker::api::Timestamp& out);
template <broker::api::OptionalMember T>
bool read(Reader& reader, element value, const MemberPath& at, T& out);
template <class T>
bool read(Reader& reader, element value, const MemberPath& at, std::vector<T>& out);
template <class T>
bool read(Reader& reader, element value, const MemberPath& at, std::map<std::string, T>& out);
template <broker::api::Described T>
bool read(Reader& reader, element value, const MemberPath& at, T& out);

template <broker::api::OptionalMember T>
bool read(Reader& reader, element value, const MemberPath& at, T& out) {
  return read(reader, value, at, out.emplace());
}

template <class T>
bool read(Reader& reader, element value, const MemberPath& at, std::vector<T>& out) {
  simdjson::dom::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS) {
    return reader.refuse_collection(value, "list");
  }
  if (!reader.expect_entries(list.size())) return false;
  out.clear();
  out.reserve(list.size());
  for (element each : list) {
    const MemberPath entry{.parent = &at, .index = out.size() + 1};
    out.emplace_back();
    if (each.is_null()) {
      reader.add_missing(entry, false);
    } else if (!read(reader, each, entry, out.back())) {
      return false;
    }
  }
  return true;
}

template <class T>
bool read(Reader& reader, element value, const MemberPath& at, std::map<std::string, T>& out) {
  simdjson::dom::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) {
    return reader.refuse_collection(value, "map");
  }
  if (!reader.expect_entries(object.size())) return false;
  out.clear();
  for (const auto& [key, each] : object) {
    if (each.is_null()) continue;
    const MemberPath entry{.parent = &at, .key = key};
    if (!read(reader, each, entry, out[std::string(key)])) return false;
  }
  return true;
}

template <class T>
struct IsStructList : std::false_type {};
template <broker::api::Described T>
struct IsStructList<std::vector<T>> : std::true_type {};

// at is null for the request itself, which has no name in paths.
template <broker::api::Described T>
bool read_members(Reader& reader, element value, const MemberPath* at, T& out) {
  simdjson::dom::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) {
    return reader.refuse_collection(value, "map");
  }
  const auto missing_before = static_cast<std::ptrdiff_t>(reader.missing.size());
  std::uint64_t seen = 0;
  for (const auto& [key, each] : object) {
    if (each.is_null()) continue;
    bool fine = true;
    std::uint64_t bit = 1;
    std::apply(
        [&, key = key, each = each](const auto&... field) {
          [[maybe_unused]] const auto try_field = [&](const auto& candidate) {
            if (key != candidate.name || candidate.traits.location != broker::api::Location::body) {
              bit <<= 1;
              return false;
            }
            seen |= bit;
            const MemberPath member{
                .parent = at, .name = candidate.name, .parameter = candidate.query_name()};
            fine = read(reader, each, member, out.*(candidate.member));
            return true;
          };
          (void)(try_field(field) || ...);
        },
        T::fields());
    if (!fine) return false;
  }
  const auto missing_inside = static_cast<std::ptrdiff_t>(reader.missing.size());
  std::uint64_t bit = 1;
  broker::api::for_each_field<T>([&](const auto& field) {
    using Member = std::remove_cvref_t<decltype(out.*(field.member))>;
    const bool in_body = field.traits.location == broker::api::Location::body;
    if (field.traits.required && in_body && (seen & bit) == 0) {
      reader.add_missing({.parent = at, .name = field.name, .parameter = field.query_name()},
                         IsStructList<Member>::value);
    }
    bit <<= 1;
  });
  // What the struct itself lacks comes before what is lacking inside its members.
  const auto begin = reader.missing.begin();
  std::rotate(begin + missing_before, begin + missing_inside, reader.missing.end());
  return true;
}

template <broker::api::Described T>
bool read(Reader& reader, element value, const MemberPath& at, T& out) {
  static_assert(std::tuple_size_v<decltype(T::fields())> <= 64, "seen has one bit per member");
  return read_members(reader, value, &at, out);
}

void append(std::string& out, const std::string& text);
void append(std::string& out, bool value);
void append(std::string& out, std::int64_t value);
void append(std::string& out, double value);
void append(std::string& out, const broker::api::Blob& value);
void append(std::string& out, const broker::api::Timestamp& value);
void append(std::string& out, const broker::api::IsoTimestamp& value);
template <broker::api::OptionalMember T>
void append(std::string& out, const T& value);
template <class T>
void append(std::string& out, const std::vector<T>& list);
template <class T>
void append(std::string& out, const std::map<std::string, T>& map);
template <broker::api::Described T>
void append(std::string& out, const T& value);

template <class T>
constexpr bool is_present(const T&) {
  return true;
}
template <broker::api::OptionalMember T>
constexpr bool is_present(const T& value) {
  return value.has_value();
}

template <broker::api::OptionalMember T>
void append(std::string& out, const T& value) {
  append(out, *value);
}

template <class T>
void append(std::string& out, const std::vector<T>& list) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ',';
    append(out, list[i]);
  }
  out += ']';
}

template <class T>
void append(std::string& out, const std::map<std::string, T>& map) {
  char separator = '{';
  for (const auto& [key, value] : map) {
    out += separator;
    append_json_string(out, key);
    out += ':';
    append(out, value);
    separator = ',';
  }
  if (separator == '{') out += '{';
  out += '}';
}

template <broker::api::Described T>
void append(std::string& out, const T& value) {
  char separator = '{';
  broker::api::for_each_field<T>([&](const auto& field) {
    const auto& member = value.*(field.member);
    const auto location = field.traits.location;
    const bool is_in_head =
        location == broker::api::Location::header || location == broker::api::Location::status;
    if (is_in_head || !is_present(member)) return;
    out += separator;
    out += '"';
    out += field.name;
    out += "\":";
    append(out, member);
    separator = ',';
  });
  if (separator == '{') out += '{';
  out += '}';
}

}  // namespace json

template <broker::api::Described T>
std::optional<DecodeError> decode_json(std::string_view body, T& out,
                                       broker::MissingMembers& missing) {
  json::element root;
  if (auto error = json::parse(body, root)) return error;
  json::Reader reader{.missing = missing};
  json::read_members(reader, root, nullptr, out);
  json::release_large_buffers();
  return std::move(reader.error);
}

template <broker::api::Described T>
void encode_json(const T& value, std::string& out) {
  json::append(out, value);
}

}  // namespace signalbox::protocol
