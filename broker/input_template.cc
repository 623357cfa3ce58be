#include "broker/input_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "broker/input_transformer.h"
#include "rules/json_token_reader.h"

namespace signalbox::broker {
namespace {

Error validation(std::string message) { return {ErrorCode::validation, std::move(message)}; }

bool is_placeholder_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// The name of the placeholder that starts at offset; empty when there is none.
std::string_view placeholder_at(std::string_view text, std::size_t offset) {
  if (text[offset] != '<') {
    return {};
  }
  std::size_t end = offset + 1;
  while (end < text.size() && is_placeholder_char(text[end])) {
    ++end;
  }
  const bool closed = end < text.size() && text[end] == '>';
  return closed ? text.substr(offset + 1, end - offset - 1) : std::string_view();
}

bool has_placeholder(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!placeholder_at(text, at).empty()) {
      return true;
    }
  }
  return false;
}

// Whether the text is JSON values one after another.
bool is_json_sequence(std::string_view text) {
  rules::JsonTokenReader reader(text, std::numeric_limits<std::size_t>::max());
  bool any = false;
  while (reader.next() != rules::Token::end_of_input) {
    any = true;
  }
  return any && !reader.failed();
}

// Event times, names and ARNs hold nothing that JSON escapes.
std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

// The event without its detail, and with the one key that is no identifier renamed.
std::string event_without_detail(std::string_view event_json) {
  std::string out = "{";
  each_member(event_json, [&](std::string_view name, std::string_view value) {
    if (name != "\"detail\"") {
      out += fmt::format("{}{}:{}", out.size() > 1 ? "," : "",
                         name == "\"detail-type\"" ? "\"detailType\"" : name, value);
    }
  });
  return out + "}";
}

void append_bare(std::string& out, std::string_view json, bool is_json_template) {
  if (json.starts_with('"')) {
    out += decode_json_string(json);
  } else if (is_json_template || (!json.starts_with('{') && !json.starts_with('['))) {
    out += json;
  } else {
    std::copy_if(json.begin(), json.end(), std::back_inserter(out),
                 [](char c) { return c != '"'; });
  }
}

}  // namespace

InputTemplate::Reserved InputTemplate::reserved_variable(std::string_view name) {
  if (name == "aws.events.rule-arn") {
    return Reserved::rule_arn;
  }
  if (name == "aws.events.rule-name") {
    return Reserved::rule_name;
  }
  if (name == "aws.events.event.ingestion-time") {
    return Reserved::ingestion_time;
  }
  if (name == "aws.events.event") {
    return Reserved::event;
  }
  return name == "aws.events.event.json" ? Reserved::event_json : Reserved::none;
}

Result<InputTemplate> InputTemplate::compile(std::string_view target_id, std::string_view text,
                                             const std::map<std::string, std::string>& paths) {
  for (const auto& [name, path] : paths) {
    if (!JsonPath::parse(path, JsonPath::Syntax::dots)) {
      return validation(fmt::format("InputPath for target {} is invalid.", target_id));
    }
  }
  InputTemplate out;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  out.is_json_ = first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
  Part part;
  bool in_quotes = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto name = placeholder_at(text, at);
    if (name.empty()) {
      const std::size_t length = in_quotes && text[at] == '\\' ? 2 : 1;
      in_quotes = in_quotes != (text[at] == '"');
      part.literal += text.substr(at, length);
      at += length;
      continue;
    }
    SIGNALBOX_TRY(out.add_variable(target_id, name, paths));
    const auto variable = std::find_if(out.variables_.begin(), out.variables_.end(),
                                       [&](const Variable& v) { return v.name == name; });
    part.variable = static_cast<std::size_t>(variable - out.variables_.begin());
    part.in_quotes = in_quotes;
    out.parts_.push_back(std::exchange(part, Part()));
    at += name.size() + 2;
  }
  out.parts_.push_back(std::move(part));
  if (out.is_json_) {
    SIGNALBOX_TRY(out.check_json(target_id, text));
  }
  return out;
}

Status InputTemplate::add_variable(std::string_view target_id, std::string_view name,
                                   const std::map<std::string, std::string>& paths) {
  const bool known = std::any_of(variables_.begin(), variables_.end(),
                                 [&](const Variable& v) { return v.name == name; });
  if (known) {
    return ok();
  }
  const Reserved reserved = reserved_variable(name);
  if (reserved == Reserved::event_json && !is_json_) {
    return validation(fmt::format(
        "InputTemplate for target {} contains placeholder {} valid only for JSON template.",
        target_id, name));
  }
  JsonPath path;
  if (reserved == Reserved::none) {
    const auto found = paths.find(std::string(name));
    if (found == paths.end()) {
      return validation(fmt::format("InputTemplate for target {} contains invalid placeholder {}.",
                                    target_id, name));
    }
    path = *JsonPath::parse(found->second, JsonPath::Syntax::dots);
  }
  variables_.push_back({std::string(name), reserved, std::move(path)});
  return ok();
}

// Whether the JSON template can become JSON: with a number for each placeholder that stands for a
// value, of the same length so that positions stay true. Placeholders are no names of members.
Status InputTemplate::check_json(std::string_view target_id, std::string_view text) const {
  std::string filled;
  for (const Part& part : parts_) {
    filled += part.literal;
    if (part.variable) {
      const std::string& name = variables_[*part.variable].name;
      filled +=
          part.in_quotes ? fmt::format("<{}>", name) : "0" + std::string(name.size() + 1, ' ');
    }
  }
  rules::JsonTokenReader reader(filled);
  std::size_t depth = 0;
  bool refused = false;
  bool closed = false;
  for (auto token = reader.next(); token != rules::Token::end_of_input && !refused;
       token = reader.next()) {
    const bool opens = token == rules::Token::start_object || token == rules::Token::start_array;
    const bool closes = token == rules::Token::end_object || token == rules::Token::end_array;
    refused = closed || (token == rules::Token::name && has_placeholder(reader.text()));
    depth += opens ? 1 : 0;
    depth -= closes ? 1 : 0;
    closed = depth == 0;
  }
  if (refused || reader.failed()) {
    return validation(fmt::format(
        "Invalid InputTemplate for target {} : [Source: (String)\"{}\"; line: {}, column: {}]",
        target_id, text, reader.line(), reader.column()));
  }
  return ok();
}

// The variable's value as JSON; empty when its path leads nowhere.
std::string InputTemplate::value_json(const Variable& variable, std::string_view event_json,
                                      const RenderContext& context) const {
  switch (variable.reserved) {
    case Reserved::rule_arn: return quoted(context.rule_arn);
    case Reserved::rule_name: return quoted(context.rule_name);
    case Reserved::ingestion_time: return quoted(context.ingestion_time);
    case Reserved::event: return event_without_detail(event_json);
    case Reserved::event_json: return std::string(event_json);
    case Reserved::none: break;
  }
  return std::string(variable.path.find(event_json));
}

std::optional<std::string> InputTemplate::render(std::string_view event_json,
                                                 const RenderContext& context) const {
  std::vector<std::string> values;
  values.reserve(variables_.size());
  for (const Variable& variable : variables_) {
    values.push_back(value_json(variable, event_json, context));
  }
  // A variable that is all there is gives the object or array that it stands for.
  const bool is_alone =
      parts_.size() == 2 && is_blank(parts_[0].literal) && is_blank(parts_[1].literal);
  std::string out;
  for (const Part& part : parts_) {
    out += part.literal;
    if (!part.variable) {
      continue;
    }
    const std::string& value = values[*part.variable];
    if (!is_json_ || part.in_quotes) {
      append_bare(out, value, is_json_ || is_alone);
    } else {
      out += value.empty() ? "\"\"" : value;
    }
  }
  return is_json_sequence(out) ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace signalbox::broker
