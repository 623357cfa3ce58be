// A function's code, and the versions that are made of it: as lambda.h.
#pragma once

#include "broker/api/lambda.h"

namespace signalbox::broker::api::lambda {

// A function, or what a qualifier makes of it.
constexpr Traits function_in_path = Traits{.required = true,
                                           .min = 1,
                                           .max = 256,
                                           .pattern = namespaced_function_name_pattern,
                                           .matches = fits<namespaced_function_name_pattern>}
                                        .at(Location::uri);
constexpr Traits qualifier_in_query =
    Traits{.min = 1,
           .max = 128,
           .pattern = numeric_latest_published_or_alias_qualifier_pattern,
           .matches = fits<numeric_latest_published_or_alias_qualifier_pattern>}
        .at(Location::query, "Qualifier");

struct UpdateFunctionCodeRequest {
  std::string function_name;
  std::optional<Blob> zip_file;
  std::optional<std::string> s3_bucket;
  std::optional<std::string> s3_key;
  std::optional<std::string> s3_object_version;
  std::optional<std::string> image_uri;
  std::optional<StringList> architectures;
  std::optional<bool> publish;
  std::optional<bool> dry_run;
  std::optional<std::string> revision_id;
  std::string code_sha256;  // filled on the io thread; not on the wire
  static constexpr auto fields() {
    using T = UpdateFunctionCodeRequest;
    return std::tuple{
        field("FunctionName", &T::function_name,
              Traits{.required = true,
                     .min = 1,
                     .max = 140,
                     .pattern = function_name_pattern,
                     .matches = fits<function_name_pattern>}
                  .at(Location::uri)),
        field("ZipFile", &T::zip_file, {.is_secret = true}),
        field("S3Bucket", &T::s3_bucket, {.min = 3, .max = 63}),
        field("S3Key", &T::s3_key,
              {.min = 1, .max = 1024, .pattern = s3_key_pattern, .matches = fits<s3_key_pattern>}),
        field("S3ObjectVersion", &T::s3_object_version,
              {.min = 1, .max = 1024, .pattern = s3_key_pattern, .matches = fits<s3_key_pattern>}),
        field("ImageUri", &T::image_uri),
        field("Architectures", &T::architectures,
              {.min = 1, .max = 1, .each = &architecture_entry}),
        field("Publish", &T::publish),
        field("DryRun", &T::dry_run),
        field("RevisionId", &T::revision_id)};
  }
};

struct PublishVersionRequest {
  std::string function_name;
  std::optional<std::string> code_sha256;
  std::optional<std::string> description;
  std::optional<std::string> revision_id;
  static constexpr auto fields() {
    using T = PublishVersionRequest;
    return std::tuple{field("FunctionName", &T::function_name,
                            Traits{.required = true,
                                   .min = 1,
                                   .max = 140,
                                   .pattern = function_name_pattern,
                                   .matches = fits<function_name_pattern>}
                                .at(Location::uri)),
                      field("CodeSha256", &T::code_sha256),
                      field("Description", &T::description, {.max = 256}),
                      field("RevisionId", &T::revision_id)};
  }
};

struct ListVersionsByFunctionRequest {
  std::string function_name;
  std::optional<std::string> marker;
  std::optional<std::int64_t> max_items;
  static constexpr auto fields() {
    using T = ListVersionsByFunctionRequest;
    return std::tuple{field("FunctionName", &T::function_name,
                            Traits{.required = true,
                                   .min = 1,
                                   .max = 256,
                                   .pattern = namespaced_function_name_pattern,
                                   .matches = fits<namespaced_function_name_pattern>}
                                .at(Location::uri)),
                      field("Marker", &T::marker, Traits{}.at(Location::query, "Marker")),
                      field("MaxItems", &T::max_items,
                            Traits{.min = 1, .max = 10000}.at(Location::query, "MaxItems"))};
  }
};

struct ListVersionsByFunctionResponse {
  std::optional<std::string> next_marker;
  std::optional<std::vector<FunctionConfiguration>> versions;
  static constexpr auto fields() {
    using T = ListVersionsByFunctionResponse;
    return std::tuple{field("NextMarker", &T::next_marker), field("Versions", &T::versions)};
  }
};

}  // namespace signalbox::broker::api::lambda
