// The HTTP/1.1 server: bytes in, requests out to a handler, replies back to bytes.
//
// N io threads, each with its own io_context and its share of the connections. Knows nothing of
// AWS. Only http_server.cc and its neighbours include Asio and Beast (15 s of compile time each).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox::protocol {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string target;                                        // as received: path and query
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, in order
  std::string body;

  // The first header of that name (lower case), empty when there is none.
  std::string_view header(std::string_view lower_case_name) const;
  bool has_header(std::string_view lower_case_name) const;
};

struct HttpReply {
  unsigned status = 200;
  std::string_view content_type = "application/json";  // static storage
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool close = false;
  // Called, on the io thread, when the connection ended before all of the reply was handed to the
  // system, or the client had closed its side by then. May be empty.
  std::function<void()> unwritten;
};

// Work to be done on an io thread.
class IoTask {
 public:
  virtual ~IoTask() = default;
  virtual void run() = 0;
};

// One request being answered. Shared by the handler and whoever answers later; the connection may
// go away meanwhile, then the reply is dropped.
class Exchange {
 public:
  virtual ~Exchange() = default;
  // Answers, once. On the exchange's io thread only. An exchange let go without a reply is answered
  // with 500 and the connection closed.
  virtual void reply(HttpReply reply) = 0;
  // Which io thread the exchange lives on: HttpServer::post takes it.
  virtual std::size_t io_thread() const = 0;
  // Calls gone, on the io thread, if the client closes its connection before the reply: for
  // requests that may wait long. A client that only shut down its sending side looks the same, so a
  // reply after that is still tried.
  virtual void watch_disconnect(std::function<void()> gone) = 0;
};

// How large a body may be, and what is said of a larger one.
struct BodyLimit {
  std::uint64_t bytes = 0;
  std::string_view reason = {};  // static storage
};
// Of requests with a limit of their own, known by their method and target; no bytes: of no others.
using OwnBodyLimit = BodyLimit (*)(std::string_view method, std::string_view target);

struct HttpServerOptions {
  std::vector<std::pair<std::string, std::uint16_t>> listen;  // address, port (0: any free one)
  // Skips an IPv6 address on a machine without IPv6 as long as another address can be had: for
  // defaults, which nobody asked for by name.
  bool ipv6_optional = false;
  unsigned io_thread_count = 1;
  std::uint32_t header_bytes_max = 16 * 1024;  // request line and headers
  std::uint32_t header_count_max = 100;
  std::uint64_t body_bytes_max = 4 * 1024 * 1024 + 64 * 1024;
  OwnBodyLimit own_body_limit = nullptr;  // counts instead of body_bytes_max
  // All bodies being received together; past it a large one is refused with 503.
  std::uint64_t body_bytes_total_max = 512 * 1024 * 1024;
  std::uint32_t connections_max = 4096;
  std::chrono::milliseconds header_timeout{10'000};  // from a request's first byte
  std::chrono::milliseconds body_timeout{60'000};
  // A body slower than this, counted from the end of the grace time, is given up early.
  std::uint32_t body_rate_min_bytes_per_s = 1024;
  std::chrono::milliseconds body_rate_grace{5'000};
  std::chrono::milliseconds idle_timeout{75'000};
  // Also the limit of a slow reader: a reply not taken by then closes the connection.
  std::chrono::milliseconds write_timeout{30'000};
};

class HttpServer {
 public:
  // Runs on the request's io thread. Replies there at once, or later through the exchange. One that
  // throws is answered with 500.
  using Handler = std::function<void(HttpRequest&&, std::shared_ptr<Exchange>)>;
  // Answers for the server itself, when bytes are not a request: status and a short reason.
  using Refusal = std::function<HttpReply(unsigned status, std::string_view reason)>;

  static std::unique_ptr<HttpServer> create(HttpServerOptions options, Handler handler,
                                            Refusal refusal);
  virtual ~HttpServer() = default;

  // Binds and starts the io threads. Returns an empty string, or what to tell the person who
  // started it (which address, why, what to do).
  virtual std::string start() = 0;
  // The addresses bound, with the real ports.
  virtual std::vector<std::pair<std::string, std::uint16_t>> bound() const = 0;
  // Opens one more address, while the server runs; requests that come by it have the prefix before
  // their target. From any thread.
  struct Opened {
    std::string problem;  // set: it cannot be had, and why
    std::uint16_t port = 0;
  };
  virtual Opened open(const std::string& address, std::uint16_t port, std::string prefix) = 0;
  // Takes no more connections by an address that open() opened; those there are stay. From any
  // thread.
  virtual void close(std::uint16_t port) = 0;
  // Runs the task on that io thread, in the order posted. From any thread; wakes the thread at most
  // once per burst. After drain tasks are destroyed without running.
  virtual void post(std::size_t io_thread, std::unique_ptr<IoTask> task) = 0;
  // Stops accepting, lets requests under way finish until the deadline, closes idle connections,
  // then joins the io threads. Not from an io thread.
  virtual void drain(std::chrono::milliseconds deadline) = 0;
};

}  // namespace signalbox::protocol
