// From what a worker is to be to the process that it is: program, arguments, environment, folder.
// Looks at files, changes nothing; asks interpreters whether they run. One thread for each host.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "signalbox/workers/worker_order.h"
#include "signalbox/workers/worker_process.h"

namespace signalbox::workers {

// What the broker has of its own that a worker needs.
struct WorkerHost {
  std::string path;                   // PATH: where programs are looked for
  std::string home;                   // HOME of commands
  std::filesystem::path runtime_dir;  // of the bootstraps
  // Whether an interpreter does run (interpreter_probe.h); unset: they are not asked.
  std::function<bool(const std::string& program)> runs;
};
// Of this process's environment.
WorkerHost read_worker_host(std::filesystem::path runtime_dir);

struct WorkerPlan {
  ProcessPlan process;
  std::string problem;     // set: it cannot be started
  std::string error_type;  // of the problem, as the service has it
};
// code: where the order's code is; empty when it has none.
WorkerPlan plan_of(const WorkerOrder& order, const std::filesystem::path& code,
                   const WorkerHost& host);

// The part of arn:aws:lambda:REGION:ACCOUNT:function:NAME with that number, from 0.
std::string_view arn_part(std::string_view arn, int number);

}  // namespace signalbox::workers
