#include "signalbox/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "protocol/json_codec.h"

namespace signalbox {

namespace {

constexpr std::size_t value_bytes_max = 1024;

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::error: return "error";
    case LogLevel::warning: return "warning";
    case LogLevel::info: return "info";
    case LogLevel::debug: return "debug";
  }
  return "info";
}

std::string timestamp() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto ms = now.time_since_epoch().count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000);
}

}  // namespace

void Log::write(LogLevel level, std::string_view message, std::span<const Field> fields) const {
  if (!enabled(level)) return;
  const bool json = format_ == LogFormat::json;
  std::string line;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!line.empty()) line += json ? ',' : ' ';
    if (json) {
      protocol::append_json_string(line, name);
      line += ':';
    } else {
      line.append(name).append("=");
    }
    value = value.substr(0, value_bytes_max);
    const bool bare = !json && !value.empty() &&
                      value.find_first_not_of(
                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          "0123456789-_.:/+") == std::string_view::npos;
    if (bare) {
      line += value;
    } else {
      protocol::append_json_string(line, value);
    }
  };
  add("time", timestamp());
  add("level", name_of(level));
  add("message", message);
  for (const auto& [name, value] : fields) add(name, value);
  if (json) line = "{" + line + "}";
  line += '\n';
  // One write per line: lines of different threads do not mix.
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace signalbox
