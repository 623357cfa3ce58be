// Event patterns in, matches out. The public face of rules/; depends on nothing of the broker.
//
// Threads: a Pattern and a Snapshot are immutable and may be used by any number of threads at once.
// A RuleSet belongs to one thread; the snapshots it hands out do not.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::rules {

using RuleId = std::uint64_t;

// Why a text is not a pattern: the service's own reason with its position suffix,
// e.g. `Filter is not an object\n at [Source: (String)"…"; line: 1, column: 2]`.
struct PatternError {
  std::string reason;
};

// What one pattern may cost. A pattern past a limit is refused like one that is not valid.
struct PatternLimits {
  // Ways through the $or of a pattern: each is looked for on its own.
  std::size_t combinations_max = 1000;
  // Memory it takes in a rule set, roughly.
  std::size_t compiled_bytes_max = 1 << 20;
  // Stars in the wildcards of one field; 0: any number. The matcher does not need this limit. The
  // service has one like it, which it does not publish.
  std::size_t stars_max = 0;

  // For patterns that were accepted before, or are never put into a set.
  static constexpr PatternLimits none() {
    constexpr auto any = std::numeric_limits<std::size_t>::max();
    return {any, any, 0};
  }
};

// A compiled event pattern.
class Pattern {
 public:
  // Null with error filled when the text is not a valid pattern.
  static std::shared_ptr<const Pattern> compile(std::string_view pattern_json, PatternError& error,
                                                const PatternLimits& limits = {});
  virtual ~Pattern() = default;

  // Whether the event, a JSON object as text, matches. False for anything that is not a JSON
  // object.
  virtual bool matches(std::string_view event_json) const = 0;
};

// The rules of one bus at one moment.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // Appends the ids of the rules that match the event, each once, in no order. The event is a JSON
  // object as text. Only what some rule asks about is read: an object that is broken elsewhere may
  // match; anything else, and an object of more than 1,024 levels where rules ask, matches nothing.
  virtual void match(std::string_view event_json, std::vector<RuleId>& matched) const = 0;
  virtual std::size_t rule_count() const = 0;
};

class RuleSet {
 public:
  static std::unique_ptr<RuleSet> create();
  virtual ~RuleSet() = default;
  // Adds the rule, or replaces the one with that id.
  virtual void put(RuleId id, std::shared_ptr<const Pattern> pattern) = 0;
  virtual void remove(RuleId id) = 0;
  // The rules as they are now. Later changes do not show in it.
  virtual std::shared_ptr<const Snapshot> snapshot() const = 0;
  // What the rules take up, snapshots of other moments left aside.
  virtual std::size_t memory_bytes() const = 0;
};

}  // namespace signalbox::rules
