#include "broker/schemas/bindings/bindings.h"

#include <zip.h>

#include <array>

namespace signalbox::broker::schemas {

namespace {

constexpr std::array<Language, 5> languages{{{"Java8", java_of},
                                             {"Python36", python_of},
                                             {"TypeScript3", typescript_of},
                                             {"Go1", go_of},
                                             {"Cpp20", cpp_of}}};

// The first moment that a zip can tell.
constexpr std::int64_t file_time_s = 315'532'800;

bool add_file(zip_t* archive, const SourceFile& file) {
  zip_source_t* const text = zip_source_buffer(archive, file.text.data(), file.text.size(), 0);
  if (text == nullptr) return false;
  const auto index = zip_file_add(archive, file.path.c_str(), text, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(text);
    return false;
  }
  return zip_file_set_mtime(archive, static_cast<zip_uint64_t>(index), file_time_s, 0) == 0;
}

std::string bytes_of(zip_source_t* source) {
  std::string bytes;
  if (zip_source_open(source) != 0) return bytes;
  std::array<char, 16 * 1024> chunk{};
  zip_int64_t count = 0;
  while ((count = zip_source_read(source, chunk.data(), chunk.size())) > 0) {
    bytes.append(chunk.data(), static_cast<std::size_t>(count));
  }
  zip_source_close(source);
  return bytes;
}

}  // namespace

const Language* find_language(std::string_view name) {
  for (const auto& language : languages) {
    if (language.name == name) return &language;
  }
  return nullptr;
}

std::string language_names() {
  std::string text;
  for (const auto& language : languages) {
    if (!text.empty()) text += ", ";
    text += language.name;
  }
  return text;
}

std::string zip_of(const SourceFiles& files) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_buffer_create(nullptr, 0, 0, &error);
  if (source == nullptr) return {};
  zip_source_keep(source);  // closing the archive lets go of it once
  zip_t* const archive = zip_open_from_source(source, ZIP_TRUNCATE, &error);
  bool fine = archive != nullptr;
  for (const auto& file : files) fine = fine && add_file(archive, file);
  if (archive != nullptr && (!fine || zip_close(archive) != 0)) {
    fine = false;
    zip_discard(archive);
  }
  std::string bytes = fine ? bytes_of(source) : std::string();
  zip_source_free(source);
  zip_error_fini(&error);
  return bytes;
}

}  // namespace signalbox::broker::schemas
