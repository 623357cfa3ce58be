// The Query wire: form parameters in, XML out, driven by fields().
//
// Pure functions, thread safe. What decoding accepts:
//  - a form body, a query string, or both; of a parameter given twice the first counts, the body
//    before the query string;
//  - lists and maps flattened under Field::query_name(), as SQS has them: AttributeName.1,
//    Attribute.1.Name; also as IAM and STS have them (.member.N, .entry.N, the model's own name),
//    and the old unnumbered form (Attribute.Name=X&Attribute.Value=Y). A name without a value, as
//    in "Tags=", is a list of nothing;
//  - numbers in names may have gaps and come in any order: they only order the entries, so
//    Entry.999999999 is one entry;
//  - parameters that fit no member are ignored.
// Refused: malformed percent escapes, text that is not UTF-8, more than parameter_count_max
// parameters, values that are not of the member's type.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/api/fields.h"
#include "broker/validate.h"
#include "protocol/query_dialect.h"
#include "protocol/wire.h"
#include "protocol/xml_writer.h"

namespace signalbox::protocol {

// Decodes percent escapes, and with plus_is_space, as in forms, '+'. False when an escape is
// malformed or the text is not UTF-8.
bool percent_decode(std::string_view text, bool plus_is_space, std::string& out);

struct QueryParameter {
  std::string name;
  std::string value;
};

// A request's parameters, decoded and in the order of their names.
class QueryParameters {
 public:
  static constexpr std::size_t parameter_count_max = 8192;

  // query_string is what follows '?', without it.
  static std::optional<DecodeError> parse(std::string_view body, std::string_view query_string,
                                          QueryParameters& out);

  // The value of a plain parameter: Action, Version, X-Amz-Credential.
  std::optional<std::string_view> find(std::string_view name) const;
  // Unless the request carries it.
  void set_default(std::string name, std::string value);

  const std::vector<QueryParameter>& sorted() const { return parameters_; }

 private:
  std::vector<QueryParameter> parameters_;
};

// Fills out from the parameters; required members that are absent go to missing.
template <broker::api::Described T>
std::optional<DecodeError> decode_query(const QueryParameters& parameters, T& out,
                                        broker::MissingMembers& missing);

// A request to a queue's own path names the queue by it: the QueueUrl it stands for, or nothing
// when the path is none of /<account>/<name> and /queue/<region>/<account>/<name>. path has no
// query.
std::optional<std::string> queue_url_of_path(std::string_view path, std::string_view base_url);

// Appends the whole reply document. Operations without output, which answer api::Empty, have no
// Result element.
template <broker::api::Described T>
void encode_query_reply(const QueryDialect& dialect, std::string_view action, const T& value,
                        std::string_view request_id, std::string& out);

namespace query {

using broker::MemberPath;

// The parameters whose names begin with one prefix of whole segments: a range of the sorted list,
// where the dot sorts before everything else.
class Node {
 public:
  using Iterator = std::vector<QueryParameter>::const_iterator;
  struct Entry;

  explicit Node(const QueryParameters& parameters)
      : first_(parameters.sorted().begin()), last_(parameters.sorted().end()), offset_(0) {}

  bool empty() const { return first_ == last_; }
  // The value of the parameter that has the prefix for its whole name.
  std::optional<std::string_view> value() const;
  Node child(std::string_view segment) const;
  // The first child of those names that there is.
  Node child(std::initializer_list<std::string_view> segments) const;
  // The children with numbers for names, in numeric order.
  std::vector<Entry> numbered() const;
  // The entries of a list or map that stands here in any of its forms; wrapper is "member" or
  // "entry".
  std::vector<Entry> entries(std::string_view wrapper) const;

 private:
  Node(Iterator first, Iterator last, std::size_t offset)
      : first_(first), last_(last), offset_(offset) {}
  std::string_view segment(const QueryParameter& parameter) const;

  Iterator first_;
  Iterator last_;
  std::size_t offset_;  // where the names' next segment begins
};

struct Node::Entry {
  std::size_t number;
  Node node;
};

struct Reader {
  broker::MissingMembers& missing;
  std::optional<DecodeError> error;

  void add_missing(const MemberPath& member, bool entries);
  bool refuse(std::string_view wanted);
};

bool read(Reader& reader, Node node, const MemberPath& at, std::string& out);
bool read(Reader& reader, Node node, const MemberPath& at, bool& out);
bool read(Reader& reader, Node node, const MemberPath& at, std::int64_t& out);
bool read(Reader& reader, Node node, const MemberPath& at, double& out);
bool read(Reader& reader, Node node, const MemberPath& at, broker::api::Blob& out);
bool read(Reader& reader, Node node, const MemberPath& at, broker::api::Timestamp& out);
template <broker::api::Described T>
bool read(Reader& reader, Node node, const MemberPath* at, T& out);

template <class T>
bool read_member(Reader& reader, Node node, const MemberPath& at, const broker::api::Traits&,
                 T& out);
template <broker::api::OptionalMember T>
bool read_member(Reader& reader, Node node, const MemberPath& at, const broker::api::Traits& traits,
                 T& out);
template <class T>
bool read_member(Reader& reader, Node node, const MemberPath& at, const broker::api::Traits&,
                 std::vector<T>& out);
template <class T>
bool read_member(Reader& reader, Node node, const MemberPath& at, const broker::api::Traits& traits,
                 std::map<std::string, T>& out);

// Whether a member of type T stands at node.
template <class T>
struct Presence {
  static bool of(const Node& node) { return node.value().has_value(); }
};
template <broker::api::Described T>
struct Presence<T> {
  static bool of(const Node& node) { return !node.empty(); }
};
template <class T>
struct Presence<std::vector<T>> {
  static bool of(const Node& node) { return !node.empty(); }
};
template <class T>
struct Presence<std::map<std::string, T>> {
  static bool of(const Node& node) { return !node.empty(); }
};
template <class T>
struct Presence<std::optional<T>> : Presence<T> {};
template <class T>
struct Presence<broker::api::Boxed<T>> : Presence<T> {};

template <class T>
bool read_member(Reader& reader, Node node, const MemberPath& at, const broker::api::Traits&,
                 T& out) {
  if constexpr (broker::api::Described<T>) {
    return read(reader, node, &at, out);
  } else {
    return read(reader, node, at, out);
  }
}

template <broker::api::OptionalMember T>
bool read_member(Reader& reader, Node node, const MemberPath& at, const broker::api::Traits& traits,
                 T& out) {
  return read_member(reader, node, at, traits, out.emplace());
}

template <class T>
bool read_member(Reader& reader, Node node, const MemberPath& at, const broker::api::Traits&,
                 std::vector<T>& out) {
  for (const auto& entry : node.entries("member")) {
    const MemberPath here{.parent = &at, .index = entry.number};
    out.emplace_back();
    if (!read_member(reader, entry.node, here, {}, out.back())) return false;
  }
  return true;
}

template <class T>
bool read_member(Reader& reader, Node node, const MemberPath& at, const broker::api::Traits& traits,
                 std::map<std::string, T>& out) {
  for (const auto& entry : node.entries("entry")) {
    const MemberPath here{.parent = &at, .index = entry.number};
    const auto key = entry.node.child({traits.query_key, "Name", "Key", "key"}).value();
    if (!key) {
      reader.add_missing({.parent = &here, .name = traits.query_key, .parameter = traits.query_key},
                         false);
      continue;
    }
    const Node value = entry.node.child({traits.query_value, "Value", "value"});
    const MemberPath at_value{
        .parent = &here, .name = traits.query_value, .parameter = traits.query_value};
    if (!Presence<T>::of(value)) {
      reader.add_missing(at_value, false);
      continue;
    }
    if (!read_member(reader, value, at_value, {}, out[std::string(*key)])) return false;
  }
  return true;
}

template <class T>
constexpr bool is_struct_list = false;
template <broker::api::Described T>
constexpr bool is_struct_list<std::vector<T>> = true;

template <broker::api::Described T>
bool read(Reader& reader, Node node, const MemberPath* at, T& out) {
  bool fine = true;
  broker::api::for_each_field<T>([&](const auto& field) {
    using Member = std::remove_cvref_t<decltype(out.*(field.member))>;
    if (!fine) return;
    const MemberPath member{.parent = at, .name = field.name, .parameter = field.query_name()};
    const Node here = node.child({field.query_name(), field.name});
    if (Presence<Member>::of(here)) {
      fine = read_member(reader, here, member, field.traits, out.*(field.member));
    } else if (field.traits.required) {
      reader.add_missing(member, is_struct_list<Member>);
    }
  });
  return fine;
}

void append_text(std::string& out, const std::string& text);
void append_text(std::string& out, bool value);
void append_text(std::string& out, std::int64_t value);
void append_text(std::string& out, double value);
void append_text(std::string& out, const broker::api::Blob& value);
void append_text(std::string& out, const broker::api::Timestamp& value);
void append_text(std::string& out, const broker::api::IsoTimestamp& value);

struct Writer {
  const QueryDialect& dialect;
  std::string& out;
};

template <broker::api::Described T>
void append_members(const Writer& to, const T& value);
template <class T>
void append_member(const Writer& to, std::string_view name, const broker::api::Traits&,
                   const T& value);
template <broker::api::OptionalMember T>
void append_member(const Writer& to, std::string_view name, const broker::api::Traits& traits,
                   const T& value);
template <class T>
void append_member(const Writer& to, std::string_view name, const broker::api::Traits& traits,
                   const std::vector<T>& list);
template <class T>
void append_member(const Writer& to, std::string_view name, const broker::api::Traits& traits,
                   const std::map<std::string, T>& map);

template <class T>
void append_content(const Writer& to, const T& value) {
  if constexpr (broker::api::Described<T>) {
    append_members(to, value);
  } else {
    append_text(to.out, value);
  }
}

template <class T>
void append_member(const Writer& to, std::string_view name, const broker::api::Traits&,
                   const T& value) {
  append_xml_open(to.out, name);
  append_content(to, value);
  append_xml_close(to.out, name);
}

template <broker::api::OptionalMember T>
void append_member(const Writer& to, std::string_view name, const broker::api::Traits& traits,
                   const T& value) {
  if (value) append_member(to, name, traits, *value);
}

template <class T>
void append_member(const Writer& to, std::string_view name, const broker::api::Traits& traits,
                   const std::vector<T>& list) {
  const bool is_flat = to.dialect.has_flat_lists;
  if (!is_flat) append_xml_open(to.out, name);
  for (const auto& each : list) append_member(to, is_flat ? name : "member", traits, each);
  if (!is_flat) append_xml_close(to.out, name);
}

// Flat in every dialect: only SQS answers with maps.
template <class T>
void append_member(const Writer& to, std::string_view name, const broker::api::Traits& traits,
                   const std::map<std::string, T>& map) {
  for (const auto& [key, value] : map) {
    append_xml_open(to.out, name);
    append_xml_element(to.out, traits.query_key, key);
    append_member(to, traits.query_value, {}, value);
    append_xml_close(to.out, name);
  }
}

template <broker::api::Described T>
void append_members(const Writer& to, const T& value) {
  broker::api::for_each_field<T>([&](const auto& field) {
    append_member(to, field.query_name(), field.traits, value.*(field.member));
  });
}

// "<?xml ...?><ActionResponse xmlns=...>" and "<ResponseMetadata>...</ActionResponse>"
void begin_reply(const Writer& to, std::string_view action);
void end_reply(const Writer& to, std::string_view action, std::string_view request_id);

}  // namespace query

template <broker::api::Described T>
std::optional<DecodeError> decode_query(const QueryParameters& parameters, T& out,
                                        broker::MissingMembers& missing) {
  query::Reader reader{.missing = missing, .error = {}};
  query::read(reader, query::Node(parameters), nullptr, out);
  return std::move(reader.error);
}

template <broker::api::Described T>
void encode_query_reply(const QueryDialect& dialect, std::string_view action, const T& value,
                        std::string_view request_id, std::string& out) {
  const query::Writer to{dialect, out};
  query::begin_reply(to, action);
  if constexpr (!std::is_same_v<T, broker::api::Empty>) {
    const std::string name = std::string(action) + "Result";
    append_xml_open(out, name);
    const std::size_t start = out.size();
    query::append_members(to, value);
    if (out.size() == start) {
      out.insert(start - 1, 1, '/');
    } else {
      append_xml_close(out, name);
    }
  }
  query::end_reply(to, action, request_id);
}

}  // namespace signalbox::protocol
