// Structured logs on standard error: one line per event, logfmt or JSON. Thread safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "signalbox/settings.h"

namespace signalbox {

class Log {
 public:
  using Field = std::pair<std::string_view, std::string_view>;

  Log(LogLevel level, LogFormat format) : level_(level), format_(format) {}

  bool enabled(LogLevel level) const { return level <= level_; }
  // Values come from anywhere: they are escaped and cut to 1,024 bytes.
  void write(LogLevel level, std::string_view message, std::span<const Field> fields) const;
  void write(LogLevel level, std::string_view message,
             std::initializer_list<Field> fields = {}) const {
    write(level, message, std::span(fields.begin(), fields.size()));
  }

 private:
  const LogLevel level_;
  const LogFormat format_;
};

}  // namespace signalbox
