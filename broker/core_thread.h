// Serves the Engine: one turn at a time, everything in the order it came.
//
// Turns have a thread of their own for timers and for work that must run there. Most turns though
// are taken by whoever brings the work, when no turn is under way: an io thread with its requests,
// the store's thread with the news of a commit. Waking another thread costs more than deciding a
// request (docs/decisions/0003).
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "broker/clock.h"
#include "broker/job.h"

namespace signalbox::broker {

class Engine;

// Never blocks on the disk: what must read goes through the engine's ports.
class CoreThread {
 public:
  CoreThread(const Clock& clock) : clock_(clock) {}
  // Stops and joins.
  ~CoreThread();

  // The engine belongs to the turns from start() until stop(). What came before waits for start().
  void start(Engine& engine);

  // From any thread; may take turns before it returns.
  void submit(std::vector<std::unique_ptr<Job>> jobs);
  // From the store's thread; may take one turn before it returns.
  void post_completion(std::function<void()> work);
  // From any thread. Runs on the thread of its own: for work that may end the store, which no
  // thread of the store can.
  void post(std::function<void()> work);

  // Runs everything posted so far, then ends the thread. What comes later never runs.
  void stop();

 private:
  struct OwnThreadWork {
    std::function<void()> run;
  };
  using Item = std::variant<std::unique_ptr<Job>, std::function<void()>, OwnThreadWork>;

  void run();
  // Both with is_busy_ taken by the caller; they give it back.
  void take_turns(std::size_t turns_max);
  void take_turn();
  bool take_items(bool is_own_thread);

  const Clock& clock_;
  Engine* engine_ = nullptr;

  std::mutex mutex_;  // guards from here
  std::condition_variable arrived_;
  std::vector<Item> inbox_;
  std::size_t own_thread_count_ = 0;  // of the inbox
  bool is_busy_ = true;               // a turn is under way, or none may begin
  Time wakes_at_;                     // the own thread, if nothing else wakes it
  bool is_stopping_ = false;          // to here

  std::vector<Item> items_;  // of the turn
  std::thread thread_;
};

}  // namespace signalbox::broker
