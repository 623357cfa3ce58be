// An archive: a log of its own with the events of one bus that match its pattern. Core thread only.
//
// The pattern is in the bus's rule set under the archive's id, so events are matched against
// archives and rules in one pass, on the io thread; the event joins the archive in the batch that
// puts it on the bus. Replayed events join none (docs/decisions/0005).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/event_log.h"
#include "rules/rules.h"

namespace signalbox::broker {

struct Bus;

struct Archive {
  std::uint64_t id = 0;
  Bus* bus = nullptr;
  std::string name;
  std::optional<std::string> description;
  std::optional<std::string> event_pattern;
  std::optional<std::string> kms_key_identifier;
  std::int64_t retention_days = 0;  // 0: forever
  std::int64_t created_ms = 0;

  std::shared_ptr<const rules::Pattern> pattern;  // null: it takes every event

  BusLog log{LogOrder::event_time};
  bool log_touched = false;  // the open batch has events of it

  LogLimits log_limits() const;
  std::string arn() const;
};

// The stored form, without its id and pattern; decoding gives false for damage and for a newer
// format. The bus is the caller's to look up.
std::string encode_archive(const Archive& archive);
bool decode_archive(std::string_view record, Archive& archive, std::uint64_t& bus_id);

// The log of a bus or an archive, and how much of it is kept.
struct LogOf {
  BusLog* log = nullptr;  // null: neither a bus nor an archive
  LogLimits limits;
};

}  // namespace signalbox::broker
