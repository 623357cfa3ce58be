#include "broker/schedules/time_zones.h"

namespace signalbox::broker {

namespace {
// There are some six hundred zones. More names than that are mistakes, kept so that a mistake made
// over and over does not read the disk each time.
constexpr std::size_t names_max = 2000;
constexpr std::string_view utc_name = "UTC";
}  // namespace

TimeZones::Known TimeZones::known(std::string_view name) const {
  static const auto utc = std::make_shared<const TimeZone>(TimeZone::utc());
  if (name == utc_name) return utc;
  const std::lock_guard lock(mutex_);
  const auto at = zones_.find(name);
  if (at == zones_.end()) return std::nullopt;
  return at->second;
}

void TimeZones::load(const std::string& name) {
  if (known(name)) return;
  const auto file = read_file_(name);
  const auto zone = file ? TimeZone::parse(*file) : std::nullopt;
  const std::lock_guard lock(mutex_);
  if (zones_.size() >= names_max) zones_.clear();
  zones_[name] = zone ? std::make_shared<const TimeZone>(*zone) : nullptr;
}

}  // namespace signalbox::broker
