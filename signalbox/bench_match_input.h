// The files of `signalbox bench match`: one JSON a line, every line looked at before anything is
// measured, so that a figure never rests on lines that were quietly skipped.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace signalbox {

struct RuleLine {
  std::string id;
  std::string pattern;  // JSON text, not yet compiled
};

// Line i + 1 of the file is rule i. Returns what is wrong and what to do; empty when nothing is.
std::string read_rule_lines(const std::string& path, std::optional<std::size_t> count,
                            std::vector<RuleLine>& rules);
std::string read_event_lines(const std::string& path, std::vector<std::string>& events);

// `PATH:LINE: the pattern of rule ID is not valid: REASON`, on one line.
std::string invalid_pattern(const std::string& path, std::size_t line, const std::string& id,
                            std::string reason);

}  // namespace signalbox
