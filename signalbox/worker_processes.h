// The worker processes of functions, between the core that orders them and the pool that runs them
// (signalbox/workers/): each has a port of its own, by which it asks for invocations. Thread safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "broker/worker_order.h"
#include "protocol/http_server.h"
#include "signalbox/log.h"
#include "signalbox/settings.h"
#include "signalbox/workers/worker_log.h"
#include "signalbox/workers/worker_pool.h"

namespace signalbox {

class WorkerProcesses {
 public:
  struct Ports {
    // From the store, by its key; empty: there is none. On a thread that may block.
    std::function<std::string(std::uint64_t function_id, std::uint64_t number)> read_code;
    std::function<void(broker::WorkerNews)> news;
  };

  WorkerProcesses(const Settings& settings, const Log& log, Ports ports);
  // What is wrong, or nothing. Before anything else.
  std::string start() { return pool_.start(); }
  // Before the first order.
  void set_http(protocol::HttpServer& http) { http_ = &http; }
  // Where handlers find the broker: from now on what was ordered is done.
  void set_endpoint(std::string url);

  void order(broker::WorkerOrder order);

 private:
  struct Worker {
    std::uint64_t epoch = 0;
    std::uint16_t port = 0;
  };

  void carry_out(broker::WorkerOrder order);
  void start_worker(broker::WorkerOrder order);
  void exited(workers::WorkerExit exit);
  // The core has been built again since they were started: it knows nothing of them.
  void stop_older_than(std::uint64_t epoch);

  const Log& log_;
  const Ports ports_;
  protocol::HttpServer* http_ = nullptr;
  std::mutex mutex_;
  std::string endpoint_url_;
  std::vector<broker::WorkerOrder> held_;  // until there is one
  std::map<std::uint64_t, Worker> workers_;
  workers::WorkerLog worker_log_;
  workers::WorkerPool pool_;  // the last member: its threads use the others until they are joined
};

// Whether the settings let functions be processes: whoever can create one can run anything as the
// broker's user.
bool allows_function_processes(const Settings& settings);

}  // namespace signalbox
