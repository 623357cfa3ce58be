// Restart: buses, rules, targets, log summaries and fan-out tasks read back. And what the engine
// does for buses around each commit group.
#include "broker/broker.h"
#include "broker/events_input.h"
#include "broker/events_records.h"
#include "broker/load_all.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

std::string Broker::load_buses(const storage::View& view, Context& ctx) {
  directory_.clear();
  const auto worlds = by_id(worlds_);
  std::string problem =
      load_all(view, keys::Prefix::bus, "buses", [&](std::string_view key, std::string_view value) {
        const auto id = keys::parse_bus(key);
        Bus read;
        std::uint32_t world_id = 0;
        if (!id || !decode_bus(value, read, world_id)) return not_understood("a bus", key);
        const auto world = worlds.find(world_id);
        if (world == worlds.end()) return not_understood("a bus of an unknown world", key);
        Bus& bus = add_bus(*id, *world->second, read.name);
        bus.description = std::move(read.description);
        bus.kms_key_identifier = std::move(read.kms_key_identifier);
        bus.dead_letter_config = std::move(read.dead_letter_config);
        bus.log_config = std::move(read.log_config);
        bus.policy = std::move(read.policy);
        bus.tags = std::move(read.tags);
        bus.created_ms = read.created_ms;
        bus.modified_ms = read.modified_ms;
        bus.stored = true;
        return std::string();
      });
  if (problem.empty()) problem = load_rules(view, ctx);
  if (problem.empty()) problem = load_targets(view);
  if (problem.empty()) problem = load_archives(view);
  if (problem.empty()) problem = load_bus_logs(view);
  if (problem.empty()) problem = load_fan_out(view, ctx);
  if (problem.empty()) problem = load_lanes(view, ctx);
  if (problem.empty()) problem = load_replays(view, ctx);
  if (!problem.empty()) return problem;
  for (const auto& [id, bus] : buses_.by_id) {
    bus->publish_pending = true;
    buses_.unpublished.push_back(bus.get());
  }
  return {};
}

std::string Broker::load_rules(const storage::View& view, Context& ctx) {
  std::string problem = load_all(
      view, keys::Prefix::rule, "rules", [&](std::string_view key, std::string_view value) {
        const auto place = keys::parse_rule(key);
        Rule read;
        if (!place || !decode_rule(value, read)) return not_understood("a rule", key);
        const auto bus = buses_.by_id.find(place->bus_id);
        if (bus == buses_.by_id.end()) return not_understood("a rule of an unknown bus", key);
        read.id = place->rule_id;
        read.bus = bus->second.get();
        if (read.event_pattern) {
          rules::PatternError error;
          // It was within the limits when it was put; they may be lower today.
          read.pattern =
              rules::Pattern::compile(*read.event_pattern, error, rules::PatternLimits::none());
          if (read.pattern == nullptr) return not_understood("a rule with a bad pattern", key);
        }
        Rule& rule = read.bus->rules[read.name];
        rule = std::move(read);
        rule.bus->rules_by_id[rule.id] = &rule;
        if (rule.matching()) rule.bus->rule_set->put(rule.id, rule.pattern);
        resume_schedule(rule, ctx);
        return std::string();
      });
  arm_due_rules(ctx);
  return problem;
}

std::string Broker::load_targets(const storage::View& view) {
  return load_all(view, keys::Prefix::target, "targets",
                  [&](std::string_view key, std::string_view value) {
                    const auto place = keys::parse_target(key);
                    api::Target config;
                    std::uint64_t lane_id = 0;
                    if (!place || !decode_target(value, config, lane_id))
                      return not_understood("a target", key);
                    const auto bus = buses_.by_id.find(place->bus_id);
                    if (bus == buses_.by_id.end())
                      return not_understood("a target of an unknown bus", key);
                    const auto rule = bus->second->rules_by_id.find(place->rule_id);
                    if (rule == bus->second->rules_by_id.end()) {
                      return not_understood("a target of an unknown rule", key);
                    }
                    auto target = make_target(config);
                    if (!target) return not_understood("a target with a bad input", key);
                    target.assume_value().lane_id = lane_id;
                    bus->second->rules_by_target[config.arn].insert(rule->second->name);
                    rule->second->targets.emplace(config.id, std::move(target).assume_value());
                    return std::string();
                  });
}

std::string Broker::load_bus_logs(const storage::View& view) {
  std::string problem = load_all(view, keys::Prefix::event_segment, "bus logs",
                                 [&](std::string_view key, std::string_view value) {
                                   const auto place = keys::parse_event_segment(key);
                                   if (!place) return not_understood("a bus log", key);
                                   const auto segment = decode_log_segment(place->segment, value);
                                   BusLog* const log = log_of(place->bus_id).log;
                                   if (!segment || log == nullptr) {
                                     return not_understood("a bus log", key);
                                   }
                                   log->restore(*segment);
                                   return std::string();
                                 });
  const LogLimits limits = log_limits();
  for (const auto& [id, bus] : buses_.by_id) {
    const auto due = bus->log.expires_at(limits);
    if (due) deadlines_.set(DeadlineKind::bus_log, id, *due);
  }
  for (const auto& [id, archive] : archives_.by_id) arm_expiry(*archive);
  return problem;
}

std::string Broker::load_fan_out(const storage::View& view, Context& ctx) {
  std::string problem = load_all(view, keys::Prefix::fan_out_task, "fan-out tasks",
                                 [&](std::string_view key, std::string_view value) {
                                   const auto id = keys::parse_fan_out_task(key);
                                   FanOutTask task;
                                   if (!id || !decode_fan_out_task(value, task)) {
                                     return not_understood("a fan-out task", key);
                                   }
                                   task.id = *id;
                                   buses_.task_bytes += task.memory_bytes();
                                   buses_.tasks.emplace(*id, std::move(task));
                                   deadlines_.set(DeadlineKind::fan_out, *id, ctx.now);
                                   return std::string();
                                 });
  if (!problem.empty()) return problem;
  return load_all(view, keys::Prefix::fan_out_cursor, "fan-out tasks",
                  [&](std::string_view key, std::string_view value) {
                    const auto id = keys::parse_fan_out_cursor(key);
                    const auto task = id ? buses_.tasks.find(*id) : buses_.tasks.end();
                    if (task == buses_.tasks.end() ||
                        !decode_fan_out_cursor(value, task->second.position) ||
                        task->second.position > task->second.deliveries.size()) {
                      return not_understood("a fan-out task's cursor", key);
                    }
                    return std::string();
                  });
}

void Broker::seal_bus_logs(storage::Batch& batch) {
  for (Bus* bus : std::exchange(buses_.touched_logs, {})) {
    bus->log_touched = false;
    bus->log.seal(bus->id, batch);
  }
  publish_rules();
}

LogOf Broker::log_of(std::uint64_t bus_or_archive_id) {
  if (const auto bus = buses_.by_id.find(bus_or_archive_id); bus != buses_.by_id.end()) {
    return {&bus->second->log, log_limits()};
  }
  const auto archive = archives_.by_id.find(bus_or_archive_id);
  if (archive == archives_.by_id.end()) return {};
  return {&archive->second->log, archive->second->log_limits()};
}

void Broker::expire_bus_log(std::uint64_t bus_or_archive_id, Context& ctx) {
  const auto [log, limits] = log_of(bus_or_archive_id);
  if (log == nullptr) return;
  log->expire(bus_or_archive_id, ctx.now, limits, ctx.batch);
  if (const auto due = log->expires_at(limits)) {
    deadlines_.set(DeadlineKind::bus_log, bus_or_archive_id, *due);
  }
}

}  // namespace signalbox::broker
