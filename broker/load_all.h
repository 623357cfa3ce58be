// Reading all records of one kind at the start, and what is said of one that cannot be read. Pure
// functions over the view; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/world.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace signalbox::broker {

std::string not_understood(std::string_view what, std::string_view key);
std::string disk_failed_reading(std::string_view what);

// Records name their world by its id.
std::unordered_map<std::uint32_t, World*> by_id(const std::vector<std::unique_ptr<World>>& worlds);

// Calls load(key, value) for each key of the prefix, in order, until it answers with a problem.
template <class Load>
std::string load_all(const storage::View& view, storage::keys::Prefix prefix, std::string_view what,
                     Load&& load) {
  std::string problem;
  const auto range = storage::keys::all_of(prefix);
  const bool read = view.scan(range.first, range.past_last, storage::Direction::forward,
                              [&](std::string_view key, std::string_view value) {
                                problem = load(key, value);
                                return problem.empty();
                              });
  return read ? problem : disk_failed_reading(what);
}

}  // namespace signalbox::broker
