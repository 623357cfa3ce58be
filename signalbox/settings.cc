#include "signalbox/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <numeric>
#include <set>
#include <system_error>

#include "protocol/guard.h"
#include "signalbox/settings_table.h"

namespace signalbox {
namespace {

// One value as somebody wrote it, and where.
struct Assignment {
  const SettingRow* row;
  std::string_view value;
  std::string where;  // begins an error: "--account 12", "SIGNALBOX_ACCOUNT=12", "my.conf:3: ..."
};

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// " Did you mean data-dir?", or where all of them are listed.
std::string suggestion(std::string_view name) {
  const SettingRow* nearest = nullptr;
  std::size_t nearest_distance = 4;  // further away than this is not a slip of the finger
  for (const SettingRow& row : settings_table()) {
    const std::size_t distance = edit_distance(name, row.name);
    if (distance < nearest_distance) {
      nearest = &row;
      nearest_distance = distance;
    }
  }
  if (nearest != nullptr) return fmt::format("Did you mean {}?", nearest->name);
  return "`signalbox serve --help` lists all settings.";
}

// Applies the values of one layer. Returns the error, empty when there is none.
std::string apply(const std::vector<Assignment>& layer, Settings& settings) {
  std::set<const SettingRow*> seen;
  for (const Assignment& given : layer) {
    bool first = seen.insert(given.row).second;
    if (given.row->kind != SettingKind::list) {
      if (!first)
        return fmt::format("{}: {} is given twice; keep one", given.where, given.row->name);
      const std::string accepted = store_setting(*given.row, settings, given.value, first);
      if (!accepted.empty()) return fmt::format("{}: must be {}", given.where, accepted);
      continue;
    }
    const auto values = split_list(given.value);
    if (values.empty()) {
      return fmt::format("{}: must be {}", given.where, accepted_values(*given.row));
    }
    for (const std::string_view value : values) {
      const std::string accepted = store_setting(*given.row, settings, value, first);
      if (!accepted.empty()) return fmt::format("{}: must be {}", given.where, accepted);
      first = false;
    }
  }
  return {};
}

// "--name value", "--name=value" and "--toggle".
std::string read_arguments(const std::vector<std::string>& arguments, bool& help,
                           std::vector<Assignment>& layer) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      help = true;
      return {};
    }
    if (!argument.starts_with("--")) {
      return fmt::format(
          "{}: not a flag; flags are written --name value, or --name=on for the "
          "ones that need no value",
          argument);
    }
    const std::size_t equals = argument.find('=');
    const std::string_view name = argument.substr(2, std::min(equals, argument.size()) - 2);
    const SettingRow* row = find_setting(name);
    if (row == nullptr) return fmt::format("--{}: no such setting. {}", name, suggestion(name));
    if (equals != std::string_view::npos) {
      layer.push_back({row, argument.substr(equals + 1), std::string(argument)});
    } else if (row->kind == SettingKind::toggle) {
      const bool is_stated =
          i + 1 < arguments.size() && (arguments[i + 1] == "on" || arguments[i + 1] == "off");
      if (is_stated) ++i;
      layer.push_back(
          {row, is_stated ? std::string_view(arguments[i]) : "on", std::string(argument)});
    } else if (i + 1 < arguments.size()) {
      ++i;
      layer.push_back({row, arguments[i], fmt::format("{} {}", argument, arguments[i])});
    } else {
      return fmt::format("{}: a value is missing; it must be {}", argument, accepted_values(*row));
    }
  }
  return {};
}

void read_variables(const Environment& environment, std::vector<std::string>& warnings,
                    std::vector<Assignment>& layer) {
  constexpr std::string_view prefix = "SIGNALBOX_";
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(prefix)) continue;
    const auto rows = settings_table();
    const auto row = std::find_if(rows.begin(), rows.end(), [&name = name](const SettingRow& row) {
      return variable_name(row.name) == name;
    });
    if (row == rows.end()) {
      // Not an error: cluster managers put SIGNALBOX_PORT and the like there for a service that
      // is called signalbox.
      warnings.push_back(fmt::format("{} in the environment names no setting; ignored", name));
      continue;
    }
    layer.push_back({&*row, value, fmt::format("{}={}", name, value)});
  }
}

// lines keeps what the assignments point into.
std::string read_file(const std::string& path, std::vector<std::string>& lines,
                      std::vector<Assignment>& layer) {
  std::ifstream file(path);
  if (!file) {
    return fmt::format(
        "{}: cannot be read ({}); --config and SIGNALBOX_CONFIG name a file that "
        "`signalbox settings --sample` can begin",
        path, std::generic_category().message(errno));
  }
  for (std::string line; std::getline(file, line);) lines.push_back(std::move(line));
  if (file.bad() || (!file.eof() && file.fail())) {
    return fmt::format("{}: cannot be read to its end", path);
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = trim(lines[i]);
    if (line.empty() || line.starts_with('#')) continue;
    const std::string where = fmt::format("{}:{}: {}", path, i + 1, line);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      return fmt::format("{}: not a setting; write name = value", where);
    }
    const std::string_view name = trim(line.substr(0, equals));
    const SettingRow* row = find_setting(name);
    if (row == nullptr) return fmt::format("{}: no such setting. {}", where, suggestion(name));
    if (row->name == "config") return fmt::format("{}: a file cannot name another one", where);
    layer.push_back({row, trim(line.substr(equals + 1)), where});
  }
  return {};
}

// What holds between settings rather than for one.
std::string check_together(const Settings& settings) {
  for (const auto& [address, port] : settings.listen) {
    std::string error = protocol::check_listen(address, settings.insecure_plaintext);
    if (!error.empty()) return error;
  }
  return {};
}

// Where --config or SIGNALBOX_CONFIG points, empty when neither is given.
std::string_view config_path(const std::vector<Assignment>& variables,
                             const std::vector<Assignment>& flags) {
  std::string_view path;
  for (const auto* layer : {&variables, &flags}) {
    for (const Assignment& given : *layer) {
      if (given.row->name == "config") path = given.value;
    }
  }
  return path;
}

}  // namespace

ParsedSettings parse_settings(const std::vector<std::string>& arguments,
                              const Environment& environment) {
  ParsedSettings parsed;
  std::vector<Assignment> flags;
  std::vector<Assignment> variables;
  std::vector<Assignment> file;
  std::vector<std::string> file_lines;

  parsed.error = read_arguments(arguments, parsed.help, flags);
  if (!parsed.error.empty() || parsed.help) return parsed;
  read_variables(environment, parsed.warnings, variables);
  const std::string_view path = config_path(variables, flags);
  if (!path.empty()) parsed.error = read_file(std::string(path), file_lines, file);

  for (const auto* layer : {&file, &variables, &flags}) {
    if (parsed.error.empty()) parsed.error = apply(*layer, parsed.settings);
  }
  if (parsed.error.empty()) parsed.error = check_together(parsed.settings);
  return parsed;
}

bool listens_on_loopback_only(const Settings& settings) {
  return std::all_of(settings.listen.begin(), settings.listen.end(), [](const auto& listen) {
    return protocol::is_loopback_literal(listen.first);
  });
}

Environment read_environment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !text.starts_with("SIGNALBOX_")) continue;
    environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

}  // namespace signalbox
