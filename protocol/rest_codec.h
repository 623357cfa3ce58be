// REST-JSON: what a request says outside its body, in its path, its query string and its headers.
// The body is the JSON codec's business.
//
// Pure functions, thread safe. A path template is literal text and {Labels}, each a whole segment:
// "/schedules/{Name}". A label's text is decoded after the path is split, so an encoded slash is
// part of it; a slash at the end of a path counts for nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/api/fields.h"
#include "broker/validate.h"
#include "protocol/query_codec.h"
#include "protocol/wire.h"

namespace signalbox::protocol {

namespace rest {

// Takes the first segment off the front of a path: "/a/b" gives "a" and leaves "/b".
constexpr std::string_view take_segment(std::string_view& path) {
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  const auto end = path.find('/');
  const auto segment = path.substr(0, end);
  path.remove_prefix(segment.size());
  return segment;
}
constexpr bool is_at_end(std::string_view path) { return path.empty() || path == "/"; }
constexpr bool is_label(std::string_view segment) { return segment.starts_with('{'); }

}  // namespace rest

constexpr bool fits_path(std::string_view path_template, std::string_view path) {
  while (!rest::is_at_end(path_template)) {
    if (rest::is_at_end(path)) return false;
    const auto wanted = rest::take_segment(path_template);
    const auto given = rest::take_segment(path);
    if (rest::is_label(wanted) ? given.empty() : given != wanted) return false;
  }
  return rest::is_at_end(path);
}

// Of a path template, how much of it is not labels.
constexpr std::size_t literal_length(std::string_view path_template) {
  std::size_t length = 0;
  while (!rest::is_at_end(path_template)) {
    const auto segment = rest::take_segment(path_template);
    if (!rest::is_label(segment)) length += segment.size() + 1;
  }
  return length;
}

class RestParts {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;  // names in lower case

  // path fits the template; query_string is what follows '?', without it. The headers must outlive
  // the parts.
  static std::optional<DecodeError> parse(std::string_view path_template, std::string_view path,
                                          std::string_view query_string, const Headers& headers,
                                          RestParts& out);

  // What the request says under that name, as often as it does; nothing in a body.
  std::vector<std::string_view> values(broker::api::Location location, std::string_view name) const;

 private:
  std::vector<std::pair<std::string_view, std::string>> labels_;
  QueryParameters query_;
  const Headers* headers_ = nullptr;
};

namespace rest {

using Values = std::vector<std::string_view>;

// Of a value given twice the first counts. False: it is not of the member's type.
bool read(const Values& values, std::string& out);
bool read(const Values& values, bool& out);
bool read(const Values& values, std::int64_t& out);
bool read(const Values& values, broker::api::StringList& out);
template <class T>
concept Readable = requires(const Values& values, T& out) {
  read(values, out);
};
template <Readable T>
bool read(const Values& values, std::optional<T>& out) {
  return read(values, out.emplace());
}

}  // namespace rest

// Fills the members of out that do not stand in the body. Required ones that are absent go to
// missing.
template <broker::api::Described T>
std::optional<DecodeError> decode_rest(const RestParts& parts, T& out,
                                       broker::MissingMembers& missing) {
  std::optional<DecodeError> error;
  broker::api::for_each_field<T>([&](const auto& field) {
    if (error || field.traits.location == broker::api::Location::body) return;
    auto& member = out.*(field.member);
    const auto values = parts.values(field.traits.location, field.location_name());
    if (values.empty()) {
      const broker::MemberPath path{.name = field.name, .parameter = field.location_name()};
      if (field.traits.required) broker::add_missing(missing, path, false);
      return;
    }
    if constexpr (requires { rest::read(values, member); }) {
      if (!rest::read(values, member)) {
        error = DecodeError{.message = {}, .detail = "a value is not of its member's type"};
      }
    }
  });
  return error;
}

}  // namespace signalbox::protocol
