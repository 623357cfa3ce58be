#include "broker/fifo.h"

namespace signalbox::broker {

namespace {

constexpr std::int64_t delay_s_max = 900;
constexpr std::chrono::minutes attempts_kept{5};
constexpr std::size_t attempts_max = 10'000;

}  // namespace

void RecentSends::add(std::int64_t sent_ms, std::uint64_t count) {
  const std::int64_t second = sent_ms / 1000;
  if (by_second_.empty() || by_second_.back().first < second) by_second_.emplace_back(second, 0);
  by_second_.back().second += count;
  while (by_second_.front().first < second - delay_s_max) by_second_.pop_front();
}

void RecentSends::remove(std::int64_t sent_ms) {
  for (auto& [second, count] : by_second_) {
    if (second == sent_ms / 1000 && count > 0) --count;
  }
}

std::uint64_t RecentSends::count_since(std::int64_t since_ms) const {
  std::uint64_t count = 0;
  for (auto at = by_second_.rbegin(); at != by_second_.rend(); ++at) {
    if (at->first * 1000 <= since_ms) break;
    count += at->second;
  }
  return count;
}

const ReceiveAttempts::Attempt* ReceiveAttempts::find(const std::string& id, Time now) const {
  const auto at = by_id_.find(id);
  return at != by_id_.end() && now - at->second.at < attempts_kept ? &at->second : nullptr;
}

void ReceiveAttempts::add(const std::string& id, Time now, std::vector<HandedOut> handed_out) {
  by_id_[id] = {now, std::move(handed_out)};
  by_age_.emplace_back(now, id);
  while (by_age_.size() > attempts_max || now - by_age_.front().first >= attempts_kept) {
    const auto known = by_id_.find(by_age_.front().second);
    if (known != by_id_.end() && known->second.at == by_age_.front().first) by_id_.erase(known);
    by_age_.pop_front();
  }
}

}  // namespace signalbox::broker
