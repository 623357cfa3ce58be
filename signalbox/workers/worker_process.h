// One process that the broker runs, in a process group of its own, with nothing of the broker's
// but the environment it is given: no descriptors, no signal mask, no ignored signals. Its output
// is one pipe.
//
// It dies with the thread that started it, by PR_SET_PDEATHSIG: that thread has to live for as long
// as the broker does. What it starts itself has no such tie; WorkerGuard ends the rest of its group
// when the broker is killed. One thread.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "signalbox/workers/descriptor.h"

namespace signalbox::workers {

struct ProcessPlan {
  std::vector<std::string> argv;         // the program, with its path, comes first
  std::vector<std::string> environment;  // NAME=value
  std::string directory;                 // where it starts
  int input = -1;                        // its standard input; -1: nothing to read
  bool dies_with_thread = true;
  // WorkerGuard::line(): the group is told there before the program begins, so that it cannot have
  // started anything when the broker dies at that moment.
  int guard_line = -1;
};

class WorkerProcess {
 public:
  struct Started;
  static Started start(const ProcessPlan& plan);

  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&&) = delete;
  // Kills it and its group, and waits for it, unless it was reaped.
  ~WorkerProcess();

  pid_t pid() const { return pid_; }                   // and the number of its group
  int exit_descriptor() const { return exit_.get(); }  // readable once it has exited
  int output() const { return output_.get(); }         // does not block
  void signal_group(int signal) const;
  // How it exited, once it has: what is left of its group is killed first. Nothing before.
  std::optional<siginfo_t> reap();

 private:
  WorkerProcess(pid_t pid, Descriptor exit, Descriptor output)
      : pid_(pid), exit_(std::move(exit)), output_(std::move(output)) {}

  pid_t pid_ = -1;  // -1: reaped
  Descriptor exit_;
  Descriptor output_;
};

struct WorkerProcess::Started {
  std::optional<WorkerProcess> process;
  std::string problem;  // set: there is no process
};

// As the service writes it: "Runtime exited with error: exit status 1".
std::string exit_text(const siginfo_t& how);

}  // namespace signalbox::workers
