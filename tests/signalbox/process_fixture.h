// What tests of processes share: waiting for a condition, and for the end of a process.
#pragma once

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "signalbox/workers/descriptor.h"

namespace signalbox::testing {

constexpr std::chrono::seconds patience{30};

bool holds(auto&& condition) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

inline std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Some process, whoever reaps it. Made while it is alive.
class Watched {
 public:
  explicit Watched(pid_t pid) : descriptor_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}
  bool is_there() const { return descriptor_.is_open(); }
  bool ends(std::chrono::milliseconds within = patience) const {
    pollfd wanted{descriptor_.get(), POLLIN, 0};
    return poll(&wanted, 1, static_cast<int>(within.count())) == 1;
  }

 private:
  workers::Descriptor descriptor_;
};

}  // namespace signalbox::testing
