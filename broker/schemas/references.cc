#include "broker/schemas/references.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/schemas/json_document.h"
#include "broker/schemas/keywords.h"

namespace signalbox::broker::schemas {

namespace {

namespace json = boost::json;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A pointer in a reference is part of a URI.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                           hex_digit(text[i + 2]) >= 0;
    if (!is_escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    i += 2;
  }
  return out;
}

// Below these are values, not parts of the document.
bool is_of_values(std::string_view name) {
  return name == "example" || name == "examples" || name == "default" || name == "enum" ||
         name == "const" || name.starts_with("x-");
}

class Walk {
 public:
  explicit Walk(const json::value& document) : document_(document) {}

  std::optional<SchemaProblem> look(const json::value& value, const std::string& place) {
    if (const auto* list = value.if_array()) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        if (auto problem = look((*list)[i], place_in(place, std::to_string(i)))) return problem;
      }
    }
    const auto* object = value.if_object();
    return object == nullptr ? std::nullopt : look_into(*object, place);
  }

 private:
  std::optional<SchemaProblem> look_into(const json::object& object, const std::string& place) {
    for (const auto& member : object) {
      const std::string_view name = view_of(member.key());
      if (is_of_values(name) && !is_of_names(place)) continue;
      std::string below = place_in(place, name);
      if (name == "$ref" && member.value().is_string()) {
        auto problem = problem_of_reference(document_, view_of(member.value().get_string()));
        if (!problem.empty()) return SchemaProblem{std::move(below), std::move(problem)};
      } else if (name == "discriminator") {
        if (auto problem = look_at_mapping(member.value(), below)) return problem;
      } else if (auto problem = look(member.value(), below)) {
        return problem;
      }
    }
    return std::nullopt;
  }

  // Of members that a person names: none of them is a keyword.
  static bool is_of_names(std::string_view place) {
    return place.ends_with("/properties") || place.ends_with("/definitions") ||
           place.ends_with("/components/schemas");
  }

  // A name stands for a schema among the components; anything else is a reference.
  std::optional<SchemaProblem> look_at_mapping(const json::value& discriminator,
                                               const std::string& place) {
    const auto* mapping = member_of(discriminator, "mapping");
    if (mapping == nullptr || !mapping->is_object()) return std::nullopt;
    for (const auto& member : mapping->get_object()) {
      if (!member.value().is_string()) continue;
      const std::string_view text = view_of(member.value().get_string());
      const bool is_name = text.find_first_of("/#:") == std::string_view::npos;
      auto problem = is_name ? std::string() : problem_of_reference(document_, text);
      if (problem.empty()) continue;
      return SchemaProblem{place_in(place + "/mapping", view_of(member.key())), std::move(problem)};
    }
    return std::nullopt;
  }

  const json::value& document_;
};

}  // namespace

std::string pointer_of(std::string_view reference) {
  return percent_decoded(reference.substr(std::min<std::size_t>(1, reference.size())));
}

std::string problem_of_reference(const json::value& document, std::string_view reference) {
  if (!reference.starts_with('#')) {
    return fmt::format("refers to {}, outside of this document: nothing is fetched.", reference);
  }
  if (value_at(document, pointer_of(reference)) != nullptr) return {};
  return fmt::format("refers to {}, where nothing is.", reference);
}

std::optional<SchemaProblem> find_bad_reference(const json::value& document) {
  return Walk(document).look(document, "");
}

}  // namespace signalbox::broker::schemas
