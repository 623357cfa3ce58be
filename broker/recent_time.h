// How much time went into something lately.
#pragma once

#include <chrono>
#include <cstdint>

#include "broker/clock.h"

namespace signalbox::broker {

// A sum over the last five to ten minutes, in two halves.
class RecentTime {
 public:
  void add(Duration duration, Time now) {
    turn_over(now);
    current_ += duration;
  }
  Duration sum(Time now) const {
    RecentTime later = *this;
    later.turn_over(now);
    return later.current_ + later.previous_;
  }

 private:
  static constexpr std::chrono::minutes half{5};
  void turn_over(Time now) {
    const std::int64_t number = now.time_since_epoch() / half;
    if (number == number_) return;
    previous_ = number == number_ + 1 ? current_ : Duration::zero();
    current_ = Duration::zero();
    number_ = number;
  }

  std::int64_t number_ = 0;
  Duration current_{0};
  Duration previous_{0};
};

}  // namespace signalbox::broker
