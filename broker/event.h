// An event on its way into a bus: checked, enveloped and matched on the io thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/error.h"
#include "broker/ids.h"
#include "rules/rules.h"

namespace signalbox::broker {

// The code and text of a PutEvents result entry that was refused.
struct EntryFailure {
  std::string code;
  std::string message;
};

// Of an entry that breaks the schema its bus checks it against; the service has no such code.
constexpr std::string_view schema_violation_code = "SchemaValidationFailed";

struct Replay;

struct PreparedEvent {
  // Where the bus is: the caller's world unless an ARN names another one.
  std::string bus_account;
  std::string bus_region;
  std::string bus_name;                 // without any ARN around it
  std::optional<EntryFailure> failure;  // set: nothing below is
  IdBytes id{};
  std::string json;          // the envelope, compact, in the service's key order
  std::string md5_of_json;   // 16 raw bytes: the MD5 of a message that carries the event unchanged
  std::string trace_header;  // empty when none was given
  // How it breaks its schema, on a bus that only warns of it.
  std::optional<std::string> schema_warning;
  bool was_forwarded = false;  // by a rule of another bus: no bus forwards it again
  // The replay it comes from, which may be for some of the rules only. Null: it is new.
  const Replay* replay = nullptr;
  // The rules that matched in the snapshot of that version; the core matches again only the rules
  // changed since. bus_version 0: the bus was not known then.
  std::uint64_t bus_version = 0;
  std::vector<rules::RuleId> matched;
};

}  // namespace signalbox::broker
