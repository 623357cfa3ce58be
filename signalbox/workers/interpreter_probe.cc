#include "signalbox/workers/interpreter_probe.h"

#include <poll.h>

#include <cerrno>
#include <chrono>

#include "signalbox/workers/worker_process.h"

namespace signalbox::workers {

namespace {

constexpr std::chrono::milliseconds answer_max{5000};

}  // namespace

bool InterpreterProbe::runs(const std::string& program) {
  if (working_.contains(program)) return true;
  ProcessPlan plan;
  plan.argv = {program, "--version"};
  plan.environment = {"PATH=" + path_, "HOME=" + home_};
  plan.directory = "/";
  auto started = WorkerProcess::start(plan);
  if (!started.process) return false;
  pollfd exit{started.process->exit_descriptor(), POLLIN, 0};
  int count = 0;
  do {
    count = poll(&exit, 1, static_cast<int>(answer_max.count()));
  } while (count < 0 && errno == EINTR);
  // One that has not exited by now is killed with what it has started.
  const auto how = started.process->reap();
  const bool is_working = how && how->si_code == CLD_EXITED && how->si_status == 0;
  if (is_working) working_.insert(program);
  return is_working;
}

}  // namespace signalbox::workers
