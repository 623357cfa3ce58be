// The three texts made from the settings table.
#include <fmt/format.h>

#include <algorithm>

#include "signalbox/settings.h"
#include "signalbox/settings_table.h"

namespace signalbox {
namespace {

constexpr std::size_t text_width = 88;

// Appends the text, broken at blanks, with every line behind the indent.
void append_wrapped(std::string& out, std::string_view indent, std::string_view text) {
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, blank);
    if (column != 0 && column + 1 + word.size() > text_width) {
      out += '\n';
      column = 0;
    }
    if (column == 0) {
      out += indent;
      column = indent.size();
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  out += '\n';
}

// "Accepts a whole number from 1 to 65536. Default 1024."
std::string values_sentence(const SettingRow& row) {
  return fmt::format("{}ccepts {}. Default {}.",
                     row.kind == SettingKind::list ? "Repeatable; a" : "A", accepted_values(row),
                     row.default_text.empty() ? "none" : row.default_text);
}

std::string escape_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string settings_help() {
  std::string out =
      "Usage: signalbox serve [--NAME VALUE]...\n\n"
      "Every setting can also be a variable, SIGNALBOX_NAME (data-dir is SIGNALBOX_DATA_DIR), or "
      "a\n"
      "line `name = value` of the file that --config names. Flags win over variables, variables\n"
      "over the file. Several values of a repeatable setting may stand in one, between commas.\n";
  std::string_view group;
  for (const SettingRow& row : settings_table()) {
    if (row.group != group) out += fmt::format("\n{}\n", row.group);
    group = row.group;
    out +=
        fmt::format("  --{}{}{}\n", row.name, row.placeholder.empty() ? "" : " ", row.placeholder);
    append_wrapped(out, "      ", fmt::format("{} {}", row.sentence, values_sentence(row)));
  }
  return out;
}

std::string settings_sample() {
  std::string out =
      "# Settings of signalbox, all at their defaults. Take the # away before the ones to change\n"
      "# and start with: signalbox serve --config THIS_FILE\n"
      "# Variables (SIGNALBOX_NAME) and flags (--name) win over this file.\n";
  std::string_view group;
  for (const SettingRow& row : settings_table()) {
    if (row.name == "config") continue;
    if (row.group != group) out += fmt::format("\n# == {} ==\n", row.group);
    group = row.group;
    out += '\n';
    append_wrapped(out, "# ", row.sentence);
    append_wrapped(out, "# ", values_sentence(row));
    out +=
        fmt::format("#{} ={}{}\n", row.name, row.default_text.empty() ? "" : " ", row.default_text);
  }
  return out;
}

std::string settings_markdown() {
  std::string out =
      "# Settings\n\n"
      "Printed by `signalbox settings --markdown`; a test compares this page with the program.\n\n"
      "A setting is a flag (`--data-dir DIR`), a variable (`SIGNALBOX_DATA_DIR`) or a line\n"
      "(`data-dir = DIR`) of the file that `--config` or `SIGNALBOX_CONFIG` names. Flags win over\n"
      "variables, variables over the file; a value that loses is checked all the same. A "
      "repeatable\n"
      "setting may be given several times or with commas. `signalbox settings --sample` prints a "
      "file\nto begin with.\n";
  std::string_view group;
  for (const SettingRow& row : settings_table()) {
    if (row.group != group) {
      out += fmt::format(
          "\n## {}\n\n| setting | default | allowed | meaning |\n|---|---|---|---|\n", row.group);
    }
    group = row.group;
    const std::string default_text =
        row.default_text.empty() ? "none" : fmt::format("`{}`", row.default_text);
    out +=
        fmt::format("| `{}` | {} | {}{} | {} |\n", row.name, escape_cell(default_text),
                    escape_cell(accepted_values(row)),
                    row.kind == SettingKind::list ? "; repeatable" : "", escape_cell(row.sentence));
  }
  return out;
}

}  // namespace signalbox
