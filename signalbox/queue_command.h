// `signalbox queue`: a person's way to look after the queues of a running broker.
#pragma once

#include <string>
#include <vector>

namespace signalbox {

// Returns the exit status.
int run_queue(const std::vector<std::string>& arguments);

}  // namespace signalbox
