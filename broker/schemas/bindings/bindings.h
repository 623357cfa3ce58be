// Types in other languages for the events of a schema, as the files of a zip. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/schemas/bindings/type_model.h"

namespace signalbox::broker::schemas {

struct SourceFile {
  std::string path;
  std::string text;
};
using SourceFiles = std::vector<SourceFile>;

// One a language.
SourceFiles typescript_of(const TypeModel& model);
SourceFiles python_of(const TypeModel& model);
SourceFiles java_of(const TypeModel& model);
SourceFiles go_of(const TypeModel& model);
SourceFiles cpp_of(const TypeModel& model);

struct Language {
  std::string_view name;  // the service's; Cpp20 is ours
  SourceFiles (*generate)(const TypeModel& model);
};
// Null: there is none of that name.
const Language* find_language(std::string_view name);
// "Java8, Python36, ..."
std::string language_names();

// The bytes of a zip file, always the same for the same files. Empty: out of memory.
std::string zip_of(const SourceFiles& files);

}  // namespace signalbox::broker::schemas
