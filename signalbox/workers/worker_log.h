// What workers write, as log events: into the log group of their function (signalbox/log_groups.h)
// and, the last of it, for who invoked.
//
// WorkerLog writes to the files, on a thread of its own; thread safe. WorkerOutput makes lines of
// one worker's bytes and keeps the tail of its invocation; one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/log_line.h"
#include "broker/reader_pool.h"
#include "signalbox/log_groups.h"

namespace signalbox::workers {

struct WorkerLogLimits {
  // A file that is as large is put aside as NAME.1.jsonl, in the place of the one before.
  std::uint64_t file_bytes_max = 16u << 20;
  // Of what waits for the disk. What comes above it is dropped; a line says how many were.
  std::size_t waiting_bytes_max = 16u << 20;
};

class WorkerLog {
 public:
  // problem: what could not be written, on the log's thread.
  WorkerLog(LogGroups groups, WorkerLogLimits limits, std::function<void(std::string)> problem)
      : groups_(std::move(groups)), limits_(limits), problem_(std::move(problem)) {}

  // Stamped now; lines of one group are written in the order of the calls.
  void append(const broker::LogGroup& group, std::vector<std::string> messages);
  // Done once all that was appended before is written.
  void then(std::function<void()> done) { thread_.run(std::move(done)); }

 private:
  void write(const broker::LogGroup& group, std::vector<broker::LogLine> lines);
  std::string rotate(const broker::LogGroup& group, std::uint64_t bytes) const;

  const LogGroups groups_;
  const WorkerLogLimits limits_;
  const std::function<void(std::string)> problem_;
  std::atomic<std::size_t> waiting_bytes_{0};
  std::atomic<std::uint64_t> dropped_{0};
  broker::ReaderPool thread_{1};  // the last member: it uses the others until it is joined
};

class WorkerOutput {
 public:
  static constexpr std::size_t tail_bytes_max = 4096;       // as the service's LogResult
  static constexpr std::size_t line_bytes_max = 256 << 10;  // as its log events

  // The lines that have come to their end.
  std::vector<std::string> take(std::string_view bytes);
  // The one that has not, if there is one.
  std::vector<std::string> take_rest();
  // A line that somebody else says of the worker: START and the like.
  void add(std::string_view line) { keep(line); }

  void begin_tail() { tail_.clear(); }
  // The last 4 KB since begin_tail.
  std::string tail() const;

 private:
  void keep(std::string_view line);

  std::string rest_;
  std::string tail_;
};

}  // namespace signalbox::workers
