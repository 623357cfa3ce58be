#include "storage/faulty_store.h"

#include <fmt/format.h>

#include <utility>

namespace signalbox::storage {

namespace {

// An empty batch is held too: it must count, or empty ones could be held without bound.
constexpr std::size_t held_overhead_bytes = 64;
constexpr const char* read_error = "reads fail because the test says so";

class FailingView final : public View {
 public:
  ReadStatus get(std::string_view, std::string&) const override { return ReadStatus::failed; }
  bool scan(std::string_view, std::string_view, Direction, const Visit&) const override {
    return false;
  }
};

}  // namespace

void FaultyStore::fail_commit(CommitNumber k, Outcome outcome, Written written) {
  const std::lock_guard lock(mutex_);
  faults_[k] = {outcome, written};
}

void FaultyStore::delay_commit(CommitNumber k) {
  const std::lock_guard lock(mutex_);
  delay_from_ = k;
}

void FaultyStore::release() {
  {
    const std::lock_guard lock(mutex_);
    delay_from_.reset();
  }
  forward_all();
}

void FaultyStore::refuse_room(bool refused) {
  const std::lock_guard lock(mutex_);
  room_refused_ = refused;
}

void FaultyStore::fail_reads(bool failing) {
  const std::lock_guard lock(mutex_);
  reads_failing_ = failing;
}

std::size_t FaultyStore::commit_count() const {
  const std::lock_guard lock(mutex_);
  return commit_count_;
}

std::size_t FaultyStore::completed_count() const {
  const std::lock_guard lock(mutex_);
  return completed_count_;
}

std::size_t FaultyStore::held_count() const {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

void FaultyStore::commit(Batch batch, Durability durability, Completion done) {
  {
    const std::lock_guard lock(mutex_);
    held_bytes_ += batch.size_bytes() + held_overhead_bytes;
    held_.push_back({++commit_count_, std::move(batch), durability, std::move(done)});
  }
  forward_all();
}

// One thread forwards at a time, and without the lock: the inner store may complete at once, and a
// completion may commit again.
void FaultyStore::forward_all() {
  std::unique_lock lock(mutex_);
  if (forwarding_) return;
  forwarding_ = true;
  while (!held_.empty() && (!delay_from_ || held_.front().number < *delay_from_)) {
    Held next = std::move(held_.front());
    held_.pop_front();
    held_bytes_ -= next.batch.size_bytes() + held_overhead_bytes;
    auto written = Written::yes;
    const auto forced = forced_outcome(next, written);
    // A batch that must not be written goes on empty: its completion keeps its turn.
    if (written == Written::no) next.batch.clear();
    lock.unlock();
    forward(std::move(next), forced);
    lock.lock();
  }
  forwarding_ = false;
}

std::optional<Outcome> FaultyStore::forced_outcome(const Held& held, Written& written) {
  if (!error_.empty()) {
    written = Written::no;
    return Outcome::unavailable;
  }
  const auto fault = faults_.find(held.number);
  if (fault == faults_.end()) return std::nullopt;
  written = fault->second.written;
  error_ = fmt::format("commit {} ended {} because the test says so", held.number,
                       to_string(fault->second.outcome));
  return fault->second.outcome;
}

void FaultyStore::forward(Held held, std::optional<Outcome> forced) {
  auto done = [this, forced, done = std::move(held.done)](Outcome outcome) {
    {
      const std::lock_guard lock(mutex_);
      ++completed_count_;
    }
    if (done) done(forced.value_or(outcome));
  };
  inner_->commit(std::move(held.batch), held.durability, std::move(done));
}

bool FaultyStore::has_room() const {
  {
    const std::lock_guard lock(mutex_);
    if (room_refused_ || held_bytes_ >= held_bytes_max_) return false;
  }
  return inner_->has_room();
}

std::unique_ptr<View> FaultyStore::view() const {
  {
    const std::lock_guard lock(mutex_);
    if (reads_failing_) return std::make_unique<FailingView>();
  }
  return inner_->view();
}

ReadStatus FaultyStore::get(std::string_view key, ReadTier tier, std::string& value) const {
  {
    const std::lock_guard lock(mutex_);
    if (reads_failing_) return ReadStatus::failed;
  }
  return inner_->get(key, tier, value);
}

std::string FaultyStore::checkpoint(const std::string& directory) {
  return inner_->checkpoint(directory);
}

std::string FaultyStore::last_error() const {
  const std::lock_guard lock(mutex_);
  if (!error_.empty()) return error_;
  return reads_failing_ ? read_error : inner_->last_error();
}

}  // namespace signalbox::storage
