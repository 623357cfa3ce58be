#include "examples/services/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "examples/services/json_writer.h"

namespace shop {

namespace {

std::string timestamp() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto ms = now.time_since_epoch().count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000);
}

}  // namespace

void log_line(std::string_view service, std::string_view level, std::string_view message,
              std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string line = fmt::format("time={} level={} service={} message={}", timestamp(), level,
                                 service, json_text(message));
  for (const auto& [key, value] : fields) {
    if (value.empty()) continue;
    const bool quote = value.find_first_of(" =\"\\\n\r\t") != std::string_view::npos;
    line += fmt::format(" {}={}", key, quote ? json_text(value) : std::string(value));
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace shop
