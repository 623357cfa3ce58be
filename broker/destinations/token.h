// OAuth client credentials (RFC 6749, section 4.4): the request for a token, and what came of it.
// Pure functions. No text of theirs repeats what the endpoint said: it may quote a secret.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "broker/delivery/attempt.h"
#include "broker/destinations/authorization.h"
#include "broker/destinations/connection.h"

namespace signalbox::broker {

// grant_type, client_id and client_secret as a form, or in the query of a GET; as a JSON object
// when the connection's parameters set that Content-Type. The connection's parameters come on top
// and win. With an Authorization header among them that is how the client proves itself, and the
// form has no secret.
HttpAttempt token_request(const Authorization& authorization);

struct TokenFailure {
  DeliveryFailure failure;
  bool is_worth_retrying = false;
  std::optional<Duration> retry_after;
};
// The token has no number yet.
std::variant<Token, TokenFailure> read_token(const AttemptResult& result, Time now);

}  // namespace signalbox::broker
