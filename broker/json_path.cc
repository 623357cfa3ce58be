#include "broker/json_path.h"

#include <charconv>
#include <system_error>

#include "rules/json_token_reader.h"

namespace signalbox::broker {
namespace {

bool is_name_char(char c) {
  constexpr std::string_view syntax = ".[]*?()'\",<> \t\r\n";
  return static_cast<unsigned char>(c) >= 0x20 && syntax.find(c) == std::string_view::npos;
}

// Reads `'name']` or `"name"]`; nothing when it is not that.
std::optional<std::string> read_quoted_name(std::string_view text, std::size_t& at) {
  const char quote = text[at++];
  const std::size_t end = text.find(quote, at);
  if (end == std::string_view::npos || end == at || text.substr(end + 1, 1) != "]") {
    return std::nullopt;
  }
  std::string name(text.substr(at, end - at));
  at = end + 2;
  return name;
}

std::optional<std::size_t> read_index(std::string_view text, std::size_t& at) {
  std::size_t index = 0;
  const auto read = std::from_chars(text.data() + at, text.data() + text.size(), index);
  const auto end = static_cast<std::size_t>(read.ptr - text.data());
  if (read.ec != std::errc() || text.substr(end, 1) != "]") {
    return std::nullopt;
  }
  at = end + 1;
  return index;
}

bool name_is(std::string_view quoted, std::string_view name) {
  if (quoted.find('\\') != std::string_view::npos) {
    return decode_json_string(quoted) == name;
  }
  return quoted.substr(1, quoted.size() - 2) == name;
}

std::string_view member(std::string_view json, std::string_view name) {
  std::string_view found;
  each_member(json, [&](std::string_view quoted, std::string_view value) {
    if (name_is(quoted, name)) {
      found = value;
    }
  });
  return found;
}

std::string_view element(std::string_view json, std::size_t index) {
  std::size_t at = json_next(json, 0);
  if (at == json.size() || json[at] != '[') {
    return {};
  }
  for (at = json_next(json, at + 1); at < json.size() && json[at] != ']';) {
    const std::size_t end = json_value_end(json, at);
    if (index == 0) {
      return json.substr(at, end - at);
    }
    --index;
    at = json_next(json, end);
  }
  return {};
}

std::size_t string_end(std::string_view json, std::size_t start) {
  std::size_t at = start + 1;
  while (at < json.size() && json[at] != '"') {
    at += json[at] == '\\' ? 2 : 1;
  }
  return at < json.size() ? at + 1 : json.size();
}

}  // namespace

std::optional<JsonPath> JsonPath::parse(std::string_view text, Syntax syntax) {
  if (!text.starts_with('$')) {
    return std::nullopt;
  }
  JsonPath path;
  for (std::size_t at = 1; at < text.size();) {
    const char opening = text[at++];
    if (opening == '.') {
      const std::size_t start = at;
      while (at < text.size() && is_name_char(text[at])) {
        ++at;
      }
      if (at == start) {
        return std::nullopt;
      }
      path.steps_.emplace_back(std::string(text.substr(start, at - start)));
      continue;
    }
    if (opening != '[' || at == text.size()) {
      return std::nullopt;
    }
    if (text[at] == '\'' || text[at] == '"') {
      auto name = read_quoted_name(text, at);
      if (!name || syntax == Syntax::dots) {
        return std::nullopt;
      }
      path.steps_.emplace_back(*std::move(name));
      continue;
    }
    const auto index = read_index(text, at);
    if (!index) {
      return std::nullopt;
    }
    path.steps_.emplace_back(*index);
  }
  return path;
}

std::string_view JsonPath::find(std::string_view json) const {
  for (const Step& step : steps_) {
    const auto* name = std::get_if<std::string>(&step);
    json = name != nullptr ? member(json, *name) : element(json, std::get<std::size_t>(step));
    if (json.empty()) {
      break;
    }
  }
  return json;
}

std::string decode_json_string(std::string_view quoted) {
  rules::JsonTokenReader reader(quoted);
  reader.next();
  return reader.text();
}

std::size_t json_value_end(std::string_view json, std::size_t start) {
  std::size_t depth = 0;
  std::size_t at = start;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = string_end(json, at);
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at;
      continue;
    } else if (c == '}' || c == ']') {
      --depth;
      ++at;
    } else if (depth > 0) {
      ++at;  // what separates and scalars inside
      continue;
    } else {
      at = json.find_first_of(" \t\r\n,:}]", at);
      return at == std::string_view::npos ? json.size() : at;
    }
    if (depth == 0) {
      return at;
    }
  }
  return json.size();
}

std::size_t json_next(std::string_view json, std::size_t start) {
  const std::size_t found = json.find_first_not_of(" \t\r\n,:", start);
  return found == std::string_view::npos ? json.size() : found;
}

}  // namespace signalbox::broker
