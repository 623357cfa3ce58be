#include "signalbox/bench_match_input.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <string_view>
#include <unordered_map>

namespace signalbox {
namespace {

constexpr std::string_view rule_form =
    R"(A line holds one rule, like {"id":"r1","pattern":{"source":["my.app"]}}.)";
constexpr std::string_view event_form = R"(A line holds one event, a JSON object.)";

std::string unreadable(const std::string& path) {
  return fmt::format("cannot read {}: {}. Name a file with one JSON object a line.", path,
                     std::strerror(errno));
}

// Gives every line to take, with its number, until that says what is wrong or the count is reached.
std::string each_line(const std::string& path, std::string_view form, std::size_t count_max,
                      const std::function<std::string(std::string&&, std::size_t)>& take) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable(path);
  std::size_t number = 0;
  for (std::string line; number < count_max && std::getline(file, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      // The hash counts lines: a line that is no event would shift all that follow.
      return fmt::format("{}:{}: the line is empty. {} Delete it.", path, number, form);
    }
    if (auto problem = take(std::move(line), number); !problem.empty()) {
      return fmt::format("{}:{}: {}", path, number, problem);
    }
  }
  if (file.bad()) return unreadable(path);
  if (number == 0) return fmt::format("{} is empty. {}", path, form);
  return {};
}

// Empty for a JSON object and nothing else.
std::string check_object(simdjson::dom::parser& parser, const std::string& line,
                         std::string_view form) {
  simdjson::dom::element element;
  const auto error = parser.parse(line).get(element);
  // A number too long for a double is JSON all the same.
  if (error == simdjson::NUMBER_ERROR) return {};
  if (error) return fmt::format("not valid JSON: {} {}", error_message(error), form);
  if (!element.is_object()) return fmt::format("not a JSON object. {}", form);
  return {};
}

// The line is valid JSON. The pattern is taken as it is written: compiling it says what is wrong
// with it, and where.
std::string read_rule(simdjson::ondemand::parser& parser, const std::string& line, RuleLine& rule) {
  namespace ondemand = simdjson::ondemand;
  const simdjson::padded_string padded(line);
  ondemand::document document;
  ondemand::object object;
  if (parser.iterate(padded).get(document) || document.get_object().get(object)) {
    return fmt::format("not a JSON object. {}", rule_form);
  }
  bool has_id = false;
  for (auto field : object) {
    std::string_view key;
    std::string_view text;
    if (field.unescaped_key().get(key)) return fmt::format("not valid JSON. {}", rule_form);
    if (key == "id") {
      if (field.value().get_string().get(text))
        return fmt::format("id is no string. {}", rule_form);
      rule.id = text;
      has_id = true;
    } else if (key == "pattern") {
      ondemand::object pattern;
      if (field.value().get_object().get(pattern) || pattern.raw_json().get(text)) {
        return fmt::format("pattern is no object. {}", rule_form);
      }
      rule.pattern = text;
    }
  }
  if (!has_id) return fmt::format("id is missing. {}", rule_form);
  if (rule.pattern.empty()) return fmt::format("pattern is missing. {}", rule_form);
  return {};
}

}  // namespace

std::string read_rule_lines(const std::string& path, std::optional<std::size_t> count,
                            std::vector<RuleLine>& rules) {
  simdjson::dom::parser checker;
  simdjson::ondemand::parser parser;
  std::unordered_map<std::string, std::size_t> line_of_id;
  auto problem = each_line(
      path, rule_form, count.value_or(SIZE_MAX), [&](std::string&& line, std::size_t number) {
        RuleLine rule;
        auto problem = check_object(checker, line, rule_form);
        if (problem.empty()) problem = read_rule(parser, line, rule);
        if (!problem.empty()) return problem;
        const auto [known, is_new] = line_of_id.emplace(rule.id, number);
        if (!is_new) {
          return fmt::format("the id {} stands in line {} already. Give each rule its own.",
                             rule.id, known->second);
        }
        rules.push_back(std::move(rule));
        return std::string();
      });
  if (problem.empty() && count && rules.size() < *count) {
    problem = fmt::format("--count {}: {} holds {}.", *count, path, rules.size());
  }
  return problem;
}

std::string read_event_lines(const std::string& path, std::vector<std::string>& events) {
  simdjson::dom::parser parser;
  return each_line(path, event_form, SIZE_MAX, [&](std::string&& line, std::size_t) {
    auto problem = check_object(parser, line, event_form);
    if (problem.empty()) events.push_back(std::move(line));
    return problem;
  });
}

std::string invalid_pattern(const std::string& path, std::size_t line, const std::string& id,
                            std::string reason) {
  // The service puts the position on a line of its own, behind a blank.
  std::erase(reason, '\n');
  return fmt::format(
      "{}:{}: the pattern of rule {} is not valid: {}. Correct it or delete the line.", path, line,
      id, reason);
}

}  // namespace signalbox
