// Result<T>: a value or the Error the client is told. The only place that names Boost.Outcome.
#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/all_narrow.hpp>
#include <boost/outcome/try.hpp>
#include <cstdint>
#include <utility>
#include <variant>

#include "broker/error.h"

namespace signalbox::broker {

template <class T>
using Result = boost::outcome_v2::basic_result<T, Error, boost::outcome_v2::policy::all_narrow>;

using Status = Result<void>;
inline auto ok() { return boost::outcome_v2::success(); }

// TRY(auto x, f()) unpacks a Result or returns its error; TRY_STATUS(f()) for Status.
#define SIGNALBOX_TRY(...) BOOST_OUTCOME_TRY(__VA_ARGS__)

// The operation needs the disk: the keys Context::fetched wants, or the next window of a queue.
// What it lacks has changed nothing; it runs again from the start when the disk has answered.
struct NeedKeys {
  std::uint64_t window_of_queue = 0;  // 0: keys
};

// The operation has nothing to answer yet: it runs again when something is published to the queue,
// or when Context::wait_deadline passes.
struct Wait {
  std::uint64_t queue_id;
};

// What a decision can be. Operations that never wait or fetch return a plain Result.
template <class T>
class Answer {
 public:
  Answer(T value) : state_(std::move(value)) {}
  Answer(Error error) : state_(std::move(error)) {}
  Answer(NeedKeys need) : state_(need) {}
  Answer(Wait wait) : state_(wait) {}
  Answer(Result<T> result) : state_(NeedKeys{}) {
    if (result.has_value()) {
      state_ = std::move(result).assume_value();
    } else {
      state_ = std::move(result).assume_error();
    }
  }
  // What TRY returns.
  Answer(boost::outcome_v2::failure_type<Error>&& failure) : state_(std::move(failure).error()) {}
  Answer(const boost::outcome_v2::failure_type<Error>& failure) : state_(failure.error()) {}

  const T* value() const { return std::get_if<T>(&state_); }
  T* value() { return std::get_if<T>(&state_); }
  const Error* error() const { return std::get_if<Error>(&state_); }
  const NeedKeys* needs_keys() const { return std::get_if<NeedKeys>(&state_); }
  const Wait* wait() const { return std::get_if<Wait>(&state_); }

 private:
  std::variant<T, Error, NeedKeys, Wait> state_;
};

}  // namespace signalbox::broker
