#include "broker/schemas/enforcement.h"

#include <fmt/format.h>

#include "broker/api/schemas.h"
#include "broker/schemas/validator.h"
#include "broker/with_parsed.h"

namespace signalbox::broker::schemas {

namespace {

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

std::optional<Validation> parse_validation(std::string_view text) {
  if (text == "off") return Validation::off;
  if (text == "warn") return Validation::warn;
  if (text == "reject") return Validation::reject;
  return std::nullopt;
}

std::optional<std::string> problem_of_bus_tag(std::string_view key, std::string_view value) {
  if (!key.starts_with("signalbox:")) return std::nullopt;
  if (key == validation_tag) {
    if (parse_validation(value)) return std::nullopt;
    return fmt::format("Tag {} is {}: it must be off, warn or reject.", key, value);
  }
  if (key == validation_registry_tag) {
    if (api::schemas::is_name(value)) return std::nullopt;
    return fmt::format("Tag {} is {}: it must be the name of a schema registry.", key, value);
  }
  return fmt::format("Tag {} has no meaning: tags that start with signalbox: are {} and {}.", key,
                     validation_tag, validation_registry_tag);
}

std::string words_together(std::string_view text) {
  std::string out;
  bool starts_word = true;
  for (const char c : text) {
    if (!is_letter_or_digit(c)) {
      starts_word = true;
      continue;
    }
    const bool is_lower = c >= 'a' && c <= 'z';
    out += starts_word && is_lower ? static_cast<char>(c - 'a' + 'A') : c;
    starts_word = false;
  }
  return out;
}

std::string discovered_name(std::string_view source, std::string_view detail_type) {
  std::string from(source);
  if (!api::schemas::is_name(from)) from = words_together(source);
  std::string what(detail_type);
  if (!api::schemas::is_name(what)) what = words_together(detail_type);
  return fmt::format("{}@{}", from, what);
}

void SchemaIndex::add(CheckedSchema schema) {
  const CompiledSchema& compiled = *schema.compiled;
  if (compiled.root == nullptr) return;
  if (compiled.source && compiled.detail_type) {
    by_kind_[{*compiled.source, *compiled.detail_type}] = schema;
  }
  std::string name = schema.name;
  by_name_[std::move(name)] = std::move(schema);
}

const CheckedSchema* SchemaIndex::find(std::string_view source,
                                       std::string_view detail_type) const {
  if (!by_kind_.empty()) {
    const auto at = by_kind_.find(Kind(source, detail_type));
    if (at != by_kind_.end()) return &at->second;
  }
  const auto named = [&](std::string_view name) -> const CheckedSchema* {
    const auto at = by_name_.find(name);
    if (at == by_name_.end()) return nullptr;
    // One that says it is of other events is not of these, whatever its name.
    const CompiledSchema& compiled = *at->second.compiled;
    const bool is_of_others = (compiled.source && *compiled.source != source) ||
                              (compiled.detail_type && *compiled.detail_type != detail_type);
    return is_of_others ? nullptr : &at->second;
  };
  if (const auto* found = named(fmt::format("{}@{}", source, detail_type))) return found;
  if (const auto* found = named(detail_type)) return found;
  if (api::schemas::is_name(detail_type)) return nullptr;
  if (const auto* found = named(discovered_name(source, detail_type))) return found;
  return named(words_together(detail_type));
}

std::optional<std::string> Enforcement::find_problem(std::string_view source,
                                                     std::string_view detail_type,
                                                     std::string_view detail,
                                                     std::string_view envelope) const {
  const CheckedSchema* const schema = schemas->find(source, detail_type);
  if (schema == nullptr) return std::nullopt;
  const bool is_of_envelope = schema->compiled->is_of_envelope;
  const std::string_view json = is_of_envelope ? envelope : detail;
  std::optional<Violation> violation;
  const bool is_read = with_parsed(json, [&](simdjson::dom::element value) {
    violation = find_violation(*schema->compiled->root, value);
    return true;
  });
  if (!is_read) violation = Violation{"$", "cannot be read"};
  if (!violation) return std::nullopt;
  std::string_view path = violation->path;
  if (!is_of_envelope) path.remove_prefix(1);
  return fmt::format("{}{} {} (schema {}, version {}, of registry {}).",
                     is_of_envelope ? "" : "$.detail", path, violation->reason, schema->name,
                     schema->version, schemas->registry());
}

}  // namespace signalbox::broker::schemas
