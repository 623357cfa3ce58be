#include "protocol/http_server.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <limits>

#include "protocol/http_io_thread.h"
#include "protocol/http_listener.h"

namespace signalbox::protocol {

std::string_view HttpRequest::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

bool HttpRequest::has_header(std::string_view lower_case_name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return header.first == lower_case_name; });
}

namespace {

// Often enough for the shortest timeout to be kept within a quarter of it, at most 4 times a
// second.
std::chrono::milliseconds sweep_interval(const HttpServerOptions& options) {
  const auto shortest =
      std::min({options.header_timeout, options.body_timeout, options.body_rate_grace,
                options.idle_timeout, options.write_timeout});
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(250));
}

class AsioHttpServer final : public HttpServer {
 public:
  AsioHttpServer(HttpServerOptions options, Handler handler, Refusal refusal) {
    shared_.sweep_interval = sweep_interval(options);
    shared_.options = std::move(options);
    shared_.handler = std::move(handler);
    shared_.refusal = std::move(refusal);
    const auto count = std::max(1U, shared_.options.io_thread_count);
    for (std::size_t index = 0; index < count; ++index) {
      threads_.push_back(std::make_shared<IoThread>(shared_, index));
    }
  }

  ~AsioHttpServer() override {
    drain(std::chrono::milliseconds(0));
    // Their sockets belong to a thread's context, which an exchange may keep beyond the server.
    listeners_.clear();
  }

  std::string start() override {
    std::string skipped;
    for (const auto& [address, port] : shared_.options.listen) {
      auto listener = std::make_shared<HttpListener>(threads_.front()->context(), hooks(nullptr));
      auto error = listener->open(address, port);
      if (error.empty()) {
        listeners_.push_back(std::move(listener));
      } else if (shared_.options.ipv6_optional && listener->is_ipv6_missing()) {
        skipped = std::move(error);
      } else {
        listeners_.clear();
        return error;
      }
    }
    if (listeners_.empty()) return skipped.empty() ? "there is no address to listen on." : skipped;
    for (const auto& thread : threads_) thread->start();
    is_running_ = true;
    boost::asio::post(threads_.front()->context(), [this] {
      for (const auto& listener : listeners_) listener->accept();
    });
    return {};
  }

  std::vector<std::pair<std::string, std::uint16_t>> bound() const override {
    std::vector<std::pair<std::string, std::uint16_t>> addresses;
    for (const auto& listener : listeners_) addresses.push_back(listener->bound());
    return addresses;
  }

  Opened open(const std::string& address, std::uint16_t port, std::string prefix) override {
    auto listener = std::make_shared<HttpListener>(
        threads_.front()->context(), hooks(std::make_shared<const std::string>(std::move(prefix))));
    Opened opened{.problem = listener->open(address, port)};
    if (!opened.problem.empty()) return opened;
    opened.port = listener->bound().second;
    boost::asio::post(threads_.front()->context(), [this, listener = std::move(listener)] {
      if (shared_.is_draining) return;
      listener->accept();
      listeners_.push_back(listener);
    });
    return opened;
  }

  void close(std::uint16_t port) override {
    boost::asio::post(threads_.front()->context(), [this, port] {
      // Not one of those that it listens on for everybody: these come first, and may be anywhere.
      const auto opened =
          std::find_if(listeners_.rbegin(), listeners_.rend(),
                       [&](const auto& listener) { return listener->bound().second == port; });
      if (opened == listeners_.rend()) return;
      (*opened)->close();
      listeners_.erase(std::next(opened).base());
    });
  }

  void post(std::size_t io_thread, std::unique_ptr<IoTask> task) override {
    threads_[io_thread]->post(std::move(task));
  }

  void drain(std::chrono::milliseconds deadline) override {
    if (!std::exchange(is_running_, false)) return;
    shared_.is_draining = true;
    // The accepting thread first: what it has just dealt out is then ahead of the drain everywhere.
    boost::asio::post(threads_.front()->context(), [this] {
      for (const auto& listener : listeners_) listener->close();
      for (const auto& thread : threads_) thread->drain();
    });
    {
      std::unique_lock lock(shared_.drained_mutex);
      shared_.drained.wait_for(lock, deadline, [this] { return shared_.connection_count == 0; });
    }
    for (const auto& thread : threads_) thread->close_connections();
    for (const auto& thread : threads_) thread->join();
  }

 private:
  HttpListener::Hooks hooks(std::shared_ptr<const std::string> prefix) {
    return {[this] { return shared_.connection_count < shared_.options.connections_max; },
            [this, prefix = std::move(prefix)](UniqueFd socket, int family) {
              next_thread().adopt(std::move(socket), family, prefix);
            }};
  }

  // The thread with the fewest connections, in turn among equals. Dealt out by one acceptor and not
  // by the kernel's hash (SO_REUSEPORT), which leaves a few busy connections unevenly spread.
  IoThread& next_thread() {
    auto* best = threads_[turn_++ % threads_.size()].get();
    for (const auto& thread : threads_) {
      if (thread->connection_count() < best->connection_count()) best = thread.get();
    }
    return *best;
  }

  HttpShared shared_;
  std::vector<std::shared_ptr<IoThread>> threads_;
  std::vector<std::shared_ptr<HttpListener>> listeners_;  // on the first thread
  std::size_t turn_ = 0;                                  // on the first thread
  bool is_running_ = false;
};

}  // namespace

std::unique_ptr<HttpServer> HttpServer::create(HttpServerOptions options, Handler handler,
                                               Refusal refusal) {
  return std::make_unique<AsioHttpServer>(std::move(options), std::move(handler),
                                          std::move(refusal));
}

}  // namespace signalbox::protocol
