// What is left when the broker is killed: a small process that waits for the broker's end, and then
// kills the process groups of its workers. A worker itself dies with the broker without it; what
// the worker has started does so here, unless it left the group (setsid, a daemon). One thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <set>
#include <string>

#include "signalbox/workers/worker_process.h"

namespace signalbox::workers {

class WorkerGuard {
 public:
  // What is wrong, or nothing: without it workers run all the same.
  std::string start();
  void add(pid_t group);
  void remove(pid_t group);
  // For ProcessPlan::guard_line. add() is for later, when that guard may not be there any more.
  int line() const { return line_.get(); }
  pid_t pid() const { return process_ ? process_->pid() : -1; }

 private:
  void tell(char sign, pid_t group);

  std::set<pid_t> groups_;
  std::optional<WorkerProcess> process_;
  Descriptor line_;
};

}  // namespace signalbox::workers
