// The worker processes of functions: starts those that are wanted, reads what they write, tells
// when one has exited, and kills what is left when the broker stops. It decides nothing: who is
// wanted, and when one has been idle for long enough, the core says.
//
// Every call may come from any thread and returns at once. One thread starts, watches and stops
// all processes (they die with it: PR_SET_PDEATHSIG); another unpacks code; the log has a third.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "signalbox/workers/function_code.h"
#include "signalbox/workers/worker_log.h"
#include "signalbox/workers/worker_order.h"

namespace signalbox::workers {

struct WorkerPoolOptions {
  std::filesystem::path directory;  // DATA_DIR/functions: code/ and runtime/ are in it
  ZipLimits zip_limits;
  // From SIGTERM to SIGKILL.
  std::chrono::milliseconds stop_grace{2000};
  // A function whose workers die at once gets the next one this late, then twice as late, ...
  std::chrono::milliseconds backoff_first{100};
  std::chrono::milliseconds backoff_max{3'000};
  // A worker that has lived as long did not die at once, whatever it did.
  std::chrono::milliseconds settled_after{10'000};
};

struct WorkerExit {
  std::uint64_t worker_id = 0;
  std::string function_arn;
  bool was_asked = false;  // stop(), kill() or stop_all() came before
  // For those who wait for it: "Runtime.ExitError" and "Runtime exited with error: exit status 1",
  // or why it could not be started.
  std::string error_type;
  std::string text;
};

struct WorkerPoolPorts {
  // Once for each worker that was wanted, on the pool's thread, which waits meanwhile.
  std::function<void(WorkerExit)> exited;
  // What a person should know of the pool itself, on any of its threads.
  std::function<void(std::string)> warn;
};

class WorkerPool {
 public:
  // Of logs of workers: groups are those of LogGroups. log outlives the pool.
  WorkerPool(WorkerPoolOptions options, WorkerPoolPorts ports, WorkerLog& log);
  // Kills every worker; those that were wanted and did not exit are not told of.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Makes the folders and starts the threads. What is wrong, or nothing; before anything else.
  std::string start();

  void want(WorkerOrder order);
  // SIGTERM to its group, SIGKILL after the grace. One that was not started yet never is.
  void stop(std::uint64_t worker_id);
  // SIGKILL at once: an invocation's time is up.
  void kill(std::uint64_t worker_id);
  void stop_all(std::string function_arn);
  // It has asked for an invocation: its function's workers do not die at once.
  void ready(std::uint64_t worker_id);

  // Lines for the worker's log, such as START, and the beginning of what the tail tells: before
  // the worker is given the invocation.
  void invocation_begins(std::uint64_t worker_id, std::vector<std::string> lines);
  // All that the worker has written so far goes to its log, then the lines (END, REPORT). tail is
  // called on the pool's thread with the last 4 KB since the beginning; "" of unknown workers.
  void invocation_ends(std::uint64_t worker_id, std::vector<std::string> lines,
                       std::function<void(std::string)> tail);

  // Removes unpacked code of that function other than these, once no worker runs in it.
  void keep_code(std::uint64_t function_id, std::vector<std::string> code_sha256s);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signalbox::workers
