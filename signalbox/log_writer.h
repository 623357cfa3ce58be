// Writes to log groups, in order, on a thread of its own: events whose target is a log group, and
// the step records that buses ask for, which go to the server's log as well. Thread safe.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "broker/delivery/step_record.h"
#include "broker/reader_pool.h"
#include "signalbox/log.h"
#include "signalbox/log_groups.h"

namespace signalbox {

class LogWriter {
 public:
  LogWriter(LogGroups groups, const Log& log) : groups_(std::move(groups)), log_(log) {}
  // What waits is written first.
  ~LogWriter() = default;

  // done is called on the writer's thread, once the line is on disk, with what went wrong or
  // nothing.
  void write(broker::LogLine line, std::function<void(std::string)> done);
  // As far as the disk keeps up: past a bound of what waits, records are dropped, and the server's
  // log tells how many.
  void write_steps(std::vector<broker::StepRecord> records);

 private:
  void write_now(const std::vector<broker::StepRecord>& records);

  const LogGroups groups_;
  const Log& log_;
  std::atomic<std::size_t> waiting_bytes_{0};
  std::atomic<std::uint64_t> dropped_{0};
  broker::ReaderPool thread_{1};  // the last member: it uses the others until it is joined
};

}  // namespace signalbox
