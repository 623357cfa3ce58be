#include "broker/core_thread.h"

#include <pthread.h>

#include <algorithm>

#include "broker/engine.h"

namespace signalbox::broker {

namespace {

// Between two flushes the engine takes at most so many items: a reply never waits for a whole
// burst.
constexpr std::size_t items_per_flush = 256;
// A thread that has other things to do takes so many turns, then leaves the rest to the own thread.
constexpr std::size_t turns_of_others_max = 4;
// The longest sleep: a virtual clock moved by hand is noticed at least this often.
constexpr std::chrono::milliseconds sleep_max{1000};

}  // namespace

CoreThread::~CoreThread() { stop(); }

void CoreThread::start(Engine& engine) {
  engine_ = &engine;
  {
    const std::lock_guard lock(mutex_);
    is_busy_ = false;
  }
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "core");
    run();
  });
}

void CoreThread::submit(std::vector<std::unique_ptr<Job>> jobs) {
  {
    const std::lock_guard lock(mutex_);
    for (auto& job : jobs) inbox_.emplace_back(std::move(job));
    if (is_busy_ || own_thread_count_ > 0) return;
    is_busy_ = true;
  }
  take_turns(turns_of_others_max);
}

void CoreThread::post_completion(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.emplace_back(std::move(work));
    if (is_busy_ || own_thread_count_ > 0) return;
    is_busy_ = true;
  }
  // One, which hands the store its next batch: a second would keep the disk waiting.
  take_turns(1);
}

void CoreThread::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.emplace_back(OwnThreadWork{std::move(work)});
    ++own_thread_count_;
  }
  arrived_.notify_one();
}

void CoreThread::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

void CoreThread::take_turns(std::size_t turns_max) {
  for (std::size_t turn = 0; turn < turns_max && take_items(false); ++turn) take_turn();
  const auto next = engine_->next_deadline();
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    is_busy_ = false;
    wakes = !inbox_.empty() || is_stopping_ || (next && *next < wakes_at_);
  }
  if (wakes) arrived_.notify_one();
}

void CoreThread::take_turn() {
  std::size_t in_flush = 0;
  for (auto& item : items_) {
    if (auto* job = std::get_if<std::unique_ptr<Job>>(&item)) {
      engine_->submit(std::move(*job));
    } else if (auto* own = std::get_if<OwnThreadWork>(&item)) {
      own->run();
    } else {
      std::get<std::function<void()>>(item)();
    }
    if (++in_flush == items_per_flush) {
      engine_->turn();
      in_flush = 0;
    }
  }
  items_.clear();
  engine_->turn();
}

// False when there are none, or none that may run on this thread.
bool CoreThread::take_items(bool is_own_thread) {
  const std::lock_guard lock(mutex_);
  if (inbox_.empty() || (!is_own_thread && own_thread_count_ > 0)) return false;
  items_.swap(inbox_);
  own_thread_count_ = 0;
  return true;
}

void CoreThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto now = clock_.now();
    auto sleep = sleep_max;
    // A turn under way tells of an earlier deadline when it ends.
    const auto deadline = is_busy_ ? std::nullopt : engine_->next_deadline();
    if (deadline) sleep = std::clamp(*deadline - now, std::chrono::milliseconds(0), sleep_max);
    wakes_at_ = now + sleep;
    arrived_.wait_for(lock, sleep,
                      [this] { return !is_busy_ && (!inbox_.empty() || is_stopping_); });
    if (is_busy_) continue;
    if (is_stopping_ && inbox_.empty()) break;
    is_busy_ = true;
    lock.unlock();
    take_items(true);
    take_turn();
    lock.lock();
    is_busy_ = false;
  }
  // Nobody takes a turn any more.
  is_busy_ = true;
}

}  // namespace signalbox::broker
