// Log groups as files, one JSON line for each log event, in the shape of CloudWatch Logs:
//
//   DATA_DIR/log-groups/ACCOUNT/REGION/NAME.jsonl      {"timestamp":1767323045678,"message":"…"}
//
// Characters of a name that a file name should not have are written as %2F and the like. A file is
// opened for each write, so that it may be moved away at any time. Thread safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include "broker/log_line.h"

namespace signalbox {

class LogGroups {
 public:
  explicit LogGroups(std::filesystem::path directory) : directory_(std::move(directory)) {}

  enum class Sync : std::uint8_t { no, yes };  // yes: on disk when it returns
  // What went wrong, or nothing. Whole lines, also after a crash in the middle of one.
  std::string append(const broker::LogGroup& group, std::span<const broker::LogLine> lines,
                     Sync sync) const;

  std::filesystem::path path_of(const broker::LogGroup& group) const;

 private:
  const std::filesystem::path directory_;
};

}  // namespace signalbox
