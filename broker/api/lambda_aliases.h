// Aliases of functions' versions: as lambda.h.
#pragma once

#include <algorithm>

#include "broker/api/lambda.h"

namespace signalbox::broker::api::lambda {

inline constexpr std::string_view alias_pattern = R"re((?!^[0-9]+$)([a-zA-Z0-9-_]+))re";
inline constexpr std::string_view version_with_latest_published_pattern =
    R"re((\$LATEST(\.PUBLISHED)?|[0-9]+))re";
inline constexpr std::string_view additional_version_pattern = R"re([0-9]+)re";

// alias_pattern looks ahead, which our regular expressions do not.
inline bool is_alias_name(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto fits_name = [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  };
  return std::all_of(text.begin(), text.end(), fits_name) &&
         !std::all_of(text.begin(), text.end(), is_digit);
}

constexpr Traits alias_name{
    .required = true, .min = 1, .max = 128, .pattern = alias_pattern, .matches = is_alias_name};
constexpr Traits alias_version{.min = 1,
                               .max = 1024,
                               .pattern = version_with_latest_published_pattern,
                               .matches = fits<version_with_latest_published_pattern>};
constexpr Traits alias_function = Traits{.required = true,
                                         .min = 1,
                                         .max = 140,
                                         .pattern = function_name_pattern,
                                         .matches = fits<function_name_pattern>}
                                      .at(Location::uri);
constexpr Traits weight_entry{.min = 0, .max = 1};
constexpr Traits additional_version_entry{.min = 1,
                                          .max = 1024,
                                          .pattern = additional_version_pattern,
                                          .matches = fits<additional_version_pattern>};

struct AliasRoutingConfiguration {
  std::map<std::string, double> additional_version_weights;
  static constexpr auto fields() {
    using T = AliasRoutingConfiguration;
    return std::tuple{field("AdditionalVersionWeights", &T::additional_version_weights,
                            {.each = &weight_entry, .each_key = &additional_version_entry})};
  }
};

struct CreateAliasRequest {
  std::string function_name;
  std::string name;
  std::string function_version;
  std::optional<std::string> description;
  std::optional<AliasRoutingConfiguration> routing_config;
  static constexpr auto fields() {
    using T = CreateAliasRequest;
    return std::tuple{field("FunctionName", &T::function_name, alias_function),
                      field("Name", &T::name, alias_name),
                      field("FunctionVersion", &T::function_version,
                            {.required = true,
                             .min = 1,
                             .max = 1024,
                             .pattern = version_with_latest_published_pattern,
                             .matches = fits<version_with_latest_published_pattern>}),
                      field("Description", &T::description, {.max = 256}),
                      field("RoutingConfig", &T::routing_config)};
  }
};

struct AliasConfiguration {
  std::optional<std::string> alias_arn;
  std::optional<std::string> name;
  std::optional<std::string> function_version;
  std::optional<std::string> description;
  std::optional<AliasRoutingConfiguration> routing_config;
  std::optional<std::string> revision_id;
  static constexpr auto fields() {
    using T = AliasConfiguration;
    return std::tuple{field("AliasArn", &T::alias_arn),
                      field("Name", &T::name),
                      field("FunctionVersion", &T::function_version),
                      field("Description", &T::description),
                      field("RoutingConfig", &T::routing_config),
                      field("RevisionId", &T::revision_id)};
  }
};

// GetAlias and DeleteAlias take the same.
struct AliasRequest {
  std::string function_name;
  std::string name;
  static constexpr auto fields() {
    using T = AliasRequest;
    return std::tuple{field("FunctionName", &T::function_name, alias_function),
                      field("Name", &T::name, alias_name.at(Location::uri))};
  }
};

struct UpdateAliasRequest {
  std::string function_name;
  std::string name;
  std::optional<std::string> function_version;
  std::optional<std::string> description;
  std::optional<AliasRoutingConfiguration> routing_config;
  std::optional<std::string> revision_id;
  static constexpr auto fields() {
    using T = UpdateAliasRequest;
    return std::tuple{field("FunctionName", &T::function_name, alias_function),
                      field("Name", &T::name, alias_name.at(Location::uri)),
                      field("FunctionVersion", &T::function_version, alias_version),
                      field("Description", &T::description, {.max = 256}),
                      field("RoutingConfig", &T::routing_config),
                      field("RevisionId", &T::revision_id)};
  }
};

struct ListAliasesRequest {
  std::string function_name;
  std::optional<std::string> function_version;
  std::optional<std::string> marker;
  std::optional<std::int64_t> max_items;
  static constexpr auto fields() {
    using T = ListAliasesRequest;
    return std::tuple{field("FunctionName", &T::function_name, alias_function),
                      field("FunctionVersion", &T::function_version,
                            alias_version.at(Location::query, "FunctionVersion")),
                      field("Marker", &T::marker, Traits{}.at(Location::query, "Marker")),
                      field("MaxItems", &T::max_items,
                            Traits{.min = 1, .max = 10000}.at(Location::query, "MaxItems"))};
  }
};

struct ListAliasesResponse {
  std::optional<std::string> next_marker;
  std::optional<std::vector<AliasConfiguration>> aliases;
  static constexpr auto fields() {
    using T = ListAliasesResponse;
    return std::tuple{field("NextMarker", &T::next_marker), field("Aliases", &T::aliases)};
  }
};

}  // namespace signalbox::broker::api::lambda
