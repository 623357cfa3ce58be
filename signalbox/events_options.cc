#include "signalbox/events_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "protocol/wire.h"

namespace signalbox {
namespace {

constexpr std::string_view help_text =
    R"(Puts events on buses, shows them as they come, and replays them.

  signalbox events ls
  signalbox events put [--bus BUS] --source S --detail-type T [--detail JSON|--file FILE|-]
                       [--resource ARN]... [--time TIME] [--count N]
  signalbox events put [--bus BUS] --file FILE|-
  signalbox events tail [--bus BUS] [--pattern JSON|--pattern-file FILE] [--from PLACE] [--to PLACE]
                        [--once]
  signalbox events replay --archive ARCHIVE --from TIME [--to TIME] [--rule RULE]... [--name NAME]
  signalbox events replay --cancel NAME
  signalbox events replay [--bus BUS] --from PLACE [--to PLACE] [--to-bus BUS]
                          [--pattern JSON|--pattern-file FILE] [--dry-run]

  ls       the buses, with how many rules each has and how much its log
  put      puts one event, or --count N of it, or each line of a file: an entry as PutEvents takes
           it, whose Detail may also be an object, or an event as tail prints it. Prints the
           event's id, or how many were put
  tail     prints the events of a bus from now on, or from PLACE; goes on when the broker was
           restarted; ends at --to PLACE, with --once at the end of the log, or with Ctrl-C
  replay   with --archive: starts a replay and follows it; Ctrl-C leaves it running. Without: reads
           the bus's log and puts its events once more, on --to-bus or the same one, with their
           source, detail-type, detail, resources and time; their ids are new. --dry-run prints them

  --bus BUS          the name of a bus (default)
  --pattern JSON     only events that match the event pattern
  PLACE              start, now, a TIME, or a position in the log
  TIME               2026-01-02T03:04:05Z, seconds since 1970, or an age: 30s, 15m, 12h, 7d
  --json, --text     a line of JSON for each event, or one to read; on a terminal, text
  --endpoint-url URL where the broker is ($AWS_ENDPOINT_URL, or http://127.0.0.1:4566)
  --region REGION    ($AWS_REGION, $AWS_DEFAULT_REGION, or the broker's own)
  --account ACCOUNT  ($AWS_ACCESS_KEY_ID, if it has 12 digits, or the broker's own)

Exits with 0 when that was done, with 1 when the broker refused it, or an event, or cannot be
reached, and with 2 when it was not asked properly.
)";

constexpr std::string_view hint = "Try signalbox events --help.";

struct Verb {
  std::string_view name;
  EventsVerb verb;
  std::vector<std::string_view> options;  // beside those of the broker
};

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> all{
      {"ls", EventsVerb::ls, {"--json", "--text"}},
      {"put",
       EventsVerb::put,
       {"--bus", "--source", "--detail-type", "--detail", "--file", "--resource", "--time",
        "--count", "--json", "--text"}},
      {"tail",
       EventsVerb::tail,
       {"--bus", "--pattern", "--pattern-file", "--from", "--to", "--once", "--json", "--text"}},
      {"replay",
       EventsVerb::replay,
       {"--bus", "--pattern", "--pattern-file", "--from", "--to", "--archive", "--rule", "--name",
        "--cancel", "--to-bus", "--dry-run", "--json", "--text"}},
  };
  return all;
}

// Options without a value; false: it is none of them.
bool set_flag(std::string_view name, EventsOptions& options) {
  if (name == "--json") return options.output = EventsOutput::json, true;
  if (name == "--text") return options.output = EventsOutput::text, true;
  if (name == "--once") return options.is_once = true;
  if (name == "--dry-run") return options.is_dry_run = true;
  return false;
}

// Empty when the value is good.
std::string set_option(std::string_view name, std::string value, EventsOptions& options) {
  using Member = std::optional<std::string> EventsOptions::*;
  static constexpr std::pair<std::string_view, Member> texts[] = {
      {"--bus", &EventsOptions::bus},
      {"--pattern", &EventsOptions::pattern},
      {"--pattern-file", &EventsOptions::pattern_file},
      {"--from", &EventsOptions::from},
      {"--to", &EventsOptions::to},
      {"--source", &EventsOptions::source},
      {"--detail-type", &EventsOptions::detail_type},
      {"--detail", &EventsOptions::detail},
      {"--file", &EventsOptions::file},
      {"--time", &EventsOptions::time},
      {"--archive", &EventsOptions::archive},
      {"--name", &EventsOptions::name},
      {"--cancel", &EventsOptions::cancels},
      {"--to-bus", &EventsOptions::to_bus},
  };
  if (name == "--count") return read_whole_number(name, value, 1, 1'000'000'000, options.count);
  if (value.empty()) return fmt::format("{} is empty. {}", name, hint);
  if (name == "--resource") return options.resources.push_back(std::move(value)), "";
  if (name == "--rule") return options.rules.push_back(std::move(value)), "";
  for (const auto& [option, member] : texts) {
    if (option == name) options.*member = std::move(value);
  }
  return {};
}

std::string check_put(const EventsOptions& options) {
  if (!options.source && !options.detail_type) {
    const bool is_of_one = options.detail || !options.resources.empty() || options.time;
    if (is_of_one) return fmt::format("put needs --source and --detail-type. {}", hint);
    if (!options.file) {
      return fmt::format(
          "put needs an event: --source and --detail-type, or --file FILE with one a line. {}",
          hint);
    }
    if (options.count != 1) return "--count goes with --source and --detail-type.";
    return {};
  }
  if (!options.source) return fmt::format("put needs --source too. {}", hint);
  if (!options.detail_type) return fmt::format("put needs --detail-type too. {}", hint);
  if (options.detail && options.file) return "give either --detail or --file.";
  return {};
}

std::string check_replay(const EventsOptions& options) {
  if (options.cancels) {
    const bool is_alone = !options.archive && !options.bus && !options.from && !options.to;
    return is_alone ? "" : "--cancel NAME goes with nothing else.";
  }
  if (!options.from) return fmt::format("replay needs --from. {}", hint);
  if (!options.archive) {
    if (!options.rules.empty()) return "--rule goes with --archive: a put goes to all rules.";
    if (options.name) return "--name goes with --archive.";
    return {};
  }
  if (options.pattern || options.pattern_file) {
    return "--pattern goes with --bus: an archive's replay has all of its events; --rule chooses "
           "who gets them.";
  }
  if (options.bus || options.to_bus) return "an archive is replayed to its own bus: give no --bus.";
  if (options.is_dry_run) return "--dry-run goes with --bus.";
  return {};
}

std::string check_place(std::string_view name, const std::optional<std::string>& text,
                        bool is_time) {
  if (!text) return {};
  const bool is_word = *text == "start" || *text == "now";
  if (log_place_of(*text, 0) &&
      !(is_time && (is_word || std::count(text->begin(), text->end(), '.') > 1)))
    return {};
  return fmt::format(
      "{} {}: give {}a time as in 2026-01-02T03:04:05Z, seconds since 1970, or an "
      "age as in 15m.",
      name, *text, is_time ? "" : "start, now, ");
}

std::string check(const EventsOptions& options) {
  if (options.pattern && options.pattern_file) return "give either --pattern or --pattern-file.";
  const bool is_time = options.archive.has_value();
  for (const auto& [name, text, is_a_time] : {std::tuple{"--from", &options.from, is_time},
                                              {"--to", &options.to, is_time},
                                              {"--time", &options.time, true}}) {
    if (auto problem = check_place(name, *text, is_a_time); !problem.empty()) return problem;
  }
  if (options.verb == EventsVerb::put) return check_put(options);
  if (options.verb == EventsVerb::replay) return check_replay(options);
  return {};
}

std::string read_words(const std::vector<std::string>& arguments, const Verb& verb,
                       EventsOptions& options) {
  const CommandSyntax syntax{verb.name, verb.options, hint,
                             [&](std::string_view name) { return set_flag(name, options); },
                             [&](std::string_view name, std::string value) {
                               return set_option(name, std::move(value), options);
                             }};
  std::vector<std::string> words;
  auto problem = read_arguments(arguments, syntax, options, words);
  if (!problem.empty()) return problem;
  for (const auto& word : words) {
    if (word != "-" || verb.verb != EventsVerb::put) {
      return fmt::format("{} does not know what to do with {}. {}", verb.name, word, hint);
    }
    options.file = word;
  }
  return {};
}

}  // namespace

std::string_view events_help() { return help_text; }

std::optional<std::string> log_place_of(std::string_view text, std::int64_t now_ms) {
  const auto is_of = [&](std::string_view characters) {
    return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
  };
  if (text == "start" || text == "now" || protocol::parse_rfc3339(text)) return std::string(text);
  if (is_of("0123456789.") && text.front() != '.' && text.back() != '.' &&
      std::count(text.begin(), text.end(), '.') <= 2) {
    return std::string(text);
  }
  constexpr std::pair<char, std::int64_t> units[] = {
      {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}};
  const auto unit = std::find_if(std::begin(units), std::end(units), [&](const auto& each) {
    return !text.empty() && each.first == text.back();
  });
  if (unit == std::end(units)) return std::nullopt;
  text.remove_suffix(1);
  std::int64_t count = 0;
  constexpr std::int64_t century_s = 3'155'760'000;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (!is_of("0123456789") || error != std::errc() || count > century_s / unit->second) {
    return std::nullopt;
  }
  const std::int64_t at_ms = std::max<std::int64_t>(now_ms - count * unit->second * 1000, 0);
  return fmt::format("{}.{:03}", at_ms / 1000, at_ms % 1000);
}

EventsArguments parse_events_arguments(const std::vector<std::string>& arguments,
                                       Environment environment) {
  EventsArguments parsed;
  EventsOptions& options = parsed.options;
  options.help = asks_help(arguments);
  if (options.help) return parsed;
  const Verb* const verb = find_verb(verbs(), arguments.front());
  if (verb == nullptr) {
    parsed.error = fmt::format("there is no command events {}. {}", arguments.front(), hint);
    return parsed;
  }
  options.verb = verb->verb;
  read_broker_environment(environment, options);
  parsed.error = read_words(arguments, *verb, options);
  if (parsed.error.empty()) parsed.error = check(options);
  return parsed;
}

}  // namespace signalbox
