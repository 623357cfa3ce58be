#include "protocol/rest_codec.h"

#include <charconv>

namespace signalbox::protocol {

using broker::api::Location;

std::optional<DecodeError> RestParts::parse(std::string_view path_template, std::string_view path,
                                            std::string_view query_string, const Headers& headers,
                                            RestParts& out) {
  out.headers_ = &headers;
  out.labels_.clear();
  while (!rest::is_at_end(path_template)) {
    auto name = rest::take_segment(path_template);
    const auto given = rest::take_segment(path);
    if (!rest::is_label(name)) continue;
    name.remove_prefix(1);
    name.remove_suffix(1);
    auto& label = out.labels_.emplace_back(name, std::string());
    if (!percent_decode(given, false, label.second)) {
      return DecodeError{.message = {}, .detail = "a malformed path"};
    }
  }
  return QueryParameters::parse({}, query_string, out.query_);
}

std::vector<std::string_view> RestParts::values(Location location, std::string_view name) const {
  std::vector<std::string_view> found;
  const auto add_named = [&](const auto& pairs) {
    for (const auto& [key, value] : pairs) {
      if (key == name) found.emplace_back(value);
    }
  };
  switch (location) {
    case Location::body:
    case Location::payload:
    case Location::status: break;
    case Location::uri: add_named(labels_); break;
    case Location::header: add_named(*headers_); break;
    case Location::query:
      for (const auto& parameter : query_.sorted()) {
        if (parameter.name == name) found.emplace_back(parameter.value);
      }
      break;
  }
  return found;
}

namespace rest {

bool read(const Values& values, std::string& out) {
  out = values.front();
  return true;
}

bool read(const Values& values, bool& out) {
  out = values.front() == "true";
  return out || values.front() == "false";
}

bool read(const Values& values, std::int64_t& out) {
  const std::string_view text = values.front();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

bool read(const Values& values, broker::api::StringList& out) {
  out.assign(values.begin(), values.end());
  return true;
}

}  // namespace rest

}  // namespace signalbox::protocol
