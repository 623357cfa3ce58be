// One keep-alive HTTP/1.1 connection, used by one thread, that blocks until an answer is there.
#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace shop {

// The request may have been carried out or not: the answer did not arrive.
class ConnectionLost : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A signal ended the wait.
class Stopped : public std::runtime_error {
 public:
  Stopped() : std::runtime_error("stopped by a signal") {}
};

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// May a stop signal cut the request short? A long poll, yes; a write, no.
enum class OnStop { finish, abandon };

class HttpConnection {
 public:
  HttpConnection(std::string host, std::string port);
  ~HttpConnection();

  // Connects when there is no connection. Throws ConnectionLost, or Stopped with OnStop::abandon.
  HttpAnswer post(const HttpHeaders& headers, const std::string& body,
                  std::chrono::milliseconds timeout, OnStop on_stop);

  // From now on SIGTERM and SIGINT set stopping() instead of ending the process; a second one ends
  // it all the same.
  void stop_on_signals();
  bool stopping() const;
  // Throws Stopped as soon as a signal arrives.
  void wait(std::chrono::milliseconds duration);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shop
