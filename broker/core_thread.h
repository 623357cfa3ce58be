// The one thread that owns the Engine, and the inbox through which everything reaches it in order.
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

// Jobs and work from any thread; runs them in the order they came, then the engine's turn. Never
// blocks on the disk: what must read goes through the engine's ports.
class CoreThread {
 public:
  CoreThread(const Clock& clock) : clock_(clock) {}
  // Stops and joins.
  ~CoreThread();

  // The engine lives on the thread from start() until stop().
  void start(Engine& engine);
  void submit(std::vector<std::unique_ptr<Job>> jobs);
  void post(std::function<void()> work);
  // Runs everything posted so far, then ends the thread.
  void stop();

 private:
  using Item = std::variant<std::unique_ptr<Job>, std::function<void()>>;

  void run(Engine& engine);
  bool wait_for_items(std::vector<Item>& items, std::optional<Time> deadline);

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Item> inbox_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace signalbox::broker
