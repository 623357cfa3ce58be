// The step records that a bus's LogConfig asks for, made where the steps happen. They leave with
// the batch that makes their step true (Engine), so that none tells of what a crash undid.
#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/events_envelope.h"

namespace signalbox::broker {

namespace {

std::string log_group_of(const Bus& bus) { return "/aws/vendedlogs/events/event-bus/" + bus.name; }

void add_member(std::string& json, std::string_view name, std::string_view value) {
  if (json.size() > 1) json += ',';
  json.append("\"").append(name).append("\":");
  append_json_string(json, value);
}

std::string details_of(const Delivery& delivery, const Invocation& invocation, Step step,
                       bool with_input) {
  const api::Target& target = delivery.target->config;
  std::string json = "{";
  add_member(json, "rule_arn", delivery.rule->arn());
  if (target.role_arn) add_member(json, "role_arn", *target.role_arn);
  add_member(json, "target_arn", target.arn);
  if (with_input && !invocation.target_input.empty()) {
    add_member(json, "target_input", invocation.target_input);
  }
  const bool is_attempt = name_of(step).starts_with("INVOCATION_ATTEMPT");
  if (is_attempt) {
    add_member(json, "attempt_type", invocation.attempts > 1 ? "RETRY" : "FIRST");
    json += fmt::format(R"(,"attempt_count":{})", invocation.attempts);
  } else if (step != Step::invocation_start) {
    json += fmt::format(R"(,"total_attempts":{})", invocation.attempts);
  }
  if (step == Step::invocation_dlq) add_member(json, "dlq_arn", *target.dead_letter_config->arn);
  return json + "}";
}

}  // namespace

bool Broker::logs_step(const Bus& bus, Step step) {
  return bus.log_config && level_of(step) <= level_of(bus.log_config);
}

void Broker::note_step(const Bus& bus, StepFacts facts, Context& ctx) {
  const std::string bus_arn = bus.arn();
  facts.bus_arn = bus_arn;
  facts.request_id = ctx.caller.request_id;
  facts.timestamp_ms = to_ms(ctx.wall);
  steps_.push_back({level_of(facts.step),
                    {{bus.world->account, bus.world->region, log_group_of(bus)},
                     facts.timestamp_ms,
                     step_json(facts)}});
}

void Broker::note_event(const Bus& bus, Step step, const AcceptedEvent& event, Context& ctx) {
  if (!logs_step(bus, step)) return;
  const std::string id = format_uuid(event.id);
  const std::string details = event_details(event.json, shows_detail(bus.log_config));
  StepFacts facts{.step = step, .event_id = id};
  facts.details = details;
  note_step(bus, facts, ctx);
}

// Whatever the bus's LogConfig says: its validation asks for it.
void Broker::note_violation(const Bus& bus, const AcceptedEvent& event, std::string_view problem,
                            Context& ctx) {
  ++buses_.counters.schema_warnings;
  const std::string id = format_uuid(event.id);
  StepFacts facts{.step = Step::schema_violation, .event_id = id};
  facts.error = StepError{0, problem};
  note_step(bus, facts, ctx);
}

void Broker::note_refusal(const Bus& bus, const EntryFailure& failure, Context& ctx) {
  if (!logs_step(bus, Step::event_ingest_failure)) return;
  StepFacts facts{.step = Step::event_ingest_failure};
  facts.error = StepError{0, failure.message};
  note_step(bus, facts, ctx);
}

void Broker::note_matches(const Bus& bus, const std::vector<rules::RuleId>& matched,
                          const AcceptedEvent& event, Context& ctx) {
  note_event(bus, Step::event_ingest_success, event, ctx);
  note_event(bus, Step::rule_match_start, event, ctx);
  if (!logs_step(bus, Step::rule_match)) return;
  std::string details = R"({"matched_rules":[)";
  std::size_t count = 0;
  for (const auto id : matched) {
    const auto rule = bus.rules_by_id.find(id);
    if (rule == bus.rules_by_id.end() || !rule->second->matching()) continue;
    details += count++ == 0 ? R"({"rule_arn":)" : R"(,{"rule_arn":)";
    append_json_string(details, rule->second->arn());
    details += '}';
  }
  details += "]}";
  const std::string id = format_uuid(event.id);
  StepFacts facts{.step = count == 0 ? Step::no_standard_rules_matched : Step::rule_match,
                  .event_id = id};
  if (count != 0) facts.details = details;
  note_step(bus, facts, ctx);
}

void Broker::note_invocation(const Delivery& delivery, Step step, const IdBytes& event_id,
                             const Invocation& invocation, Context& ctx) {
  const Bus& bus = *delivery.rule->bus;
  if (!logs_step(bus, step)) return;
  const std::string id = format_uuid(event_id);
  const std::string invocation_id = format_uuid(invocation.id);
  const std::string details = details_of(delivery, invocation, step, shows_detail(bus.log_config));
  StepFacts facts{.step = step, .event_id = id, .invocation_id = invocation_id};
  facts.details = details;
  if (invocation.failure != nullptr && level_of(step) == StepLevel::error) {
    facts.error = StepError{invocation.http_status, invocation.failure->message};
  }
  note_step(bus, facts, ctx);
}

IdBytes Broker::note_in_batch(const Outgoing& outgoing, const AcceptedEvent& event, Context& ctx) {
  const Bus& bus = *outgoing.delivery.rule->bus;
  if (level_of(bus.log_config) == StepLevel::off) return {};
  Invocation invocation{.id = ctx.ids.uuid(), .attempts = 1, .target_input = outgoing.body(event)};
  const auto note = [&](Step step) {
    note_invocation(outgoing.delivery, step, event.id, invocation, ctx);
  };
  note(Step::invocation_start);
  note(Step::invocation_attempt_start);
  if (outgoing.failure) {
    invocation.failure = &*outgoing.failure;
    note(Step::invocation_attempt_permanent_failure);
    note(Step::invocation_failure);
  } else {
    note(Step::invocation_attempt_success);
    note(Step::invocation_success);
  }
  return invocation.id;
}

void Broker::note_attempt(const Delivery& delivery, const IdBytes& event_id,
                          const Invocation& invocation, bool is_last, bool is_worth_retrying,
                          Context& ctx) {
  const bool has_failed = invocation.failure != nullptr;
  Step step = Step::invocation_attempt_success;
  if (has_failed) {
    step = invocation.failure->code == "THROTTLING" ? Step::invocation_attempt_throttle
           : is_worth_retrying                      ? Step::invocation_attempt_retryable_failure
                                                    : Step::invocation_attempt_permanent_failure;
  }
  note_invocation(delivery, step, event_id, invocation, ctx);
  if (!is_last) return;
  step = has_failed ? Step::invocation_failure : Step::invocation_success;
  note_invocation(delivery, step, event_id, invocation, ctx);
}

IdBytes invocation_id(const DeliveryId& delivery) {
  IdBytes id{};
  for (std::size_t i = 0; i < 8; ++i) {
    id[i] = static_cast<unsigned char>(delivery.lane >> (56 - 8 * i));
    id[8 + i] = static_cast<unsigned char>(delivery.number >> (56 - 8 * i));
  }
  // Version 8, "custom", of the standard variant.
  id[6] = 0x80;
  id[8] = 0x80;
  return id;
}

}  // namespace signalbox::broker
