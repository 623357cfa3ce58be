#include "protocol/http_io_thread.h"

#include <pthread.h>
#include <signal.h>

#include <boost/asio/post.hpp>
#include <string>

#include "protocol/http_connection.h"

namespace signalbox::protocol {

namespace asio = boost::asio;

// The hint 1: one thread runs the context, others only post to it.
IoThread::IoThread(HttpShared& shared, std::size_t index)
    : shared_(shared),
      index_(index),
      context_(1),
      work_(asio::make_work_guard(context_)),
      sweep_timer_(context_),
      sweep_time_(Clock::now()) {}

IoThread::~IoThread() {
  if (thread_.joinable()) join();
}

void IoThread::start() {
  // Signals belong to the threads of whoever runs the server.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), ("http-io-" + std::to_string(index_)).c_str());
}

void IoThread::run() {
  context_.run();
  std::vector<std::unique_ptr<IoTask>> unrun;
  const std::lock_guard lock(outbox_mutex_);
  is_outbox_closed_ = true;
  unrun.swap(outbox_);
}

void IoThread::post(std::unique_ptr<IoTask> task) {
  {
    const std::lock_guard lock(outbox_mutex_);
    if (is_outbox_closed_) return;
    outbox_.push_back(std::move(task));
    if (std::exchange(is_outbox_scheduled_, true)) return;
  }
  asio::post(context_, [this] { run_outbox(); });
}

void IoThread::run_outbox() {
  {
    const std::lock_guard lock(outbox_mutex_);
    running_.swap(outbox_);
  }
  for (auto& task : running_) {
    task->run();
    task.reset();
  }
  running_.clear();
  {
    const std::lock_guard lock(outbox_mutex_);
    is_outbox_scheduled_ = !outbox_.empty();
    if (!is_outbox_scheduled_) return;
  }
  // What came meanwhile takes its turn behind the sockets that are ready.
  asio::post(context_, [this] { run_outbox(); });
}

void IoThread::adopt(UniqueFd socket, int family, std::shared_ptr<const std::string> prefix) {
  ++connection_count_;
  ++shared_.connection_count;
  asio::post(context_, [this, socket = std::move(socket), family, prefix]() mutable {
    open(std::move(socket), family, std::move(prefix));
  });
}

void IoThread::open(UniqueFd socket, int family, std::shared_ptr<const std::string> prefix) {
  if (!is_sweep_armed_) {
    sweep_time_ = Clock::now();
    arm_sweep();
  }
  auto connection = std::make_shared<Connection>(shared_from_this());
  connection->slot = connections_.size();
  connections_.push_back(connection);
  connection->start(std::move(socket), family, std::move(prefix));
}

void IoThread::remove(Connection& connection) {
  const auto slot = connection.slot;
  const auto removed = std::move(connections_[slot]);
  if (slot + 1 != connections_.size()) {
    connections_[slot] = std::move(connections_.back());
    connections_[slot]->slot = slot;
  }
  connections_.pop_back();
  --connection_count_;
  if (--shared_.connection_count == 0 && shared_.is_draining) {
    const std::lock_guard lock(shared_.drained_mutex);
    shared_.drained.notify_all();
  }
}

void IoThread::arm_sweep() {
  is_sweep_armed_ = true;
  sweep_timer_.expires_after(shared_.sweep_interval);
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    is_sweep_armed_ = false;
    if (!error) sweep();
  });
}

void IoThread::sweep() {
  sweep_time_ = Clock::now();
  // Collected first: what ends one connection may end others and so move them in the list.
  std::vector<std::shared_ptr<Connection>> due;
  for (const auto& connection : connections_) {
    if (connection->is_due(sweep_time_)) due.push_back(connection);
  }
  for (const auto& connection : due) connection->on_due();
  // With nobody connected the thread sleeps.
  if (!connections_.empty() && !is_sweep_armed_) arm_sweep();
}

void IoThread::drain() {
  asio::post(context_, [this] {
    const auto connections = connections_;
    for (const auto& connection : connections) connection->drain();
  });
}

void IoThread::close_connections() {
  asio::post(context_, [this] {
    const auto connections = connections_;
    for (const auto& connection : connections) connection->close();
    sweep_timer_.cancel();
  });
}

void IoThread::join() {
  work_.reset();
  if (thread_.joinable()) thread_.join();
}

}  // namespace signalbox::protocol
