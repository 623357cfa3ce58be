#include "signalbox/explain_command.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "rules/explain.h"
#include "rules/nearest.h"
#include "signalbox/bench_match_input.h"

namespace signalbox {
namespace {

constexpr int status_matched = 0;
constexpr int status_missed = 1;
constexpr int status_bad_input = 2;

constexpr std::string_view help_text =
    R"(Says why an event matches a pattern, or which field finds nothing it wants.

  signalbox explain --pattern FILE_OR_JSON --event FILE_OR_JSON [--json]
  signalbox explain --rules FILE --event FILE_OR_JSON [--nearest N] [--json]

  --pattern P   an event pattern: JSON, the name of a file, or - for standard input
  --event E     an event as targets get it: JSON, the name of a file, or - for standard input
  --rules FILE  one rule a line instead of a pattern: {"id":"r1","pattern":{"source":["my.app"]}}
  --nearest N   explains the N nearest of the rules that did not match (3)
  --json        prints one line of JSON instead of text

Exits with 0 when the pattern, or any of the rules, matched; with 1 when not; with 2 when what it
was given is no pattern, event or rule.

  signalbox explain --pattern '{"detail":{"status":["paid"]}}' --event event.json
)";

struct ExplainOptions {
  std::optional<std::string> pattern;
  std::optional<std::string> event;
  std::optional<std::string> rules_path;
  std::optional<std::size_t> nearest;
  bool json = false;
  bool help = false;
};

// Empty when the option is known and its value good.
std::string set_option(std::string_view name, const std::string& value, ExplainOptions& options) {
  if (name == "--pattern") {
    options.pattern = value;
  } else if (name == "--event") {
    options.event = value;
  } else if (name == "--rules") {
    options.rules_path = value;
  } else if (name == "--nearest") {
    std::size_t count = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, count);
    if (error != std::errc() || stop != end || count > rules::NearestOptions::count_max) {
      return fmt::format("--nearest {}: give a whole number from 0 to {}.", value,
                         rules::NearestOptions::count_max);
    }
    options.nearest = count;
  } else {
    return fmt::format("there is no option {}. Try signalbox explain --help.", name);
  }
  return {};
}

std::string check(const ExplainOptions& options) {
  if (!options.event) return "--event is missing. Try signalbox explain --help.";
  if (options.pattern.has_value() == options.rules_path.has_value()) {
    return "give either --pattern or --rules. Try signalbox explain --help.";
  }
  if (options.nearest && !options.rules_path) return "--nearest needs --rules.";
  if (options.pattern == "-" && options.event == "-") {
    return "only one of --pattern and --event can be -, standard input.";
  }
  return {};
}

// What is wrong, or empty.
std::string parse(const std::vector<std::string>& arguments, ExplainOptions& options) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (name == "--help" || name == "-h") {
      options.help = true;
      return {};
    }
    if (name == "--json") {
      options.json = true;
      continue;
    }
    std::string value;
    if (const auto equals = name.find('='); name.starts_with("--") && equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      // An unknown one is better called that than one without a value.
      auto problem = set_option(name, "1", options);
      return problem.empty() ? fmt::format("{} needs a value.", name) : problem;
    }
    if (auto problem = set_option(name, value, options); !problem.empty()) return problem;
  }
  return check(options);
}

// The JSON itself, a file's contents or standard input. What is wrong, or empty.
std::string read_input(const std::string& given, std::string_view option, std::string& text) {
  const auto first = given.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) {
    return fmt::format("{} is empty: give JSON or the name of a file.", option);
  }
  if (given[first] == '{' || given[first] == '[' || given[first] == '"') {
    text = given;
    return {};
  }
  errno = 0;
  std::ifstream file;
  if (given != "-") {
    file.open(given, std::ios::binary);
    if (!file) {
      return fmt::format("{} {}: {}. Give JSON, the name of a file, or -.", option, given,
                         std::strerror(errno));
    }
  }
  std::istream& input = given == "-" ? std::cin : file;
  // read() turns what goes wrong, with a folder for one, into a state; iterators would throw it.
  std::vector<char> chunk(64 * 1024);
  while (input.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), input.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(input.gcount()));
  }
  if (!input.bad()) return {};
  return fmt::format("{} {}: {}. Give JSON, the name of a file, or -.", option, given,
                     std::strerror(errno));
}

int complain(std::string_view what) {
  fmt::print(stderr, "signalbox: {}\n", what);
  return status_bad_input;
}

int explain_pattern(const ExplainOptions& options, const std::string& event) {
  std::string pattern;
  if (const auto problem = read_input(*options.pattern, "--pattern", pattern); !problem.empty()) {
    return complain(problem);
  }
  const auto explanation = rules::explain(pattern, event);
  using Outcome = rules::Explanation::Outcome;
  const bool is_invalid = explanation.outcome == Outcome::invalid_event ||
                          explanation.outcome == Outcome::invalid_pattern;
  if (options.json) {
    fmt::print("{}\n", rules::to_json(explanation));
  } else {
    fmt::print(is_invalid ? stderr : stdout, "{}", rules::to_text(explanation));
  }
  if (is_invalid) return status_bad_input;
  return explanation.matched() ? status_matched : status_missed;
}

int explain_rules(const ExplainOptions& options, std::string event) {
  constexpr std::size_t nearest_default = 3;
  std::vector<RuleLine> lines;
  if (const auto problem = read_rule_lines(*options.rules_path, std::nullopt, lines);
      !problem.empty()) {
    return complain(problem);
  }
  rules::NearestOptions bounds;
  bounds.count = options.nearest.value_or(nearest_default);
  bounds.steps_max = UINT64_MAX;  // a person waits for it, and can stop it
  rules::NearestMisses misses(std::move(event), bounds);
  std::unordered_map<std::string, std::size_t> line_of_rule;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    line_of_rule.emplace(lines[i].id, i + 1);
    if (!misses.add({std::move(lines[i].id), std::move(lines[i].pattern), true})) break;
  }
  const auto result = misses.finish();
  if (!result.problem.empty()) return complain(result.problem);
  if (!result.invalid.empty()) {
    const auto& [id, enabled, explanation] = result.invalid.front();
    return complain(
        invalid_pattern(*options.rules_path, line_of_rule[id], id, explanation.problem));
  }
  if (options.json) {
    std::string json = "{";
    rules::append_members(json, result);
    fmt::print("{}}}\n", json);
  } else {
    fmt::print("{}", rules::to_text(result));
  }
  return result.matched_count > 0 ? status_matched : status_missed;
}

}  // namespace

int run_explain(const std::vector<std::string>& arguments) {
  ExplainOptions options;
  if (const auto problem = parse(arguments, options); !problem.empty()) return complain(problem);
  if (options.help) {
    fmt::print("{}", help_text);
    return 0;
  }
  std::string event;
  if (const auto problem = read_input(*options.event, "--event", event); !problem.empty()) {
    return complain(problem);
  }
  return options.pattern ? explain_pattern(options, event)
                         : explain_rules(options, std::move(event));
}

}  // namespace signalbox
