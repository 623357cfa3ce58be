#include "signalbox/workers/bootstraps.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

namespace signalbox::workers {

std::string write_bootstraps(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::pair<const char*, std::string_view> files[] = {{"bootstrap.py", python_bootstrap},
                                                            {"bootstrap.mjs", node_bootstrap}};
  for (const auto& [name, text] : files) {
    const auto path = folder / name;
    const auto temporary = folder / (std::string(name) + ".new");
    std::ofstream file(temporary, std::ios::trunc);
    file << text;
    file.close();
    if (!file || std::rename(temporary.c_str(), path.c_str()) != 0) {
      return fmt::format("The runtime's file {} cannot be written: {}.", path.string(),
                         std::strerror(errno));
    }
  }
  return {};
}

}  // namespace signalbox::workers
