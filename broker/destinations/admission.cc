// Deliveries to API destinations: when they are attempted (a token must be there, the rate must
// allow it), as which request, and what their answers mean. Waiting is no attempt: it costs no
// retry.
#include <fmt/format.h>

#include <utility>

#include "broker/broker.h"
#include "broker/delivery/source.h"
#include "broker/destinations/connection.h"
#include "broker/destinations/request.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

bool needs_token(const Connection& connection) {
  return connection.authorization.type == AuthorizationType::oauth &&
         connection.state != ConnectionState::deauthorized;
}

bool has_token(const Connection& connection, const Context& ctx) {
  const auto& token = connection.tokens.token;
  return token && ctx.now < token->usable_until.value_or(Time::max());
}

template <class Lanes>
void hold_up(DeliveryLane& lane, Lanes& waiting) {
  if (!std::exchange(lane.is_held_up, true)) waiting.push_back(lane.id);
}

AttemptResult refused(std::string code, std::string message, bool is_worth_retrying = false) {
  AttemptResult result;
  result.failure = DeliveryFailure{std::move(code), std::move(message)};
  result.is_worth_retrying = is_worth_retrying;
  return result;
}

}  // namespace

std::size_t Broker::admit(DeliveryLane& lane, const Delivery& delivery,
                          const std::vector<PendingDelivery>& next, Context& ctx) {
  const std::size_t wanted = next.size();
  if (wanted == 0 || delivery.target->kind != TargetKind::api_destination) return wanted;
  ApiDestination* const destination = find_api_destination_by_arn(delivery.target->config.arn);
  Connection* const connection =
      destination == nullptr ? nullptr : find_connection_by_arn(destination->connection_arn);
  // Without them nothing is sent, and nothing is to be waited for.
  if (connection == nullptr || connection->state == ConnectionState::deauthorized) return wanted;
  if (needs_token(*connection) && !has_token(*connection, ctx)) {
    if (lane.lacks_token) return wanted;
    wait_for_token(lane, *connection, ctx);
    return 0;
  }
  const auto count = destination->pacer.allowed(destination->rate_limit, wanted, ctx.now);
  if (count == 0) wait_for_turn(lane, *destination, ctx);
  if (count < wanted) note_throttle(lane, delivery, next[count], ctx);
  return count;
}

// Of the first delivery that waits, once; the others behind it come to be the first.
void Broker::note_throttle(DeliveryLane& lane, const Delivery& delivery,
                           const PendingDelivery& pending, Context& ctx) {
  constexpr Step step = Step::invocation_throttle_start;
  if (lane.throttled == pending.number || !logs_step(*delivery.rule->bus, step)) return;
  const auto* const stored = ctx.fetched.get(keys::delivery({lane.id, pending.number}));
  DeliveryRecord record;
  if (stored == nullptr || !*stored || !decode_delivery(**stored, record)) return;
  lane.throttled = pending.number;
  note_invocation(delivery, step, record.event_id, {.id = invocation_id({lane.id, pending.number})},
                  ctx);
}

void Broker::wait_for_token(DeliveryLane& lane, Connection& connection, Context& ctx) {
  TokenSource& tokens = connection.tokens;
  hold_up(lane, tokens.waiting_lanes);
  deadlines_.clear(DeadlineKind::delivery, lane.id);
  if (connection.state == ConnectionState::authorizing) return;  // on its way already
  tokens.token.reset();
  if (ctx.now < tokens.not_before) {
    deadlines_.set(DeadlineKind::authorization, connection.id, tokens.not_before);
  } else {
    fetch_token(connection);
  }
}

// Lanes to the same destination take turns: else the first to look would always win.
void Broker::wait_for_turn(DeliveryLane& lane, ApiDestination& destination, Context& ctx) {
  hold_up(lane, destination.waiting_lanes);
  deadlines_.clear(DeadlineKind::delivery, lane.id);
  deadlines_.set(DeadlineKind::invocation_turn, destination.id, destination.pacer.next(ctx.now));
}

void Broker::give_turn(std::uint64_t destination_id, Context& ctx) {
  const auto at = destinations_->destinations.find(destination_id);
  if (at == destinations_->destinations.end()) return;
  ApiDestination& destination = *at->second;
  auto& waiting = destination.waiting_lanes;
  while (!waiting.empty()) {
    const auto lane = deliveries_.lanes.find(waiting.front());
    waiting.pop_front();
    if (lane == deliveries_.lanes.end()) continue;
    lane->second.is_held_up = false;
    arm_lane(lane->second);
    break;
  }
  if (waiting.empty()) return;
  const auto step = std::chrono::ceil<Duration>(Pacer::interval(destination.rate_limit));
  deadlines_.set(DeadlineKind::invocation_turn, destination_id,
                 ctx.now + std::max(step, Duration(1)));
}

std::variant<HttpAttempt, AttemptResult> Broker::request_of(const DeliverySource& source,
                                                            RunningDelivery& running,
                                                            std::string body, Context& ctx) {
  const DeliveryRecord& record = *running.record;
  const RequestEvent event{record.json, record.trace_header, record.event_id};
  if (!source.delivery || source.delivery->target->kind == TargetKind::http) {
    return url_request(source.target_arn, event, std::move(body));
  }
  const api::Target& config = source.delivery->target->config;
  ApiDestination* const destination = find_api_destination_by_arn(config.arn);
  if (destination == nullptr) return refused("NO_RESOURCE", "The API destination does not exist.");
  Connection* const connection = find_connection_by_arn(destination->connection_arn);
  if (connection == nullptr) return refused("NO_RESOURCE", "The connection does not exist.");
  if (connection->state == ConnectionState::deauthorized) {
    return refused("NO_PERMISSIONS",
                   fmt::format("The connection {} is not authorized.", connection->name));
  }
  DestinationCall call{destination->endpoint, destination->method, connection->authorization};
  if (config.http_parameters) call.target = &*config.http_parameters;
  if (needs_token(*connection)) {
    const TokenSource& tokens = connection->tokens;
    if (!tokens.token) {
      return refused(tokens.failure.code,
                     fmt::format("The connection {} got no token: {}", connection->name,
                                 tokens.failure.message),
                     true);
    }
    call.token = tokens.token->value;
    running.token = tokens.token->number;
  }
  auto request = destination_request(call, event, std::move(body));
  if (auto* failure = std::get_if<DeliveryFailure>(&request)) {
    return refused(std::move(failure->code), std::move(failure->message));
  }
  destination->pacer.take(destination->rate_limit, ctx.now);
  return std::get<HttpAttempt>(std::move(request));
}

AttemptResult Broker::judge(const DeliverySource& source, const RunningDelivery& running,
                            AttemptResult result) {
  constexpr int unauthorized = 401;
  constexpr int proxy_authentication_required = 407;
  const bool is_unauthorized =
      result.http_status == unauthorized || result.http_status == proxy_authentication_required;
  if (running.token == 0 || !is_unauthorized) return result;
  // The token is no good any more: the next attempt has another.
  result.is_worth_retrying = true;
  const ApiDestination* const destination = find_api_destination_by_arn(source.target_arn);
  Connection* const connection =
      destination == nullptr ? nullptr : find_connection_by_arn(destination->connection_arn);
  if (connection == nullptr) return result;
  auto& token = connection->tokens.token;
  if (token && token->number == running.token) token.reset();
  return result;
}

}  // namespace signalbox::broker
