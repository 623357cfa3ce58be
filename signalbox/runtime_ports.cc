#include "signalbox/runtime_ports.h"

#include <fmt/format.h>

namespace signalbox {

namespace {

std::string too_many() {
  return fmt::format("There are {} ports of functions already.", RuntimePorts::ports_max);
}

}  // namespace

protocol::HttpServer::Opened RuntimePorts::port_of(const std::string& function_arn) {
  const std::lock_guard lock(mutex_);
  const auto at = ports_.find(function_arn);
  if (at != ports_.end()) return {.port = at->second};
  if (ports_.size() + ports_of_workers_.size() >= ports_max) return {.problem = too_many()};
  auto opened = http_->open("127.0.0.1", 0, "/functions/" + function_arn);
  if (opened.problem.empty()) ports_[function_arn] = opened.port;
  return opened;
}

protocol::HttpServer::Opened RuntimePorts::open_for(const std::string& function_arn,
                                                    std::uint64_t worker_id) {
  const std::lock_guard lock(mutex_);
  if (ports_.size() + ports_of_workers_.size() >= ports_max) return {.problem = too_many()};
  auto opened =
      http_->open("127.0.0.1", 0, fmt::format("/functions/{}@{}", function_arn, worker_id));
  if (opened.problem.empty()) ports_of_workers_[worker_id] = opened.port;
  return opened;
}

void RuntimePorts::close_for(std::uint64_t worker_id) {
  const std::lock_guard lock(mutex_);
  const auto at = ports_of_workers_.find(worker_id);
  if (at == ports_of_workers_.end()) return;
  http_->close(at->second);
  ports_of_workers_.erase(at);
}

}  // namespace signalbox
