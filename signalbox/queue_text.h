// How `signalbox queue` shows what the broker answers. Pure functions.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox {

// Columns as wide as their widest cell; the first row is the head. Numbers stand to the right.
std::string table_text(const std::vector<std::vector<std::string>>& rows);

// As ls and peek show them.
std::string queues_table(const std::vector<simdjson::dom::element>& queues, std::int64_t now_ms);
std::string message_text(simdjson::dom::element message, std::int64_t now_ms);
// As receive does: a Message of SQS.
std::string received_text(simdjson::dom::element message);

// A message comes from anywhere: what would move the cursor or color the terminal is shown as ?.
std::string for_terminal(std::string_view text);
// 1970-01-01 00:00:00 UTC
std::string time_text(std::int64_t ms);
// 12 s, 3 min, 5 h, 2 d
std::string age_text(std::int64_t ms);

}  // namespace signalbox
