// The stored forms of buses, rules, targets and fan-out tasks. Each starts with a format version;
// decoding gives false for a version this program does not know and for damage.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/bus.h"

namespace signalbox::broker {

// A bus without its rules. The world is the caller's to look up.
std::string encode_bus(const Bus& bus);
bool decode_bus(std::string_view record, Bus& bus, std::uint32_t& world_id);

// A rule without its targets. The pattern is text: the caller compiles it.
std::string encode_rule(const Rule& rule);
bool decode_rule(std::string_view record, Rule& rule);

// What PutTargets gave, and the target's lane. The caller compiles its input.
std::string encode_target(const api::Target& target, std::uint64_t lane_id);
bool decode_target(std::string_view record, api::Target& target, std::uint64_t& lane_id);

// The part of a task that does not change, and how far it got.
std::string encode_fan_out_task(const FanOutTask& task);
bool decode_fan_out_task(std::string_view record, FanOutTask& task);
std::string encode_fan_out_cursor(std::uint64_t position);
bool decode_fan_out_cursor(std::string_view record, std::size_t& position);

}  // namespace signalbox::broker
