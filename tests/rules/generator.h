// Random patterns, and events that are likely to match them, from a seed.
//
// Every generator draws names and values from a handful that it picks at the start, so that rules
// share conditions, events meet rules, and near misses are frequent.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/rules/json_tree.h"

namespace signalbox::rules::reference {

// The same numbers on every machine, which the distributions of <random> are not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  std::size_t below(std::size_t end) { return next() % end; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

 private:
  std::uint64_t state_;
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed);

  // Nearly always valid.
  Json pattern();
  // A pattern that is nearly valid: a few parts are out of place.
  Json broken_pattern();
  Json event();
  // Built to match the pattern, then changed a little or not at all.
  Json event_for(const Json& pattern);

  Random& random() { return random_; }

 private:
  Json pattern_object(int depth);
  Json values();
  Json value();
  Json anything_but();
  Json numeric();
  Json either(int depth);
  std::string text();
  std::string wildcard();
  std::string other_case(std::string_view text);

  Json scalar();
  Json event_value(int depth);
  Json event_object(int depth);
  void fill(Json& event, const Json& pattern);
  bool wanted(const Json& values, Json& out);
  Json wanted_by(const Json& expression);
  std::string like(std::string_view wildcard);
  std::string respelled(const std::string& number);
  void mutate(Json& json, bool with_new_nodes);
  void set_styles(Json& json);

  Random random_;
  std::vector<std::string> names_;
  std::vector<std::string> texts_;
  std::vector<std::string> numbers_;
  std::vector<std::string> comparable_;  // of those
};

}  // namespace signalbox::rules::reference
