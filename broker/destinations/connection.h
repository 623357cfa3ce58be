// Connections and API destinations as the core keeps them in memory. Core thread only. The
// encodings are in records.h; tokens are in memory alone.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/bus.h"
#include "broker/clock.h"
#include "broker/destinations/authorization.h"
#include "broker/destinations/pacer.h"
#include "broker/world.h"
#include "storage/store.h"

namespace signalbox::broker {

enum class ConnectionState : std::uint8_t { authorized, authorizing, deauthorized };
std::string_view to_string(ConnectionState state);

// An access token of OAuth.
struct Token {
  std::string value;
  std::optional<Time> usable_until;  // nothing: as long as it is taken
  std::uint64_t number = 0;          // of its fetch
};

// How the connection comes by a token. Of OAuth connections only.
struct TokenSource {
  std::optional<Token> token;
  std::uint64_t fetch = 0;     // number of the one under way, or 0
  std::uint32_t failures = 0;  // in a row
  Time not_before{};           // of the next fetch
  DeliveryFailure failure;     // of the last one
  std::vector<std::uint64_t> waiting_lanes;
};

struct Connection {
  std::uint64_t id = 0;
  World* world = nullptr;
  std::string name;
  std::string uuid;           // with the name it makes the ARN
  std::string secret_suffix;  // of the secret's ARN; empty: there is none
  std::optional<std::string> description;
  std::optional<std::string> kms_key_identifier;
  std::optional<std::string> connectivity;  // ARN of the resource configuration
  Authorization authorization;
  ConnectionState state = ConnectionState::authorized;
  std::optional<std::string> state_reason;
  std::int64_t created_ms = 0;
  std::int64_t modified_ms = 0;
  std::optional<std::int64_t> authorized_ms;

  TokenSource tokens;

  std::string arn() const { return world->arn("events", "connection/" + name + "/" + uuid); }
};

struct ApiDestination {
  static constexpr std::int64_t rate_limit_default = 300;

  std::uint64_t id = 0;
  World* world = nullptr;
  std::string name;
  std::string uuid;
  std::optional<std::string> description;
  std::string connection_arn;
  std::string endpoint;
  std::string method;
  std::int64_t rate_limit = rate_limit_default;  // a second
  std::int64_t created_ms = 0;
  std::int64_t modified_ms = 0;

  Pacer pacer;
  std::deque<std::uint64_t> waiting_lanes;  // for their turn, the next one first

  std::string arn() const { return world->arn("events", "api-destination/" + name + "/" + uuid); }
};

struct DestinationState {
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections;  // by id
  std::unordered_map<std::uint64_t, std::unique_ptr<ApiDestination>> destinations;
  std::unordered_map<std::uint64_t, std::uint64_t> fetches;  // under way -> connection
  std::uint64_t last_fetch = 0;
  // Connections to authorize once the batch that says so is durable, in the order of the batches.
  struct ToAuthorize {
    std::uint64_t connection_id;
    storage::CommitNumber commit;
    Time since;
  };
  std::vector<ToAuthorize> to_authorize;
};

}  // namespace signalbox::broker
