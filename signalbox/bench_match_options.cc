// The command line of `signalbox bench match`.
#include <fmt/format.h>

#include <charconv>

#include "signalbox/bench_match.h"

namespace signalbox {
namespace {

constexpr std::size_t thread_count_max = 256;
constexpr std::size_t pass_count_max = 1000;
constexpr double pass_seconds_max = 3600;

constexpr std::string_view help_text =
    R"(Measures how fast rules are matched: the bytes of an event in, the ids of its rules out.

  signalbox bench match --rules FILE --events FILE [options]

  --rules FILE      one rule a line: {"id":"r1","pattern":{"source":["my.app"]}}
  --events FILE     one event a line, a JSON object
  --count N         takes the first N rules only
  --seconds S       one timed pass lasts S seconds (1); a warm-up pass comes before
  --passes N        timed passes, of which the median counts (5)
  --threads T       T threads share the rules (1); passes of one thread and of T alternate
  --check-events N  counts and hashes the matches of the first N events only
  --paced           a pass for each line of standard input, so that another program can be
                    measured in turns; prints {"ready":true}, then a line for each pass

Prints one line of JSON:
  rules, events, checked_events
  matches, max_matches  rule ids of all checked events, and the most that one event has
  hash                  the sum over events i (from 0) and their ids of fnv1a64("ID:i")
  rules_per_s           compiling all patterns and adding them, one by one
  bytes_per_rule        what the matcher says of itself; rss_growth_bytes and peak_rss_bytes are
                        what the system says of the process, in which the files lie as well
  add_p50_us, ...       compiling and adding one more rule until a new snapshot shows it, with all
                        the others there; and removing one
  events_per_s          the median of the passes; slowest_pass and fastest_pass beside it
  us_per_event          what one thread takes for an event
  threads               and with more than one: events_per_s_one_thread, scaling
)";

// The whole text as a number within bounds.
template <typename Number>
bool read_number(std::string_view text, Number least, Number most, Number& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  // Also refuses a NaN.
  return error == std::errc() && stop == end && value >= least && value <= most;
}

// Empty when the option is known and its value good.
std::string set_option(std::string_view name, const std::string& value,
                       MatchBenchOptions& options) {
  constexpr std::size_t any_count = SIZE_MAX;
  const auto number = [&](std::size_t most, auto& target) -> std::string {
    std::size_t read = 0;
    if (!read_number<std::size_t>(value, 1, most, read)) {
      return most == any_count
                 ? fmt::format("{} {}: give a whole number from 1.", name, value)
                 : fmt::format("{} {}: give a whole number from 1 to {}.", name, value, most);
    }
    target = read;
    return {};
  };
  if (name == "--rules") {
    options.rules_path = value;
    return {};
  }
  if (name == "--events") {
    options.events_path = value;
    return {};
  }
  if (name == "--count") return number(any_count, options.rule_count);
  if (name == "--check-events") return number(any_count, options.check_count);
  if (name == "--passes") return number(pass_count_max, options.pass_count);
  if (name == "--threads") return number(thread_count_max, options.thread_count);
  if (name == "--seconds") {
    if (read_number(value, 0.001, pass_seconds_max, options.pass_seconds)) return {};
    return fmt::format("--seconds {}: give seconds from 0.001 to {}.", value, pass_seconds_max);
  }
  return fmt::format("there is no option {}. Try signalbox bench match --help.", name);
}

}  // namespace

std::string_view match_bench_help() { return help_text; }

MatchBenchArguments parse_match_bench(const std::vector<std::string>& arguments) {
  MatchBenchArguments parsed;
  MatchBenchOptions& options = parsed.options;
  for (std::size_t i = 0; i < arguments.size() && parsed.error.empty(); ++i) {
    std::string name = arguments[i];
    if (name == "--help" || name == "-h") {
      options.help = true;
      return parsed;
    }
    if (name == "--paced") {
      options.paced = true;
      continue;
    }
    std::string value;
    if (const auto equals = name.find('='); name.starts_with("--") && equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (name.starts_with("--") && i + 1 < arguments.size()) {
      value = arguments[++i];
    } else if (name.starts_with("--")) {
      // An unknown one is better called that than one without a value.
      parsed.error = set_option(name, "1", options);
      if (parsed.error.empty()) parsed.error = fmt::format("{} needs a value.", name);
      break;
    }
    parsed.error = set_option(name, value, options);
  }
  if (!parsed.error.empty()) return parsed;
  if (options.rules_path.empty() || options.events_path.empty()) {
    parsed.error = fmt::format("{} FILE is missing. Try signalbox bench match --help.",
                               options.rules_path.empty() ? "--rules" : "--events");
  } else if (options.paced && options.thread_count > 1) {
    parsed.error = "--paced measures one thread: leave --threads out.";
  }
  return parsed;
}

}  // namespace signalbox
