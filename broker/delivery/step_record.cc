#include "broker/delivery/step_record.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>

#include "broker/events_envelope.h"

namespace signalbox::broker {

namespace {

struct StepRow {
  std::string_view name;
  StepLevel level;
};

// In the order of the enum. The levels are those of the user guide, "specifying log level".
constexpr std::array<StepRow, 17> steps{{
    {"EVENT_RECEIPT", StepLevel::trace},
    {"EVENT_INGEST_SUCCESS", StepLevel::trace},
    {"EVENT_INGEST_FAILURE", StepLevel::error},
    {"RULE_MATCH_START", StepLevel::trace},
    {"RULE_MATCH", StepLevel::info},
    {"NO_STANDARD_RULES_MATCHED", StepLevel::info},
    {"INVOCATION_START", StepLevel::info},
    {"INVOCATION_ATTEMPT_START", StepLevel::trace},
    {"INVOCATION_ATTEMPT_SUCCESS", StepLevel::trace},
    {"INVOCATION_ATTEMPT_RETRYABLE_FAILURE", StepLevel::error},
    {"INVOCATION_ATTEMPT_PERMANENT_FAILURE", StepLevel::error},
    {"INVOCATION_ATTEMPT_THROTTLE", StepLevel::error},
    {"INVOCATION_THROTTLE_START", StepLevel::error},
    {"INVOCATION_SUCCESS", StepLevel::info},
    {"INVOCATION_FAILURE", StepLevel::error},
    {"INVOCATION_DLQ", StepLevel::error},
    {"SCHEMA_VIOLATION", StepLevel::error},
}};

void add_text(std::string& json, std::string_view name, std::string_view value) {
  if (json.size() > 1) json += ',';
  append_json_string(json, name);
  json += ':';
  append_json_string(json, value);
}

std::string_view text_in(simdjson::dom::object event, std::string_view name) {
  std::string_view text;
  return event[name].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

}  // namespace

std::string_view name_of(Step step) { return steps[static_cast<std::size_t>(step)].name; }

StepLevel level_of(Step step) { return steps[static_cast<std::size_t>(step)].level; }

std::string_view text_of(StepLevel level) {
  switch (level) {
    case StepLevel::off: return "OFF";
    case StepLevel::error: return "ERROR";
    case StepLevel::info: return "INFO";
    case StepLevel::trace: break;
  }
  return "TRACE";
}

StepLevel level_of(const std::optional<api::LogConfig>& config) {
  if (!config || !config->level) return StepLevel::off;
  for (const auto level : {StepLevel::error, StepLevel::info, StepLevel::trace}) {
    if (*config->level == text_of(level)) return level;
  }
  return StepLevel::off;
}

bool shows_detail(const std::optional<api::LogConfig>& config) {
  return config && config->include_detail == "FULL";
}

std::string step_json(const StepFacts& facts) {
  std::string json = "{";
  add_text(json, "resource_arn", facts.bus_arn);
  json += fmt::format(R"(,"message_timestamp_ms":{})", facts.timestamp_ms);
  if (!facts.event_id.empty()) add_text(json, "event_id", facts.event_id);
  if (!facts.request_id.empty()) add_text(json, "request_id", facts.request_id);
  if (!facts.invocation_id.empty()) add_text(json, "invocation_id", facts.invocation_id);
  add_text(json, "message_type", name_of(facts.step));
  add_text(json, "log_level", text_of(level_of(facts.step)));
  json.append(R"(,"details":)").append(facts.details);
  if (facts.error) {
    std::string error = "{";
    if (facts.error->http_status != 0) {
      error += fmt::format(R"("http_status_code":{})", facts.error->http_status);
    }
    add_text(error, "error_message", facts.error->message);
    json.append(R"(,"error":)").append(error).append("}");
  }
  return json + "}";
}

std::string event_details(std::string_view event_json, bool with_detail) {
  simdjson::dom::parser parser;
  simdjson::dom::object event;
  std::string details = "{";
  if (parser.parse(event_json.data(), event_json.size()).get(event) == simdjson::SUCCESS) {
    add_text(details, "caller_account_id", text_in(event, "account"));
    if (const auto time_ms = parse_event_time(text_in(event, "time"))) {
      details += fmt::format(R"(,"source_time_ms":{})", *time_ms);
    }
    add_text(details, "source", text_in(event, "source"));
    add_text(details, "detail_type", text_in(event, "detail-type"));
    simdjson::dom::element member;
    if (event["resources"].get(member) == simdjson::SUCCESS) {
      details.append(R"(,"resources":)").append(simdjson::minify(member));
    }
    if (with_detail && event["detail"].get(member) == simdjson::SUCCESS) {
      add_text(details, "event_detail", simdjson::minify(member));
    }
  }
  return details + "}";
}

}  // namespace signalbox::broker
