#include "broker/schemas/discovery.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "broker/api/schemas.h"
#include "broker/schemas/enforcement.h"
#include "broker/schemas/json_document.h"

namespace signalbox::broker::schemas {

namespace {

namespace json = boost::json;

constexpr std::string_view components = "#/components/schemas/";

json::object open_api(std::string_view title, json::object schemas) {
  return json::object{{"openapi", "3.0.0"},
                      {"info", json::object{{"version", "1.0.0"}, {"title", to_json(title)}}},
                      {"paths", json::object()},
                      {"components", json::object{{"schemas", std::move(schemas)}}}};
}

json::object envelope_schema(std::string_view detail_name, std::string_view source,
                             std::string_view detail_type) {
  const json::object text{{"type", "string"}};
  return json::object{
      {"type", "object"},
      {"required", json::array{"detail-type", "resources", "detail", "id", "source", "time",
                               "region", "version", "account"}},
      {"x-amazon-events-detail-type", to_json(detail_type)},
      {"x-amazon-events-source", to_json(source)},
      {"properties",
       json::object{{"detail",
                     json::object{{"$ref", to_json(fmt::format("{}{}", components, detail_name))}}},
                    {"account", text},
                    {"detail-type", text},
                    {"id", text},
                    {"region", text},
                    {"resources", json::object{{"type", "array"}, {"items", text}}},
                    {"source", text},
                    {"time", json::object{{"type", "string"}, {"format", "date-time"}}},
                    {"version", text}}}};
}

std::string component_name(std::string_view detail_type) {
  std::string name = words_together(detail_type);
  if (name.empty()) name = "Event";
  if (name == "AWSEvent") name += "Detail";
  return name;
}

// Takes depth off the shape until the text that make(shape) gives is short enough.
template <class Make>
std::string within_limit(Shape& shape, Make&& make) {
  std::string text = make(shape);
  for (const int levels : {16, 8, 4, 2, 1, 0}) {
    if (text.size() <= static_cast<std::size_t>(api::schemas::content_length_max)) break;
    shape.limit_depth(levels);
    text = make(shape);
  }
  return text;
}

struct Sample {
  std::string source;
  std::string detail_type;
  bool is_event = false;
};

// The members of an envelope, if it is one.
Sample read_sample(simdjson::dom::element value) {
  Sample sample;
  std::string_view source;
  std::string_view detail_type;
  simdjson::dom::object detail;
  sample.is_event = value["source"].get(source) == simdjson::SUCCESS &&
                    value["detail-type"].get(detail_type) == simdjson::SUCCESS &&
                    value["detail"].get(detail) == simdjson::SUCCESS;
  sample.source = source;
  sample.detail_type = detail_type;
  return sample;
}

}  // namespace

std::string event_document(Shape& detail, std::string_view source, std::string_view detail_type) {
  return within_limit(detail, [&](const Shape& shape) {
    const std::string name = component_name(detail_type);
    json::object schemas{{"AWSEvent", envelope_schema(name, source, detail_type)}};
    schemas[to_json(name)] = shape.to_schema();
    return json::serialize(open_api(name, std::move(schemas)));
  });
}

Shape shape_of_detail(std::string_view document) {
  json::error_code error;
  const json::value parsed = parse_document(document, error);
  Shape anything;
  anything.widen();
  if (error) return anything;
  const auto* reference = value_at(parsed, "/components/schemas/AWSEvent/properties/detail/$ref");
  if (reference == nullptr || !reference->is_string()) return anything;
  const std::string_view text = view_of(reference->get_string());
  if (!text.starts_with(components)) return anything;
  const auto* schema =
      member_of(*value_at(parsed, "/components/schemas"), text.substr(components.size()));
  return schema == nullptr ? anything : Shape::from_schema(*schema);
}

Inferred infer_document(const std::vector<std::string>& samples) {
  Shape of_details;
  Shape of_wholes;
  Sample first;
  simdjson::dom::parser parser;
  bool all_are_events = true;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    simdjson::dom::element value;
    const bool is_object =
        parser.parse(samples[i]).get(value) == simdjson::SUCCESS && value.is_object();
    if (!is_object) return {{}, fmt::format("Event {} is not a JSON object.", i + 1)};
    of_wholes.add(value);
    const Sample sample = read_sample(value);
    all_are_events = all_are_events && sample.is_event;
    if (sample.is_event) of_details.add(value["detail"].value());
    if (i == 0) first = sample;
  }
  if (all_are_events) return {event_document(of_details, first.source, first.detail_type), {}};
  const auto make = [&](const Shape& shape) {
    return json::serialize(open_api("Event", json::object{{"Event", shape.to_schema()}}));
  };
  return {within_limit(of_wholes, make), {}};
}

}  // namespace signalbox::broker::schemas
