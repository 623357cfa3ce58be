// One invocation of a function, from the request to its outcome. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/clock.h"
#include "broker/context.h"

namespace signalbox::broker::functions {

struct Function;
struct Invocation;

// The ImageUri of a function that is a command: its ImageConfig's EntryPoint and Command.
constexpr std::string_view command_image = "command:";

// What a function may answer: 6 MB and the service's own allowance.
constexpr std::size_t response_bytes_max = 6'291'556;

struct Outcome {
  std::string payload;
  std::optional<std::string> function_error;  // set: the payload says what went wrong
  // Nobody ran it: no worker asked for it in time, or it was taken back.
  bool was_not_run = false;
  bool is_late = false;  // its time was up
};

// On whose behalf a function is invoked, unless a client waits for the answer: its own events, a
// queue's messages.
class InvocationOwner {
 public:
  virtual ~InvocationOwner() = default;
  // It is gone from the Functions when this returns.
  virtual void invocation_ended(const Invocation& invocation, Context& ctx) = 0;
  // A worker waits for something to do, perhaps, or more may run at a time.
  virtual void has_room(const Function& function, Context& ctx) = 0;
  virtual void function_deleted(const Function& function, Context& ctx) = 0;
};

struct NewInvocation {
  std::string request_id;
  std::string payload;
  std::string trace_header;
  std::optional<std::string> client_context;
  bool wants_tail = false;           // of what its worker writes
  InvocationOwner* owner = nullptr;  // null: the client whose request has that id waits for it
  std::uint64_t owner_id = 0;        // the owner's own
};

struct Invocation {
  enum class State : std::uint8_t { pending, running, ended };

  std::uint64_t number = 0;  // in the order they came, in this run
  NewInvocation made_of;
  Function* function = nullptr;
  std::string executed_version;
  State state = State::pending;
  Time started{};                 // when it was given to a worker
  std::uint64_t worker_id = 0;    // the process that runs it; 0: one that attached itself, or none
  std::uint64_t attached_id = 0;  // likewise; 0: nobody tells when it leaves
  Outcome outcome;                // once it has ended
  std::string tail;               // of its log, if that is wanted
  bool waits_for_tail = false;    // it has ended, and its client is told when this is over
  bool has_log_begun = false;     // its START is written
};

// What a function's error looks like: {"errorType":...,"errorMessage":...}.
std::string error_payload(std::string_view type, std::string_view message);

// It has answered with more than it may.
Outcome too_large();

}  // namespace signalbox::broker::functions
