// How long a function whose workers die at once has to wait for the next one. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace signalbox::workers {

class WorkerBackoff {
 public:
  using Time = std::chrono::steady_clock::time_point;

  WorkerBackoff(std::chrono::milliseconds first, std::chrono::milliseconds max)
      : first_(first), max_(max) {}

  // Of several that were started together the first one's death counts.
  void died(const std::string& function_arn, Time started, Time now) {
    auto& state = functions_[function_arn];
    if (state.deaths > 0 && started < state.last_death) return;
    state.last_death = now;
    const auto delay = first_ * (std::int64_t{1} << std::min(state.deaths, 20));
    state.not_before = now + std::min<std::chrono::milliseconds>(delay, max_);
    ++state.deaths;
  }
  void lives(const std::string& function_arn) { functions_.erase(function_arn); }
  Time not_before(const std::string& function_arn) const {
    const auto at = functions_.find(function_arn);
    return at == functions_.end() ? Time::min() : at->second.not_before;
  }

 private:
  struct State {
    int deaths = 0;  // one after the other
    Time last_death{};
    Time not_before{};
  };
  const std::chrono::milliseconds first_;
  const std::chrono::milliseconds max_;
  std::unordered_map<std::string, State> functions_;
};

}  // namespace signalbox::workers
