// Who may attempt a delivery now. What is bounded is attempts under way, and what uses them up is
// time: a target that never answers keeps its attempts for as long as they may take. So a target
// begins with one attempt and earns more by answering, and targets that are slow, or of which
// nothing is known yet, may together have only half of what there is: one that answers at once
// always finds room. Core thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

#include "broker/clock.h"

namespace signalbox::broker {

// A target is slow while its last attempt took longer than this, and until its first one ended.
constexpr std::chrono::seconds slow_attempt{1};

// How many attempts one target may have under way.
class LaneWindow {
 public:
  std::size_t width() const { return width_; }
  bool is_slow() const { return is_slow_; }
  // One more after an answer, whatever it says, up to the limit; half after none.
  void attempt_ended(Duration took, bool was_answered, std::size_t limit);

 private:
  std::size_t width_ = 1;
  bool is_slow_ = true;
};

class AttemptSlots {
 public:
  // Of events under way at a time: they are in memory until their attempt ends.
  static constexpr std::size_t bytes_max = 64u << 20;

  explicit AttemptSlots(std::size_t count_max) : count_max_(count_max) {}

  // How many attempts to targets of that kind may start now.
  std::size_t room(bool is_slow) const;
  // An attempt counts as the kind that its target was of when it started.
  void take(bool is_slow, std::size_t bytes);
  void give_back(bool is_slow, std::size_t bytes);
  std::size_t count() const { return fast_.count + slow_.count; }

  // Lanes that found no room wait in turn, each kind in its own queue.
  void wait(bool is_slow, std::uint64_t lane_id) { of(is_slow).waiting.push_back(lane_id); }
  // Whose turn it is; nothing: no lane waits, or there is no room.
  std::optional<std::uint64_t> next_waiting(bool is_slow);

 private:
  struct Share {
    std::size_t count = 0;
    std::size_t bytes = 0;
    std::deque<std::uint64_t> waiting;
  };
  Share& of(bool is_slow) { return is_slow ? slow_ : fast_; }

  std::size_t count_max_;
  Share fast_;
  Share slow_;
};

}  // namespace signalbox::broker
