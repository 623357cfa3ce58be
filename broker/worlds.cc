// Worlds: account and region pairs, made when first used for a write and bounded in number.
#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/record.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace {
constexpr std::uint8_t world_format = 1;
constexpr std::string_view ids_name = "ids";
}  // namespace

World* Broker::find_world(std::string_view account, std::string_view region) const {
  const auto at = worlds_by_name_.find(std::pair(std::string(account), std::string(region)));
  return at == worlds_by_name_.end() ? nullptr : at->second;
}

World& Broker::add_world(std::uint32_t id, std::string account, std::string region) {
  auto world = std::make_unique<World>();
  world->id = id;
  world->account = std::move(account);
  world->region = std::move(region);
  worlds_by_name_[{world->account, world->region}] = world.get();
  worlds_.push_back(std::move(world));
  return *worlds_.back();
}

Result<World*> Broker::world_of(const Caller& caller, Context& ctx) {
  if (World* world = find_world(caller.account, caller.region)) return world;
  if (worlds_.size() >= settings_.worlds_max) {
    return Error{ErrorCode::limit_exceeded,
                 fmt::format("Account {} in region {} would be world number {}: raise --worlds-max "
                             "to allow more.",
                             caller.account, caller.region, worlds_.size() + 1)};
  }
  World& world =
      add_world(static_cast<std::uint32_t>(worlds_.size() + 1), caller.account, caller.region);
  RecordWriter record;
  record.u8(world_format).bytes(world.account).bytes(world.region);
  ctx.batch.put(storage::keys::world(world.id), record.view());
  return &world;
}

World* Broker::world_with_id(std::uint32_t id) const {
  return id == 0 || id > worlds_.size() ? nullptr : worlds_[id - 1].get();
}

std::string Broker::load_worlds(const storage::View& view) {
  std::string problem;
  const auto range = storage::keys::all_of(storage::keys::Prefix::world);
  const bool read = view.scan(
      range.first, range.past_last, storage::Direction::forward, [&](auto key, auto value) {
        RecordReader record(value);
        const auto id = storage::keys::parse_world(key);
        if (!id || record.u8() != world_format) {
          problem = "a world record has a format this version does not know";
          return false;
        }
        const auto account = record.bytes();
        const auto region = record.bytes();
        add_world(*id, std::string(account), std::string(region));
        return true;
      });
  return read ? problem : "the disk failed while reading the worlds";
}

void Broker::put_next_ids(Context& ctx) {
  RecordWriter record;
  record.u64(last_id_).u64(boot_epoch_);
  ctx.batch.put(storage::keys::next_id(ids_name), record.view());
}

std::uint64_t Broker::new_id(Context& ctx) {
  const std::uint64_t id = next_id();
  put_next_ids(ctx);
  return id;
}

std::string Broker::load_next_ids(const storage::View& view) {
  std::string value;
  const auto status = view.get(storage::keys::next_id(ids_name), value);
  if (status == storage::ReadStatus::failed) return "the disk failed while reading the next ids";
  if (status == storage::ReadStatus::found) {
    RecordReader record(value);
    last_id_ = record.u64();
    boot_epoch_ = record.u64();
    if (record.failed()) return "the record of the next ids is damaged";
  }
  return {};
}

}  // namespace signalbox::broker
