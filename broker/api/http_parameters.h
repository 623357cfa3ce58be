// What the EventBridge model demands of the parameters of HTTP requests: those of targets
// (HttpParameters) and those of connections.
#pragma once

#include <string_view>

#include "broker/api/fields.h"

namespace signalbox::broker::api {

// Character sets of the model's patterns, next to the text its messages quote.
bool is_header_key(std::string_view text);
bool is_header_value(std::string_view text);
bool is_query_string_key(std::string_view text);
bool is_query_string_value(std::string_view text);
bool is_path_parameter(std::string_view text);  // not blank, on one line

constexpr std::string_view header_value_pattern =
    R"(^[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*$)";
constexpr std::string_view query_string_value_pattern = R"([^\x00-\x09\x0B\x0C\x0E-\x1F\x7F]+)";

constexpr Traits header_key{
    .max = 512, .pattern = R"(^[!#$%&'*+-.^_`|~0-9a-zA-Z]+$)", .matches = is_header_key};
constexpr Traits header_value{
    .max = 512, .pattern = header_value_pattern, .matches = is_header_value};
constexpr Traits query_string_key{
    .max = 512, .pattern = R"([^\x00-\x1F\x7F]+)", .matches = is_query_string_key};
constexpr Traits query_string_value{
    .max = 512, .pattern = query_string_value_pattern, .matches = is_query_string_value};
constexpr Traits path_parameter{.pattern = R"(^(?!\s*$).+)", .matches = is_path_parameter};

}  // namespace signalbox::broker::api
