// Which of many rules an event matches, with why, and which of the others it nearly matches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/explain.h"

namespace signalbox::rules {

struct NearestOptions {
  static constexpr std::size_t count_max = 100;

  std::size_t count = 5;          // misses to explain, at most count_max
  std::size_t matched_max = 100;  // matches to explain; all are counted
  // A step is a field looked up, a value compared with a predicate, or a value's place among array
  // elements looked at. Rules that come when they are used up are not looked at.
  std::uint64_t steps_max = 20'000'000;
};

struct RuleText {
  std::string name;
  std::string pattern;  // JSON
  bool enabled = true;  // one that is not never matches, and is nearest of all where it would
};

struct RuleExplanation {
  std::string rule;
  bool enabled = true;
  Explanation explanation;
};

struct NearestResult {
  std::string problem;                   // why the event is none; then the rest is empty
  std::vector<RuleExplanation> matched;  // by name
  std::size_t matched_count = 0;
  std::vector<RuleExplanation> nearest;  // best first
  std::vector<RuleExplanation> invalid;  // the first of the rules whose pattern is none
  std::size_t invalid_count = 0;
  std::size_t examined_count = 0;
  bool complete = true;  // every rule given was looked at
};

// Looks at one rule after another, so that they need not be in memory together. It keeps the texts
// of the best only. The misses are ranked by the share of fields that match, then by their number,
// then by how many of the other fields have a value close to what is wanted, then by name.
//
// Threads: none of its own; one at a time.
class NearestMisses {
 public:
  explicit NearestMisses(std::string event_json, NearestOptions options = {});
  ~NearestMisses();

  // False when the steps are used up: it was not looked at, nor will later ones be.
  bool add(RuleText rule);
  // Taken so far, so that whoever has other things to do can make a pause.
  std::uint64_t steps() const;
  NearestResult finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

NearestResult nearest(std::vector<RuleText> rules, std::string event_json,
                      NearestOptions options = {});

// {"matched_count":..,"matched":[{"rule":..,..}],"nearest":[..],"rules_examined":..,"complete":..},
// without the braces around it, and with "invalid":[..] when there are such rules.
void append_members(std::string& json, const NearestResult& result);
std::string to_text(const NearestResult& result);

}  // namespace signalbox::rules
