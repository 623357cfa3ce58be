// One request on its way through the engine: made on an io thread, decided in a turn of the core,
// answered on the io thread. Owned by exactly one of them at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/context.h"
#include "broker/error.h"
#include "broker/message.h"

namespace signalbox::broker {

class Broker;

// What a reply that could not be written had handed out.
struct Unwritten {
  std::vector<HandedOut> messages;
  std::string invocation;  // of a function, by its request id; empty: none

  bool empty() const { return messages.empty() && invocation.empty(); }
};

class Job {
 public:
  virtual ~Job() = default;

  enum class Step : std::uint8_t {
    answered,
    needs_keys,    // fetched.wanted() names them; it changed nothing
    needs_window,  // of the queue in queue_id; it changed nothing
    waits,         // for the queue in queue_id, until wait_deadline
  };

  // Decides, in a turn of the core. May be called again after any step but answered.
  virtual Step run(Broker& broker, Context& ctx) = 0;
  // Replaces whatever was decided by this error: the commit failed, or there is no room.
  virtual void refuse(const Error& error) = 0;
  // False for Get, List, Describe: they answer while the store takes no writes.
  virtual bool writes() const = 0;
  // False for the broker's own work: nobody waits for an answer.
  virtual bool has_client() const { return true; }

  Caller caller;
  Fetched fetched;
  std::optional<Time> wait_deadline;
  std::uint64_t queue_id = 0;  // of the latest needs_window or waits
  std::uint64_t id = 0;        // its maker's, for Engine::cancel
};

}  // namespace signalbox::broker
