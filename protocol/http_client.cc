#include "protocol/http_client.h"

#include <pthread.h>
#include <signal.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <thread>

#include "protocol/http_client_call.h"

namespace signalbox::protocol {

namespace asio = boost::asio;

class HttpClient::Impl {
 public:
  explicit Impl(HttpClientOptions options);
  void send(HttpCall call, Done done);
  void stop();

 private:
  void end_calls();

  asio::io_context context_{1};  // the hint: one thread runs it, others only post
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::optional<ClientShared> shared_;  // until the thread ends it
  std::thread thread_;
};

HttpClient::Impl::Impl(HttpClientOptions options) {
  shared_.emplace(context_, std::move(options));
  // Signals belong to the threads of whoever runs the client.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { context_.run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "http-client");
}

void HttpClient::Impl::send(HttpCall call, Done done) {
  asio::post(context_, [this, call = std::move(call), done = std::move(done)]() mutable {
    if (!shared_) return;
    auto started = std::make_shared<ClientCall>(*shared_, std::move(call), std::move(done));
    shared_->calls.insert(started);
    started->start();
  });
}

void HttpClient::Impl::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] { end_calls(); });
  work_.reset();
  thread_.join();
}

// The loop then runs dry: what its pending operations own is released by them, on its own thread.
void HttpClient::Impl::end_calls() {
  while (!shared_->calls.empty()) {
    const auto call = *shared_->calls.begin();
    call->drop();
  }
  shared_.reset();
}

HttpClient::HttpClient(HttpClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

HttpClient::~HttpClient() { stop(); }  // NOLINT: throws for want of memory only

void HttpClient::send(HttpCall call, Done done) { impl_->send(std::move(call), std::move(done)); }

void HttpClient::stop() { impl_->stop(); }

}  // namespace signalbox::protocol
