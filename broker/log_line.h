// A log group, and a line for it: what CloudWatch Logs would keep, the server writes to a file.
#pragma once

#include <cstdint>
#include <string>

namespace signalbox::broker {

struct LogGroup {
  std::string account;
  std::string region;
  std::string name;
  bool operator==(const LogGroup&) const = default;
};

struct LogLine {
  LogGroup group;
  std::int64_t timestamp_ms = 0;  // system clock
  std::string message;
};

}  // namespace signalbox::broker
