#include "broker/core_thread.h"

#include <pthread.h>

#include "broker/engine.h"

namespace signalbox::broker {

namespace {

// Between two turns the engine takes at most so many items: a reply never waits for a whole burst.
constexpr std::size_t items_per_turn = 256;
// The longest sleep: a virtual clock moved by hand is noticed at least this often.
constexpr std::chrono::milliseconds sleep_max{1000};

}  // namespace

CoreThread::~CoreThread() { stop(); }

void CoreThread::start(Engine& engine) {
  thread_ = std::thread([this, &engine] {
    pthread_setname_np(pthread_self(), "core");
    run(engine);
  });
}

void CoreThread::submit(std::vector<std::unique_ptr<Job>> jobs) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = inbox_.empty();
    for (auto& job : jobs) inbox_.emplace_back(std::move(job));
  }
  if (was_empty) arrived_.notify_one();
}

void CoreThread::post(std::function<void()> work) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = inbox_.empty();
    inbox_.emplace_back(std::move(work));
  }
  if (was_empty) arrived_.notify_one();
}

void CoreThread::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

bool CoreThread::wait_for_items(std::vector<Item>& items, std::optional<Time> deadline) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return !inbox_.empty() || stopping_; };
  auto sleep = sleep_max;
  if (deadline) {
    const auto left = *deadline - clock_.now();
    sleep = std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                       std::chrono::milliseconds(0), sleep_max);
  }
  arrived_.wait_for(lock, sleep, ready);
  items.swap(inbox_);
  return !(stopping_ && items.empty());
}

void CoreThread::run(Engine& engine) {
  std::vector<Item> items;
  while (wait_for_items(items, engine.next_deadline())) {
    std::size_t in_turn = 0;
    for (auto& item : items) {
      if (auto* job = std::get_if<std::unique_ptr<Job>>(&item)) {
        engine.submit(std::move(*job));
      } else {
        std::get<std::function<void()>>(item)();
      }
      if (++in_turn == items_per_turn) {
        engine.turn();
        in_turn = 0;
      }
    }
    items.clear();
    engine.turn();
  }
}

}  // namespace signalbox::broker
