// What the core wants of the worker processes of functions, and what it hears of them. Plain
// values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace signalbox::broker {

namespace api::lambda {
struct FunctionConfiguration;
}

struct WorkerOrder {
  enum class Kind : std::uint8_t {
    start,
    ready,  // it has asked for its first invocation
    begin,  // it is given one
    end,    // it has done it: lines for its log, and its last ones may be wanted
    stop,
    kill,       // at once: its time is up
    keep_code,  // of the function: lines are the CodeSha256 of what is still needed
  };

  Kind kind = Kind::start;
  std::uint64_t worker_id = 0;
  std::uint64_t epoch = 0;  // the engine's: the workers of an earlier one are nobody's
  // To start one.
  std::uint64_t code_function_id = 0;  // its code is under keys::function_code
  std::uint64_t code_number = 0;
  std::shared_ptr<const api::lambda::FunctionConfiguration> config;
  // At the begin and the end of an invocation; of keep_code.
  std::vector<std::string> lines;
  std::string request_id;  // of an end: who waits for the last lines; empty: nobody
};

struct WorkerNews {
  enum class Kind : std::uint8_t {
    exited,  // or could not be started
    tail,    // the last lines of an invocation
    // Of one that has attached itself (attached_ids): it is to get nothing more; it has exited.
    leaves,
    left,
  };

  Kind kind = Kind::exited;
  std::uint64_t worker_id = 0;
  std::uint64_t epoch = 0;
  std::string error_type;  // of an exit: Runtime.ExitError
  std::string text;        // how it exited, or the lines
  std::string request_id;  // of a tail
};

}  // namespace signalbox::broker
