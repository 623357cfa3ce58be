// What a function runs: the zip or the image that requests bring. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/api/lambda.h"
#include "broker/result.h"

namespace signalbox::broker::functions {

// Where a request says that the code is.
struct CodeSource {
  bool has_zip = false;
  bool is_in_s3 = false;
  bool has_image = false;
};

// Whether a function of that kind can have code from there.
Status check_source(std::string_view package_type, const CodeSource& source);

// On the io thread: whether it is code at all, and its CodeSha256.
Status check_code(const std::optional<api::Blob>& zip, const std::optional<std::string>& image_uri,
                  std::string& code_sha256);

}  // namespace signalbox::broker::functions
