#include "broker/validate.h"

#include <fmt/format.h>

#include <algorithm>

namespace signalbox::broker {

namespace {

// The framework's member names: the model's with a small first letter.
void append_member_name(std::string& out, std::string_view name) {
  if (name.empty()) return;
  const char first = name.front();
  out += first >= 'A' && first <= 'Z' ? static_cast<char>(first - 'A' + 'a') : first;
  out += name.substr(1);
}

// Characters, not bytes: the model counts code points. The text is valid UTF-8.
std::int64_t character_count(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

bool is_one_of(std::string_view list, std::string_view text) {
  while (true) {
    const auto comma = list.find(", ");
    if (list.substr(0, comma) == text) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 2);
  }
}

}  // namespace

std::string model_path(const MemberPath& member) {
  std::string path = member.parent == nullptr ? std::string() : model_path(*member.parent);
  if (!member.name.empty()) {
    if (!path.empty()) path += '.';
    append_member_name(path, member.name);
  } else if (member.index > 0) {
    fmt::format_to(std::back_inserter(path), ".{}.member", member.index);
  } else {
    fmt::format_to(std::back_inserter(path), ".{}.member", member.key);
  }
  return path;
}

std::string parameter_path(const MemberPath& member) {
  std::string path = member.parent == nullptr ? std::string() : parameter_path(*member.parent);
  if (!path.empty()) path += '.';
  if (!member.name.empty()) {
    path += member.parameter;
  } else if (member.index > 0) {
    path += std::to_string(member.index);
  } else {
    path += member.key;
  }
  return path;
}

void add_missing(MissingMembers& missing, const MemberPath& member, bool entries) {
  if (missing.size() == missing_member_count_max) return;
  missing.push_back(
      {.path = model_path(member), .parameter = parameter_path(member), .entries = entries});
}

std::optional<Error> missing_parameter(const MissingMembers& missing) {
  const auto first = std::find_if(missing.begin(), missing.end(),
                                  [](const MissingMember& member) { return !member.entries; });
  if (first == missing.end()) return std::nullopt;
  return Error{ErrorCode::missing_parameter,
               fmt::format("The request must contain the parameter {}.", first->parameter)};
}

namespace validation {

Breaches::Breaches(const MissingMembers& missing) {
  missing_paths_.reserve(missing.size());
  for (const auto& member : missing) missing_paths_.push_back(member.path);
  std::sort(missing_paths_.begin(), missing_paths_.end());
}

bool Breaches::is_missing(const MemberPath& member) const {
  if (missing_paths_.empty()) return false;
  return std::binary_search(missing_paths_.begin(), missing_paths_.end(),
                            std::string_view(model_path(member)));
}

void Breaches::add(const MemberPath& member, std::string_view value, std::string_view constraint) {
  if (count_++ > 0) text_ += "; ";
  fmt::format_to(std::back_inserter(text_), "Value {}{}at '{}' failed to satisfy constraint: {}",
                 value, value.empty() ? "" : " ", model_path(member), constraint);
}

std::string Breaches::shown(const api::Traits& traits, std::string_view value) {
  return traits.is_secret ? std::string() : fmt::format("'{}'", value);
}

void Breaches::add_null(const MemberPath& member) {
  add(member, "null", "Member must not be null");
}

std::optional<Error> Breaches::report() const {
  if (count_ == 0) return std::nullopt;
  return Error{ErrorCode::validation, fmt::format("{} validation error{} detected: {}", count_,
                                                  count_ == 1 ? "" : "s", text_)};
}

// Pattern before length: the order of the service's own answers when a text breaches both.
void Breaches::check_text(const MemberPath& member, const api::Traits& traits,
                          std::string_view text) {
  if (traits.matches != nullptr && !traits.matches(text)) {
    add(member, shown(traits, text),
        fmt::format("Member must satisfy regular expression pattern: {}", traits.pattern));
  }
  if (!traits.one_of.empty() && !is_one_of(traits.one_of, text)) {
    add(member, shown(traits, text),
        fmt::format("Member must satisfy enum value set: [{}]", traits.one_of));
  }
  constexpr api::Traits unlimited;
  if (traits.min == unlimited.min && traits.max == unlimited.max) return;
  const std::int64_t length = character_count(text);
  if (length < traits.min || length > traits.max) add_length(member, traits, length, text);
}

bool Breaches::satisfies(const api::Traits& traits, std::string_view text) {
  const std::int64_t length = character_count(text);
  return length >= traits.min && length <= traits.max &&
         (traits.matches == nullptr || traits.matches(text)) &&
         (traits.one_of.empty() || is_one_of(traits.one_of, text));
}

// Lists all that is demanded of an entry, whatever the breach: so does the service.
void Breaches::add_each(const MemberPath& member, std::string_view subject,
                        const api::Traits& traits, std::string_view value) {
  constexpr api::Traits unlimited;
  std::string demands;
  const auto demand = [&](std::string_view text) {
    if (!demands.empty()) demands += ", ";
    demands += text;
  };
  if (traits.max != unlimited.max) {
    demand(fmt::format("Member must have length less than or equal to {}", traits.max));
  }
  if (traits.min != unlimited.min) {
    demand(fmt::format("Member must have length greater than or equal to {}", traits.min));
  }
  if (traits.matches != nullptr) {
    demand(fmt::format("Member must satisfy regular expression pattern: {}", traits.pattern));
  }
  if (!traits.one_of.empty()) {
    demand(fmt::format("Member must satisfy enum value set: [{}]", traits.one_of));
  }
  add(member, fmt::format("'{}'", value),
      fmt::format("{} must satisfy constraint: [{}]", subject, demands));
}

void Breaches::add_each_number(const MemberPath& member, const api::Traits& traits,
                               std::string_view value) {
  add(member, fmt::format("'{}'", value),
      fmt::format("Map value must satisfy constraint: [Member must have value less than or equal "
                  "to {}, Member must have value greater than or equal to {}]",
                  traits.max, traits.min));
}

void Breaches::check_number(const MemberPath& member, const api::Traits& traits,
                            std::int64_t number) {
  if (number < traits.min) {
    add(member, fmt::format("'{}'", number),
        fmt::format("Member must have value greater than or equal to {}", traits.min));
  }
  if (number > traits.max) {
    add(member, fmt::format("'{}'", number),
        fmt::format("Member must have value less than or equal to {}", traits.max));
  }
}

void Breaches::add_length(const MemberPath& member, const api::Traits& traits, std::int64_t length,
                          std::string_view value) {
  const bool too_short = length < traits.min;
  add(member, shown(traits, value),
      fmt::format("Member must have length {} than or equal to {}", too_short ? "greater" : "less",
                  too_short ? traits.min : traits.max));
}

void print(std::string& out, const std::string& text) { out += text; }
void print(std::string& out, bool value) { out += value ? "true" : "false"; }
void print(std::string& out, std::int64_t value) { out += std::to_string(value); }
void print(std::string& out, double value) { fmt::format_to(std::back_inserter(out), "{}", value); }
void print(std::string& out, const api::Blob& value) {
  fmt::format_to(std::back_inserter(out), "java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]",
                 value.bytes.size());
}
void print(std::string& out, const api::Timestamp& value) {
  fmt::format_to(std::back_inserter(out), "{}.{:03}", value.ms / 1000, value.ms % 1000);
}
void print_member_name(std::string& out, std::string_view name) { append_member_name(out, name); }

}  // namespace validation

}  // namespace signalbox::broker
