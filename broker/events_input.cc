// PutTargets' checks of one target, and what it makes of an event.
#include "broker/events_input.h"

#include <fmt/format.h>

#include "broker/events_arns.h"
#include "broker/events_envelope.h"
#include "broker/input_transformer.h"

namespace signalbox::broker {

namespace {

Error invalid(std::string message) { return {ErrorCode::validation, std::move(message)}; }

bool is_fifo_queue(const api::Target& config) {
  return arn_service(config.arn) == "sqs" && config.arn.ends_with(".fifo");
}

TargetKind kind_of(const api::Target& config) {
  if (arn_service(config.arn) == "sqs") return TargetKind::sqs;
  if (is_bus_arn(config.arn)) return TargetKind::bus;
  if (arn_service(config.arn) == "lambda") return TargetKind::function;
  if (parse_log_group_arn(config.arn)) return TargetKind::log_group;
  if (parse_api_destination_arn(config.arn)) return TargetKind::api_destination;
  return is_http_url(config.arn) ? TargetKind::http : TargetKind::other;
}

Status check_target(const api::Target& config) {
  if (!is_arn(config.arn) && !is_http_url(config.arn)) {
    return invalid(fmt::format(
        "Parameter {} is not valid. Reason: Provided Arn is not in correct format.", config.arn));
  }
  if (is_fifo_queue(config) &&
      (!config.sqs_parameters || !config.sqs_parameters->message_group_id)) {
    return invalid(
        fmt::format("Parameter(s) SqsParameters must be specified for target: {}.", config.id));
  }
  return ok();
}

Result<std::shared_ptr<const TargetInput>> compile_input(const api::Target& config) {
  TargetInputConfig input;
  input.target_id = config.id;
  input.input = config.input;
  input.input_path = config.input_path;
  if (config.input_transformer) {
    input.input_template = config.input_transformer->input_template;
    input.input_paths = &config.input_transformer->input_paths_map;
  }
  return TargetInput::compile(input);
}

}  // namespace

Result<Target> make_target(const api::Target& config) {
  SIGNALBOX_TRY(check_target(config));
  Target target;
  SIGNALBOX_TRY(target.input, compile_input(config));
  target.config = config;
  target.kind = kind_of(config);
  return target;
}

std::optional<std::string> render_input(const Delivery& delivery, const AcceptedEvent& event) {
  const std::string rule_arn = delivery.rule->arn();
  const std::string ingestion_time = format_event_time(event.accepted_ms).value_or("");
  return delivery.target->input->render(event.json,
                                        {rule_arn, delivery.rule->name, ingestion_time});
}

}  // namespace signalbox::broker
