// How often and how long events that a function is invoked by are tried, and where they go then:
// of a function, a version or an alias. Kept here, kept to by whatever invokes it.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "broker/events_paging.h"
#include "broker/functions/functions.h"

namespace signalbox::broker::functions {

namespace {

// Of $LATEST, too, it says so.
std::string arn_of(const Qualified& place) {
  return place.qualifier.empty() ? fmt::format("{}:{}", place.arn, latest) : place.arn;
}

Error none_there(const Qualified& place) {
  return {ErrorCode::resource_not_found,
          fmt::format("The function {} doesn't have an EventInvokeConfig", arn_of(place))};
}

Error refused(std::string text) { return {ErrorCode::invalid_parameter_value, std::move(text)}; }

std::string destination_of(const auto& side) {
  return side ? side->destination.value_or("") : std::string();
}

bool can_be_destination(const std::string& arn) {
  constexpr std::string_view services[] = {":sqs:", ":sns:", ":lambda:", ":events:", ":s3:"};
  if (arn.empty()) return true;  // none
  return arn.starts_with("arn:") &&
         std::any_of(std::begin(services), std::end(services), [&](std::string_view service) {
           return arn.find(service) == arn.find(':', 4);
         });
}

std::string print(std::string_view side, std::string_view type, const std::string& destination) {
  if (destination.empty()) return fmt::format("{}=null", side);
  return fmt::format("{}={}(destination={})", side, type, destination);
}

Status check(const wire::DestinationConfig& config, const Qualified& place) {
  const std::string success = destination_of(config.on_success);
  const std::string failure = destination_of(config.on_failure);
  if (!can_be_destination(success) || !can_be_destination(failure)) {
    return refused(fmt::format(
        "The provided destination config DestinationConfig({}, {}) is invalid.",
        print("onSuccess", "OnSuccess", success), print("onFailure", "OnFailure", failure)));
  }
  const std::string arn = latest_of(*place.function).config.function_arn.value_or("");
  const auto is_itself = [&](const std::string& destination) {
    return destination == arn || destination.starts_with(arn + ":");
  };
  if (is_itself(success) || is_itself(failure)) {
    return refused("You can't specify the function as a destination for itself.");
  }
  return ok();
}

// What is not given stays as it is; a destination that is empty is taken away.
void change(wire::FunctionEventInvokeConfig& config,
            const wire::FunctionEventInvokeConfigRequest& request) {
  if (request.maximum_retry_attempts) {
    config.maximum_retry_attempts = request.maximum_retry_attempts;
  }
  if (request.maximum_event_age_in_seconds) {
    config.maximum_event_age_in_seconds = request.maximum_event_age_in_seconds;
  }
  auto& destinations = config.destination_config;
  if (!destinations) destinations = {wire::OnSuccess{}, wire::OnFailure{}};
  if (!request.destination_config) return;
  if (request.destination_config->on_success) {
    destinations->on_success = request.destination_config->on_success;
  }
  if (request.destination_config->on_failure) {
    destinations->on_failure = request.destination_config->on_failure;
  }
  if (destination_of(destinations->on_success).empty()) destinations->on_success.emplace();
  if (destination_of(destinations->on_failure).empty()) destinations->on_failure.emplace();
}

}  // namespace

Result<wire::FunctionEventInvokeConfig> Functions::set_event_invoke_config(
    const wire::FunctionEventInvokeConfigRequest& request, const Qualified& place,
    wire::FunctionEventInvokeConfig config, Context& ctx) {
  if (!request.maximum_retry_attempts && !request.maximum_event_age_in_seconds &&
      !request.destination_config) {
    return refused("You must specify at least one of error handling or destination setting.");
  }
  if (request.destination_config) {
    SIGNALBOX_TRY(check(*request.destination_config, place));
  }
  change(config, request);
  config.function_arn = arn_of(place);
  config.last_modified = api::Timestamp{to_ms(ctx.wall)};
  place.event_invoke_config() = config;
  store_qualified(place, ctx);
  // Events that wait may be too old by it, or have somewhere to go.
  tell_versions_of_room(latest_of(*place.function), ctx);
  return config;
}

Result<wire::FunctionEventInvokeConfig> Functions::put_function_event_invoke_config(
    const wire::FunctionEventInvokeConfigRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Qualified place,
                find_qualified(request.function_name, request.qualifier, ctx));
  return set_event_invoke_config(request, place, {}, ctx);
}

Result<wire::FunctionEventInvokeConfig> Functions::update_function_event_invoke_config(
    const wire::FunctionEventInvokeConfigRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Qualified place,
                find_qualified(request.function_name, request.qualifier, ctx));
  if (!place.event_invoke_config()) return none_there(place);
  return set_event_invoke_config(request, place, *place.event_invoke_config(), ctx);
}

Result<wire::FunctionEventInvokeConfig> Functions::get_function_event_invoke_config(
    const wire::FunctionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Qualified place,
                find_qualified(request.function_name, request.qualifier, ctx));
  if (!place.event_invoke_config()) return none_there(place);
  return *place.event_invoke_config();
}

Status Functions::delete_function_event_invoke_config(const wire::FunctionRequest& request,
                                                      Context& ctx) {
  SIGNALBOX_TRY(const Qualified place,
                find_qualified(request.function_name, request.qualifier, ctx));
  if (!place.event_invoke_config()) return none_there(place);
  place.event_invoke_config().reset();
  store_qualified(place, ctx);
  return ok();
}

Result<wire::ListFunctionEventInvokeConfigsResponse> Functions::list_function_event_invoke_configs(
    const wire::ListFunctionEventInvokeConfigsRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Function* const latest, find_latest(request.function_name, ctx));
  std::map<std::string, const wire::FunctionEventInvokeConfig*> by_arn;
  const auto add = [&](const std::optional<wire::FunctionEventInvokeConfig>& config) {
    if (config) by_arn[config->function_arn.value_or("")] = &*config;
  };
  add(latest->event_invoke_config);
  for (const auto& [number, version] : latest->versions) add(version.event_invoke_config);
  for (const auto& [name, alias] : latest->aliases) add(alias.event_invoke_config);
  wire::ListFunctionEventInvokeConfigsResponse response;
  response.function_event_invoke_configs.emplace();
  const std::optional<std::int64_t> limit = request.max_items.value_or(50);
  SIGNALBOX_TRY(response.next_marker,
                visit_page(by_arn, {"", request.marker, limit}, [&](const auto& entry) {
                  response.function_event_invoke_configs->push_back(*entry.second);
                }));
  return response;
}

}  // namespace signalbox::broker::functions
