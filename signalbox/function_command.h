// `signalbox function run`: a local process as the worker of a function, for as long as it runs.
#pragma once

#include <string>
#include <vector>

namespace signalbox {

// Returns the exit status: the process's own, once it has run.
int run_function(const std::vector<std::string>& arguments);

}  // namespace signalbox
