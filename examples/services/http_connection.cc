// The only file that includes Asio and Beast, which take seconds to compile.
#include "examples/services/http_connection.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <csignal>
#include <optional>

namespace shop {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

// Ten messages of 1 MiB, escaped.
constexpr std::uint64_t answer_bytes_max = 64 << 20;

}  // namespace

struct HttpConnection::Impl {
  std::string host;
  std::string port;
  asio::io_context io{1};
  asio::signal_set signals{io};
  asio::steady_timer timer{io};
  beast::tcp_stream stream{io};
  beast::flat_buffer buffer;
  bool is_connected = false;
  bool is_stopping = false;
  bool may_abandon = false;

  // Starts an asynchronous operation and runs the loop, signals included, until it is done.
  template <class Start>
  error_code finish(Start start) {
    std::optional<error_code> result;
    start([&result](error_code error, auto&&...) { result = error; });
    io.restart();
    while (!result) io.run_one();
    return *result;
  }

  void require(error_code error, const char* what) {
    if (!error) return;
    is_connected = false;
    beast::error_code ignored;
    stream.socket().close(ignored);
    buffer.clear();
    if (is_stopping && may_abandon) throw Stopped();
    throw ConnectionLost(std::string(what) + ": " + error.message());
  }

  void connect() {
    asio::ip::tcp::resolver resolver(io);
    error_code error;
    const auto endpoints = resolver.resolve(host, port, error);
    require(error, "resolving the host");
    require(finish([&](auto done) { stream.async_connect(endpoints, std::move(done)); }),
            "connecting");
    stream.socket().set_option(asio::ip::tcp::no_delay(true), error);
    is_connected = true;
  }

  void stop() {
    is_stopping = true;
    signals.clear();  // the next signal ends the process
    timer.cancel();
    if (may_abandon) stream.cancel();
  }
};

HttpConnection::HttpConnection(std::string host, std::string port)
    : impl_(std::make_unique<Impl>()) {
  impl_->host = std::move(host);
  impl_->port = std::move(port);
}

HttpConnection::~HttpConnection() = default;

HttpAnswer HttpConnection::post(const HttpHeaders& headers, const std::string& body,
                                std::chrono::milliseconds timeout, OnStop on_stop) {
  Impl& impl = *impl_;
  impl.may_abandon = on_stop == OnStop::abandon;
  if (impl.is_stopping && impl.may_abandon) throw Stopped();

  http::request<http::string_body> request(http::verb::post, "/", 11, body);
  request.set(http::field::host, impl.host + ":" + impl.port);
  for (const auto& [name, value] : headers) request.set(name, value);
  request.prepare_payload();

  impl.stream.expires_after(timeout);
  if (!impl.is_connected) impl.connect();
  impl.require(
      impl.finish([&](auto done) { http::async_write(impl.stream, request, std::move(done)); }),
      "sending");
  http::response_parser<http::string_body> parser;
  parser.body_limit(answer_bytes_max);
  impl.require(impl.finish([&](auto done) {
    http::async_read(impl.stream, impl.buffer, parser, std::move(done));
  }),
               "receiving");
  impl.stream.expires_never();
  http::response<http::string_body> response = parser.release();
  if (!response.keep_alive()) {
    impl.is_connected = false;
    impl.stream.close();
  }
  return {response.result_int(), std::move(response.body())};
}

void HttpConnection::stop_on_signals() {
  impl_->signals.add(SIGTERM);
  impl_->signals.add(SIGINT);
  impl_->signals.async_wait([impl = impl_.get()](error_code error, int) {
    if (!error) impl->stop();
  });
}

bool HttpConnection::stopping() const { return impl_->is_stopping; }

void HttpConnection::wait(std::chrono::milliseconds duration) {
  impl_->timer.expires_after(duration);
  impl_->may_abandon = false;
  if (!impl_->is_stopping) {
    impl_->finish([&](auto done) { impl_->timer.async_wait(std::move(done)); });
  }
  if (impl_->is_stopping) throw Stopped();
}

}  // namespace shop
