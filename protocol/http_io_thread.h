// One io thread: its event loop, its outbox of tasks from other threads, its connections and the
// sweep that enforces their deadlines.
//
// Shared by the server and by every connection, because an exchange that outlives the server still
// posts to its thread. The event loop is left to run dry, never stopped: what its pending
// operations own is then released by them, on this thread.
#pragma once

#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "protocol/http_reply.h"
#include "protocol/http_server.h"

namespace signalbox::protocol {

class Connection;

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// What all threads and connections of one server see. Owned by the server; not touched by a
// connection once it is closed, nor by a thread once it is joined.
struct HttpShared {
  HttpServerOptions options;
  HttpServer::Handler handler;
  HttpServer::Refusal refusal;
  std::chrono::milliseconds sweep_interval{250};

  std::atomic<bool> is_draining = false;
  std::atomic<std::uint32_t> connection_count = 0;
  std::atomic<std::uint64_t> body_bytes = 0;  // of large bodies being received

  // Told of the last connection's end while draining.
  std::mutex drained_mutex;
  std::condition_variable drained;
};

class IoThread : public std::enable_shared_from_this<IoThread> {
 public:
  using Clock = std::chrono::steady_clock;

  IoThread(HttpShared& shared, std::size_t index);
  ~IoThread();

  // From any thread.
  void start();
  void post(std::unique_ptr<IoTask> task);
  // Takes over an accepted socket of that family (AF_INET or AF_INET6).
  // prefix: before the target of its requests; may be null.
  void adopt(UniqueFd socket, int family, std::shared_ptr<const std::string> prefix);
  std::uint32_t connection_count() const { return connection_count_; }
  // Closes idle connections; those answering close after their reply.
  void drain();
  void close_connections();
  // Waits for the event loop to run dry; only after close_connections.
  void join();

  // On this thread only.
  std::size_t index() const { return index_; }
  HttpShared& shared() { return shared_; }
  boost::asio::io_context& context() { return context_; }
  // The time of the last sweep: behind by up to a sweep interval, and free.
  Clock::time_point sweep_time() const { return sweep_time_; }
  Clock::time_point deadline_after(std::chrono::milliseconds timeout) const {
    return sweep_time_ + timeout + shared_.sweep_interval;
  }
  std::string_view date() { return date_.at(std::time(nullptr)); }
  void remove(Connection& connection);
  bool is_this_thread() const { return thread_.get_id() == std::this_thread::get_id(); }

 private:
  void run();
  void run_outbox();
  void open(UniqueFd socket, int family, std::shared_ptr<const std::string> prefix);
  void arm_sweep();
  void sweep();

  HttpShared& shared_;
  const std::size_t index_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer sweep_timer_;
  bool is_sweep_armed_ = false;
  Clock::time_point sweep_time_;
  DateText date_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::atomic<std::uint32_t> connection_count_ = 0;  // with those on their way here

  std::mutex outbox_mutex_;
  std::vector<std::unique_ptr<IoTask>> outbox_;
  bool is_outbox_scheduled_ = false;
  bool is_outbox_closed_ = false;
  std::vector<std::unique_ptr<IoTask>> running_;  // this thread's own

  std::thread thread_;
};

}  // namespace signalbox::protocol
