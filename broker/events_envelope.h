// The JSON of an event as targets and patterns see it. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/clock.h"
#include "broker/event_time.h"

namespace signalbox::broker {

// The detail of an event without insignificant white space and otherwise untouched: numbers keep
// their text. Nullopt unless it is a JSON object with at most 1,000 levels of nesting whose
// integers fit into 64 bits with a sign.
std::optional<std::string> compact_detail(std::string_view detail);

bool is_json_object(std::string_view text);
// Whether the text is a JSON object that has a member of that name, be it null.
bool has_member(std::string_view object, std::string_view name);

struct EnvelopeParts {
  std::string_view id;
  std::string_view detail_type;
  std::string_view source;
  std::string_view account;
  std::string_view region;
  std::string_view time;    // from format_event_time
  std::string_view detail;  // from compact_detail
  const std::vector<std::string>* resources = nullptr;
};
// In the service's key order, compact.
std::string build_envelope(const EnvelopeParts& parts);

// What an archive wants to know of an event. One that a target's input made for another bus may
// have any order of members, and may lack some.
struct EventHead {
  std::optional<EventSecond> second;  // of its time
  bool is_replayed = false;
};
EventHead read_event_head(std::string_view envelope);

// The envelope with "replay-name" where the service has it, between region and resources; in front
// when resources is not the first list or object in it. The name has nothing that JSON escapes.
std::string with_replay_name(std::string_view envelope, std::string_view replay_name);

// "2026-01-31T23:59:59Z"; nullopt for years that have not four digits.
std::optional<std::string> format_event_time(std::int64_t ms);

// The other way round, for that form alone.
std::optional<std::int64_t> parse_event_time(std::string_view text);

// Appends the text as a JSON string.
void append_json_string(std::string& json, std::string_view text);

}  // namespace signalbox::broker
