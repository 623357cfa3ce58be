// What the core wants of the worker processes of functions: one started, one stopped. Plain values.
#pragma once

#include <cstdint>
#include <memory>

namespace signalbox::broker {

namespace api::lambda {
struct FunctionConfiguration;
}

struct WorkerOrder {
  enum class Kind : std::uint8_t { start, stop };

  Kind kind = Kind::start;
  std::uint64_t worker_id = 0;
  std::uint64_t function_id = 0;  // its code is under keys::function_code
  std::uint64_t epoch = 0;        // the engine's: the workers of an earlier one are nobody's
  // To start one.
  std::shared_ptr<const api::lambda::FunctionConfiguration> config;
};

}  // namespace signalbox::broker
