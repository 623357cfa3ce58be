// What the broker asks of those around it, gathered while it decides; the engine sees to it after
// each decision. Core thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "broker/delivery/attempt.h"
#include "broker/load_request.h"
#include "broker/own_work.h"
#include "broker/worker_order.h"

namespace signalbox::broker {

struct Outbox {
  std::vector<LoadRequest> loads;  // reads ahead of need
  // What is waited for and may be there now without a commit: queues where a lease has ended, say.
  std::vector<std::uint64_t> wakes;
  std::vector<std::uint64_t> ended_polls;  // jobs whose time to wait is over
  std::vector<OwnWork> own_work;
  std::vector<Attempt> attempts;  // for the transport; each ends with attempt_ended()
  std::vector<WorkerOrder> worker_orders;

  bool empty() const {
    return loads.empty() && wakes.empty() && ended_polls.empty() && own_work.empty() &&
           attempts.empty() && worker_orders.empty();
  }
};

}  // namespace signalbox::broker
