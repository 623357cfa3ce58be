// Ports of functions. Most runtime clients take AWS_LAMBDA_RUNTIME_API for a host and a port alone:
// each function whose workers ask for it has a port of its own, on this machine, by which requests
// of the Runtime API come that need not name it. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "protocol/http_server.h"

namespace signalbox {

class RuntimePorts {
 public:
  static constexpr std::size_t ports_max = 1000;

  void set_http(protocol::HttpServer& http) { http_ = &http; }
  // The port of the function with that ARN, opened when it is new.
  protocol::HttpServer::Opened port_of(const std::string& function_arn);
  // A port for one worker alone, whose requests say by that id whose they are.
  protocol::HttpServer::Opened open_for(const std::string& function_arn, std::uint64_t worker_id);
  void close_for(std::uint64_t worker_id);

 private:
  protocol::HttpServer* http_ = nullptr;
  std::mutex mutex_;
  std::map<std::string, std::uint16_t> ports_;
  std::map<std::uint64_t, std::uint16_t> ports_of_workers_;
};

}  // namespace signalbox
