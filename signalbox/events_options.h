// The command line of `signalbox events`. Pure functions of the arguments and the environment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signalbox/command_line.h"

namespace signalbox {

enum class EventsVerb : std::uint8_t { ls, put, tail, replay };

// How events are printed.
enum class EventsOutput : std::uint8_t {
  automatic,  // text on a terminal, JSON elsewhere
  text,
  json,
};

struct EventsOptions : BrokerOptions {
  EventsVerb verb = EventsVerb::tail;
  bool help = false;

  std::optional<std::string> bus;  // none: the default one
  EventsOutput output = EventsOutput::automatic;
  std::optional<std::string> pattern;
  std::optional<std::string> pattern_file;
  std::optional<std::string> from;
  std::optional<std::string> to;

  // put
  std::optional<std::string> source;  // none: whole entries come from a file
  std::optional<std::string> detail_type;
  std::optional<std::string> detail;
  std::optional<std::string> file;  // - for standard input
  std::vector<std::string> resources;
  std::optional<std::string> time;
  std::int64_t count = 1;

  // tail
  bool is_once = false;

  // replay
  std::optional<std::string> archive;
  std::optional<std::string> name;
  std::optional<std::string> cancels;  // the name of a replay
  std::vector<std::string> rules;
  std::optional<std::string> to_bus;
  bool is_dry_run = false;
};

struct EventsArguments {
  EventsOptions options;
  std::string error;
};

EventsArguments parse_events_arguments(const std::vector<std::string>& arguments,
                                       Environment environment);
std::string_view events_help();

// Where in a bus's log: start, now, a time, a position, or an age as in 15m (s, m, h, d) before
// now_ms. As the broker takes it; nothing: it is none of them.
std::optional<std::string> log_place_of(std::string_view text, std::int64_t now_ms);

}  // namespace signalbox
