#include "signalbox/queue_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "signalbox/queue_client.h"

namespace signalbox {

namespace {

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Characters, not bytes: a cell may hold any text.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace

std::string for_terminal(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) c = '?';
  }
  // C1 controls, U+0080 to U+009F, are C2 80 to C2 9F.
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const auto next = static_cast<unsigned char>(out[i + 1]);
    if (static_cast<unsigned char>(out[i]) == 0xc2 && next >= 0x80 && next < 0xa0) {
      out.replace(i, 2, "?");
    }
  }
  return out;
}

namespace {

void append_attributes(std::string& out, simdjson::dom::element message, std::string_view member) {
  simdjson::dom::object attributes;
  if (message[member].get(attributes) != simdjson::SUCCESS) return;
  for (const auto& [name, value] : attributes) {
    const auto string = member_text(value, "StringValue");
    out +=
        fmt::format("  attribute {} ({}): {}\n", name, for_terminal(member_text(value, "DataType")),
                    for_terminal(string.empty() ? member_text(value, "BinaryValue") : string));
  }
}

void append_body(std::string& out, std::string_view body) {
  out += for_terminal(body);
  if (!body.ends_with('\n')) out += '\n';
}

}  // namespace

std::string table_text(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - width_of(row[i]), ' ');
      if (i > 0) line += "  ";
      line += is_number(row[i]) ? blanks + row[i] : row[i] + blanks;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string time_text(std::int64_t ms) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(ms / 1000)));
}

std::string age_text(std::int64_t ms) {
  const std::int64_t s = std::max<std::int64_t>(ms, 0) / 1000;
  if (s < 120) return fmt::format("{} s", s);
  if (s < 7200) return fmt::format("{} min", s / 60);
  if (s < 172'800) return fmt::format("{} h", s / 3600);
  return fmt::format("{} d", s / 86'400);
}

std::string queues_table(const std::vector<simdjson::dom::element>& queues, std::int64_t now_ms) {
  std::vector<std::vector<std::string>> rows{
      {"QUEUE", "VISIBLE", "IN FLIGHT", "DELAYED", "OLDEST", "DEAD LETTERS"}};
  for (const auto& queue : queues) {
    const auto count = [&](std::string_view name) {
      return fmt::to_string(member_number(queue, name).value_or(0));
    };
    const auto oldest = member_number(queue, "oldest_sent_ms");
    const auto target = member_text(queue, "dead_letter_target_arn");
    rows.push_back({std::string(member_text(queue, "name")), count("visible"), count("in_flight"),
                    count("delayed"), oldest ? age_text(now_ms - *oldest) : "-",
                    target.empty()
                        ? "-"
                        : fmt::format("{} after {}", target.substr(target.rfind(':') + 1),
                                      count("max_receive_count"))});
  }
  return table_text(rows);
}

std::string message_text(simdjson::dom::element message, std::int64_t now_ms) {
  const auto number = [&](std::string_view name) { return member_number(message, name); };
  const std::int64_t sent_ms = number("sent_ms").value_or(0);
  const std::int64_t received = number("receive_count").value_or(0);
  std::string out =
      fmt::format("{}  {}\n", member_text(message, "message_id"), member_text(message, "state"));
  out += fmt::format("  sent {} ({} ago), received {} time{}", time_text(sent_ms),
                     age_text(now_ms - sent_ms), received, received == 1 ? "" : "s");
  if (const auto first = number("first_received_ms")) {
    out += fmt::format(", first {}", time_text(*first));
  }
  out += '\n';
  if (const auto at = number("visible_at_ms")) {
    out += fmt::format("  visible at {}\n", time_text(*at));
  }
  constexpr std::pair<std::string_view, std::string_view> lines[] = {
      {"group_id", "group"},
      {"deduplication_id", "deduplication id"},
      {"sequence_number", "sequence number"},
      {"trace_header", "trace"},
      {"dead_letter_source_arn", "came from"},
      {"rule_arn", "sent by rule"},
      {"event_id", "event"}};
  for (const auto& [name, label] : lines) {
    if (const auto text = member_text(message, name); !text.empty()) {
      out += fmt::format("  {} {}\n", label, for_terminal(text));
    }
  }
  append_attributes(out, message, "message_attributes");
  append_body(out, member_text(message, "body"));
  return out;
}

std::string received_text(simdjson::dom::element message) {
  std::string out = fmt::format("{}\n", member_text(message, "MessageId"));
  append_attributes(out, message, "MessageAttributes");
  append_body(out, member_text(message, "Body"));
  return out;
}

}  // namespace signalbox
