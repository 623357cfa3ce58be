// How connections become AUTHORIZED, come by tokens, and lose what they had. A token is fetched by
// the transport, as deliveries are attempted: one fetch a connection at a time, and whoever needs
// the token waits for it.
#include <algorithm>
#include <utility>

#include "broker/broker.h"
#include "broker/destinations/records.h"
#include "broker/destinations/token.h"

namespace signalbox::broker {

namespace {

// A connection that never had a token gives up sooner than deliveries do: whoever made it waits.
constexpr std::uint32_t first_tries_max = 3;
constexpr std::size_t reason_bytes_max = 512;

Duration backoff(std::uint32_t failures) {
  constexpr std::uint32_t doublings_max = 6;
  return std::chrono::seconds(1) * (1 << (std::min(failures, doublings_max + 1) - 1));
}

}  // namespace

void Broker::start_authorization(Connection& connection, Context& ctx) {
  TokenSource before = stop_authorization(connection);
  connection.state_reason.reset();
  if (connection.authorization.type != AuthorizationType::oauth) {
    connection.state = ConnectionState::authorized;
    connection.authorized_ms = to_ms(ctx.wall);
    let_lanes_go(before.waiting_lanes);
    return;
  }
  connection.state = ConnectionState::authorizing;
  connection.tokens.waiting_lanes = std::move(before.waiting_lanes);
  destinations_->to_authorize.push_back({connection.id, open_commit_, ctx.now});
}

TokenSource Broker::stop_authorization(Connection& connection) {
  destinations_->fetches.erase(connection.tokens.fetch);
  deadlines_.clear(DeadlineKind::authorization, connection.id);
  return std::exchange(connection.tokens, {});
}

void Broker::lose_authorization(Connection& connection, std::string reason, Context& ctx) {
  reason.resize(std::min(reason.size(), reason_bytes_max));
  connection.state = ConnectionState::deauthorized;
  connection.state_reason.reset();
  if (!reason.empty()) connection.state_reason = std::move(reason);
  store_connection(connection, ctx);
  let_lanes_go(stop_authorization(connection).waiting_lanes);
}

// Nobody is asked for a token before it is certain that the connection will be there to use it.
void Broker::publish_connections(storage::CommitNumber number) {
  auto& waiting = destinations_->to_authorize;
  const auto first_undurable = std::find_if(waiting.begin(), waiting.end(),
                                            [&](const auto& each) { return each.commit > number; });
  std::for_each(waiting.begin(), first_undurable, [&](const auto& each) {
    const auto at = destinations_->connections.find(each.connection_id);
    const bool is_wanted =
        at != destinations_->connections.end() && at->second->state == ConnectionState::authorizing;
    if (is_wanted) deadlines_.set(DeadlineKind::authorization, each.connection_id, each.since);
  });
  waiting.erase(waiting.begin(), first_undurable);
}

void Broker::resume_authorization(std::uint64_t connection_id) {
  const auto at = destinations_->connections.find(connection_id);
  if (at == destinations_->connections.end()) return;
  Connection& connection = *at->second;
  const bool is_wanted =
      connection.state == ConnectionState::authorizing || !connection.tokens.waiting_lanes.empty();
  if (is_wanted) fetch_token(connection);
}

void Broker::fetch_token(Connection& connection) {
  if (connection.tokens.fetch != 0) return;
  connection.tokens.fetch = ++destinations_->last_fetch;
  destinations_->fetches[connection.tokens.fetch] = connection.id;
  Attempt attempt;
  attempt.id = {token_lane, connection.tokens.fetch};
  attempt.http = token_request(connection.authorization);
  outbox_.attempts.push_back(std::move(attempt));
}

void Broker::token_ended(std::uint64_t fetch, const AttemptResult& result, Context& ctx) {
  const auto at = destinations_->fetches.find(fetch);
  // Another one has been asked for since, or nobody needs it any more.
  if (at == destinations_->fetches.end()) return;
  Connection& connection = *destinations_->connections.at(at->second);
  destinations_->fetches.erase(at);
  connection.tokens.fetch = 0;
  auto read = read_token(result, ctx.now);
  if (const auto* failed = std::get_if<TokenFailure>(&read)) {
    return token_failed(connection, *failed, ctx);
  }
  connection.tokens.token = std::get<Token>(std::move(read));
  connection.tokens.token->number = fetch;
  connection.tokens.failures = 0;
  connection.state = ConnectionState::authorized;
  connection.authorized_ms = to_ms(ctx.wall);
  store_connection(connection, ctx);
  let_lanes_go(std::exchange(connection.tokens.waiting_lanes, {}));
}

void Broker::token_failed(Connection& connection, const TokenFailure& failed, Context& ctx) {
  TokenSource& tokens = connection.tokens;
  ++tokens.failures;
  const bool is_first = connection.state == ConnectionState::authorizing;
  if (!failed.is_worth_retrying || (is_first && tokens.failures >= first_tries_max)) {
    return lose_authorization(connection, failed.failure.message, ctx);
  }
  tokens.failure = failed.failure;
  tokens.not_before =
      ctx.now + std::max(backoff(tokens.failures), failed.retry_after.value_or(Duration(0)));
  if (is_first) {
    deadlines_.set(DeadlineKind::authorization, connection.id, tokens.not_before);
  } else {
    // Who waited has failed to deliver, and tries again as its policy says.
    const auto waited = std::exchange(tokens.waiting_lanes, {});
    for (const auto lane_id : waited) {
      const auto lane = deliveries_.lanes.find(lane_id);
      if (lane != deliveries_.lanes.end()) lane->second.lacks_token = true;
    }
    let_lanes_go(waited);
  }
}

void Broker::let_lanes_go(const std::vector<std::uint64_t>& lane_ids) {
  for (const auto lane_id : lane_ids) {
    const auto lane = deliveries_.lanes.find(lane_id);
    if (lane == deliveries_.lanes.end()) continue;
    lane->second.is_held_up = false;
    arm_lane(lane->second);
  }
}

}  // namespace signalbox::broker
