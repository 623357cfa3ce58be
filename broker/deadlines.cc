#include "broker/deadlines.h"

namespace signalbox::broker {

void Deadlines::set(DeadlineKind kind, std::uint64_t id, Time due) {
  const Key key{kind, id};
  const auto [at, inserted] = due_of_.try_emplace(key, due);
  if (!inserted) {
    if (at->second == due) return;
    by_due_.erase({at->second, key});
    at->second = due;
  }
  by_due_.emplace(due, key);
}

void Deadlines::clear(DeadlineKind kind, std::uint64_t id) {
  const auto at = due_of_.find({kind, id});
  if (at == due_of_.end()) return;
  by_due_.erase({at->second, at->first});
  due_of_.erase(at);
}

std::optional<Time> Deadlines::next() const {
  if (by_due_.empty()) return std::nullopt;
  return by_due_.begin()->first;
}

std::optional<Deadlines::Key> Deadlines::pop_due(Time now) {
  if (by_due_.empty() || by_due_.begin()->first > now) return std::nullopt;
  const Key key = by_due_.begin()->second;
  by_due_.erase(by_due_.begin());
  due_of_.erase(key);
  return key;
}

}  // namespace signalbox::broker
