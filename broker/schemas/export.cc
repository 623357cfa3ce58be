#include "broker/schemas/export.h"

#include <boost/json/serialize.hpp>
#include <string_view>

#include "broker/schemas/json_document.h"
#include "broker/schemas/schema_compiler.h"

namespace signalbox::broker::schemas {

namespace {

namespace json = boost::json;

constexpr std::string_view components = "#/components/schemas/";
constexpr std::string_view definitions = "#/definitions/";

bool is_open_api_only(std::string_view keyword) {
  for (const std::string_view each : {"nullable", "discriminator", "readOnly", "writeOnly", "xml",
                                      "externalDocs", "example", "deprecated"}) {
    if (keyword == each) return true;
  }
  return false;
}

json::value converted(const json::value& schema);

json::object converted_each(const json::object& schemas) {
  json::object out;
  for (const auto& member : schemas) out[member.key()] = converted(member.value());
  return out;
}

json::array converted_each(const json::array& schemas) {
  json::array out;
  for (const auto& each : schemas) out.push_back(converted(each));
  return out;
}

// The value of a keyword: schemas in it are converted, everything else stays as it is.
json::value converted_keyword(std::string_view keyword, const json::value& given) {
  if (keyword == "$ref" && given.is_string()) {
    const std::string_view text = view_of(given.get_string());
    if (text.starts_with(components)) {
      const std::string moved =
          std::string(definitions) + std::string(text.substr(components.size()));
      return json::string(to_json(moved));
    }
  }
  const bool is_map = keyword == "properties" || keyword == "patternProperties";
  if (is_map && given.is_object()) return converted_each(given.get_object());
  const bool is_list = keyword == "allOf" || keyword == "anyOf" || keyword == "oneOf";
  if (is_list && given.is_array()) return converted_each(given.get_array());
  const bool is_schema =
      keyword == "items" || keyword == "additionalProperties" || keyword == "not";
  if (is_schema && given.is_object()) return converted(given);
  return given;
}

bool flag_at(const json::object& schema, std::string_view name) {
  const auto* flag = schema.if_contains(to_json(name));
  return flag != nullptr && flag->is_bool() && flag->get_bool();
}

// Draft 4 says that a value may be null with its types, and where there are none, with another
// schema.
json::value with_null(json::object schema) {
  if (auto* type = schema.if_contains("type"); type != nullptr && type->is_string()) {
    json::array both{*type, "null"};
    *type = std::move(both);
    if (auto* values = schema.if_contains("enum"); values != nullptr && values->is_array()) {
      values->get_array().push_back(nullptr);
    }
    return schema;
  }
  return json::object{{"anyOf", json::array{std::move(schema), json::object{{"type", "null"}}}}};
}

json::value converted(const json::value& given) {
  if (!given.is_object()) return given;
  json::object out;
  for (const auto& member : given.get_object()) {
    const std::string_view keyword = view_of(member.key());
    if (is_open_api_only(keyword)) continue;
    out[member.key()] = converted_keyword(keyword, member.value());
  }
  if (flag_at(given.get_object(), "nullable")) return with_null(std::move(out));
  return out;
}

}  // namespace

std::string to_draft_4(std::string_view open_api) {
  json::error_code error;
  const json::value document = parse_document(open_api, error);
  const auto compiled = compile_schema(open_api, SchemaType::open_api_3);
  const auto* schema = std::get_if<std::shared_ptr<const CompiledSchema>>(&compiled);
  json::object out{{"$schema", "http://json-schema.org/draft-04/schema#"}};
  if (error || schema == nullptr) return json::serialize(out);
  if (const auto* title = value_at(document, "/info/title")) out["title"] = *title;
  const Node* const root = (*schema)->root;
  if (root != nullptr) {
    const json::value schema = converted(*value_at(document, root->place));
    for (const auto& member : schema.as_object()) out[member.key()] = member.value();
  }
  const auto* schemas = value_at(document, "/components/schemas");
  json::object rest;
  if (schemas != nullptr) rest = converted_each(schemas->get_object());
  if (!rest.empty()) out["definitions"] = std::move(rest);
  return json::serialize(out);
}

}  // namespace signalbox::broker::schemas
