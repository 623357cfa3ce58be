// What is done with functions' requests before they are decided: code looked at, payloads checked.
#include "broker/prepare.h"

#include <fmt/format.h>
#include <openssl/sha.h>
#include <zip.h>

#include <algorithm>

#include "broker/api/lambda_versions.h"
#include "broker/base64.h"
#include "broker/events_envelope.h"
#include "broker/functions/code.h"
#include "broker/functions/invocation.h"
#include "broker/with_parsed.h"

namespace signalbox::broker {

namespace functions {

namespace {

constexpr std::size_t payload_bytes_max = 6 * 1024 * 1024;
constexpr std::size_t event_bytes_max = 1024 * 1024;

std::string sha256_of(std::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

// The digest that the image's name ends with; nobody here knows that of a tag.
std::string digest_of_image(std::string_view uri) {
  constexpr std::string_view marker = "@sha256:";
  const auto at = uri.rfind(marker);
  if (at != std::string_view::npos) return std::string(uri.substr(at + marker.size()));
  std::string text;
  for (const char byte : sha256_of(uri)) {
    fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

// As GetAccountSettings tells it.
constexpr std::uint64_t unzipped_bytes_max = 262'144'000;

// Of all files; nullopt: it is no zip, or has none.
std::optional<std::uint64_t> unzipped_bytes(const std::string& bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) return std::nullopt;
  zip_t* const archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (archive == nullptr) {
    zip_source_free(source);
    return std::nullopt;
  }
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive, 0));
  std::uint64_t total = 0;
  for (zip_uint64_t i = 0; i < count && total <= unzipped_bytes_max; ++i) {
    zip_stat_t entry;
    zip_stat_init(&entry);
    if (zip_stat_index(archive, i, 0, &entry) == 0) {
      total += std::min<std::uint64_t>(entry.size, unzipped_bytes_max + 1);
    }
  }
  zip_discard(archive);
  return count > 0 ? std::optional(total) : std::nullopt;
}

}  // namespace

std::string error_payload(std::string_view type, std::string_view message) {
  std::string text = fmt::format(R"({{"errorType":"{}","errorMessage":)", type);
  append_json_string(text, message);
  return text += '}';
}

Status check_code(const std::optional<api::Blob>& zip, const std::optional<std::string>& image_uri,
                  std::string& code_sha256) {
  if (!zip) {
    if (image_uri) code_sha256 = digest_of_image(*image_uri);
    return ok();
  }
  const auto size = unzipped_bytes(zip->bytes);
  if (!size) {
    return Error{
        ErrorCode::invalid_parameter_value,
        "Could not unzip uploaded file. Please check your file, then try to upload again."};
  }
  if (*size > unzipped_bytes_max) {
    return Error{ErrorCode::invalid_parameter_value,
                 fmt::format("Unzipped size must be smaller than {} bytes", unzipped_bytes_max)};
  }
  append_base64(code_sha256, sha256_of(zip->bytes));
  return ok();
}

}  // namespace functions

Status prepare(api::lambda::CreateFunctionRequest& request, PrepareContext&) {
  return functions::check_code(request.code.zip_file, request.code.image_uri, request.code_sha256);
}

Status prepare(api::lambda::UpdateFunctionCodeRequest& request, PrepareContext&) {
  return functions::check_code(request.zip_file, request.image_uri, request.code_sha256);
}

Status prepare(api::lambda::InvokeRequest& request, PrepareContext&) {
  const auto is_json = [](const std::string& text) {
    return with_parsed(text, [](simdjson::dom::element) { return true; });
  };
  if (request.client_context) {
    // Workers get what it stands for.
    request.client_context = decode_base64(*request.client_context);
    if (!request.client_context || !is_json(*request.client_context)) {
      return Error{ErrorCode::invalid_request_content,
                   "Client context must be a valid Base64-encoded JSON object."};
    }
  }
  if (!request.payload) return ok();
  const std::string& bytes = request.payload->bytes;
  const std::string type = request.invocation_type.value_or("RequestResponse");
  const std::size_t bytes_max =
      type == "Event" ? functions::event_bytes_max : functions::payload_bytes_max;
  if (bytes.size() > bytes_max) {
    return Error{
        ErrorCode::request_too_large,
        fmt::format("{} byte payload is too large for the {} invocation type (limit {} bytes)",
                    bytes.size(), type, bytes_max)};
  }
  if (is_json(bytes)) return ok();
  return Error{ErrorCode::invalid_request_content,
               "Could not parse request body into json: the payload is not valid JSON."};
}

}  // namespace signalbox::broker
