// What is done with functions' requests before they are decided: code looked at, payloads checked.
#include "broker/prepare.h"

#include <fmt/format.h>
#include <openssl/sha.h>
#include <zip.h>

#include "broker/api/lambda.h"
#include "broker/base64.h"
#include "broker/events_envelope.h"
#include "broker/functions/invocation.h"
#include "broker/with_parsed.h"

namespace signalbox::broker {

namespace functions {

namespace {

constexpr std::size_t payload_bytes_max = 6 * 1024 * 1024;
constexpr std::size_t event_bytes_max = 1024 * 1024;

std::string sha256_in_base64(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  std::string text;
  append_base64(text, {reinterpret_cast<const char*>(digest), sizeof digest});
  return text;
}

bool is_zip(const std::string& bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) return false;
  zip_t* const archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (archive == nullptr) {
    zip_source_free(source);
    return false;
  }
  const bool has_files = zip_get_num_entries(archive, 0) > 0;
  zip_discard(archive);
  return has_files;
}

}  // namespace

std::string error_payload(std::string_view type, std::string_view message) {
  std::string text = fmt::format(R"({{"errorType":"{}","errorMessage":)", type);
  append_json_string(text, message);
  return text += '}';
}

}  // namespace functions

Status prepare(api::lambda::CreateFunctionRequest& request, PrepareContext&) {
  if (!request.code.zip_file) return ok();
  const std::string& bytes = request.code.zip_file->bytes;
  if (!functions::is_zip(bytes)) {
    return Error{
        ErrorCode::invalid_parameter_value,
        "Could not unzip uploaded file. Please check your file, then try to upload again."};
  }
  request.code_sha256 = functions::sha256_in_base64(bytes);
  return ok();
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
