#include "broker/delivery/log_group_target.h"

#include <simdjson.h>

#include "broker/events_arns.h"

namespace signalbox::broker {

namespace {

// The members of a log event in the body; the line stays as it is when they are not there.
void read_log_event(const std::string& body, LogLine& line) {
  simdjson::dom::parser parser;
  simdjson::dom::object event;
  simdjson::dom::element message;
  if (parser.parse(body).get(event) != simdjson::SUCCESS) return;
  if (event["message"].get(message) != simdjson::SUCCESS) return;
  std::int64_t timestamp_ms = 0;
  if (event["timestamp"].get(timestamp_ms) != simdjson::SUCCESS) return;
  std::string_view text;
  line.timestamp_ms = timestamp_ms;
  line.message =
      message.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(message);
}

}  // namespace

std::optional<LogLine> log_line_of(const Target& target, std::int64_t accepted_ms,
                                   std::string body) {
  auto group = parse_log_group_arn(target.config.arn);
  if (!group) return std::nullopt;
  LogLine line{*std::move(group), accepted_ms, std::move(body)};
  if (target.input != nullptr) read_log_event(std::string(line.message), line);
  return line;
}

}  // namespace signalbox::broker
