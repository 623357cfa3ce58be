// Restart: archives and replays read back. And what the engine does for archives in each commit
// group.
#include "broker/broker.h"
#include "broker/load_all.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

std::string Broker::load_archives(const storage::View& view) {
  return load_all(
      view, keys::Prefix::archive, "archives", [&](std::string_view key, std::string_view value) {
        const auto id = keys::parse_archive(key);
        auto read = std::make_unique<Archive>();
        std::uint64_t bus_id = 0;
        if (!id || !decode_archive(value, *read, bus_id)) return not_understood("an archive", key);
        const auto bus = buses_.by_id.find(bus_id);
        if (bus == buses_.by_id.end()) return not_understood("an archive of an unknown bus", key);
        Archive& archive = *read;
        archive.id = *id;
        archive.bus = bus->second.get();
        if (archive.event_pattern) {
          rules::PatternError error;
          // It was within the limits when it was given; they may be lower today.
          archive.pattern =
              rules::Pattern::compile(*archive.event_pattern, error, rules::PatternLimits::none());
          if (archive.pattern == nullptr) {
            return not_understood("an archive with a bad pattern", key);
          }
          archive.bus->rule_set->put(archive.id, archive.pattern);
        }
        archive.bus->archives.push_back(&archive);
        archive.bus->world->archives.emplace(archive.name, &archive);
        archives_.by_id.emplace(archive.id, std::move(read));
        return std::string();
      });
}

std::string Broker::load_replays(const storage::View& view, Context& ctx) {
  const auto worlds = by_id(worlds_);
  const auto load_task = [&](std::uint64_t id, std::string_view value) {
    auto read = std::make_unique<Replay>();
    std::uint32_t world_id = 0;
    if (!decode_replay(value, *read, world_id)) return false;
    const auto world = worlds.find(world_id);
    if (world == worlds.end()) return false;
    read->id = id;
    read->world = world->second;
    read->read_filter();
    read->world->replays.emplace(read->name, read.get());
    archives_.replays.emplace(id, std::move(read));
    return true;
  };
  const auto load_progress = [&](std::uint64_t id, std::string_view value) {
    const auto at = archives_.replays.find(id);
    if (at == archives_.replays.end()) return false;
    Replay& replay = *at->second;
    if (!decode_replay_progress(value, replay.progress)) return false;
    if (!replay.progress.is_active()) {
      deadlines_.set(DeadlineKind::replay_record, id, from_ms(replay.progress.forget_at_ms));
      return true;
    }
    archives_.active.push_back(id);
    return archives_.by_id.contains(replay.archive_id);
  };
  std::string problem = load_all(
      view, keys::Prefix::replay, "replays", [&](std::string_view key, std::string_view value) {
        const auto place = keys::parse_replay(key);
        const bool understood =
            place && (place->is_progress ? load_progress(place->replay_id, value)
                                         : load_task(place->replay_id, value));
        return understood ? std::string() : not_understood("a replay", key);
      });
  if (!archives_.active.empty()) deadlines_.set(DeadlineKind::replay, 0, ctx.now);
  return problem;
}

void Broker::seal_archives(storage::Batch& batch) {
  for (Archive* archive : std::exchange(archives_.touched_logs, {})) {
    archive->log_touched = false;
    archive->log.seal(archive->id, batch);
  }
}

}  // namespace signalbox::broker
