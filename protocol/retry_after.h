// The Retry-After header of an answer. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace signalbox::protocol {

// Seconds, or an HTTP date, which counts from `date`, the answer's own Date header, or from now
// when there is none: the clocks of the two machines need not agree. Negative seconds stay negative
// (they ask for no more tries), a date that is past is no time at all. Capped at a day, the most
// that an event can wait.
std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view value, std::string_view date, std::chrono::system_clock::time_point now);

}  // namespace signalbox::protocol
