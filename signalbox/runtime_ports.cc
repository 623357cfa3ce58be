#include "signalbox/runtime_ports.h"

#include <fmt/format.h>

namespace signalbox {

protocol::HttpServer::Opened RuntimePorts::port_of(const std::string& function_arn) {
  const std::lock_guard lock(mutex_);
  const auto at = ports_.find(function_arn);
  if (at != ports_.end()) return {.port = at->second};
  if (ports_.size() >= ports_max) {
    return {.problem = fmt::format("There are {} ports of functions already.", ports_max)};
  }
  auto opened = http_->open("127.0.0.1", 0, "/functions/" + function_arn);
  if (opened.problem.empty()) ports_[function_arn] = opened.port;
  return opened;
}

}  // namespace signalbox
