#include "broker/load_all.h"

#include <fmt/format.h>

namespace signalbox::broker {

namespace {

// For a person with a hex editor: the prefix and the rest of the key.
std::string show_key(std::string_view key) {
  std::string text;
  for (const char c : key) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

}  // namespace

std::string not_understood(std::string_view what, std::string_view key) {
  return fmt::format("the record of {} under key {} is damaged or of a newer format", what,
                     show_key(key));
}

std::string disk_failed_reading(std::string_view what) {
  return fmt::format("the disk failed while reading {}", what);
}

std::unordered_map<std::uint32_t, World*> by_id(const std::vector<std::unique_ptr<World>>& worlds) {
  std::unordered_map<std::uint32_t, World*> found;
  for (const auto& world : worlds) found[world->id] = world.get();
  return found;
}

}  // namespace signalbox::broker
