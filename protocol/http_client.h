// An HTTP/1.1 client: one request a connection, any number at a time, nothing of it blocks.
//
// It has a thread of its own, on which every answer is told. Redirects are not followed. One
// deadline holds over the whole exchange: looking the name up, connecting, TLS, request, answer.
// TLS is verified, certificate and host name, against the system's authorities and those that
// SSL_CERT_FILE and SSL_CERT_DIR name; there is no switch that turns it off.
//
// Every address of a name is checked against the AddressRule, and only a checked one is connected
// to: the name is not looked up a second time.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "broker/delivery/attempt.h"

namespace signalbox::protocol {

struct HttpCall {
  std::string method;
  std::string url;
  // Host, Content-Length and Connection are the client's own and refused here.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::size_t answer_bytes_max = 0;  // of its body, the rest is not read; 0: the client's own limit
  std::chrono::milliseconds timeout{0};
};

struct HttpAnswer {
  int status = 0;
  // Cut where it is longer than is read: its status counts all the same.
  std::string body;
  bool is_cut = false;
  // Negative: the target asks not to be tried again.
  std::optional<std::chrono::milliseconds> retry_after;
};

// No answer, or none that could be understood or trusted to be whole.
struct HttpFailure {
  broker::HttpTrouble trouble;
  std::string detail;  // a sentence for people; names host and port, never the rest of the URL
};

using HttpOutcome = std::variant<HttpAnswer, HttpFailure>;

// What a name stands for: addresses as text, or why there are none.
struct LookedUp {
  std::vector<std::string> addresses;
  bool is_unknown = false;  // there is no such name; else it could not be found out
  std::string problem;
};

struct HttpClientOptions {
  bool allows_loopback = false;
  bool allows_private = false;  // and loopback
  std::size_t answer_bytes_max = 64 * 1024;
  // Blocks, on a thread of its own. None: the system's.
  std::function<LookedUp(const std::string& host)> look_up;
};

class HttpClient {
 public:
  using Done = std::function<void(HttpOutcome)>;

  explicit HttpClient(HttpClientOptions options);
  // As stop().
  ~HttpClient();  // NOLINT: throws for want of memory only

  // From any thread. done is called once, on the client's thread; or never, when the client is
  // stopped first.
  void send(HttpCall call, Done done);

  // Drops the calls under way and those that still come, without telling them: whether their
  // requests arrived is not known. No done is running once this returns. Not from a done, and by
  // one thread at a time.
  void stop();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace signalbox::protocol
