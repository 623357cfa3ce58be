// A few threads that may block on the disk, so that neither the core nor the io threads do.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace signalbox::broker {

class ReaderPool {
 public:
  explicit ReaderPool(std::size_t thread_count);
  // Runs what waits, then joins.
  ~ReaderPool();

  // From any thread. Work on different threads runs in no particular order.
  void run(std::function<void()> work);

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace signalbox::broker
