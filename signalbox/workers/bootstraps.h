// The programs that run handlers of Python and Node.js: they are in the binary, and are written to
// a folder of the data directory for their interpreters to read. Any thread; blocks on the disk.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace signalbox::workers {

extern const std::string_view python_bootstrap;
extern const std::string_view node_bootstrap;

// What went wrong, or nothing. Each appears by a rename: one that runs already is not changed.
std::string write_bootstraps(const std::filesystem::path& folder);

}  // namespace signalbox::workers
