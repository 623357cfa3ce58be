// Restart: connections with their secrets, and API destinations, read back. Tokens are fetched
// again when they are needed.
#include "broker/broker.h"
#include "broker/destinations/records.h"
#include "broker/load_all.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

std::string Broker::load_destinations(const storage::View& view, Context& ctx) {
  const auto worlds = by_id(worlds_);
  std::string problem = load_all(
      view, keys::Prefix::connection, "connections",
      [&](std::string_view key, std::string_view value) {
        const auto id = keys::parse_connection(key);
        Connection read;
        std::uint32_t world_id = 0;
        if (!id || !decode_connection(value, read, world_id)) {
          return not_understood("a connection", key);
        }
        std::string secrets;
        const auto status = view.get(secrets_key(*id), secrets);
        if (status == storage::ReadStatus::failed) return disk_failed_reading("the secrets");
        if (status != storage::ReadStatus::found || !decode_secrets(secrets, read)) {
          return not_understood("a connection's secrets", secrets_key(*id));
        }
        const auto world = worlds.find(world_id);
        if (world == worlds.end()) return not_understood("a connection of an unknown world", key);
        const Connection& connection = add_connection(*id, *world->second, std::move(read));
        if (connection.state == ConnectionState::authorizing) {
          deadlines_.set(DeadlineKind::authorization, connection.id, ctx.now);
        }
        return std::string();
      });
  if (!problem.empty()) return problem;
  return load_all(view, keys::Prefix::api_destination, "API destinations",
                  [&](std::string_view key, std::string_view value) {
                    const auto id = keys::parse_api_destination(key);
                    ApiDestination read;
                    std::uint32_t world_id = 0;
                    if (!id || !decode_api_destination(value, read, world_id)) {
                      return not_understood("an API destination", key);
                    }
                    const auto world = worlds.find(world_id);
                    if (world == worlds.end()) {
                      return not_understood("an API destination of an unknown world", key);
                    }
                    add_api_destination(*id, *world->second, std::move(read));
                    return std::string();
                  });
}

}  // namespace signalbox::broker
