// `signalbox explain`: why an event matches a pattern or not, and which of a file's rules it
// matches or nearly does. Needs no broker.
#pragma once

#include <string>
#include <vector>

namespace signalbox {

// Prints the answer, or what is wrong to standard error. The exit status: 0 matched, 1 did not
// match, 2 bad input.
int run_explain(const std::vector<std::string>& arguments);

}  // namespace signalbox
