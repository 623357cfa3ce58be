// The whole broker as one process: threads, store, engine, HTTP, wired together; what happens when
// the store fails; and an orderly end.
#pragma once

#include <memory>
#include <string>

#include "signalbox/settings.h"

namespace signalbox {

class Server {
 public:
  explicit Server(Settings settings);
  ~Server();

  // Opens the store, loads the broker, binds. Returns an empty string, or what to tell the person
  // who started it. The ready file, if a path is given, then holds one bound address per line.
  std::string start(const std::string& ready_file);

  // Waits for SIGTERM or SIGINT, or for a failure of the disk that cannot be survived; drains.
  // Returns the exit status. SIGTERM and SIGINT must be blocked in all threads.
  int run();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signalbox
