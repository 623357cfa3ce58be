// The time zones that schedules have asked for so far, by IANA name. Thread safe. Reading a zone's
// file is left to whoever makes the broker, and to the threads that may wait for a disk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/context.h"
#include "broker/schedules/time_zone.h"

namespace signalbox::broker {

class TimeZones {
 public:
  // The contents of a zone's file; nothing when there is none. Blocks on the disk.
  using ReadFile = std::function<std::optional<std::string>(const std::string& name)>;
  explicit TimeZones(ReadFile read_file) : read_file_(std::move(read_file)) {}

  // Null: there is no such zone. Nothing: it has not been read yet.
  using Known = std::optional<std::shared_ptr<const TimeZone>>;
  Known known(std::string_view name) const;
  // Blocks on the disk.
  void load(const std::string& name);

 private:
  const ReadFile read_file_;
  mutable std::mutex mutex_;  // guards zones_
  std::map<std::string, std::shared_ptr<const TimeZone>, std::less<>> zones_;
};

// Reads zones on a reader thread.
class ZoneReading final : public Reading {
 public:
  ZoneReading(std::shared_ptr<TimeZones> zones, std::vector<std::string> names)
      : zones_(std::move(zones)), names_(std::move(names)) {}
  bool read(const storage::View&) override {
    for (const auto& name : names_) zones_->load(name);
    return true;
  }

 private:
  const std::shared_ptr<TimeZones> zones_;
  const std::vector<std::string> names_;
};

}  // namespace signalbox::broker
