#include "broker/reader_pool.h"

#include <pthread.h>

namespace signalbox::broker {

ReaderPool::ReaderPool(std::size_t thread_count) {
  for (std::size_t i = 0; i < thread_count; ++i) {
    threads_.emplace_back([this] {
      pthread_setname_np(pthread_self(), "reader");
      serve();
    });
  }
}

ReaderPool::~ReaderPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void ReaderPool::run(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
  }
  arrived_.notify_one();
}

void ReaderPool::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    auto work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

}  // namespace signalbox::broker
