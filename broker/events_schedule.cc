#include "broker/events_schedule.h"

#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <vector>

namespace signalbox::broker {

namespace {

// One of the six fields of a cron expression.
struct CronField {
  int min;
  int max;
  std::span<const std::string_view> names;  // names[i] means first_name + i
  int first_name;
  std::string_view special;  // of ? L W #
};

constexpr std::array<std::string_view, 12> months{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                  "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> days{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
constexpr std::size_t day_of_month = 2;
constexpr std::size_t day_of_week = 4;

constexpr std::array<CronField, 6> cron_fields{{
    {0, 59, {}, 0, ""},
    {0, 23, {}, 0, ""},
    {1, 31, {}, 0, "?LW"},
    {1, 12, months, 1, ""},
    {1, 7, days, 1, "?L#"},
    {1970, 2199, {}, 0, ""},
}};

std::optional<int> read_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool digits_only = !text.empty() && text.front() != '-';
  if (error != std::errc() || end != text.data() + text.size() || !digits_only) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool is_value(std::string_view text, const CronField& field) {
  for (const auto name : field.names) {
    if (text == name) return true;
  }
  const auto number = read_number(text);
  return number && *number >= field.min && *number <= field.max;
}

bool allows(const CronField& field, char special) {
  return field.special.find(special) != std::string_view::npos;
}

// L, LW, 15W, L-3 (days of the month), 6L and 3#2 (days of the week).
bool is_special(std::string_view text, const CronField& field) {
  if (allows(field, 'L') && text == "L") return true;
  if (allows(field, 'W')) {
    if (text == "LW") return true;
    if (text.ends_with('W')) return is_value(text.substr(0, text.size() - 1), field);
    if (text.starts_with("L-")) return is_value(text.substr(2), field);
  }
  if (allows(field, '#')) {
    if (text.ends_with('L')) return is_value(text.substr(0, text.size() - 1), field);
    const auto hash = text.find('#');
    if (hash == std::string_view::npos) return false;
    const auto week = read_number(text.substr(hash + 1));
    return is_value(text.substr(0, hash), field) && week && *week >= 1 && *week <= 5;
  }
  return false;
}

// A value, a range (which may wrap around: 20-2), or a step over either.
bool is_part(std::string_view text, const CronField& field) {
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const auto step = read_number(text.substr(slash + 1));
    const auto start = text.substr(0, slash);
    return step && *step >= 1 && (start == "*" || is_part(start, field));
  }
  if (text == "*" || is_value(text, field) || is_special(text, field)) return true;
  const auto dash = text.find('-');
  return dash != std::string_view::npos && is_value(text.substr(0, dash), field) &&
         is_value(text.substr(dash + 1), field);
}

bool is_field(std::string_view text, const CronField& field) {
  if (text == "?") return allows(field, '?');
  const auto parts = split(text, ',');
  for (const auto part : parts) {
    // Only one # expression may stand in a field.
    if (part.find('#') != std::string_view::npos && parts.size() > 1) return false;
    if (!is_part(part, field)) return false;
  }
  return true;
}

bool is_cron(std::string_view text) {
  std::vector<std::string_view> fields;
  for (const auto field : split(text, ' ')) {
    if (!field.empty()) fields.push_back(field);
  }
  if (fields.size() != cron_fields.size()) return false;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!is_field(fields[i], cron_fields[i])) return false;
  }
  return (fields[day_of_month] == "?") != (fields[day_of_week] == "?");
}

bool is_rate(std::string_view text) {
  const auto parts = split(text, ' ');
  if (parts.size() != 2) return false;
  const auto value = read_number(parts[0]);
  if (!value || *value < 1) return false;
  for (const std::string_view unit : {"minute", "hour", "day"}) {
    if (*value == 1 && parts[1] == unit) return true;
    if (*value != 1 && parts[1].ends_with('s') && parts[1].substr(0, parts[1].size() - 1) == unit) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_schedule_expression(std::string_view text) {
  if (!text.ends_with(')')) return false;
  text.remove_suffix(1);
  if (text.starts_with("rate(")) return is_rate(text.substr(5));
  if (text.starts_with("cron(")) return is_cron(text.substr(5));
  return false;
}

}  // namespace signalbox::broker
