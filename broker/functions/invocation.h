// One invocation of a function, from the request to its outcome. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "broker/clock.h"

namespace signalbox::broker::functions {

struct Function;

struct Outcome {
  std::string payload;
  std::optional<std::string> function_error;  // set: the payload says what went wrong
};

struct Invocation {
  enum class State : std::uint8_t { pending, running, ended };

  std::string request_id;
  std::uint64_t number = 0;  // in the order they came, in this run
  Function* function = nullptr;
  State state = State::pending;
  std::string payload;
  std::string trace_header;
  std::optional<std::string> client_context;
  Outcome outcome;  // once it has ended
};

// What a function's error looks like: {"errorMessage":...,"errorType":...}.
std::string error_payload(std::string_view type, std::string_view message);

}  // namespace signalbox::broker::functions
